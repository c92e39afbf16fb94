//! Every metric beyond the usual seven, through both of Fitbit's APIs: from the emulator's points to an
//! Observation to a FHIR resource and a day of the summary, and what switching metrics on and off does.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{Connected, NOON, Stage, Upstream, exact};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use phr_fhir::{Chart, checker::check};
use phr_model::{
    CoverageState, DateRange, FITBIT, Form, HeartRateForm, Metric, Observation, Part, Reason,
    Status,
    metric::Forming,
    summary::{self, Bucket},
};
use phr_sandbox::{DataType, Kind, Reading};
use phr_sync::{Finished, Outcome};
use rstest::rstest;

const TODAY: Date = Date::constant(2026, 11, 20);
/// A fortnight: nobody works out every day.
const DAYS: i32 = 14;
const LOINC: &str = "http://loinc.org";
const OURS: &str = "https://phr.example/fhir/CodeSystem/wearable-metric";

async fn fetching(upstream: Upstream, metrics: &[Metric]) -> (Stage, Connected) {
    let mut stage = Stage::through(upstream, exact(NOON, 30)).await.look_back(DAYS);
    stage.fetch(metrics.iter().copied());
    let person = stage.connect(1).await;
    (stage, person)
}

fn days() -> DateRange {
    DateRange { first: TODAY - (DAYS - 1).days(), last: TODAY - 1.day() }
}

async fn held(stage: &Stage, person: &Connected, metric: Metric) -> Vec<Observation> {
    stage.store.observations_between(person.id, metric, days()).await.unwrap()
}

/// What the emulator holds of the days, by its own clock.
fn truth(stage: &Stage, person: &Connected, data_type: DataType) -> Vec<Reading> {
    let at = |date: Date| date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let (from, to) = (at(days().first - 1.day()), at(TODAY));
    stage.world().reconciled_points(&person.email, data_type, from, to).unwrap()
}

/// Nine digits are more than any metric has.
#[expect(clippy::cast_possible_truncation, reason = "plausible values")]
fn base(value: f64, scale: f64) -> i64 {
    (value * scale).round() as i64
}

#[rstest]
#[case(Metric::ActiveEnergy, DataType::ActiveEnergyBurned, 1_000.0, LOINC, "93819-1", "kcal")]
#[case(Metric::Floors, DataType::Floors, 1.0, LOINC, "100304-5", "{flights}")]
#[case(Metric::BodyFat, DataType::BodyFat, 100.0, LOINC, "41982-0", "%")]
#[case(Metric::Height, DataType::Height, 1.0, LOINC, "8302-2", "cm")]
#[case(Metric::Hrv, DataType::DailyHeartRateVariability, 1_000.0, OURS, "hrv-rmssd", "ms")]
#[case(Metric::RespiratoryRate, DataType::DailyRespiratoryRate, 100.0, LOINC, "9279-1", "/min")]
#[case(
    Metric::SkinTemperatureVariation,
    DataType::DailySleepTemperature,
    1_000.0,
    OURS,
    "skin-temperature-delta",
    "K"
)]
#[case(Metric::Vo2max, DataType::DailyVo2Max, 100.0, LOINC, "94122-9", "mL/min/kg")]
#[case(Metric::ActiveMinutes, DataType::ActiveMinutes, 100.0, LOINC, "101691-4", "min")]
#[case(Metric::Sleep, DataType::Sleep, 100.0, LOINC, "93832-4", "min")]
#[case(Metric::Exercise, DataType::Exercise, 100.0 / 60.0, LOINC, "55411-3", "min")]
#[tokio::test]
async fn from_the_vendor_to_the_resource(
    #[values(Upstream::GoogleHealth, Upstream::WebApi)] upstream: Upstream,
    #[case] metric: Metric,
    #[case] data_type: DataType,
    #[case] scale: f64,
    #[case] system: &str,
    #[case] code: &str,
    #[case] ucum: &str,
) {
    // Steps bear witness to where the person was.
    let (stage, person) = fetching(upstream, &[Metric::Steps, metric]).await;
    if !stage.sync.vendors.get(FITBIT).unwrap().metrics().contains(&metric) {
        assert_eq!((upstream, metric), (Upstream::WebApi, Metric::Height), "without a time there");
        return;
    }
    let report = stage.sync(&person).await;
    assert_eq!(report.outcome, Outcome::Complete, "{report:?}");
    let held = held(&stage, &person, metric).await;
    assert!(!held.is_empty());
    assert_equals_truth(&stage, &person, (metric, data_type, scale), &held);
    assert_is_covered(&stage, &person, metric).await;
    let chart = Chart::new("https://phr.example", person.id.patient(), FITBIT);
    for observation in &held {
        let resource = serde_json::to_value(chart.observation(observation)).unwrap();
        assert_eq!(check(&resource), [], "{resource:#}");
        let coding = &resource["code"]["coding"][0];
        assert_eq!(
            (coding["system"].as_str(), coding["code"].as_str()),
            (Some(system), Some(code))
        );
        assert_eq!(resource["valueQuantity"]["code"], ucum);
        let form = Form::of_statement(metric, &observation.says.effective);
        assert_eq!(form, Form::kept(metric, HeartRateForm::Hourly));
        assert!(metric.is_plausible(observation.says.value), "{observation:?}");
    }
    let dates: std::collections::BTreeSet<Date> = held.iter().map(|it| it.says.date).collect();
    assert_eq!(summary::days(Bucket::Day, &held).len(), dates.len());
    let again = stage.sync(&person).await;
    let changed: u32 = again.metrics.iter().map(|of| of.created + of.revised).sum();
    assert_eq!(changed, 0, "saying it again changes nothing: {again:?}");
}

