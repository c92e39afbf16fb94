use jiff::{civil::date, tz::TimeZone};

use super::*;

const MARCH: DateRange = DateRange { first: date(2026, 3, 1), last: date(2026, 3, 31) };

fn nights(days: DateRange, zone: &str, logs: &str) -> Result<Vec<Logged>, VendorError> {
    let offsets = Offsets::new(TimeZone::get(zone).unwrap(), []);
    let body = format!(r#"{{"sleep":[{logs}]}}"#);
    understood(&said(body.as_bytes()).unwrap().unwrap().sleep.unwrap(), days, &offsets)
}

fn night(zone: &str, log: &str) -> Option<Logged> {
    nights(MARCH, zone, log).ok()?.pop()
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
    assert_eq!((rem.at.to_string().as_str(), rem.offset), ("2026-03-29T03:00:00Z", Some(3_600)));
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
fn a_night_that_tells_nothing_of_sleep_hides_no_other() {
    let told = json(r#","minutesAsleep":403"#);
    let untold = json(r#","levels":{}"#);
    assert_eq!(nights(MARCH, "UTC", &format!("{untold},{told}")).unwrap().len(), 1);
    let odd = r#"{"dateOfSleep":"2026-03-15","duration":1}"#;
    let both = format!(r#"{told},{odd},{{"dateOfSleep":"2026-03-15"}}"#);
    assert_eq!(nights(MARCH, "UTC", &both), Err(VendorError::Unreadable));
    let days = DateRange::day(date(2026, 3, 14));
    assert_eq!(nights(days, "UTC", &both).unwrap().len(), 1, "of no account on other days");
}

#[test]
fn stages_that_lie_over_each_other_count_once_and_endless_ones_not_at_all() {
    let level = r#"{"dateTime":"2026-03-13T23:15:30.000","level":"light","seconds":600}"#;
    let of = |count: usize| {
        let levels = vec![level; count].join(",");
        let members = format!(r#","minutesAsleep":403,"levels":{{"data":[{levels}]}}"#);
        night("UTC", &json(&members)).unwrap().session
    };
    assert_eq!(of(2).parts, [(Part::LightSleep, 1_000)]);
    assert_eq!((of(4_000).stages.len(), of(4_000).value), (0, 40_300));
}

#[test]
fn an_error_or_a_night_being_summed_up_is_no_empty_list() {
    assert!(said(br#"{"errors":[{"errorType":"request"}]}"#).is_err());
    let pending = said(br#"{"meta":{"retryDuration":3000,"state":"pending"}}"#);
    assert!(pending.unwrap().unwrap().meta.is_some());
}

#[test]
fn what_says_neither_when_nor_how_long_is_no_night() {
    for json in [
        r#"{"startTime":"2026-03-13T23:15:30.000","duration":1,"minutesAsleep":1}"#.to_owned(),
        r#"{"dateOfSleep":"2026-03-14","duration":1,"minutesAsleep":1}"#.to_owned(),
        r#"{"dateOfSleep":"2026-03-14","startTime":"soon","duration":1,"minutesAsleep":1}"#
            .to_owned(),
        json(r#","minutesAsleep":403"#).replace("27360000", "-60000"),
    ] {
        let read = nights(MARCH, "Asia/Kolkata", &json);
        assert_eq!(read, Err(VendorError::Unreadable), "{json}");
    }
}
