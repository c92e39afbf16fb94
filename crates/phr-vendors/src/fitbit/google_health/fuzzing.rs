//! Google's parsers, opened for [`crate::fuzzing`].

use std::fmt::Debug;

use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::{Offset, TimeZone},
};
use phr_model::{Metric, Offsets, Sample};
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::{
    account::{Identity, Profile, Settings},
    daily::DailyType,
    data_type::PointType,
    devices,
    failure::classify,
    hooks::notification,
    hours,
    json::read,
    levels::unpacked,
    page::{ItemReader, Page, parse, parse_pieces},
    point::{Point, PointReader},
    roll_up::{DayReader, HourReader, RollUpType},
    sessions::{SessionType, date_of},
    span::{Civil, Second},
};
use crate::{
    error::VendorError,
    fitbit::failure::{Failure, LONGEST_WAIT},
    fuzzing::{day_of, figure_of, hold, news_of, same_of_pieces},
};

/// A day that windows are about.
const DAY: Date = date(2026, 11, 20);

/// A page, of which there must not be more than objects that came.
fn page<R: ItemReader>(array: &'static str, reader: R, body: &[u8]) -> Option<Page<R::Item>>
where
    R::Item: PartialEq + Debug,
{
    let page = hold(body, |body| parse(array, reader, body).ok())?;
    same_of_pieces(body, &page, |pieces| parse_pieces(array, reader, pieces).ok());
    // Anything else that a point is made of could be an array, which is as long as it likes.
    let things = body.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    let skipped = usize::try_from(page.skipped).unwrap_or(usize::MAX);
    assert!(page.items.len() + skipped <= things, "nothing comes from nowhere");
    assert_ne!(page.next.as_deref(), Some(""), "an empty token is none");
    Some(page)
}

/// Pages of points, of every type.
pub(crate) fn points(body: &[u8]) {
    for metric in Metric::ALL {
        let Some(points) = PointType::of(metric) else { continue };
        let Some(page) = page("dataPoints", PointReader(points), body) else { continue };
        let samples = page.items.iter().flat_map(|point| samples_of(points, point));
        day_of(metric, &samples.collect::<Vec<Sample>>());
    }
}

fn samples_of(points: &'static PointType, point: &Point) -> Vec<Sample> {
    let window = Civil::days(DAY, DAY);
    assert!(point.vendor_civil().is_none() || window.excludes(point), "no day without time");
    let second = Second::of(point.at);
    assert!(second == Second::of(point.at) && !second.filter(points).is_empty());
    let sample = point.sample(|_| Offset::UTC);
    if points.levels { unpacked(sample).collect() } else { vec![sample] }
}

/// Pages of nights and of workouts.
pub(crate) fn sessions(body: &[u8]) {
    let offsets = Offsets::new(TimeZone::UTC, []);
    for (metric, sessions) in
        [(Metric::Sleep, SessionType::Sleep), (Metric::Exercise, SessionType::Exercise)]
    {
        let Some(page) = page("dataPoints", sessions, body) else { continue };
        for session in &page.items {
            assert!(date_of(session, sessions, &offsets) <= Date::MAX);
            assert!(!session.samples(&offsets).is_empty());
        }
        let samples = page.items.iter().flat_map(|session| session.samples(&offsets));
        day_of(metric, &samples.collect::<Vec<Sample>>());
    }
}

/// Roll-ups by civil day and by hour.
pub(crate) fn roll_ups(body: &[u8]) {
    for metric in Metric::ALL.into_iter().filter(|metric| RollUpType::of(*metric).is_some()) {
        let days = page("rollupDataPoints", DayReader(metric), body);
        for (date, figure) in days.into_iter().flat_map(|page| page.items) {
            figure_of(metric, date, &figure);
        }
    }
    let offsets = Offsets::new(TimeZone::UTC, []);
    let hours = page("rollupDataPoints", HourReader(Metric::Calories), body);
    let hours = hours.into_iter().flat_map(|page| page.items);
    let samples: Vec<Sample> = hours.map(|hour| hours::sample(hour, &offsets)).collect();
    day_of(Metric::Calories, &samples);
}

/// Pages of values that are computed once a day.
pub(crate) fn daily_values(body: &[u8]) {
    for metric in Metric::ALL {
        let Some(daily) = DailyType::of(metric) else { continue };
        let page = page("dataPoints", daily, body);
        for (date, figure) in page.into_iter().flat_map(|page| page.items) {
            figure_of(metric, date, &figure);
        }
    }
}

/// Refusals of every status. The first line of the body is what the headers say.
pub(crate) fn errors(body: &[u8]) {
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(line) {
        headers.insert(RETRY_AFTER, value.clone());
        headers.insert(WWW_AUTHENTICATE, value);
    }
    for headers in [HeaderMap::new(), headers] {
        for status in (300..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let failure = classify(status, &headers, body, Timestamp::UNIX_EPOCH);
            judged(status, &failure);
            assert_eq!(classify(status, &headers, body, Timestamp::UNIX_EPOCH), failure);
        }
    }
}

/// Whatever a refusal says: it ends no connection, and makes nobody wait for longer than an hour.
fn judged(status: StatusCode, failure: &Failure) {
    match failure {
        Failure::TooBig => assert_eq!(status, StatusCode::GATEWAY_TIMEOUT),
        Failure::PageToken => assert_eq!(status, StatusCode::BAD_REQUEST),
        Failure::Conflict => assert_eq!(status, StatusCode::CONFLICT),
        Failure::Vendor(error) => {
            assert!(!error.ends_connection(), "{status}: {error:?}");
            if let VendorError::Throttled { wait: Some(wait) } = error {
                assert!(*wait <= LONGEST_WAIT, "{wait:?}");
            }
            let wants_refresh = *error == VendorError::AccessRefused;
            assert!(!wants_refresh || status == StatusCode::UNAUTHORIZED);
        }
    }
}

/// Notifications of Google's webhooks.
pub(crate) fn notifications(body: &[u8]) {
    assert_eq!(notification::is_handshake(body), notification::is_handshake(body));
    news_of(body, notification::read);
}

/// Who the person is, and with which devices.
pub(crate) fn accounts(body: &[u8]) {
    hold(body, |body| {
        let identity: Identity = read(body).ok()?;
        Some((identity.health_user_id.0, identity.legacy_user_id.0))
    });
    hold(body, |body| Some(read::<Settings>(body).ok()?.time_zone.0));
    hold(body, |body| {
        let since = read::<Profile>(body).ok()?.membership_start_date;
        Some(since.0.and_then(|date| date.date()))
    });
    let devices = hold(body, |body| devices::parse(body).ok());
    for device in devices.into_iter().flatten() {
        assert!(device.battery_percent.is_none_or(|percent| percent <= 100));
        assert_ne!(device.name.as_deref(), Some(""));
    }
}
