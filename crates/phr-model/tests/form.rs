//! The forms that a day's samples can take.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod scene;

use std::collections::HashSet;

use phr_model::{Draft, Effective, Figure, Form, HeartRateForm, Metric, Sample, Terms};
use rstest::rstest;
use scene::{Scene, sample, scene};

fn heart_rate() -> Scene {
    let samples = [
        sample("2026-11-20T08:00:05Z", 1, 600),
        sample("2026-11-20T08:00:55Z", 1, 700),
        sample("2026-11-20T08:59:00Z", 1, 1_100),
        sample("2026-11-20T09:00:00Z", 1, 800),
    ];
    scene(Metric::HeartRate, "2026-11-20", &samples)
}

fn steps() -> Scene {
    let minute = |at: &str, value| Sample { seconds: 60, ..sample(at, 1, value) };
    let samples = [
        minute("2026-11-20T08:00:00Z", 10),
        minute("2026-11-20T08:01:00Z", 20),
        minute("2026-11-20T09:30:00Z", 40),
    ];
    scene(Metric::Steps, "2026-11-20", &samples)
}

fn figures(said: &[Draft]) -> Vec<(i64, Option<i64>, Option<i64>)> {
    said.iter().map(|draft| (draft.value, draft.low, draft.high)).collect()
}

#[test]
fn heart_rate_is_averaged_with_its_bounds_and_steps_add_up() {
    let said = |form| figures(&heart_rate().said_as(form));
    assert_eq!(said(Form::Daily), [(800, Some(600), Some(1_100))]);
    let hours = [(800, Some(600), Some(1_100)), (800, Some(800), Some(800))];
    assert_eq!(said(Form::Hourly), hours);
    assert_eq!(said(Form::Minute).len(), 3);
    assert_eq!(said(Form::Sample).len(), 4);
    let counted = |form| figures(&steps().said_as(form));
    assert_eq!(counted(Form::Daily), [(70, None, None)]);
    assert_eq!(counted(Form::Hourly), [(30, None, None), (40, None, None)]);
    assert_eq!(counted(Form::Minute).len(), 3);
}

#[test]
fn the_form_that_is_kept_is_what_observe_says() {
    for heart_rate_form in [HeartRateForm::Hourly, HeartRateForm::Sample] {
        for scene in [heart_rate(), steps()] {
            let scene = Scene { form: heart_rate_form, ..scene };
            let kept = Form::kept(scene.metric, heart_rate_form);
            assert_eq!(scene.said(), scene.said_as(kept));
        }
    }
}

#[test]
fn forms_of_one_day_never_share_an_id() {
    let mut ids = HashSet::new();
    let mut count = 0;
    for form in Form::ALL {
        let said = heart_rate().said_as(form);
        count += said.len();
        ids.extend(said.into_iter().map(|draft| draft.id));
    }
    assert_eq!(ids.len(), count);
}

#[test]
fn what_is_said_in_a_form_is_known_to_be_of_that_form() {
    for scene in [heart_rate(), steps()] {
        for form in Form::of_metric(scene.metric) {
            for draft in scene.said_as(*form) {
                assert_eq!(Form::of(&draft.effective), *form);
            }
        }
    }
}

#[rstest]
#[case(Metric::Steps, Form::Sample)]
#[case(Metric::BodyWeight, Form::Daily)]
#[case(Metric::Spo2, Form::Hourly)]
#[case(Metric::RestingHeartRate, Form::Sample)]
fn a_form_that_a_metric_does_not_have_says_nothing(#[case] metric: Metric, #[case] form: Form) {
    let samples = [sample("2026-11-20T08:00:00Z", 1, metric.facts().scale * 90)];
    let figure = Some(Figure::Daily { value: 600, low: None, high: None });
    let scene = Scene { figure, ..scene(metric, "2026-11-20", &samples) };
    assert_eq!(scene.said_as(form), []);
}

#[test]
fn every_form_is_found_by_its_name() {
    for form in Form::ALL {
        assert_eq!(Form::parse(form.key()), Some(form));
    }
    assert_eq!(Form::parse("weekly"), None);
}

#[test]
fn a_skipped_civil_day_of_a_second_is_still_a_day() {
    let draft = steps().said_as(Form::Daily).remove(0);
    let Effective::Period(start, _) = draft.effective else { panic!("a day is a period") };
    assert_eq!(Form::of(&Effective::Period(start, start)), Form::Daily);
}

#[test]
fn no_code_is_said_twice_of_one_observation() {
    for metric in Metric::ALL {
        for form in Form::of_metric(metric) {
            for over in [true, false] {
                let terms = Terms::of(metric, *form, over);
                let codes: HashSet<_> = terms.loinc.iter().map(|loinc| loinc.code).collect();
                assert_eq!(codes.len(), terms.loinc.len(), "{metric} {form:?}");
                assert_ne!(terms.low, terms.high);
                assert!(codes.iter().all(|code| !code.is_empty()));
            }
        }
    }
    assert!(Terms::of(Metric::HeartRate, Form::Daily, true).profile.is_none());
    assert_eq!(
        Terms::of(Metric::HeartRate, Form::Daily, false),
        Terms::of(Metric::HeartRate, Form::Hourly, true)
    );
}
