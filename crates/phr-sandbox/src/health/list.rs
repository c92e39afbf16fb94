//! `list`, `reconcile` and `get`.

use std::ops::Range;

use super::Call;
use super::admit::Admitted;
use super::filter::{self, Bounds};
use super::page::{Binding, Cursor};
use super::query::Query;
use super::write::{self, PointWriter, put};
use crate::daily::{Daily, DailyValue, dailies};
use crate::data_type::{DataType, Kind, Operation};
use crate::errors::{ApiError, ApiResult};
use crate::faults::FaultKind;
use crate::person::{Person, day_of_date};
use crate::point::{DAY, Family, Point, SECOND, Source};
use crate::timeline::{LONGEST, Timeline};
use crate::world::World;

/// What one page really holds at most, as measured live.
const EFFECTIVE_PAGE: usize = 5_000;

/// What `dataSourceFamily` asks for.
pub(super) fn family(query: &Query) -> ApiResult<Family> {
    let Some(name) = query.get("dataSourceFamily") else { return Ok(Family::All) };
    parse_family(name)
}

/// A family in a query or in the body of a roll-up.
pub(super) fn parse_family(name: &str) -> ApiResult<Family> {
    Family::parse(name).ok_or_else(|| {
        ApiError::invalid_because(
            "INVALID_DATA_POINT_DATA_SOURCE_FAMILY",
            format!("\"{name}\" is not a data source family resource name"),
        )
    })
}

/// `list` or `reconcile`.
pub(super) fn list(
    world: &World,
    person: &Person,
    call: &Call,
    (data_type, operation, family): (DataType, Operation, Family),
    admitted: &Admitted,
) -> ApiResult<String> {
    let bounds = filter::parse(call.query.get("filter"), data_type)?;
    let (usual, largest) = data_type.page_sizes();
    let size = call.query.page_size(usual, largest)?.min(EFFECTIVE_PAGE);
    let size = if admitted.suffers(FaultKind::ShortPages) { size.div_ceil(4) } else { size };
    let get = |name| call.query.get(name).unwrap_or_default();
    let binding = Binding::to(&[
        &person.summary.email,
        operation.method(),
        data_type.id(),
        get("filter"),
        get("pageSize"),
        get("dataSourceFamily"),
    ]);
    let token = call.query.get("pageToken");
    let cursor = token.map(|token| binding.cursor(token).ok_or_else(bad_token)).transpose()?;
    if admitted.suffers(FaultKind::EmptyPages) {
        let same = cursor.unwrap_or(Cursor { before: i64::MAX, given: 0 });
        return Ok(closed("{".to_owned(), Some(binding.token(same))));
    }
    let view =
        View { world, person, data_type, family, reconciled: operation == Operation::Reconcile };
    let (text, next) = match data_type.kind() {
        Kind::Daily => view.daily_page(&bounds, cursor, size),
        _ => view.point_page(&bounds, cursor, size),
    };
    Ok(closed(text, next.map(|cursor| binding.token(cursor))))
}

fn bad_token() -> ApiError {
    ApiError::invalid_because("INVALID_PAGE_TOKEN", "Invalid page token.")
}

/// Ends an object that may hold `dataPoints` already.
fn closed(mut text: String, token: Option<String>) -> String {
    if let Some(token) = token {
        let joint = if text.len() > 1 { "," } else { "" };
        put!(text, "{joint}\"nextPageToken\":\"{token}\"");
    }
    text.push('}');
    text
}

struct View<'w> {
    world: &'w World,
    person: &'w Person,
    data_type: DataType,
    family: Family,
    reconciled: bool,
}

impl View<'_> {
    fn timeline(&self) -> Timeline<'_> {
        let (world, person) = (self.world, self.person);
        if self.reconciled {
            Timeline::reconciled(world, person, self.data_type, self.family)
        } else {
            Timeline::listed(world, person, self.data_type, self.family)
        }
    }

    /// One page of points, newest first, as an object not yet closed.
    fn point_page(
        &self,
        bounds: &Bounds,
        cursor: Option<Cursor>,
        size: usize,
    ) -> (String, Option<Cursor>) {
        let timeline = self.timeline();
        let (mut points, more) = newest(&timeline, bounds, cursor, size);
        let keeps_ties = !self.world.options().tie_loss;
        let next = points.last().filter(|_| more).map(|last| {
            let given = points.iter().filter(|point| point.at == last.at).count();
            let earlier = cursor.filter(|cursor| cursor.before == last.at);
            let given = u32::try_from(given).unwrap_or(0) + earlier.map_or(0, |it| it.given);
            Cursor { before: last.at, given: if keeps_ties { given } else { 0 } }
        });
        points.truncate(size);
        let last_end = points.iter().map(Point::end).max().unwrap_or(0);
        let span = points.last().map_or(0, |point| point.at)..last_end;
        let writer = PointWriter {
            person: self.person,
            data_type: self.data_type,
            offsets: timeline.offsets(&(span.start..span.end.saturating_add(SECOND))),
            reconciled: self.reconciled,
            now: timeline.now,
        };
        (array(&points, 420, |out, point| writer.point(out, point)), next)
    }

    /// One page of daily values, newest first, as an object not yet closed.
    fn daily_page(
        &self,
        bounds: &Bounds,
        cursor: Option<Cursor>,
        size: usize,
    ) -> (String, Option<Cursor>) {
        let (Bounds::Civil(range) | Bounds::Physical(range)) = bounds;
        let end = cursor.map_or(range.end, |cursor| range.end.min(cursor.before));
        let days = (range.start.div_euclid(DAY), end.div_euclid(DAY));
        let mut values =
            dailies(self.world, self.person, self.data_type, self.family, days, size + 1);
        let more = values.len() > size;
        values.truncate(size);
        let next = values
            .last()
            .filter(|_| more)
            .map(|last| Cursor { before: day_of_date(last.date) * DAY, given: 0 });
        (array(&values, 300, |out, value| self.daily(out, value)), next)
    }

    fn daily(&self, out: &mut String, daily: &Daily) {
        let writer = PointWriter {
            person: self.person,
            data_type: self.data_type,
            offsets: self.person.whereabouts.offsets(0, 0),
            reconciled: self.reconciled,
            now: self.world.now_micros(),
        };
        out.push('{');
        writer.head(out, Source::Derived, None);
        put!(out, "\"{}\":{{\"date\":", self.data_type.member());
        write::date(out, daily.date);
        match daily.value {
            DailyValue::Resting(bpm) => put!(
                out,
                ",\"beatsPerMinute\":\"{bpm}\",\"dailyRestingHeartRateMetadata\":\
                 {{\"calculationMethod\":\"WITH_SLEEP\"}}"
            ),
            DailyValue::Single(value) => {
                put!(out, ",\"{}\":", self.data_type.value_member());
                write::double(out, value);
            }
            DailyValue::Temperature { nightly, baseline } => {
                out.push_str(",\"nightlyTemperatureCelsius\":");
                write::double(out, nightly);
                out.push_str(",\"baselineTemperatureCelsius\":");
                write::double(out, baseline);
            }
            DailyValue::Saturation { average, low, high, deviation } => {
                let members = [
                    ("averagePercentage", average),
                    ("lowerBoundPercentage", low),
                    ("upperBoundPercentage", high),
                    ("standardDeviationPercentage", deviation),
                ];
                for (name, value) in members {
                    put!(out, ",\"{name}\":");
                    write::double(out, value);
                }
            }
        }
        out.push_str("}}");
    }
}

