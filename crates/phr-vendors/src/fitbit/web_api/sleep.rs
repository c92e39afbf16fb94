//! Nights and naps (page "Get Sleep Log by Date Range", version 1.2). A night belongs to the date of
//! waking, as Fitbit says it. All its times are of the clock that hung on the wall when it began: the
//! offset of its start holds for the whole of it.
//!
//! A night that Fitbit is still working on is not there yet, or the whole answer says no more than that.

use jiff::{
    SignedDuration,
    civil::{Date, DateTime},
};
use phr_model::{DateRange, Offsets, Part, WallClock};
use serde::{Deserialize, de::IgnoredAny};

use super::{
    answer::is_silent,
    asking::{Asking, Topic, range},
    logged::Logged,
};
use crate::{
    error::VendorError,
    fitbit::{
        json::{Listed, Maybe, Nested, Number, ParseError, read as parse},
        session::{MINUTE, Session, Stage, Stretch},
    },
};

const TOPIC: Topic = Topic { endpoint: "sleep", data_type: "sleep" };
/// Milliseconds.
const SECOND: i64 = 1_000;
/// A night of a day has fewer half-minutes.
const MOST_LEVELS: usize = 3_000;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Log {
    date_of_sleep: Maybe<Date>,
    start_time: Option<Maybe<DateTime>>,
    /// Milliseconds.
    duration: Maybe<Number>,
    minutes_asleep: Maybe<Number>,
    levels: Nested<Levels>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Levels {
    data: Listed<Level>,
    /// Awakenings of up to three minutes, which lie over the others.
    short_data: Listed<Level>,
    summary: Nested<Summary>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are Fitbit's")]
struct Level {
    date_time: Maybe<DateTime>,
    level: Maybe<String>,
    seconds: Maybe<Number>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    deep: Nested<Total>,
    light: Nested<Total>,
    rem: Nested<Total>,
    wake: Nested<Total>,
    awake: Nested<Total>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Total {
    minutes: Maybe<Number>,
}

/// What an answer says.
#[derive(Deserialize)]
pub(super) struct Said {
    pub(super) sleep: Option<Vec<Log>>,
    /// A night is being summed up, and nothing of the range is told meanwhile.
    meta: Option<IgnoredAny>,
    /// Sometimes an error comes as a success.
    errors: Option<IgnoredAny>,
}

/// The nights and naps of `days`, 100 at most.
pub(super) async fn read(
    asking: Asking<'_>,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<Logged>, VendorError> {
    let logs = logs(asking, days).await?.ok_or(VendorError::Unavailable)?;
    understood(&logs, days, offsets)
}

/// The same, without those of the last day while one of them is being summed up: it must not hide the
/// others.
pub(super) async fn read_finished(
    asking: Asking<'_>,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<Logged>, VendorError> {
    match (logs(asking, days).await?, days.last.yesterday()) {
        (Some(logs), _) => understood(&logs, days, offsets),
        (None, Ok(last)) if days.first <= last => {
            read(asking, DateRange { last, ..days }, offsets).await
        }
        (None, _) => Err(VendorError::Unavailable),
    }
}

/// The logs of `days`; none while a night is being summed up.
async fn logs(asking: Asking<'_>, days: DateRange) -> Result<Option<Vec<Log>>, VendorError> {
    let path = format!("sleep/date/{}.json", range(days));
    let said = asking.get(TOPIC, &path, said).await?;
    match said {
        Some(Said { sleep: Some(logs), .. }) => {
            asking.hear(!logs.is_empty());
            Ok(Some(logs))
        }
        Some(Said { meta: Some(_), .. }) => Ok(None),
        _ => Err(asking.silence()),
    }
}

pub(super) fn said(body: &[u8]) -> Result<Option<Said>, ParseError> {
    if is_silent(body) {
        return Ok(None);
    }
    let said: Said = parse(body)?;
    if said.errors.is_some() { Err(ParseError) } else { Ok(Some(said)) }
}

/// Those of `days`. What cannot be understood is of no account on other days.
pub(super) fn understood(
    logs: &[Log],
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<Logged>, VendorError> {
    // A night begins on the day before.
    let first = days.first.yesterday().unwrap_or(days.first);
    let mut clock = WallClock::new(offsets, DateRange { first, ..days });
    let elsewhere = |log: &&Log| log.date_of_sleep.0.is_some_and(|date| !days.contains(date));
    let logs = logs.iter().filter(|log| !elsewhere(log));
    let logged = logs.filter_map(|log| {
        clock.begin();
        log.logged(&mut clock).transpose()
    });
    logged.collect()
}

impl Log {
    /// None if it tells nothing of sleep (yet): such a night hides no other.
    fn logged(&self, clock: &mut WallClock) -> Result<Option<Logged>, VendorError> {
        if self.start_time.is_none() && self.duration.0.is_none() {
            return Ok(None);
        }
        let (date, time) = self.time(clock).ok_or(VendorError::Unreadable)?;
        let none = Levels::default();
        let levels = self.levels.0.as_ref().unwrap_or(&none);
        let stages = self.stages(levels, time);
        let told = self.minutes_asleep.0.and_then(|minutes| minutes.to_base(MINUTE));
        let Some(value) = told.or_else(|| Stage::asleep(&stages)) else { return Ok(None) };
        let parts = Stage::totals(&stages, |stage| levels.minutes(stage));
        let session = Session { time, end_offset: time.offset, value, parts, stages };
        Ok(Some(Logged { date, session }))
    }

    /// The date of waking, and from when to when.
    fn time(&self, clock: &mut WallClock) -> Option<(Date, Stretch)> {
        let (at, offset) = clock.tell(self.start_time?.0?);
        let seconds = self.duration.0?.to_base(1)? / SECOND;
        Some((self.date_of_sleep.0?, Stretch::lasting(at, seconds, Some(offset.seconds()))?))
    }

    fn stages(&self, levels: &Levels, night: Stretch) -> Vec<(Part, Stretch)> {
        let Some(start) = self.start_time.and_then(|start| start.0) else { return Vec::new() };
        let stretch = |piece: Piece| {
            let from = night.at.checked_add(SignedDuration::from_secs(piece.from)).ok()?;
            let stretch = Stretch::lasting(from, piece.to - piece.from, night.offset)?;
            Some((piece.stage, stretch))
        };
        levels.pieces(start).into_iter().filter_map(stretch).collect()
    }
}

/// A stretch of one stage, in seconds from the beginning of the night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    from: i64,
    to: i64,
    stage: Part,
}

impl Levels {
    /// The stages from `start` on, cut where a short awakening lies over them. None lies over another:
    /// of two that do, the later one begins when the other ends.
    fn pieces(&self, start: DateTime) -> Vec<Piece> {
        if self.data.0.len().max(self.short_data.0.len()) > MOST_LEVELS {
            return Vec::new();
        }
        let of = |levels: &Listed<Level>| -> Vec<Piece> {
            let mut pieces: Vec<_> = levels.0.iter().filter_map(|it| it.piece(start)).collect();
            pieces.sort_unstable();
            pieces
        };
        let short = of(&self.short_data);
        let mut pieces = short.clone();
        let mut covered = i64::MIN;
        for long in of(&self.data) {
            let mut from = long.from.max(covered);
            covered = covered.max(long.to);
            for over in short.iter().filter(|it| it.from < long.to && it.to > long.from) {
                if from < over.from {
                    pieces.push(Piece { from, to: over.from, ..long });
                }
                from = from.max(over.to);
            }
            if from < long.to {
                pieces.push(Piece { from, ..long });
            }
        }
        pieces.sort_unstable();
        pieces
    }

    /// Fitbit's minutes of a stage.
    fn minutes(&self, stage: &Stage) -> Option<i64> {
        let Summary { deep, light, rem, wake, awake } = self.summary.0.as_ref()?;
        let total = match stage.stretch {
            Part::StageDeep => deep,
            Part::StageLight => light,
            Part::StageRem => rem,
            Part::StageAwake if wake.0.is_some() => wake,
            Part::StageAwake => awake,
            _ => return None,
        };
        total.0.as_ref()?.minutes.0?.to_base(MINUTE)
    }
}

impl Level {
    /// None of a stage that is not known, or without a readable time: the night's own figures do not
    /// depend on it.
    fn piece(&self, start: DateTime) -> Option<Piece> {
        let stage = Stage::named(self.level.0.as_deref()?)?.stretch;
        let from = self.date_time.0?.duration_since(start).as_secs();
        let seconds = self.seconds.0?.to_base(1).filter(|seconds| *seconds > 0)?;
        Some(Piece { from, to: from.checked_add(seconds)?, stage })
    }
}

#[cfg(test)]
mod tests;
