//! The catalogue says what the REST contract and FHIR expect.

use std::collections::HashSet;

use phr_model::{
    CoverageState, Metric, Reason, Status,
    metric::{Category, Forming, Kind},
    summary::Bucket,
};
use rstest::rstest;

#[rstest]
#[case("heart_rate", "8867-4", "Heart rate", "beats/min")]
#[case("spo2", "59408-5", "Oxygen saturation", "%")]
#[case("body_weight", "29463-7", "Body weight", "kg")]
#[case("steps", "41950-7", "Number of steps", "steps")]
#[case("calories", "41981-2", "Calories burned", "kcal")]
#[case("distance", "41953-1", "Distance walked", "km")]
#[case("resting_heart_rate", "40443-4", "Resting heart rate", "beats/min")]
fn the_api_calls_a_metric_what_the_contract_calls_it(
    #[case] key: &str,
    #[case] code: &str,
    #[case] display: &str,
    #[case] unit: &str,
) {
    let api = Metric::parse(key).map(|metric| metric.facts().api);
    assert_eq!(api.map(|api| (api.code, api.display, api.unit)), Some((code, display, unit)));
}

#[test]
fn the_catalogue_reads_as_designed() {
    let rows: Vec<String> = Metric::ALL
        .iter()
        .map(|metric| {
            let facts = metric.facts();
            let loinc = facts.loinc.iter().map(|loinc| loinc.code);
            let codes: Vec<_> = loinc.chain(facts.local).collect();
            format!(
                "{} | {:?} {:?} | {} {:?} | scale {} | {:?} | verifiable {} +-{}",
                facts.key,
                facts.kind,
                facts.forming,
                facts.ucum,
                codes,
                facts.scale,
                facts.plausible,
                facts.verifiable,
                facts.rounding,
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    heart_rate | Instant HourlyMean | /min ["8867-4", "55425-3"] | scale 10 | 200..=3000 | verifiable true +-0
    spo2 | Instant DailyValue | % ["59408-5", "2708-6", "103209-3"] | scale 100 | 5000..=10000 | verifiable false +-0
    body_weight | Instant EverySample | kg ["29463-7"] | scale 1000000 | 500000..=650000000 | verifiable true +-0
    steps | Interval DailyTotal | {steps} ["41950-7"] | scale 1 | 0..=100000 | verifiable true +-0
    calories | Interval DailyTotal | kcal ["41981-2", "41979-6"] | scale 1000 | 0..=20000000 | verifiable true +-1
    distance | Interval DailyTotal | km ["41953-1", "103208-5"] | scale 1000000 | 0..=500000000 | verifiable true +-0
    resting_heart_rate | DailyValue DailyValue | /min ["40443-4", "8867-4"] | scale 10 | 200..=2000 | verifiable false +-0
    active_energy | Interval DailyTotal | kcal ["93819-1"] | scale 1000 | 0..=20000000 | verifiable true +-1
    floors | Interval DailyTotal | {flights} ["100304-5"] | scale 1 | 0..=1000 | verifiable true +-0
    body_fat | Instant EverySample | % ["41982-0"] | scale 100 | 100..=7500 | verifiable true +-0
    height | Instant EverySample | cm ["8302-2"] | scale 10 | 300..=2750 | verifiable true +-0
    hrv | DailyValue DailyValue | ms ["hrv-rmssd"] | scale 1000 | 1000..=300000 | verifiable false +-0
    respiratory_rate | DailyValue DailyValue | /min ["9279-1"] | scale 100 | 400..=6000 | verifiable false +-0
    skin_temperature_variation | DailyValue DailyValue | K ["skin-temperature-delta"] | scale 1000 | -10000..=10000 | verifiable false +-0
    vo2max | DailyValue DailyValue | mL/min/kg ["94122-9"] | scale 100 | 500..=10000 | verifiable false +-0
    active_minutes | Interval DailyTotal | min ["101691-4"] | scale 100 | 0..=144000 | verifiable true +-0
    sleep | Session Sessions | min ["93832-4"] | scale 100 | 0..=144000 | verifiable true +-0
    exercise | Session Sessions | min ["55411-3"] | scale 100 | 0..=144000 | verifiable true +-0
    "#);
}

#[test]
fn every_metric_is_found_by_its_key_and_every_key_is_its_own() {
    for metric in Metric::ALL {
        assert_eq!(Metric::parse(metric.key()), Some(metric));
        assert_eq!(metric.facts().metric, metric);
        assert_eq!(metric.to_string(), metric.key());
    }
    let keys: HashSet<_> = Metric::ALL.iter().map(|metric| metric.key()).collect();
    assert_eq!(keys.len(), Metric::ALL.len());
}

#[rstest]
#[case("")]
#[case("Steps")]
#[case(" steps")]
#[case("slumber")]
fn a_key_that_is_not_in_the_catalogue_is_no_metric(#[case] key: &str) {
    assert_eq!(Metric::parse(key), None);
}

#[test]
fn json_spells_names_as_the_api_does() {
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    for metric in Metric::ALL {
        assert_eq!(json(serde_json::to_string(&metric)), format!("\"{}\"", metric.key()));
    }
    for state in CoverageState::ALL {
        assert_eq!(json(serde_json::to_string(&state)), format!("\"{}\"", state.key()));
        assert_eq!(CoverageState::parse(state.key()), Some(state));
    }
    for reason in Reason::ALL {
        assert_eq!(json(serde_json::to_string(&reason)), format!("\"{}\"", reason.key()));
        assert_eq!(Reason::parse(reason.key()), Some(reason));
    }
    for status in Status::ALL {
        assert_eq!(json(serde_json::to_string(&status)), format!("\"{}\"", status.key()));
        assert_eq!(Status::parse(status.key()), Some(status));
    }
    for bucket in [Bucket::Hour, Bucket::Day, Bucket::Week, Bucket::Month] {
        let name = json(serde_json::to_string(&bucket));
        assert_eq!(Bucket::parse(name.trim_matches('"')), Some(bucket));
    }
}

#[rstest]
#[case("year")]
#[case("Day")]
#[case("")]
fn there_are_no_other_names(#[case] name: &str) {
    assert_eq!(Bucket::parse(name), None);
    assert_eq!(Status::parse(name), None);
    assert_eq!(CoverageState::parse(name), None);
    assert_eq!(Reason::parse(name), None);
}

#[test]
fn the_first_fhir_code_is_the_one_the_api_reports() {
    for metric in Metric::ALL {
        let facts = metric.facts();
        let first = facts.loinc.first().map(|loinc| loinc.code).or(facts.local);
        assert_eq!(first, Some(facts.api.code), "{metric}");
        assert_eq!(facts.loinc.is_empty(), facts.local.is_some(), "{metric}");
    }
}

/// The R4 vital-signs profiles demand their own code beside a more exact one.
#[rstest]
#[case("heartrate", "8867-4", "/min")]
#[case("oxygensat", "2708-6", "%")]
#[case("bodyweight", "29463-7", "kg")]
#[case("bodyheight", "8302-2", "cm")]
#[case("resprate", "9279-1", "/min")]
fn a_vital_sign_has_its_profiles_code_once_and_unit(
    #[case] profile: &str,
    #[case] code: &str,
    #[case] ucum: &str,
) {
    let claiming: Vec<_> = Metric::ALL
        .into_iter()
        .filter(|metric| metric.facts().profile.is_some_and(|url| url.ends_with(profile)))
        .collect();
    assert!(!claiming.is_empty());
    for metric in claiming {
        let facts = metric.facts();
        assert_eq!(facts.loinc.iter().filter(|loinc| loinc.code == code).count(), 1, "{metric}");
        assert_eq!(facts.ucum, ucum, "{metric}");
    }
}

#[test]
fn only_vital_signs_claim_a_profile() {
    for metric in Metric::ALL {
        let facts = metric.facts();
        // FHIR has no profile for these, and no other than vital signs have one at all.
        let without = [Metric::BodyFat, Metric::Hrv, Metric::SkinTemperatureVariation];
        let profiled = facts.category == Category::VitalSigns && !without.contains(&metric);
        assert_eq!(facts.profile.is_some(), profiled, "{metric}");
    }
}

#[test]
fn what_is_summed_is_recorded_over_intervals_and_nothing_else_is() {
    for metric in Metric::ALL {
        let facts = metric.facts();
        let (summed, interval) =
            (facts.forming == Forming::DailyTotal, facts.kind == Kind::Interval);
        assert_eq!(summed, interval, "{metric}");
    }
}

#[rstest]
#[case(Metric::HeartRate, 725, 72.5)]
#[case(Metric::Spo2, 9_590, 95.9)]
#[case(Metric::BodyWeight, 73_612_500, 73.6125)]
#[case(Metric::Steps, 9_312, 9_312.0)]
#[case(Metric::Calories, 2_418_600, 2_418.6)]
#[case(Metric::Distance, 7_120_450, 7.12045)]
fn a_value_becomes_the_nearest_number_of_api_units(
    #[case] metric: Metric,
    #[case] value: i64,
    #[case] api: f64,
) {
    assert!((metric.to_api(value) - api).abs() < f64::EPSILON);
}

#[rstest]
#[case(Metric::HeartRate, 199, 200, 3_000, 3_001)]
#[case(Metric::Spo2, 4_999, 5_000, 10_000, 10_001)]
#[case(Metric::Steps, -1, 0, 100_000, 100_001)]
fn a_value_is_plausible_within_its_bounds_and_not_beyond(
    #[case] metric: Metric,
    #[case] too_low: i64,
    #[case] lowest: i64,
    #[case] highest: i64,
    #[case] too_high: i64,
) {
    assert!(metric.is_plausible(lowest) && metric.is_plausible(highest));
    assert!(!metric.is_plausible(too_low) && !metric.is_plausible(too_high));
}