/// `{"dataPoints":[...]`, or `{` for nothing, still to be closed.
fn array<T>(items: &[T], size: usize, write: impl Fn(&mut String, &T)) -> String {
    let mut out = String::with_capacity(64 + items.len() * size);
    out.push('{');
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "\"dataPoints\":[" } else { "," });
        write(&mut out, item);
    }
    if !items.is_empty() {
        out.push(']');
    }
    out
}

/// At most `size` points below the cursor, newest first, and whether there are more.
fn newest(
    timeline: &Timeline<'_>,
    bounds: &Bounds,
    cursor: Option<Cursor>,
    size: usize,
) -> (Vec<Point>, bool) {
    let range = physical(timeline.data_type, bounds);
    let offsets = timeline.offsets(&(range.start..range.end.saturating_add(LONGEST)));
    // Nights are filtered by their end.
    let counted = |point: &Point| if by_end(timeline.data_type) { point.end() } else { point.at };
    let mut left = cursor.map_or(0, |cursor| cursor.given);
    let mut wanted = |point: &Point| {
        let inside = match bounds {
            Bounds::Physical(range) => range.contains(&counted(point)),
            Bounds::Civil(range) => range.contains(&offsets.civil(counted(point))),
        };
        let Some(cursor) = cursor.filter(|_| inside) else { return inside };
        let tie = point.at == cursor.before && cursor.given > 0;
        if tie && left > 0 {
            left -= 1;
            return false;
        }
        tie || point.at < cursor.before
    };
    let end = cursor.map_or(range.end, |cursor| cursor.before.saturating_add(1).min(range.end));
    let mut points = Vec::with_capacity(size.min(EFFECTIVE_PAGE) + 1);
    for day in timeline.days(&(range.start..end)).rev() {
        let chunk = timeline.chunk(day);
        let from = chunk.partition_point(|point| point.at < range.start);
        let to = chunk.partition_point(|point| point.at < end);
        for point in chunk.get(from..to).unwrap_or_default().iter().rev() {
            if !wanted(point) {
                continue;
            }
            if points.len() == size {
                return (points, true);
            }
            points.push(*point);
        }
    }
    (points, false)
}

fn by_end(data_type: DataType) -> bool {
    data_type == DataType::Sleep
}

/// When points begin that can meet the bounds: wall clocks differ from UTC by less than 15 hours.
fn physical(data_type: DataType, bounds: &Bounds) -> Range<i64> {
    const MARGIN: i64 = 15 * 3600 * SECOND;
    let length = if by_end(data_type) { LONGEST } else { 0 };
    match bounds {
        Bounds::Physical(range) => range.start.saturating_sub(length)..range.end,
        Bounds::Civil(range) => {
            range.start.saturating_sub(MARGIN + length)..range.end.saturating_add(MARGIN)
        }
    }
}

/// `get`: only identifiable types come here.
pub(super) fn get(
    world: &World,
    person: &Person,
    data_type: DataType,
    id: Option<&str>,
) -> ApiResult<String> {
    let everything = i64::MIN..i64::MAX;
    let timeline = Timeline::listed(world, person, data_type, Family::All);
    let mut found = None;
    timeline.visit(&everything, |point| {
        if id.is_some_and(|id| id == write::point_id(person, point).to_string()) {
            found = Some(*point);
        }
    });
    let point = found.ok_or_else(ApiError::not_found)?;
    let offsets = timeline.offsets(&(point.at..point.end() + SECOND));
    let mut out = String::new();
    let now = timeline.now;
    PointWriter { person, data_type, offsets, reconciled: false, now }.point(&mut out, &point);
    Ok(out)
}
