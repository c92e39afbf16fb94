//! Nights and naps (page "Get Sleep Log by Date Range", version 1.2). A night belongs to the date of
//! waking, as Fitbit says it. All its times are of the clock that hung on the wall when it began: the
//! offset of its start holds for the whole of it.
//!
//! A night that Fitbit is still working on is not there yet.

use jiff::civil::{Date, DateTime};
use phr_model::{DateRange, Offsets, Part, WallClock};
use serde::Deserialize;

use super::{
    answer::Place,
    asking::{Asking, Topic, range},
    logged::Logged,
};
use crate::{
    error::VendorError,
    fitbit::{
        json::{Listed, Maybe, Nested, Number},
        session::{MINUTE, Session, Stage, Stretch},
    },
};

const PLACE: Place<'static> = Place { root: "sleep", scale: 1 };
const TOPIC: Topic = Topic { endpoint: "sleep", data_type: "sleep" };
/// Milliseconds.
const SECOND: i64 = 1_000;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Log {
    date_of_sleep: Maybe<Date>,
    start_time: Maybe<DateTime>,
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

/// The nights and naps of `days`, 100 at most.
pub(super) async fn read(
    asking: Asking<'_>,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<Logged>, VendorError> {
    let path = format!("sleep/date/{}.json", range(days));
    let logs = asking.rooted::<Log>(TOPIC, &path, PLACE).await?.rows;
    // A night begins on the day before.
    let first = days.first.yesterday().unwrap_or(days.first);
    let mut clock = WallClock::new(offsets, DateRange { first, ..days });
    let logged = logs.iter().map(|log| {
        clock.begin();
        log.logged(&mut clock).ok_or(VendorError::Unreadable)
    });
    let mut logged = logged.collect::<Result<Vec<_>, _>>()?;
    logged.retain(|log| days.contains(log.date));
    Ok(logged)
}

impl Log {
    /// None if it does not say when it was, or nothing of sleep.
    fn logged(&self, clock: &mut WallClock) -> Option<Logged> {
        let start = self.start_time.0?;
        let seconds = self.duration.0?.to_base(1)? / SECOND;
        let (at, offset) = clock.tell(start);
        let offset = Some(offset.seconds());
        let time = Stretch { at, seconds: u32::try_from(seconds).ok()?, offset };
        let none = Levels::default();
        let levels = self.levels.0.as_ref().unwrap_or(&none);
        let stages: Vec<_> = levels
            .pieces(start)
            .into_iter()
            .filter_map(|piece| {
                let from = at.checked_add(jiff::SignedDuration::from_secs(piece.from)).ok()?;
                let seconds = u32::try_from(piece.to - piece.from).ok()?;
                Some((piece.stage, Stretch { at: from, seconds, offset }))
            })
            .collect();
        let told = self.minutes_asleep.0.and_then(|minutes| minutes.to_base(MINUTE));
        let value = told.or_else(|| Stage::asleep(&stages))?;
        let parts = Stage::totals(&stages, |stage| levels.minutes(stage));
        let session = Session { time, end_offset: offset, value, parts, stages };
        Some(Logged { date: self.date_of_sleep.0?, session })
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
    /// The stages from `start` on, cut where a short awakening lies over them.
    fn pieces(&self, start: DateTime) -> Vec<Piece> {
        let of = |levels: &Listed<Level>| -> Vec<Piece> {
            let mut pieces: Vec<_> = levels.0.iter().filter_map(|it| it.piece(start)).collect();
            pieces.sort_unstable();
            pieces
        };
        let short = of(&self.short_data);
        let mut pieces = short.clone();
        for long in of(&self.data) {
            let mut from = long.from;
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
mod tests {
    use jiff::{civil::date, tz::TimeZone};

    use super::*;
    use crate::fitbit::json::read;

    fn night(zone: &str, json: &str) -> Option<Logged> {
        let offsets = Offsets::new(TimeZone::get(zone).unwrap(), []);
        let days = DateRange { first: date(2026, 3, 1), last: date(2026, 3, 31) };
        read::<Log>(json.as_bytes()).unwrap().logged(&mut WallClock::new(&offsets, days))
    }

    /// A night from 23:15:30 to 06:51:30, with these members more.
    fn json(members: &str) -> String {
        format!(
            r#"{{"dateOfSleep":"2026-03-14","duration":27360000,"logId":46730112233445566123,
            "startTime":"2026-03-13T23:15:30.000","endTime":"2026-03-14T06:51:30.000"{members}}}"#
        )
    }

    const LEVELS: &str = r#","type":"stages","levels":{"data":[
        {"dateTime":"2026-03-13T23:15:30.000","level":"light","seconds":1200},
        {"dateTime":"2026-03-13T23:35:30.000","level":"deep","seconds":"2400"},
        {"dateTime":"2026-03-14T00:15:30.000","level":"astral","seconds":60}],
        "shortData":[{"dateTime":"2026-03-13T23:30:30.000","level":"wake","seconds":60},
        {"dateTime":"2026-03-13T23:35:00.000","level":"wake","seconds":90}],
        "summary":{"deep":{"count":4,"minutes":81},"wake":{"count":31,"minutes":53}}}"#;

    #[test]
    fn a_night_has_fitbits_minutes_and_its_stages_with_the_awakenings_over_them() {
        let members = format!(r#","minutesAsleep":403{LEVELS}"#);
        let Logged { date: of, session } = night("America/Denver", &json(&members)).unwrap();
        assert_eq!(of, date(2026, 3, 14));
        assert_eq!((session.value, session.time.seconds), (40_300, 27_360));
        assert_eq!(session.time.at.to_string(), "2026-03-14T05:15:30Z");
        let parts = [(Part::DeepSleep, 8_100), (Part::LightSleep, 1_850), (Part::Awake, 5_300)];
        assert_eq!(session.parts, parts, "told, or else summed up");
        let stages: Vec<_> = session
            .stages
            .iter()
            .map(|(part, time)| {
                (part.key(), time.at.as_second() - session.time.at.as_second(), time.seconds)
            })
            .collect();
        assert_eq!(
            stages,
            [
                ("stage_light", 0, 900),
                ("stage_awake", 900, 60),
                ("stage_light", 960, 210),
                ("stage_awake", 1_170, 90),
                ("stage_deep", 1_260, 2_340),
            ]
        );
    }

    #[test]
    fn a_night_in_which_the_clocks_change_keeps_the_offset_of_its_start() {
        let night = night(
            "Europe/Berlin",
            r#"{"dateOfSleep":"2026-03-29","startTime":"2026-03-28T23:00:00.000","duration":28800000,
            "minutesAsleep":450,"levels":{"data":[
            {"dateTime":"2026-03-29T04:00:00.000","level":"rem","seconds":600}]}}"#,
        );
        let (_, rem) = night.unwrap().session.stages[0];
        assert_eq!(
            (rem.at.to_string().as_str(), rem.offset),
            ("2026-03-29T03:00:00Z", Some(3_600))
        );
    }

    #[test]
    fn a_night_without_stages_is_told_in_asleep_restless_and_awake() {
        let members = r#","type":"classic","levels":{"data":[
            {"dateTime":"2026-03-13T23:15:30.000","level":"awake","seconds":300},
            {"dateTime":"2026-03-13T23:20:30.000","level":"asleep","seconds":24000},
            {"dateTime":"2026-03-14T06:00:30.000","level":"restless","seconds":3060}],
            "summary":{"asleep":{"minutes":400},"awake":{"minutes":5},"restless":{"minutes":51}}}"#;
        let session = night("Asia/Kolkata", &json(members)).unwrap().session;
        assert_eq!((session.value, &session.parts[..]), (40_000, &[(Part::Awake, 500)][..]));
    }

    #[test]
    fn what_says_neither_when_nor_how_long_is_no_night() {
        for json in [
            json(""),
            r#"{"startTime":"2026-03-13T23:15:30.000","duration":1,"minutesAsleep":1}"#.to_owned(),
            r#"{"dateOfSleep":"2026-03-14","duration":1,"minutesAsleep":1}"#.to_owned(),
            r#"{"dateOfSleep":"2026-03-14","startTime":"soon","duration":1,"minutesAsleep":1}"#
                .to_owned(),
            json(r#","minutesAsleep":403"#).replace("27360000", "-60000"),
        ] {
            assert_eq!(night("Asia/Kolkata", &json), None, "{json}");
        }
    }
}
