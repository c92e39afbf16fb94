//! The Web API's parsers, opened for [`crate::fuzzing`].

use std::collections::BTreeMap;

use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};
use phr_model::{DateRange, Figure, Metric, Offsets};
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue, RETRY_AFTER},
};

use super::{
    account::{Paired, device, profile},
    answer::{Answer, Place, Row, Slot, parse},
    body_log, dailies, exercise,
    failure::{RESET, classify, kinds, refusal},
    heart, hooks, intraday,
    logged::Logged,
    series::{self, sum},
    sleep, spo2,
};
use crate::{
    error::VendorError,
    fitbit::{
        failure::{Failure, LONGEST_WAIT},
        json::Nested,
    },
    fuzzing::{day_of, figure_of, hold, news_of},
    vendor::DayReading,
};

/// Days that are asked about: an hour is skipped in the first, and one comes twice in the last.
const DAYS: DateRange = DateRange { first: date(2026, 3, 29), last: date(2026, 10, 25) };

fn madrid() -> Offsets {
    Offsets::new(TimeZone::get("Europe/Madrid").expect("a zone"), [])
}

/// Checks the days that were read, and what is stated about them.
fn days_of(metric: Metric, readings: Vec<DayReading>) {
    for DayReading { date, samples } in readings {
        assert!(samples.iter().all(|sample| sample.date() == date), "of the day: {samples:?}");
        assert!(samples.is_sorted(), "in order of time");
        day_of(metric, &samples);
    }
}

fn figures_of(metric: Metric, figures: BTreeMap<Date, Figure>) {
    for (date, figure) in figures {
        assert!(DAYS.contains(date), "nothing that was not asked for");
        figure_of(metric, date, &figure);
    }
}

/// Rows below a root, and the slots beside them: steps, distance, energy, heart rate.
pub(crate) fn rows(body: &[u8]) {
    let [steps, distance, calories, floors, energy] = [
        &series::STEPS,
        &series::DISTANCE,
        &series::CALORIES,
        &series::FLOORS,
        &series::ACTIVE_ENERGY,
    ];
    let minutes = series::LEVELS.iter().map(|(_, series)| (Metric::ActiveMinutes, series));
    let others = [
        (Metric::Steps, steps),
        (Metric::Distance, distance),
        (Metric::Calories, calories),
        (Metric::Floors, floors),
        (Metric::ActiveEnergy, energy),
    ];
    for (metric, series) in others.into_iter().chain(minutes) {
        let read = |body: &[u8]| parse::<Row>(series.place(), body).ok().flatten();
        let plain = |answer: &Answer<Row>| {
            let value = |row: &Row| row.value.0.and_then(|value| value.to_base(series.scale));
            let rows = answer.rows.iter().map(|row| (row.date().ok(), value(row)));
            (rows.collect::<Vec<_>>(), answer.slots.clone())
        };
        hold(body, |body| read(body).as_ref().map(plain));
        let Some(answer) = read(body) else { continue };
        if let Ok(totals) = series.read(DAYS, &answer.rows) {
            assert!(sum(&totals) >= 0, "it can be summed up");
            let level = |sum| series::LEVELS.iter().map(|(part, _)| (*part, sum)).collect();
            let levels = totals.iter().map(|(day, sum)| (*day, level(*sum))).collect();
            figures_of(Metric::ActiveMinutes, series::added_up(levels));
            let total = |value| Figure::Total { value };
            figures_of(metric, totals.into_iter().map(|(day, sum)| (day, total(sum))).collect());
        }
        if let Ok(head) = series.head(DAYS.last, &answer.rows) {
            assert!(head >= 0, "nobody walks back to where they never were");
        }
        slots(metric, intraday::MINUTE, answer.slots.as_deref());
    }
    heart_rates(body);
}

fn heart_rates(body: &[u8]) {
    let read = |body: &[u8]| parse::<heart::Day>(heart::PLACE, body).ok().flatten();
    let marks = |days: &[heart::Day]| heart::of_days(days, DAYS, heart::Value::mark).ok();
    let resting = |days: &[heart::Day]| heart::of_days(days, DAYS, heart::Value::resting).ok();
    let found = hold(body, |body| {
        read(body).map(|answer| (marks(&answer.rows), resting(&answer.rows), answer.slots))
    });
    let Some((marks, resting, found)) = found else { return };
    figures_of(Metric::HeartRate, marks.unwrap_or_default());
    figures_of(Metric::RestingHeartRate, resting.unwrap_or_default());
    slots(Metric::HeartRate, 0, found.as_deref());
}

fn slots(metric: Metric, seconds: u32, slots: Option<&[Slot]>) {
    let slots = slots.unwrap_or_default();
    for day in [DAYS.first, DAYS.last] {
        let samples = intraday::samples(day, slots, seconds, &madrid());
        assert!(samples.len() <= slots.len());
        assert!(samples.iter().all(|sample| sample.value > 0));
        days_of(metric, vec![DayReading { date: day, samples }]);
    }
}

