//! Nights, naps and workouts as statements, and minutes of activity by level.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod scene;

use phr_model::{Draft, Effective, Figure, Metric, Part, Sample};
use rstest::rstest;
use scene::{Scene, ids, scene};

/// A sample in Madrid in winter, from `at` for `minutes`.
fn stretch(at: &str, minutes: u32, value: i64) -> Sample {
    Sample { at: at.parse().unwrap(), seconds: minutes * 60, offset_seconds: 3_600, value }
}

const BED: &str = "2026-11-19T22:41:00Z";

/// From 23:41 to 07:11, 7 hours of it asleep.
fn night() -> Vec<Sample> {
    vec![
        stretch(BED, 450, Part::whole(42_000)),
        stretch(BED, 450, Part::DeepSleep.value(9_000)),
        stretch(BED, 450, Part::Awake.value(3_000)),
        stretch(BED, 30, Part::StageAwake.value(3_000)),
        stretch("2026-11-19T23:11:00Z", 420, Part::StageDeep.value(42_000)),
    ]
}

fn nap() -> Sample {
    stretch("2026-11-20T13:00:00Z", 40, Part::whole(3_500))
}

fn slept(samples: &[Sample]) -> Scene {
    scene(Metric::Sleep, "2026-11-20", samples)
}

fn periods(said: &[Draft]) -> Vec<String> {
    let ends = |draft: &Draft| match draft.effective {
        Effective::Period(start, end) => format!("{start} {end}"),
        Effective::Instant(at) => at.to_string(),
    };
    said.iter().map(ends).collect()
}

#[test]
fn a_night_and_a_nap_are_two_statements_of_the_day_of_waking() {
    let said = slept(&[night(), vec![nap()]].concat()).said();
    assert_eq!(
        periods(&said),
        [
            "2026-11-19T23:41:00+01:00 2026-11-20T07:11:00+01:00",
            "2026-11-20T14:00:00+01:00 2026-11-20T14:40:00+01:00",
        ]
    );
    assert_eq!(said.iter().map(|draft| draft.value).collect::<Vec<_>>(), [42_000, 3_500]);
    assert_eq!(said[0].parts, [(Part::DeepSleep, 9_000), (Part::Awake, 3_000)]);
    assert_eq!(said[1].parts, []);
    assert_eq!(ids(&said).len(), 2);
}

#[test]
fn a_night_in_which_the_clocks_turn_lasts_as_long_as_it_did() {
    let at = "2026-10-24T21:00:00Z".parse().unwrap();
    let head = Sample { at, seconds: 9 * 3_600, offset_seconds: 7_200, value: Part::whole(50_000) };
    let said = scene(Metric::Sleep, "2026-10-25", &[head]).said();
    assert_eq!(periods(&said), ["2026-10-24T23:00:00+02:00 2026-10-25T07:00:00+01:00"]);
}

#[rstest]
#[case::unfinished_today(true, false, true)]
#[case::finished_today(false, false, false)]
#[case::unfinished_and_over(true, true, false)]
fn a_night_is_preliminary_while_the_vendor_is_not_done_with_it(
    #[case] unfinished: bool,
    #[case] closed: bool,
    #[case] preliminary: bool,
) {
    let mut samples = night();
    if unfinished {
        samples.push(stretch(BED, 450, Part::Unfinished.value(0)));
    }
    let said = Scene { closed, ..slept(&samples) }.said();
    assert_eq!(said[0].preliminary, preliminary);
    assert_eq!(said[0].parts.len(), 2, "a mark is no part");
}

