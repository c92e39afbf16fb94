//! What a FHIR server would receive.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{chart, in_form, rendered, statement};
use phr_model::{Effective, Form, Metric, Moment, metric::Category};
use rstest::rstest;
use serde_json::Value;

fn codes(json: &Value) -> Vec<&str> {
    let coding = json["code"]["coding"].as_array().unwrap();
    coding.iter().map(|coding| coding["code"].as_str().unwrap()).collect()
}

#[test]
fn an_hour_of_heart_rate_is_a_vital_sign_with_its_bounds() {
    let json = rendered(&statement(Metric::HeartRate, 725, Some((550, 1_480))));
    insta::assert_json_snapshot!(json);
}

#[test]
fn every_metric_in_every_form_has_its_own_codes() {
    let mut lines = Vec::new();
    for metric in Metric::ALL {
        for form in Form::of_metric(metric) {
            let over = in_form(metric, *form, metric.facts().scale, None);
            let mut open = over.clone();
            open.says.preliminary = true;
            let [over, open] = [over, open].map(|statement| rendered(&statement));
            let profile = over["meta"]["profile"][0].as_str().unwrap_or("-");
            let profile = profile.rsplit('/').next().unwrap().to_owned();
            let (over, open) = (codes(&over).join(" + "), codes(&open).join(" + "));
            let still = if over == open { String::new() } else { format!(" (until over: {open})") };
            lines.push(format!("{metric} {}: {over}{still}, {profile}", form.key()));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_metric_carries_the_magic_code_of_its_profile() {
    let magic = [
        ("heartrate", "8867-4"),
        ("oxygensat", "2708-6"),
        ("bodyweight", "29463-7"),
        ("bodyheight", "8302-2"),
        ("resprate", "9279-1"),
    ];
    for metric in Metric::ALL {
        for form in Form::of_metric(metric) {
            let json = rendered(&in_form(metric, *form, metric.facts().scale, Some((0, 0))));
            let profile = json["meta"]["profile"][0].as_str().unwrap_or_default();
            let codes = codes(&json);
            for (name, code) in magic {
                let count = codes.iter().filter(|it| **it == code).count();
                assert!(!profile.ends_with(name) || count == 1, "{metric}: {codes:?}");
            }
        }
    }
}

#[test]
fn activity_is_not_a_vital_sign() {
    for metric in Metric::ALL {
        let json = rendered(&statement(metric, 1, None));
        let is_vital = json["category"][0]["coding"][0]["code"] == "vital-signs";
        assert_eq!(is_vital, metric.facts().category == Category::VitalSigns, "{metric}");
    }
}

#[test]
fn a_single_sample_does_not_claim_to_be_a_mean() {
    let json = rendered(&in_form(Metric::HeartRate, Form::Sample, 640, None));
    assert_eq!(codes(&json), ["8867-4"]);
    assert_eq!(json["effectiveDateTime"], "2026-11-20T08:00:05+01:00");
    assert!(json.get("effectivePeriod").is_none());
}

#[test]
fn codes_for_a_whole_day_wait_until_the_day_is_over() {
    for (metric, whole_day, interval) in [
        (Metric::Steps, "41950-7", "55423-8"),
        (Metric::Distance, "41953-1", "103208-5"),
        (Metric::Calories, "41979-6", "41981-2"),
    ] {
        let mut today = statement(metric, 1_000, None);
        assert!(codes(&rendered(&today)).contains(&whole_day), "{metric}");
        today.says.preliminary = true;
        assert_eq!(codes(&rendered(&today)), [interval]);
        let hour = in_form(metric, Form::Hourly, 1_000, None);
        assert_eq!(codes(&rendered(&hour)), [interval]);
    }
}

#[test]
fn a_day_ends_within_itself_with_its_offset() {
    let json = rendered(&statement(Metric::Steps, 1, None));
    assert_eq!(json["effectivePeriod"]["start"], "2026-11-20T00:00:00+01:00");
    assert_eq!(json["effectivePeriod"]["end"], "2026-11-20T23:59:59+01:00");
}

#[rstest]
#[case(Metric::BodyWeight, 73_612_500, "73.6125")]
#[case(Metric::BodyWeight, 62_500_000, "62.5")]
#[case(Metric::BodyWeight, 80_000_000, "80")]
#[case(Metric::BodyWeight, 80_100_000, "80.1")]
#[case(Metric::Distance, 1, "0.000001")]
#[case(Metric::Distance, 7_120_450, "7.12045")]
#[case(Metric::Spo2, 9_640, "96.4")]
#[case(Metric::Spo2, 9_605, "96.05")]
#[case(Metric::Calories, 2_418_003, "2418.003")]
#[case(Metric::Calories, 0, "0")]
#[case(Metric::Calories, -500, "-0.5")]
#[case(Metric::Calories, i64::MAX, "9223372036854775.807")]
fn a_value_keeps_its_digits_and_gains_none(
    #[case] metric: Metric,
    #[case] value: i64,
    #[case] printed: &str,
) {
    let statement = statement(metric, value, None);
    let text = serde_json::to_string(&chart().observation(&statement)).unwrap();
    assert!(text.contains(&format!("\"value\":{printed},\"unit\"")), "{text}");
}

#[rstest]
#[case(3_600, "2026-11-20T08:00:05+01:00")]
#[case(-12_600, "2026-11-20T03:30:05-03:30")]
#[case(0, "2026-11-20T07:00:05+00:00")]
#[case(50_401, "2026-11-20T07:00:05Z")]
#[case(54_000, "2026-11-20T07:00:05Z")]
fn an_offset_that_fhir_does_not_know_becomes_utc(#[case] offset: i32, #[case] told: &str) {
    let mut statement = in_form(Metric::HeartRate, Form::Sample, 640, None);
    let at = statement.says.effective.start().at;
    statement.says.effective = Effective::Instant(Moment { at, offset_seconds: offset });
    assert_eq!(rendered(&statement)["effectiveDateTime"], told);
}

#[test]
fn the_same_statement_is_the_same_bytes() {
    let statement = statement(Metric::Steps, 9_312, None);
    let render = || serde_json::to_string(&chart().observation(&statement)).unwrap();
    assert_eq!(render(), render());
}

#[test]
fn only_what_we_serve_has_a_version() {
    let mut statement = statement(Metric::Steps, 9_312, None);
    statement.version = 3;
    assert!(rendered(&statement)["meta"].get("versionId").is_none());
    let chart = chart();
    let served = serde_json::to_value(chart.served_observation(&statement)).unwrap();
    assert_eq!(served["meta"]["versionId"], "3");
    assert_eq!(served["meta"]["lastUpdated"], "2026-11-20T09:00:00Z");
}

#[test]
fn on_a_server_with_ids_of_its_own_references_follow() {
    let chart = chart().referring_to("Patient/17", "Device/18");
    let json = serde_json::to_value(chart.observation(&statement(Metric::Steps, 1, None))).unwrap();
    assert_eq!(json["subject"]["reference"], "Patient/17");
    assert_eq!(json["performer"][0]["reference"], "Patient/17");
    assert_eq!(json["device"]["reference"], "Device/18");
}

#[test]
fn a_patient_elsewhere_carries_no_name() {
    let text = serde_json::to_string_pretty(&chart().patient()).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn a_patient_here_carries_the_name_that_the_person_gave() {
    let chart = chart();
    let since = "2026-11-01T09:00:00Z".parse().unwrap();
    let named = serde_json::to_value(chart.served_patient(" Ada ", since)).unwrap();
    assert_eq!(named["name"][0]["text"], "Ada");
    let nameless = serde_json::to_value(chart.served_patient(" ", since)).unwrap();
    assert!(nameless.get("name").is_none());
}

#[test]
fn a_device_names_its_maker_and_no_serial_number() {
    let text = serde_json::to_string_pretty(&chart().device()).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn a_provenance_tells_the_vendor_from_us() {
    let chart = chart();
    let statement = statement(Metric::Steps, 1, None);
    let text = serde_json::to_string_pretty(&chart.provenance(&statement)).unwrap();
    insta::assert_snapshot!(text);
}
