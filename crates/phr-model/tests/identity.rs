//! Identifiers that never collide, never change and never tell whose they are.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod scene;

use jiff::SignedDuration;
use phr_model::{
    ConnectionId, HeartRateForm, Metric, PatientId, PersonId, Sample, identity::NAMESPACE,
};
use scene::{Scene, ids, sample, scene};
use uuid::Uuid;

fn twins() -> [Sample; 2] {
    [sample("2026-11-19T06:31:07Z", 1, 73_250_000), sample("2026-11-19T06:31:07Z", 1, 81_000_000)]
}

#[test]
fn twins_at_one_instant_stay_two_with_ids_of_their_own() {
    let said = scene(Metric::BodyWeight, "2026-11-19", &twins()).said();
    assert_eq!(said.len(), 2);
    assert_eq!(ids(&said).len(), 2);
    let equal = [twins()[0]; 3];
    assert_eq!(ids(&scene(Metric::BodyWeight, "2026-11-19", &equal).said()).len(), 3);
}

#[test]
fn twins_keep_their_ids_in_whichever_order_they_come() {
    let [one, other] = twins();
    let said = scene(Metric::BodyWeight, "2026-11-19", &[one, other]).said();
    assert_eq!(scene(Metric::BodyWeight, "2026-11-19", &[other, one]).said(), said);
}

#[test]
fn a_reading_moved_to_another_day_has_another_id() {
    let here = sample("2026-11-19T23:30:00Z", 0, 73_250_000);
    let there = Sample { offset_seconds: 3600, ..here };
    let before = scene(Metric::BodyWeight, "2026-11-19", &[here]).said();
    let after = scene(Metric::BodyWeight, "2026-11-20", &[there]).said();
    assert_ne!(before[0].id, after[0].id);
}

#[test]
fn a_corrected_value_keeps_its_id() {
    let at = |value| [sample("2026-11-19T06:31:07Z", 1, value)];
    let held = scene(Metric::BodyWeight, "2026-11-19", &at(73_250_000)).said();
    let corrected = scene(Metric::BodyWeight, "2026-11-19", &at(73_300_000)).said();
    assert_eq!(held[0].id, corrected[0].id);
}

#[test]
fn an_hour_split_by_a_jump_over_midnight_is_two_statements_with_two_ids() {
    // Los Angeles to New York: 21:30 on the 10th, ten minutes later 00:40 on the 11th.
    let before = sample("2026-01-11T05:30:00Z", -8, 600);
    let after = sample("2026-01-11T05:40:00Z", -5, 700);
    let first = scene(Metric::HeartRate, "2026-01-10", &[before]).said();
    let second = scene(Metric::HeartRate, "2026-01-11", &[after]).said();
    assert_eq!(first[0].effective.start().at, second[0].effective.start().at);
    assert_ne!(first[0].id, second[0].id);
}

#[test]
fn ids_are_the_same_on_every_server() {
    let heart = [sample("2026-11-20T07:00:00Z", 1, 700)];
    let days = [
        scene(Metric::Steps, "2026-11-20", &[]).with_total(5),
        scene(Metric::HeartRate, "2026-11-20", &heart),
        scene(Metric::BodyWeight, "2026-11-19", &twins()),
    ];
    let all: Vec<_> = days.iter().flat_map(Scene::said).map(|draft| draft.id.to_string()).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    b25450f1-9d05-58f4-84a6-07c55fb4f783
    ed2b28f8-68ff-5875-8b1d-8f75cd335d1e
    1a285823-747a-56dc-bc50-f57bbbb53a9a
    d24caa48-1498-5b01-88d5-d3cc6b9bb447
    ");
}

#[test]
fn two_people_share_no_id_though_their_readings_are_the_same() {
    let mine = scene(Metric::BodyWeight, "2026-11-19", &twins());
    let yours = Scene { person: PersonId(Uuid::from_u128(8)), ..mine.clone() };
    assert!(ids(&mine.said()).is_disjoint(&ids(&yours.said())));
}

#[test]
fn two_metrics_share_no_id_though_their_days_are_the_same() {
    let steps = scene(Metric::Steps, "2026-11-20", &[]).with_total(5);
    let distance = Scene { metric: Metric::Distance, ..steps.clone() };
    assert!(ids(&steps.said()).is_disjoint(&ids(&distance.said())));
}

#[test]
fn an_id_is_a_fhir_id() {
    for draft in scene(Metric::BodyWeight, "2026-11-19", &twins()).said() {
        let id = draft.id.to_string();
        assert_eq!(id.len(), 36);
        assert!(id.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase() || c == '-'));
        assert!(id.contains('-'), "a server may refuse an id of digits alone");
    }
}

#[test]
fn the_namespace_never_changes() {
    assert_eq!(NAMESPACE.to_string(), "5c1f7a52-93d4-4f0e-8c1b-2f6d40a7e913");
}

#[test]
fn a_person_has_one_patient_id_and_it_is_not_the_accounts() {
    let person = PersonId(Uuid::from_u128(7));
    assert_eq!(person.patient(), person.patient());
    assert_ne!(person.patient().0, person.0);
    assert_ne!(person.patient(), PersonId(Uuid::from_u128(8)).patient());
    insta::assert_snapshot!(person.patient(), @"f319a1ea-f25f-52dc-bc5c-94f4e0c6f336");
}

#[test]
fn an_id_is_read_back_as_it_was_written() {
    let id = Uuid::from_u128(0x1234_5678_9abc_def0);
    assert_eq!(PersonId(id).to_string().parse(), Ok(PersonId(id)));
    assert_eq!(PatientId(id).to_string().parse(), Ok(PatientId(id)));
    assert_eq!(ConnectionId(id).to_string().parse(), Ok(ConnectionId(id)));
    assert_eq!(serde_json::to_string(&PersonId(id)).unwrap(), format!("\"{id}\""));
    assert!("not-an-id".parse::<PersonId>().is_err());
}

/// How many identifiers to make: `PHR_IDENTIFIERS`, or a million, which takes seconds. CI makes the
/// ten million that T16 asks for.
#[expect(clippy::disallowed_methods, reason = "a knob of this test, not configuration")]
fn identifiers() -> usize {
    std::env::var("PHR_IDENTIFIERS").map_or(1_000_000, |count| count.parse().unwrap())
}

/// T16. Everyone has the same readings at the same instants: only the person differs.
#[test]
fn t16_identifiers_never_collide_and_are_never_shared() {
    let first = sample("2026-11-20T00:00:00Z", 1, 700);
    let later = |n: i64| Sample { at: first.at + SignedDuration::from_secs(n * 2), ..first };
    let samples: Vec<_> = (0..40_000).map(later).collect();
    let day =
        Scene { form: HeartRateForm::Sample, ..scene(Metric::HeartRate, "2026-11-20", &samples) };
    let mut ids: Vec<u128> = Vec::with_capacity(identifiers());
    for person in (1..).map(|n| PersonId(Uuid::from_u128(n))) {
        let missing = identifiers() - ids.len();
        if missing == 0 {
            break;
        }
        ids.push(person.patient().0.as_u128());
        let said = Scene { person, ..day.clone() }.said();
        ids.extend(said.iter().map(|draft| draft.id.as_u128()).take(missing - 1));
    }
    ids.sort_unstable();
    assert!(ids.array_windows().all(|[a, b]| a != b));
}
