//! A full day of heart rate as the API sends it, and a bare typed `serde_json` parse of the same
//! bytes that borrows all text and converts nothing: what any client would have to do at the least.

use std::fmt::Write;

use serde::Deserialize;

pub(crate) const SAMPLES: u32 = 37_000;

/// Every 2.33 seconds of a day, newest first.
pub(crate) fn day() -> String {
    let mut body = String::from("{\"dataPoints\":[\n");
    for index in 0..SAMPLES {
        let second = (SAMPLES - 1 - index) * 86_400 / SAMPLES;
        let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
        let joint = if index == 0 { "" } else { ",\n" };
        let bpm = 55 + second % 90;
        write!(
            body,
            r#"{joint} {{"dataSource":{{"recordingMethod":"PASSIVELY_MEASURED","device":{{"displayName":"Charge 6"}},"platform":"FITBIT"}},
  "heartRate":{{"sampleTime":{{"physicalTime":"2026-11-20T{hours:02}:{minutes:02}:{seconds:02}Z","utcOffset":"0s",
   "civilTime":{{"date":{{"year":2026,"month":11,"day":20}},"time":{{"hours":{hours},"minutes":{minutes},"seconds":{seconds}}}}}}},"beatsPerMinute":"{bpm}"}}}}"#
        )
        .expect("a string can be written to");
    }
    body.push_str("]}");
    body
}

/// A page, typed and no more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BarePage<'a> {
    #[serde(borrow)]
    pub(crate) data_points: Vec<BarePoint<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
pub(crate) struct BarePoint<'a> {
    #[serde(borrow)]
    heart_rate: BareHeartRate<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BareHeartRate<'a> {
    #[serde(borrow)]
    sample_time: BareTime<'a>,
    beats_per_minute: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BareTime<'a> {
    physical_time: &'a str,
    utc_offset: &'a str,
    civil_time: BareCivil,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BareCivil {
    date: BareDate,
    time: BareTimeOfDay,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BareDate {
    year: i16,
    month: i8,
    day: i8,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BareTimeOfDay {
    hours: i8,
    minutes: i8,
    seconds: i8,
}