/// Every value by day is the vendor's own, and every reading and session is there.
fn assert_equals_truth(
    stage: &Stage,
    person: &Connected,
    (metric, data_type, scale): (Metric, DataType, f64),
    held: &[Observation],
) {
    let mut ours: Vec<i64> = held.iter().map(|it| it.says.value).collect();
    let mut theirs: Vec<i64> = match metric.facts().forming {
        // The emulator tells of the night itself; beside what is usual it is a difference.
        _ if metric == Metric::SkinTemperatureVariation => {
            assert!(ours.iter().any(|value| *value < 0) && ours.iter().any(|value| *value > 0));
            return;
        }
        Forming::Sessions | Forming::EverySample => {
            let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
            let truth = truth(stage, person, data_type);
            let within = |it: &&Reading| {
                let at = if data_type == DataType::Sleep { it.end } else { it.start };
                days().contains(zone.to_datetime(at).date())
            };
            truth.iter().filter(within).map(|it| base(it.value, scale)).collect()
        }
        _ => {
            let total = |date| stage.world().daily_total(&person.email, data_type, date).unwrap();
            days().days().filter_map(total).map(|value| base(value, scale)).collect()
        }
    };
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours.len(), theirs.len(), "{ours:?} {theirs:?}");
    // The Web API has energy in whole kilocalories.
    let whole = metric == Metric::ActiveEnergy && stage.upstream == Upstream::WebApi;
    let slack = if whole { 500 } else { 1 };
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!(ours.abs_diff(*theirs) <= slack, "{ours}, not {theirs}");
    }
}

