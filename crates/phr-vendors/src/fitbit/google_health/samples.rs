//! The samples of civil days.

use std::collections::BTreeMap;

use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use jiff::civil::Date;
use phr_model::{DateRange, Offsets, Sample};

use super::{
    api::Api,
    data_type::{PointType, PointWindow},
    levels::unpacked,
    point::Point,
    span::Civil,
    walk::Walk,
};
use crate::{
    error::VendorError,
    fitbit::readings::{empty_days, readings},
    vendor::{Access, DayReading},
};

/// Windows of one person that are read at the same time; each holds one page.
const AT_ONCE: usize = 3;

/// Every sample of `days`, in order of time.
pub(super) async fn read_points(
    api: &Api,
    access: &Access,
    data_type: &'static PointType,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<DayReading>, VendorError> {
    let walk = Walk { api, access, data_type: data_type.id };
    let windows = windows(data_type.window, days)
        .into_iter()
        .map(|window| async move { Ok((window, walk.points(data_type, window).await?)) }.boxed());
    let windows: Vec<BoxFuture<'_, Result<_, VendorError>>> = windows.collect();
    let windows: Vec<_> = stream::iter(windows).buffered(AT_ONCE).try_collect().await?;
    let mut found: BTreeMap<Date, Vec<Sample>> = empty_days(days);
    for (window, points) in windows {
        for point in points {
            let sample = point.sample(|at| offsets.at(at));
            let day = found.entry(date(&point, &sample, window)).or_default();
            if data_type.levels {
                day.extend(unpacked(sample));
            } else {
                day.push(sample);
            }
        }
    }
    Ok(readings(found))
}

/// The windows that together are `days`.
fn windows(window: PointWindow, days: DateRange) -> Vec<Civil> {
    match window {
        PointWindow::Any => vec![Civil::days(days.first, days.end())],
        PointWindow::Day => days.days().map(day).collect(),
        PointWindow::Hours(hours) => days.days().flat_map(|date| parts(date, hours)).collect(),
    }
}

fn day(date: Date) -> Civil {
    Civil::days(date, DateRange::day(date).end())
}

fn parts(date: Date, hours: i8) -> impl Iterator<Item = Civil> {
    let whole = day(date);
    (0..24).step_by(usize::try_from(hours).unwrap_or(1)).map(move |hour| {
        let end = hour + hours;
        let end = if end < 24 { date.at(end, 0, 0, 0) } else { whole.end };
        Civil { start: date.at(hour, 0, 0, 0), end }
    })
}

/// The vendor's own date. Where it gave none, the vendor's filter has found the point in `window`,
/// so it lies there even if our guess at the offset says otherwise.
fn date(point: &Point, sample: &Sample, window: Civil) -> Date {
    let last = window.end.date().yesterday().unwrap_or(window.end.date());
    let last = last.max(window.start.date());
    match point.vendor_civil() {
        Some(civil) => civil.date(),
        None => sample.date().clamp(window.start.date(), last),
    }
}
