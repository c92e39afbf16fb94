//! Dates, periods, detail levels and times of day in paths.

use std::ops::Range;

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::errors::{Outcome, Refusal};
use crate::person::{Person, civil_date, day_of_date};
use crate::point::{DAY, MINUTE, SECOND};
use crate::timeline::Timeline;

/// A range of so many times its limit is refused in another way.
const FAR: i64 = 5;

/// The dates of a path, as they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dates<'a> {
    /// `2026-03-14` or `today`.
    One(&'a str),
    /// A first date, and a last one or a period such as `7d` that ends on the first.
    Two(&'a str, &'a str),
}

/// Day numbers, both included, and the person's today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) today: i64,
}

impl Days {
    /// In civil microseconds, the end excluded.
    pub(super) fn civil(self) -> Range<i64> {
        self.first * DAY..(self.last + 1) * DAY
    }

    /// Without the days that have not begun.
    pub(super) fn begun(self) -> Range<i64> {
        self.first..(self.last + 1).min(self.today + 1)
    }

    pub(super) fn first_date(self) -> Date {
        crate::person::date_of_day(self.first)
    }
}

impl Dates<'_> {
    /// At most `most` days, none before 2009.
    pub(super) fn resolve(self, person: &Person, now: i64, most: i64) -> Outcome<Days> {
        self.resolve_from(today(person, now), most)
    }

    /// The same with the number of the day that is called today.
    pub(super) fn resolve_from(self, today: i64, most: i64) -> Outcome<Days> {
        let (first, last) = match self {
            Self::One(date) => (day(date, today)?, day(date, today)?),
            Self::Two(date, period) => match span(period)? {
                Some(span) => {
                    let last = day(date, today)?;
                    (last - length(last, span) + 1, last)
                }
                None => (day(date, today)?, day(period, today)?),
            },
        };
        if first > last {
            let text = "Start date must be before or the same as end date";
            return Err(Refusal::validation("startDate", text));
        }
        if last - first >= FAR * most {
            return Err(Refusal::too_many_points());
        }
        if last - first >= most {
            let text = format!("Maximum date range is {most} days");
            return Err(Refusal::validation("endDate", text));
        }
        Ok(Days { first, last, today })
    }
}

/// By which clock days are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hours {
    /// The person's.
    Local,
    /// `?timezone=UTC`.
    Utc,
}

impl Hours {
    pub(super) fn asked(query: &str) -> Self {
        let mut fields = url::form_urlencoded::parse(query.as_bytes());
        let utc = fields.any(|(name, value)| name == "timezone" && value == "UTC");
        if utc { Self::Utc } else { Self::Local }
    }

    pub(super) fn today(self, person: &Person, now: i64) -> i64 {
        match self {
            Self::Local => today(person, now),
            Self::Utc => now.div_euclid(DAY),
        }
    }

    pub(super) fn of(self, timeline: Timeline<'_>) -> Timeline<'_> {
        match self {
            Self::Local => timeline,
            Self::Utc => timeline.in_utc(),
        }
    }
}

/// The number of the day that the person's wall clock shows.
pub(super) fn today(person: &Person, now: i64) -> i64 {
    person.whereabouts.offsets(now, now).civil(now).div_euclid(DAY)
}

/// `2026-03-14` or `today`, none before 2009.
pub(super) fn day(text: &str, today: i64) -> Outcome<i64> {
    const EARLIEST: Date = Date::constant(2009, 1, 1);
    if text == "today" {
        return Ok(today);
    }
    let date = Some(text).filter(|text| text.len() == 10).and_then(|text| text.parse().ok());
    let date = date.filter(|date: &Date| *date >= EARLIEST);
    date.map(day_of_date)
        .ok_or_else(|| Refusal::validation("date", format!("Invalid date: {text}")))
}

/// `None` for what may be a date. The period `max` was once supported and ends in a fault.
fn span(text: &str) -> Outcome<Option<Span>> {
    Ok(Some(match text {
        "1d" => 1.day(),
        "7d" | "1w" => 7.days(),
        "30d" => 30.days(),
        "1m" => 1.month(),
        "3m" => 3.months(),
        "6m" => 6.months(),
        "1y" => 1.year(),
        "max" => return Err(Refusal::server_fault(500)),
        _ => return Ok(None),
    }))
}

/// How many days a span has that ends with day `last`.
fn length(last: i64, span: Span) -> i64 {
    let end = civil_date(last * DAY);
    end.checked_sub(span).map_or(1, |before| last - day_of_date(before))
}

/// What an intraday path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window<'a> {
    pub(super) from: &'a str,
    /// A date, or `1d`.
    pub(super) to: &'a str,
    pub(super) level: &'a str,
    pub(super) times: Option<(&'a str, &'a str)>,
}

