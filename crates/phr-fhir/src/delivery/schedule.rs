//! When to try again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::destination::{Class, Failure};

/// The first wait for a server is drawn from half of this to all of it; each further one from twice
/// as much.
const SERVER_FIRST: SignedDuration = SignedDuration::from_secs(2);
/// Servers that are down are asked at least this often.
const SERVER_LONGEST: SignedDuration = SignedDuration::from_mins(5);
/// What only people can mend is asked for this often.
const PEOPLE: SignedDuration = SignedDuration::from_mins(15);
/// The same for one person's content.
const PERSON_FIRST: SignedDuration = SignedDuration::from_secs(2);
const PERSON_LONGEST: SignedDuration = SignedDuration::from_mins(30);
/// Whose chart is not known waits for an operator.
const CHART: SignedDuration = SignedDuration::from_hours(1);
/// Servers may ask for any wait; we come back after this at the latest.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// Until when a server is left alone after `failures` in a row. `chance` lies between 0 and 1.
pub(super) fn server_again(
    now: Timestamp,
    failures: u32,
    failure: &Failure,
    chance: f64,
) -> Timestamp {
    let window = if failure.class.needs_people() {
        PEOPLE
    } else {
        doubled(SERVER_FIRST, failures, SERVER_LONGEST)
    };
    after(now, window, failure, chance)
}

/// When a person's turn comes again after `attempts` failures in a row.
pub(super) fn person_again(
    now: Timestamp,
    attempts: u32,
    failure: &Failure,
    chance: f64,
) -> Timestamp {
    let window = match failure.class {
        Class::Chart => CHART,
        _ => doubled(PERSON_FIRST, attempts, PERSON_LONGEST),
    };
    after(now, window, failure, chance)
}

fn doubled(first: SignedDuration, times: u32, longest: SignedDuration) -> SignedDuration {
    first.saturating_mul(1 << times.saturating_sub(1).min(20)).min(longest)
}

/// Half of the window, and a part of the other half that chance decides, but never sooner than the
/// server asked for.
fn after(now: Timestamp, window: SignedDuration, failure: &Failure, chance: f64) -> Timestamp {
    let part = window.as_secs_f64() * (1.0 + chance.clamp(0.0, 1.0)) / 2.0;
    let drawn = SignedDuration::try_from_secs_f64(part).unwrap_or(window);
    let asked = failure.wait.unwrap_or_default().min(LONGEST_ASKED);
    let asked = SignedDuration::try_from(asked).unwrap_or_default();
    now.saturating_add(drawn.max(asked)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn failure(class: Class, wait: Option<u64>) -> Failure {
        Failure { wait: wait.map(Duration::from_secs), ..Failure::new(class, "") }
    }

    #[rstest]
    #[case(1, None, 0.0, 1)]
    #[case(1, None, 1.0, 2)]
    #[case(4, None, 1.0, 16)]
    #[case(60, None, 1.0, 300)]
    #[case(1, Some(90), 1.0, 90)]
    #[case(1, Some(1_000_000), 1.0, 3_600)]
    fn a_server_that_fails_is_left_alone_longer_each_time(
        #[case] failures: u32,
        #[case] asked: Option<u64>,
        #[case] chance: f64,
        #[case] seconds: i64,
    ) {
        let (now, failure) = (Timestamp::UNIX_EPOCH, failure(Class::Limited, asked));
        assert_eq!(server_again(now, failures, &failure, chance).as_second(), seconds);
    }

    #[test]
    fn what_people_must_mend_is_not_asked_for_all_the_time() {
        let (now, refused) = (Timestamp::UNIX_EPOCH, failure(Class::Unauthorized, None));
        assert_eq!(server_again(now, 1, &refused, 1.0).as_second(), 900);
        let chart = failure(Class::Chart, None);
        assert_eq!(person_again(now, 1, &chart, 1.0).as_second(), 3_600);
        let conflict = failure(Class::Conflict, None);
        assert_eq!(person_again(now, 50, &conflict, 1.0).as_second(), 1_800);
    }
}
