//! Workouts (page "Get Activity Log List"): the only data here that say at which offset they were made.

use std::collections::HashSet;

use jiff::{
    civil::{Date, DateTime},
    fmt::temporal::Pieces,
    tz::Offset,
};
use phr_model::{DateRange, Offsets, Part, WallClock, exercise::place};
use serde::{Deserialize, de::IgnoredAny};
use url::Url;

use super::{
    answer::is_silent,
    asking::{Asking, Topic},
    logged::Logged,
};
use crate::{
    error::VendorError,
    fitbit::{
        json::{Leaf, Maybe, Nested, Number, ParseError, read as parse},
        session::{MINUTE, Session, Stretch},
    },
};

const PATH: &str = "activities/list.json";
const TOPIC: Topic = Topic { endpoint: "activity log", data_type: "exercise" };
/// As many as a page may have.
const PAGE: &str = "100";
/// A walk with more pages than this goes in circles.
const MOST_PAGES: usize = 60;
/// Milliseconds.
const SECOND: i64 = 1_000;

#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) activities: Option<Vec<Activity>>,
    #[serde(default)]
    pub(super) pagination: Nested<Pagination>,
    /// Sometimes an error comes as a success.
    errors: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Pagination {
    pub(super) next: Maybe<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are Fitbit's")]
pub(super) struct Activity {
    log_id: Maybe<String>,
    activity_name: Maybe<String>,
    start_time: Option<Maybe<Start>>,
    /// Milliseconds, pauses included.
    duration: Maybe<Number>,
    /// Milliseconds without pauses.
    active_duration: Maybe<Number>,
    calories: Maybe<Number>,
    distance: Maybe<Number>,
    distance_unit: Maybe<String>,
    average_heart_rate: Maybe<Number>,
}

/// The workouts of `days`.
pub(super) async fn read(
    asking: Asking<'_>,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<Logged>, VendorError> {
    understood(&walk(asking, days).await?, days, offsets)
}

/// Those of `days`. What cannot be understood is of no account on other days.
pub(super) fn understood(
    activities: &[Activity],
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<Logged>, VendorError> {
    let mut clock = WallClock::new(offsets, days);
    let elsewhere = |it: &Activity| it.date().is_some_and(|date| !days.contains(date));
    let activities = activities.iter().filter(|it| !it.is_blank() && !elsewhere(it));
    activities.map(|it| it.logged(&mut clock).ok_or(VendorError::Unreadable)).collect()
}

/// Everything from the day before `days` on, page by page, until `days` are over.
async fn walk(asking: Asking<'_>, days: DateRange) -> Result<Vec<Activity>, VendorError> {
    let mut walk = Walk::over(days);
    for _ in 0..MOST_PAGES {
        let query: Vec<_> =
            walk.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = asking.find(TOPIC, PATH, &query, page).await?;
        let page = page.filter(|page| page.activities.is_some());
        let goes_on = walk.take(page.ok_or_else(|| asking.silence())?)?;
        asking.hear(!walk.found.is_empty());
        if !goes_on {
            return Ok(walk.found);
        }
    }
    Err(VendorError::Unreadable)
}

/// A walk through pages of the log.
struct Walk {
    days: DateRange,
    /// What to ask for next.
    query: Query,
    found: Vec<Activity>,
    /// What is logged between two requests moves the pages, and so comes twice.
    seen: HashSet<String>,
}

impl Walk {
    fn over(days: DateRange) -> Self {
        let after = days.first.yesterday().unwrap_or(days.first).to_string();
        let first = [("afterDate", &*after), ("sort", "asc"), ("offset", "0"), ("limit", PAGE)];
        let query = first.map(|(name, value)| (name, value.to_owned())).into();
        Self { days, query, found: Vec::new(), seen: HashSet::new() }
    }

    /// Takes a page; whether there is another to ask for.
    fn take(&mut self, page: Page) -> Result<bool, VendorError> {
        let activities = page.activities.unwrap_or_default();
        let (is_empty, latest) =
            (activities.is_empty(), activities.last().and_then(Activity::date));
        let is_new = |it: &Activity| it.log_id.0.clone().is_none_or(|id| self.seen.insert(id));
        self.found.extend(activities.into_iter().filter(is_new));
        let is_past = latest.is_some_and(|date| date > self.days.last);
        let next = page.pagination.0.and_then(|pagination| pagination.next.0);
        let Some(next) = next.filter(|next| !next.is_empty() && !is_past) else {
            return Ok(false);
        };
        let next = query_of(&next).filter(|next| !is_empty && *next != self.query);
        self.query = next.ok_or(VendorError::Unreadable)?;
        Ok(true)
    }
}

/// What a page is asked for with.
pub(super) type Query = Vec<(&'static str, String)>;

pub(super) fn page(body: &[u8]) -> Result<Option<Page>, ParseError> {
    if is_silent(body) {
        return Ok(None);
    }
    let page: Page = parse(body)?;
    if page.errors.is_some() { Err(ParseError) } else { Ok(Some(page)) }
}

/// What to ask for next. Of the address only the query is used: a token goes to no other host.
pub(super) fn query_of(next: &str) -> Option<Query> {
    const KNOWN: [&str; 5] = ["afterDate", "beforeDate", "sort", "offset", "limit"];
    let next = Url::parse(next).ok()?;
    let known = next.query_pairs().filter_map(|(name, value)| {
        let name = KNOWN.into_iter().find(|known| *known == name)?;
        Some((name, value.into_owned()))
    });
    Some(known.collect::<Query>()).filter(|query| !query.is_empty())
}

impl Activity {
    /// Whether it says nothing of any workout.
    fn is_blank(&self) -> bool {
        self.start_time.is_none() && self.duration.0.is_none() && self.active_duration.0.is_none()
    }

    /// The day on which it began, by the clock there.
    fn date(&self) -> Option<Date> {
        Some(self.start_time?.0?.civil.date())
    }

    /// None if it does not say when it was.
    fn logged(&self, clock: &mut WallClock) -> Option<Logged> {
        let Start { civil, offset } = self.start_time?.0?;
        clock.begin();
        let (at, offset) = match offset {
            Some(offset) => (offset.to_timestamp(civil).ok()?, offset),
            None => clock.tell(civil),
        };
        let offset = Some(offset.seconds());
        let length = |number: Maybe<Number>| number.0?.to_base(1).filter(|length| *length >= 0);
        let (duration, active) = (length(self.duration), length(self.active_duration));
        let time = Stretch::lasting(at, duration.or(active)? / SECOND, offset)?;
        let value = active.map_or_else(|| time.length(), rounded);
        let session =
            Session { time, end_offset: offset, value, parts: self.parts(), stages: Vec::new() };
        Some(Logged { date: civil.date(), session })
    }

    fn parts(&self) -> Vec<(Part, i64)> {
        let base = |number: Maybe<Number>, scale| {
            number.0.and_then(|it| it.to_base(scale)).filter(|value| *value > 0)
        };
        let distance = self.distance_unit.0.as_deref().and_then(millimetres);
        let measured = [
            (Part::Energy, base(self.calories, 1_000)),
            (Part::Distance, distance.and_then(|unit| base(self.distance, unit))),
            (Part::MeanHeartRate, base(self.average_heart_rate, 10)),
        ];
        let kind = place(kind(self.activity_name.0.as_deref().unwrap_or_default()));
        let measured = measured.into_iter().filter_map(|(part, value)| Some((part, value?)));
        measured.chain([(Part::ExerciseType, kind)]).collect()
    }
}

/// How long a unit is. Here the answer says which it is, so any will do; a distance without is left out.
fn millimetres(unit: &str) -> Option<i64> {
    match unit {
        "Kilometer" => Some(1_000_000),
        "Mile" => Some(1_609_344),
        _ => None,
    }
}

/// Google's name of what Fitbit calls otherwise.
fn kind(name: &str) -> &str {
    match name.to_ascii_lowercase().as_str() {
        "walk" => "walking",
        "run" => "running",
        "bike" => "biking",
        "hike" => "hiking",
        "swim" => "swimming",
        _ => name,
    }
}

/// Milliseconds as hundredths of a minute, rounded half up.
fn rounded(milliseconds: i64) -> i64 {
    (milliseconds / SECOND * MINUTE + 30) / 60
}

/// When a workout began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    civil: DateTime,
    offset: Option<Offset>,
}

impl Leaf for Start {
    fn text(text: &str) -> Option<Self> {
        let pieces = Pieces::parse(text).ok()?;
        let civil = pieces.date().to_datetime(pieces.time()?);
        Some(Self { civil, offset: pieces.to_numeric_offset() })
    }
}

#[cfg(test)]
mod tests;
