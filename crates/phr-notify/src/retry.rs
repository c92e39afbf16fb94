//! When to try again, and what an answer means.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use crate::Refusal;

/// A notice is tried so often: over about a day.
pub(crate) const ATTEMPTS: u32 = 16;
/// The first wait is drawn from zero to this; each further one from twice as much.
const FIRST: SignedDuration = SignedDuration::from_secs(30);
/// No wait is drawn from more than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// Receivers may ask for any wait; we come back after this at the latest (RE-12).
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// When to try again after `attempts` failures: full jitter, never sooner than the receiver asked
/// for. `chance` lies between 0 and 1.
pub(crate) fn again_at(
    now: Timestamp,
    attempts: u32,
    asked: Option<Duration>,
    chance: f64,
) -> Timestamp {
    let window = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST);
    let drawn = SignedDuration::try_from_secs_f64(window.as_secs_f64() * chance.clamp(0.0, 1.0));
    let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
    let wait = SignedDuration::try_from(asked).unwrap_or_default() + drawn.unwrap_or(window);
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// What an answer means: only 2xx is a confirmation. Redirects are not followed.
pub(crate) fn judge(
    status: StatusCode,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(), Refusal> {
    match status.as_u16() {
        200..=299 => Ok(()),
        410 => Err(Refusal::Gone),
        408 | 425 | 429 | 500..=599 => {
            let code = if status == StatusCode::TOO_MANY_REQUESTS { "limited" } else { "answer" };
            Err(Refusal::Later { code, wait: retry_after(headers, now) })
        }
        300..=399 => Err(Refusal::Never { code: "redirected" }),
        _ => Err(Refusal::Never { code: "refused" }),
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(at.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: &str = "2026-11-22T10:00:00Z";

    fn wait(attempts: u32, asked: Option<u64>, chance: f64) -> i64 {
        let now: Timestamp = NOW.parse().unwrap();
        let asked = asked.map(Duration::from_secs);
        again_at(now, attempts, asked, chance).duration_since(now).as_secs()
    }

    #[test]
    fn the_window_doubles_until_it_is_six_hours() {
        let longest = [1, 2, 3, 10, 11, 16, u32::MAX].map(|attempts| wait(attempts, None, 1.0));
        assert_eq!(longest, [30, 60, 120, 15_360, 21_600, 21_600, 21_600]);
        assert_eq!(wait(5, None, 0.5), 240);
        assert_eq!(wait(5, None, 0.0), 0);
    }

    #[test]
    fn what_the_receiver_asked_for_is_the_least_up_to_an_hour() {
        assert_eq!(wait(1, Some(90), 0.0), 90);
        assert_eq!(wait(1, Some(86_400), 0.0), 3_600);
        assert_eq!(wait(1, Some(90), 1.0), 120);
    }

    #[rstest]
    #[case(200, Ok(()))]
    #[case(204, Ok(()))]
    #[case(301, Err(Refusal::Never { code: "redirected" }))]
    #[case(307, Err(Refusal::Never { code: "redirected" }))]
    #[case(400, Err(Refusal::Never { code: "refused" }))]
    #[case(401, Err(Refusal::Never { code: "refused" }))]
    #[case(404, Err(Refusal::Never { code: "refused" }))]
    #[case(422, Err(Refusal::Never { code: "refused" }))]
    #[case(410, Err(Refusal::Gone))]
    #[case(408, Err(Refusal::Later { code: "answer", wait: None }))]
    #[case(425, Err(Refusal::Later { code: "answer", wait: None }))]
    #[case(429, Err(Refusal::Later { code: "limited", wait: None }))]
    #[case(500, Err(Refusal::Later { code: "answer", wait: None }))]
    #[case(503, Err(Refusal::Later { code: "answer", wait: None }))]
    fn every_answer_has_its_meaning(#[case] status: u16, #[case] meaning: Result<(), Refusal>) {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(judge(status, &HeaderMap::new(), NOW.parse().unwrap()), meaning);
    }

    #[rstest]
    #[case("120", Some(120))]
    #[case("Sun, 22 Nov 2026 10:00:30 GMT", Some(30))]
    #[case("Sun, 22 Nov 2026 09:00:30 GMT", None)]
    #[case("soon", None)]
    #[case("-3", None)]
    fn retry_after_is_read_in_both_forms(#[case] value: &str, #[case] seconds: Option<u64>) {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        let wait = seconds.map(Duration::from_secs);
        let judged = judge(StatusCode::SERVICE_UNAVAILABLE, &headers, NOW.parse().unwrap());
        assert_eq!(judged, Err(Refusal::Later { code: "answer", wait }));
    }
}