async fn assert_is_covered(stage: &Stage, person: &Connected, metric: Metric) {
    for row in stage.store.coverage(person.id, Some(metric), days()).await.unwrap() {
        let fine = matches!(row.state, CoverageState::Complete | CoverageState::NotWorn);
        assert!(fine && row.implausible == 0, "{row:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_night_has_its_stages_and_they_last_as_long_as_the_night(
    #[values(Upstream::GoogleHealth, Upstream::WebApi)] upstream: Upstream,
) {
    let (stage, person) = fetching(upstream, &[Metric::Sleep]).await;
    stage.sync(&person).await;
    let nights = held(&stage, &person, Metric::Sleep).await;
    let long = nights.iter().filter(|night| night.says.value > 18_000).collect::<Vec<_>>();
    assert!(long.len() > 8, "{} nights", long.len());
    for night in long {
        let of =
            |wanted: Part| night.says.parts.iter().find(|(part, _)| *part == wanted).unwrap().1;
        let asleep = of(Part::DeepSleep) + of(Part::LightSleep) + of(Part::RemSleep);
        assert_eq!(asleep, night.says.value);
        let (start, end) = (night.says.effective.start(), night.says.effective.end().unwrap());
        let length = end.at.as_second() - start.at.as_second();
        assert_eq!((asleep + of(Part::Awake)) * 60, length * 100);
        let samples = stage.store.samples(person.id, Metric::Sleep, night.says.date).await.unwrap();
        let stretches = samples.iter().filter(|it| {
            let part = Metric::Sleep.reading(it).0;
            part.is_some_and(|part| part.facts().is_none()) && it.at >= start.at && it.at < end.at
        });
        let covered: i64 = stretches.map(|it| i64::from(it.seconds)).sum();
        assert_eq!(covered, length, "every minute has its stage");
    }
}

#[rstest]
#[tokio::test]
async fn a_changed_night_is_corrected_and_a_deleted_one_withdrawn(
    #[values(Upstream::GoogleHealth, Upstream::WebApi)] upstream: Upstream,
) {
    let (stage, person) = fetching(upstream, &[Metric::Sleep, Metric::Exercise]).await;
    stage.sync(&person).await;
    for (metric, data_type, value, base) in [
        (Metric::Sleep, DataType::Sleep, 101.0, 10_100),
        (Metric::Exercise, DataType::Exercise, 1_200.0, 2_000),
    ] {
        let before = held(&stage, &person, metric).await.pop().unwrap();
        let at = before.says.effective.start().at;
        stage.world().change_sample(&person.email, data_type, at, value).unwrap();
        stage.sync(&person).await;
        let changed = stage.store.observation(person.id, before.says.id).await.unwrap().unwrap();
        assert_eq!((changed.says.value, changed.status), (base, Status::Corrected));
        let end = at + SignedDuration::from_secs(1);
        stage.world().delete_samples(&person.email, data_type, at, end).unwrap();
        stage.sync(&person).await;
        let gone = stage.store.observation(person.id, before.says.id).await.unwrap().unwrap();
        assert_eq!(gone.status, Status::EnteredInError);
    }
}

#[rstest]
#[tokio::test]
async fn what_a_tracker_tells_late_arrives_late(
    #[values(Upstream::GoogleHealth, Upstream::WebApi)] upstream: Upstream,
) {
    let metrics = [Metric::Sleep, Metric::Floors, Metric::ActiveMinutes];
    let (stage, person) = fetching(upstream, &metrics).await;
    let (from, to): (Timestamp, Timestamp) =
        ("2026-11-14T12:00:00Z".parse().unwrap(), "2026-11-16T12:00:00Z".parse().unwrap());
    let types = [DataType::Sleep, DataType::Floors, DataType::ActiveMinutes];
    let until = stage.clock.now() + SignedDuration::from_hours(2);
    stage.world().hold_back(&person.email, &types, from, to, until).unwrap();
    stage.sync(&person).await;
    let before = held(&stage, &person, Metric::Sleep).await.len();
    stage.advance(SignedDuration::from_hours(3));
    let report = stage.sync(&person).await;
    assert!(held(&stage, &person, Metric::Sleep).await.len() >= before + 2);
    for of in &report.metrics {
        assert!(of.created + of.revised > 0, "{of:?}");
    }
}

/// A tracker's night is there as soon as it is over, and summed up a quarter of an hour later.
#[tokio::test]
async fn an_unfinished_night_is_preliminary_and_then_final() {
    let mut stage = Stage::at("2026-11-20T04:30:00Z", 30).await.look_back(3);
    stage.fetch([Metric::Sleep]);
    let person = stage.connect(1).await;
    let today = DateRange::day(TODAY);
    let tonight = || stage.store.observations_between(person.id, Metric::Sleep, today);
    let mut found = Vec::new();
    for _ in 0..60 {
        stage.advance(SignedDuration::from_mins(5));
        stage.sync(&person).await;
        found = tonight().await.unwrap();
        if !found.is_empty() {
            break;
        }
    }
    assert_eq!(found[0].status, Status::Preliminary, "{found:?}");
    stage.advance(SignedDuration::from_mins(20));
    stage.sync(&person).await;
    assert_eq!(tonight().await.unwrap()[0].status, Status::Final);
    let yesterday = DateRange::day(TODAY - 1.day());
    let earlier = stage.store.observations_between(person.id, Metric::Sleep, yesterday);
    assert_eq!(earlier.await.unwrap()[0].status, Status::Final, "it hid nothing");
}

#[tokio::test]
async fn a_metric_switched_on_later_is_read_where_its_scope_is_there() {
    let mut stage = Stage::at(NOON, 10).await;
    stage.fetch([Metric::Steps]);
    let person = stage.connect(1).await;
    stage.sync(&person).await;
    stage.fetch([Metric::Steps, Metric::Floors, Metric::Sleep]);
    let report = stage.sync(&person).await;
    let outcomes: Vec<_> = report.metrics.iter().map(|of| (of.metric, of.outcome)).collect();
    assert!(outcomes.contains(&(Metric::Floors, Outcome::Complete)), "{outcomes:?}");
    assert!(outcomes.contains(&(Metric::Sleep, Outcome::NotPermitted)), "{outcomes:?}");
    assert_eq!(report.outcome, Outcome::Complete, "the connection goes on");
    let day = DateRange::day(TODAY - 1.day());
    let rows = stage.store.coverage(person.id, Some(Metric::Sleep), day).await.unwrap();
    let known = (rows[0].state, rows[0].reason);
    assert_eq!(known, (CoverageState::NotPermitted, Some(Reason::ScopeMissing)));
    let diagnosis = stage.sync.diagnose(&stage.connection(&person).await);
    assert_eq!(diagnosis.remedy.code, "scope_missing");
    assert!(diagnosis.what_to_do.contains("Your sleep"), "{}", diagnosis.what_to_do);
    let finished = stage.consent(person.id, &person.email, |_| true).await.unwrap();
    assert!(matches!(finished, Finished::Connected { missing, .. } if missing.is_empty()));
    stage.sync(&person).await;
    assert!(!stage.store.samples(person.id, Metric::Sleep, day.first).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_metric_switched_off_is_no_longer_fetched_and_what_is_held_stays() {
    let mut stage = Stage::at(NOON, 10).await;
    stage.fetch([Metric::Steps, Metric::Floors]);
    let person = stage.connect(1).await;
    stage.sync(&person).await;
    let day = DateRange::day(TODAY - 1.day());
    let held = stage.store.observations_between(person.id, Metric::Floors, day).await.unwrap();
    stage.fetch([Metric::Steps]);
    stage.world().clear_request_counts();
    stage.advance(SignedDuration::from_hours(1));
    stage.sync(&person).await;
    let asked = stage.world().request_counts();
    assert!(!asked.keys().any(|name| name.contains("floors")), "{asked:?}");
    let still = stage.store.observations_between(person.id, Metric::Floors, day).await.unwrap();
    assert_eq!(still, held);
    assert!(!held.is_empty());
}

#[rstest]
#[case(Upstream::GoogleHealth, &Metric::USUAL, 4)]
#[case(Upstream::GoogleHealth, &Metric::ALL, 5)]
#[case(Upstream::GoogleHealth, &[Metric::Sleep], 3)]
#[case(Upstream::WebApi, &Metric::USUAL, 6)]
#[case(Upstream::WebApi, &Metric::ALL, 10)]
#[case(Upstream::WebApi, &[Metric::Sleep], 3)]
#[tokio::test]
async fn no_more_scopes_are_asked_for_than_metrics_need(
    #[case] upstream: Upstream,
    #[case] metrics: &[Metric],
    #[case] scopes: usize,
) {
    let (stage, person) = fetching(upstream, metrics).await;
    assert_eq!(stage.connection(&person).await.scopes.len(), scopes);
    assert_eq!(Kind::Session, DataType::Sleep.kind());
}
