//! Making a day in the form that a destination wants. Pure rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use phr_model::{
    Day, Draft, FITBIT, Form, Observation, Offsets, PersonId, Status, difference, observe_as,
};
use phr_store::made::{ChangedDay, MadeDay};
use uuid::Uuid;

/// How a destination wants a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    /// In this form; none: as it is kept.
    pub(super) form: Option<Form>,
    /// Observations of one person, metric and day, at most.
    pub(super) most: usize,
    /// Whether days that are not over go there, too.
    pub(super) preliminary: bool,
}

/// What `day` is to be at the destination from `now` on; none if it stays as it was made, or nothing
/// is to be made of it yet.
pub(super) fn remade(
    person: PersonId,
    day: &ChangedDay,
    wish: Wish,
    now: Timestamp,
) -> Option<MadeDay> {
    let made = match wish.form {
        // A day in a finer form is sent when it is over: until then nobody knows whether it will fit.
        Some(_) if !day.known.read_closed && !wish.preliminary && day.made.is_empty() => {
            return None;
        }
        Some(form) => wanted(person, day, (form, wish.most), now),
        None => unwanted(day, now),
    };
    let is_same = made.changed.is_empty() && made.released.is_empty();
    (!is_same || made.coarser != day.coarser).then_some(made)
}

/// The day in a form. What is kept under the same id, because the form is the kept one, goes on as it
/// is: its history does not begin anew.
fn wanted(
    person: PersonId,
    day: &ChangedDay,
    (form, most): (Form, usize),
    now: Timestamp,
) -> MadeDay {
    let (fitting, said) = fitting(person, day, form, most);
    let ids: BTreeSet<Uuid> = said.iter().map(|draft| draft.id).collect();
    let known: BTreeSet<Uuid> = day.made.iter().map(|made| made.says.id).collect();
    let is_adopted = |kept: &&Observation| {
        let id = &kept.says.id;
        kept.status != Status::EnteredInError && ids.contains(id) && !known.contains(id)
    };
    let adopted: Vec<Observation> = day.kept.iter().filter(is_adopted).cloned().collect();
    let held: Vec<Observation> = day.made.iter().chain(&adopted).cloned().collect();
    let differs = difference(&held, said, now).into_iter();
    let mut changed: BTreeMap<Uuid, Observation> =
        adopted.into_iter().map(|kept| (kept.says.id, kept)).collect();
    changed.extend(differs.map(|observation| (observation.says.id, observation)));
    MadeDay {
        metric: day.known.metric,
        date: day.known.date,
        changed: changed.into_values().collect(),
        released: Vec::new(),
        coarser: (fitting != form).then_some(fitting),
    }
}

/// The day goes as it is kept again: what was made of it is withdrawn, but for what is kept anyway.
fn unwanted(day: &ChangedDay, now: Timestamp) -> MadeDay {
    let kept: BTreeSet<Uuid> = day.kept.iter().map(|kept| kept.says.id).collect();
    let (released, withdrawn): (Vec<Observation>, Vec<Observation>) =
        day.made.iter().cloned().partition(|made| kept.contains(&made.says.id));
    MadeDay {
        metric: day.known.metric,
        date: day.known.date,
        changed: difference(&withdrawn, Vec::new(), now),
        released: released.into_iter().map(|made| made.says.id).collect(),
        coarser: None,
    }
}