/// Nights of oxygen saturation.
pub(crate) fn spo2(body: &[u8]) {
    let read = |body: &[u8]| spo2::bare::<spo2::Night>(body).ok().flatten();
    let days = DateRange { first: date(2026, 10, 20), last: DAYS.last };
    let taken = |nights: &[spo2::Night]| {
        let readings = spo2::taken(nights, days, &madrid()).ok()?;
        Some(readings.into_iter().map(|day| (day.date, day.samples)).collect::<Vec<_>>())
    };
    let found = hold(body, |body| {
        read(body).map(|nights| (spo2::of_days(&nights, DAYS).ok(), taken(&nights)))
    });
    let Some((figures, readings)) = found else { return };
    figures_of(Metric::Spo2, figures.unwrap_or_default());
    let readings = readings.into_iter().flatten();
    days_of(Metric::Spo2, readings.map(|(date, samples)| DayReading { date, samples }).collect());
}

/// Weigh-ins, and what else people measure of their bodies.
pub(crate) fn body_logs(body: &[u8]) {
    for (metric, log) in
        [(Metric::BodyWeight, &body_log::WEIGHT), (Metric::BodyFat, &body_log::FAT)]
    {
        let found = hold(body, |body| {
            let logs = parse::<body_log::Log>(log.place(), body).ok().flatten()?.rows;
            Some(log.understood(&logs, DAYS).ok())
        });
        let Some(mut readings) = found.flatten() else { continue };
        readings.sort_unstable();
        figures_of(metric, body_log::marks_of(&readings));
        days_of(metric, body_log::taken(&readings, DAYS, &madrid()));
    }
}

/// What is computed once a day.
pub(crate) fn daily_values(body: &[u8]) {
    for (metric, daily) in [
        (Metric::Hrv, dailies::Daily::HeartRateVariability),
        (Metric::RespiratoryRate, dailies::Daily::BreathingRate),
        (Metric::SkinTemperatureVariation, dailies::Daily::SkinTemperature),
        (Metric::Vo2max, dailies::Daily::CardioScore),
    ] {
        let place = Place { root: daily.names().1, scale: 1 };
        let found = hold(body, |body| {
            let days = parse::<dailies::Day>(place, body).ok().flatten()?.rows;
            Some(daily.of_days(&days, DAYS).ok())
        });
        figures_of(metric, found.flatten().unwrap_or_default());
    }
}

/// Nights.
pub(crate) fn sleep(body: &[u8]) {
    let found = hold(body, |body| {
        let logs = sleep::said(body).ok().flatten()?.sleep?;
        Some(sleep::understood(&logs, DAYS, &madrid()).ok())
    });
    sessions_of(Metric::Sleep, found.flatten().as_deref().unwrap_or_default());
}

/// Pages of workouts.
pub(crate) fn exercise(body: &[u8]) {
    let found = hold(body, |body| {
        let page = exercise::page(body).ok().flatten()?;
        let next = page.pagination.0.and_then(|pagination| pagination.next.0);
        let query = next.as_deref().and_then(exercise::query_of);
        let found = exercise::understood(&page.activities?, DAYS, &madrid()).ok();
        Some((found, query))
    });
    let Some((found, _)) = found else { return };
    sessions_of(Metric::Exercise, found.as_deref().unwrap_or_default());
}

fn sessions_of(metric: Metric, logged: &[Logged]) {
    assert!(logged.iter().all(|log| DAYS.contains(log.date)), "nothing that was not asked for");
    let samples = logged.iter().flat_map(|log| log.session.samples(&madrid()));
    day_of(metric, &samples.collect::<Vec<_>>());
}

/// Notifications of Fitbit's subscriptions.
pub(crate) fn notifications(body: &[u8]) {
    news_of(body, hooks::notification::read);
}

/// Refusals of every status. The first line of the body is what the headers say.
pub(crate) fn errors(body: &[u8]) {
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(line) {
        headers.insert(RETRY_AFTER, value.clone());
        headers.insert(RESET, value);
    }
    assert_eq!(kinds(body), kinds(body));
    for headers in [HeaderMap::new(), headers] {
        for status in (300..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let now = Timestamp::UNIX_EPOCH;
            let failure = classify(status, &headers, body, now);
            judged(status, &failure);
            assert_eq!(classify(status, &headers, body, now), failure);
            assert!(refusal(status, &headers, now).is_none_or(|error| failure == error.into()));
        }
    }
}

/// Nothing but 410 ends a connection, and nobody waits for longer than an hour.
fn judged(status: StatusCode, failure: &Failure) {
    if *failure == Failure::Conflict {
        return assert_eq!(status, StatusCode::CONFLICT);
    }
    let Failure::Vendor(error) = failure else { panic!("{status}: this API has no pages") };
    assert_eq!(error.ends_connection(), status == StatusCode::GONE, "{status}: {error:?}");
    if let VendorError::Throttled { wait } = error {
        assert!(wait.is_some_and(|wait| wait <= LONGEST_WAIT), "{wait:?}");
    }
}

/// Who the person is, and with which devices.
pub(crate) fn accounts(body: &[u8]) {
    hold(body, |body| {
        let user = profile(body).ok().flatten()?.user.0?;
        Some((user.encoded_id.0, user.timezone.0, user.member_since.0))
    });
    let zone = TimeZone::get("Europe/Madrid").expect("a zone");
    let devices = hold(body, |body| {
        let paired = spo2::bare::<Nested<Paired>>(body).ok().flatten()?;
        let devices = paired.into_iter().filter_map(|it| it.0).map(|it| device(it, Some(&zone)));
        Some(devices.collect::<Vec<_>>())
    });
    for device in devices.into_iter().flatten() {
        assert!(device.battery_percent.is_none_or(|percent| percent <= 100));
        assert_ne!(device.name.as_deref(), Some(""));
    }
}