/// An intraday request, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) days: Days,
    /// Civil microseconds, the end excluded.
    pub(super) span: Range<i64>,
    /// Width of a slot in microseconds.
    pub(super) width: i64,
    /// Whether the path names times of day.
    pub(super) timed: bool,
}

impl Window<'_> {
    /// At most 24 hours at one of the `levels`. The minute (or slot) of the last time is included.
    pub(super) fn resolve(self, person: &Person, now: i64, levels: &[&str]) -> Outcome<Detail> {
        let days = match self.to {
            "1d" => Dates::One(self.from),
            to => Dates::Two(self.from, to),
        };
        let days = days.resolve(person, now, 2)?;
        let width =
            width(self.level).filter(|_| levels.contains(&self.level)).ok_or_else(|| {
                let text = format!("Invalid detail level: {}", self.level);
                Refusal::validation("detailLevel", text)
            })?;
        let (from, to) = match self.times {
            None => (0, DAY),
            Some((from, to)) => (time(from)?, time(to)? + width.max(MINUTE)),
        };
        let span = days.first * DAY + from..days.last * DAY + to.min(DAY);
        if span.start >= span.end {
            return Err(Refusal::validation("startTime", "Start time must be before end time"));
        }
        if span.end - span.start > DAY {
            let text = "Intraday time range cannot be more than 24 hours";
            return Err(Refusal::validation("endDate", text));
        }
        Ok(Detail { days, span, width, timed: self.times.is_some() })
    }
}

impl Detail {
    /// `datasetInterval` and `datasetType`.
    pub(super) fn interval(&self) -> (i64, &'static str) {
        if self.width < MINUTE {
            (self.width / SECOND, "second")
        } else {
            (self.width / MINUTE, "minute")
        }
    }
}

fn width(level: &str) -> Option<i64> {
    match level {
        "1sec" => Some(SECOND),
        "1min" => Some(MINUTE),
        "5min" => Some(5 * MINUTE),
        "15min" => Some(15 * MINUTE),
        _ => None,
    }
}

fn time(text: &str) -> Outcome<i64> {
    let parts = text.split_once(':').filter(|_| text.len() == 5);
    let number = |text: &str, limit| text.parse::<u8>().ok().filter(|number| *number < limit);
    let time = parts.and_then(|(hour, minute)| {
        Some((i64::from(number(hour, 24)?) * 60 + i64::from(number(minute, 60)?)) * MINUTE)
    });
    time.ok_or_else(|| Refusal::validation("time", format!("Invalid time: {text}")))
}

/// `08:00:05` of civil microseconds.
pub(super) fn clock(civil: i64) -> String {
    let seconds = civil.rem_euclid(DAY) / SECOND;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `2026-03-14T08:00:05` of civil microseconds.
pub(super) fn local(civil: i64) -> String {
    format!("{}T{}", civil_date(civil), clock(civil))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_days(period: &str) -> i64 {
        let last = day("2026-03-14", 0).unwrap();
        length(last, span(period).unwrap().unwrap())
    }

    #[test]
    fn a_period_ends_on_its_date() {
        assert_eq!(["1d", "7d", "1w", "30d"].map(last_days), [1, 7, 7, 30]);
        assert_eq!(["1m", "1y"].map(last_days), [28, 365]);
    }

    #[test]
    fn dates_that_cannot_be_are_refused() {
        for text in ["2026-02-30", "2008-12-31", "14.03.2026", "tomorrow", "2026-3-14"] {
            assert!(day(text, 0).is_err(), "{text}");
        }
        assert_eq!(day("today", 77).unwrap(), 77);
        assert_eq!(span("max").unwrap_err().status, 500);
    }

    #[test]
    fn times_of_day_have_hours_and_minutes() {
        assert_eq!(time("23:59").unwrap(), DAY - MINUTE);
        for text in ["24:00", "7:00", "07:60", "0700", "07:00:00"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