#[test]
fn an_unfinished_night_hides_no_finished_one() {
    let early = stretch("2026-11-19T20:00:00Z", 60, Part::whole(5_500));
    let mut samples = vec![early];
    samples.extend(night());
    samples.push(stretch(BED, 450, Part::Unfinished.value(0)));
    let said = Scene { closed: false, ..slept(&samples) }.said();
    assert_eq!(said.iter().map(|draft| draft.preliminary).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_night_longer_than_a_day_is_kept_but_not_stated() {
    let endless = stretch(BED, 450, Part::whole(144_001));
    assert!(!Metric::Sleep.trusts(&endless));
    assert_eq!(slept(&[endless]).said(), []);
}

#[test]
fn a_correction_keeps_the_id_and_two_sessions_at_once_stay_two() {
    let (one, other) = (slept(&[nap()]), slept(&[Sample { value: Part::whole(100), ..nap() }]));
    assert_eq!(ids(&one.said()), ids(&other.said()));
    let longer = Sample { seconds: 3_600, ..nap() };
    assert_eq!(ids(&slept(&[nap(), longer]).said()).len(), 2);
}

#[test]
fn only_sessions_count_in_the_figure_and_every_stretch_marks_it() {
    let figure = |samples: &[Sample]| Figure::of(Metric::Sleep, samples).unwrap();
    let Figure::Readings { count, sum, .. } = figure(&night()) else { panic!("readings") };
    assert_eq!((count, sum), (1, 42_000));
    let mut later = night();
    later[4].seconds -= 60;
    assert_ne!(figure(&later), figure(&night()));
}

#[test]
fn a_workout_tells_what_it_took() {
    let run = |value| stretch("2026-11-20T17:00:00Z", 45, value);
    let samples = [
        run(Part::whole(4_350)),
        run(Part::Energy.value(512_000)),
        run(Part::Distance.value(7_300_000)),
        run(Part::MeanHeartRate.value(1_510)),
        run(Part::ExerciseType.value(phr_model::exercise::place("RUNNING"))),
    ];
    let said = scene(Metric::Exercise, "2026-11-20", &samples).said();
    assert_eq!((said.len(), said[0].value, said[0].parts.len()), (1, 4_350, 4));
    let (part, amount) = said[0].parts[3];
    assert_eq!(part.words(amount), Some("running"));
}

fn active() -> Vec<Sample> {
    let minute = |at, part: Part| stretch(at, 1, part.value(100));
    vec![
        minute("2026-11-20T08:00:00Z", Part::LightActivity),
        minute("2026-11-20T08:01:00Z", Part::VigorousActivity),
        minute("2026-11-20T09:00:00Z", Part::LightActivity),
    ]
}

#[test]
fn active_minutes_add_up_with_their_levels_by_day_and_hour() {
    let day = scene(Metric::ActiveMinutes, "2026-11-20", &active());
    let said = day.said();
    assert_eq!(said[0].value, 300);
    assert_eq!(said[0].parts, [(Part::LightActivity, 200), (Part::VigorousActivity, 100)]);
    let hours = day.said_as(phr_model::Form::Hourly);
    assert_eq!(hours.iter().map(|draft| draft.value).collect::<Vec<_>>(), [200, 100]);
    assert_eq!(hours[0].parts.len(), 2);
}

#[test]
fn the_vendors_minutes_win_over_those_of_the_samples() {
    let figure = Figure::Levels { light: 5_000, moderate: 0, vigorous: 300 };
    let day = Scene {
        figure: Some(figure.clone()),
        ..scene(Metric::ActiveMinutes, "2026-11-20", &active())
    };
    let said = day.said();
    assert_eq!(said[0].value, 5_300);
    assert_eq!(said[0].parts.len(), 3);
    let ours = Figure::of(Metric::ActiveMinutes, &active()).unwrap();
    assert!(!figure.agrees(Metric::ActiveMinutes, &ours, 3));
}

#[test]
fn a_day_without_samples_is_said_as_the_vendor_states_it() {
    let parts = vec![(Part::LightActivity, 5_000), (Part::VigorousActivity, 300)];
    let figure = Some(Figure::Stated { value: 5_300, parts: parts.clone() });
    let said = Scene { figure, ..scene(Metric::ActiveMinutes, "2026-11-20", &[]) }.said();
    assert_eq!((said[0].value, &said[0].parts), (5_300, &parts));
    let summed = scene(Metric::ActiveMinutes, "2026-11-20", &active()).said();
    assert_eq!(summed[0].id, said[0].id, "samples that come later change no id");
}

#[test]
fn parts_survive_being_written_down() {
    let parts = vec![(Part::DeepSleep, 6_200), (Part::Awake, 0)];
    let text = Part::to_text(&parts).unwrap();
    assert_eq!(text, "deep_sleep:6200,awake:0");
    assert_eq!(Part::from_text(&text), Some(parts));
    assert_eq!(Part::to_text(&[]), None);
}

#[rstest]
#[case("")]
#[case("deep_sleep")]
#[case("deep_sleep:many")]
#[case("dreaming:7")]
fn what_was_never_written_is_not_read_as_parts(#[case] text: &str) {
    assert_eq!(Part::from_text(text), None);
}

#[test]
fn a_value_is_taken_apart_as_it_was_put_together() {
    for part in Part::ALL {
        let sample = stretch(BED, 1, part.value(4_321));
        assert_eq!(Metric::Sleep.reading(&sample), (Some(part), 4_321), "{part:?}");
        assert_eq!(Metric::Steps.reading(&sample), (None, sample.value), "not parted");
    }
    let unknown = stretch(BED, 1, 32 + 30);
    assert_eq!(Metric::Sleep.reading(&unknown).0, Some(Part::Unfinished), "never the whole");
}