/// What is said about the day in `form`, or in the next coarser one that is not more than `most`
/// Observations; the coarsest goes however many they are, because nothing is ever cut.
fn fitting(person: PersonId, day: &ChangedDay, form: Form, most: usize) -> (Form, Vec<Draft>) {
    let zone = day.zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    let offsets = Offsets::new(zone.unwrap_or(TimeZone::UTC), day.steps.iter().chain(&day.samples));
    let whole = Day {
        person,
        vendor: FITBIT,
        metric: day.known.metric,
        date: day.known.date,
        samples: &day.samples,
        figure: day.known.vendor.as_ref(),
        offsets: &offsets,
        closed: day.known.read_closed,
    };
    let coarser = Form::of_metric(day.known.metric).iter().rev().filter(|other| **other <= form);
    let mut said = (form, Vec::new());
    for form in coarser {
        said = (*form, observe_as(&whole, *form));
        if said.1.len() <= most {
            break;
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use phr_model::{Coverage, CoverageState, Effective, HeartRateForm, Metric, Reason, Sample};
    use phr_store::made::DayPosition;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const BY_THE_MINUTE: Wish = wish(Form::Minute, 2_880);

    const fn wish(form: Form, most: usize) -> Wish {
        Wish { form: Some(form), most, preliminary: false }
    }

    fn person() -> PersonId {
        PersonId(Uuid::from_u128(7))
    }

    /// Heart rates every `seconds`, from `start` (UTC), `hours` east of it.
    fn beats(start: &str, count: i64, seconds: i64, hours: i32) -> Vec<Sample> {
        let start: Timestamp = start.parse().unwrap();
        let sample = |n: i64| Sample {
            at: start + SignedDuration::from_secs(n * seconds),
            seconds: 0,
            offset_seconds: hours * 3_600,
            value: 600 + n % 100,
        };
        (0..count).map(sample).collect()
    }

    /// A day that is over, at home in Madrid, kept by the hour.
    fn changed_day(date: &str, samples: Vec<Sample>) -> ChangedDay {
        let metric = Metric::HeartRate;
        let known = Coverage {
            read_closed: true,
            ..Coverage::unread(
                metric,
                date.parse().unwrap(),
                CoverageState::Complete,
                Reason::DayNotOver,
            )
        };
        let mut day = ChangedDay {
            position: DayPosition::default(),
            known,
            samples,
            steps: Vec::new(),
            zone: Some("Europe/Madrid".to_owned()),
            kept: Vec::new(),
            made: Vec::new(),
            coarser: None,
        };
        let (_, kept) = fitting(person(), &day, Form::Hourly, usize::MAX);
        assert_eq!(Form::kept(metric, HeartRateForm::default()), Form::Hourly);
        day.kept = difference(&[], kept, NOW);
        day
    }

    fn a_day() -> ChangedDay {
        changed_day("2026-03-09", beats("2026-03-09T08:00:00Z", 120, 60, 1))
    }

    fn make(day: &ChangedDay, wish: Wish) -> Option<MadeDay> {
        remade(person(), day, wish, NOW)
    }

    /// The day once this was written down.
    fn after(day: &ChangedDay, made: MadeDay) -> ChangedDay {
        let mut day = day.clone();
        day.made.retain(|held| !made.released.contains(&held.says.id));
        for change in made.changed {
            day.made.retain(|held| held.says.id != change.says.id);
            day.made.push(change);
        }
        day.coarser = made.coarser;
        day
    }

    #[test]
    fn a_day_that_says_the_same_stays_as_it_was_made() {
        let day = a_day();
        let made = make(&day, BY_THE_MINUTE).unwrap();
        assert_eq!(made.changed.len(), 120);
        assert_eq!(make(&after(&day, made), BY_THE_MINUTE), None);
    }

    #[test]
    fn only_what_differs_changes() {
        let day = a_day();
        let mut day = after(&day, make(&day, BY_THE_MINUTE).unwrap());
        day.samples[0].value += 1;
        day.samples.pop();
        let changed = make(&day, BY_THE_MINUTE).unwrap().changed;
        let mut changed: Vec<_> = changed.iter().map(|it| (it.status.key(), it.version)).collect();
        changed.sort_unstable();
        assert_eq!(changed, [("corrected", 2), ("entered-in-error", 2)]);
    }

    #[test]
    fn the_hour_that_the_clocks_repeat_is_made_twice() {
        // In Madrid the clocks go back at 01:00 UTC: 25 hours begin at 22:00 UTC.
        let mut samples = beats("2026-10-24T22:00:00Z", 180, 60, 2);
        samples.extend(beats("2026-10-25T01:00:00Z", 1_320, 60, 1));
        let day = changed_day("2026-10-25", samples);
        for (form, count) in [(Form::Daily, 1), (Form::Hourly, 25), (Form::Minute, 1_500)] {
            let made = make(&day, wish(form, 2_880)).unwrap();
            assert_eq!((made.changed.len(), made.coarser), (count, None), "{form:?}");
        }
    }

    #[test]
    fn a_whole_day_begins_and_ends_where_the_steps_say_the_person_was() {
        // A few beats in the afternoon in Tokyo; the steps of the days around are of there, too.
        let mut day = changed_day("2026-03-09", beats("2026-03-09T06:00:00Z", 9, 60, 9));
        for date in ["2026-03-07T15:00:00Z", "2026-03-09T15:00:00Z"] {
            day.steps.extend(beats(date, 1_440, 60, 9));
        }
        let made = make(&day, wish(Form::Daily, 9)).unwrap();
        let Effective::Period(start, end) = made.changed[0].says.effective else { panic!() };
        let shown = [start, end].map(|moment| moment.to_string());
        assert_eq!(shown, ["2026-03-09T00:00:00+09:00", "2026-03-09T23:59:59+09:00"]);
    }

    #[test]
    fn what_is_kept_in_the_same_form_goes_on_with_its_history() {
        let mut day = a_day();
        let hourly = wish(Form::Hourly, 24);
        for kept in &mut day.kept {
            (kept.status, kept.version) = (Status::Corrected, 5);
        }
        let made = make(&day, hourly).unwrap();
        assert_eq!(made.changed, day.kept);
        let mut next = after(&day, made);
        next.samples[0].value += 70;
        let changed = make(&next, hourly).unwrap().changed;
        assert_eq!((changed.len(), changed[0].version), (1, 6));
    }

    #[test]
    fn what_nobody_wants_any_more_is_withdrawn_but_for_what_is_kept() {
        let day = a_day();
        let no_wish = Wish { form: None, ..BY_THE_MINUTE };
        assert_eq!(make(&day, no_wish), None);
        let finer = after(&day, make(&day, BY_THE_MINUTE).unwrap());
        let made = make(&finer, no_wish).unwrap();
        assert_eq!((made.changed.len(), made.released.len()), (120, 0));
        assert!(made.changed.iter().all(|it| it.status == Status::EnteredInError));
        assert_eq!(make(&after(&finer, made), no_wish), None);
        let same = after(&day, make(&day, wish(Form::Hourly, 24)).unwrap());
        let made = make(&same, no_wish).unwrap();
        assert_eq!((made.changed.len(), made.released.len()), (0, day.kept.len()));
    }

    #[test]
    fn a_day_that_is_too_much_goes_coarser_as_a_whole_and_never_cut() {
        let day = a_day();
        for (most, count, coarser) in [
            (120, 120, None),
            (119, 2, Some(Form::Hourly)),
            (1, 1, Some(Form::Daily)),
            (0, 1, Some(Form::Daily)),
        ] {
            let made = make(&day, wish(Form::Minute, most)).unwrap();
            assert_eq!((made.changed.len(), made.coarser), (count, coarser), "{most}");
        }
        // From one form to the other and back, what stands is always one of them.
        let coarse = after(&day, make(&day, wish(Form::Minute, 119)).unwrap());
        let fine = after(&coarse, make(&coarse, BY_THE_MINUTE).unwrap());
        let stands = |day: &ChangedDay| {
            let all = day.made.iter();
            all.filter(|it| it.status != Status::EnteredInError).count()
        };
        assert_eq!((stands(&coarse), stands(&fine)), (2, 120));
    }

    #[test]
    fn a_day_that_is_not_over_waits_unless_it_is_wanted() {
        let mut day = a_day();
        day.known.read_closed = false;
        assert_eq!(make(&day, BY_THE_MINUTE), None);
        let made = make(&day, Wish { preliminary: true, ..BY_THE_MINUTE }).unwrap();
        assert!(made.changed.iter().all(|it| it.status == Status::Preliminary));
        // What was there before a journey opened the day anew goes on.
        day.known.read_closed = true;
        let mut again = after(&day, make(&day, BY_THE_MINUTE).unwrap());
        again.known.read_closed = false;
        again.samples.pop();
        assert_eq!(make(&again, BY_THE_MINUTE).unwrap().changed.len(), 1);
    }
}
