//! From wall-clock times to instants.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use jiff::{
    Timestamp,
    civil::{DateTime, date},
    tz::{Offset, TimeZone},
};
use phr_model::{DateRange, Offsets, Sample, WallClock};

fn home(zone: &str) -> Offsets {
    Offsets::new(TimeZone::get(zone).unwrap(), [])
}

/// The instants of these times of one day, in order.
fn told(offsets: &Offsets, times: &[&str]) -> Vec<String> {
    let times: Vec<DateTime> = times.iter().map(|time| time.parse().unwrap()).collect();
    let day = DateRange::day(times[0].date());
    let mut clock = WallClock::new(offsets, day);
    times.into_iter().map(|time| clock.tell(time).0.to_string()).collect()
}

#[test]
fn an_ordinary_time_is_what_the_zone_says() {
    let told = told(&home("Europe/Madrid"), &["2026-11-20T08:00:05", "2026-11-20T23:59:59"]);
    assert_eq!(told, ["2026-11-20T07:00:05Z", "2026-11-20T22:59:59Z"]);
}

#[test]
fn a_time_that_the_clocks_skipped_moves_forward_by_the_gap() {
    let mut clock = WallClock::new(&home("Europe/Madrid"), DateRange::day(date(2026, 3, 29)));
    let (at, offset) = clock.tell(date(2026, 3, 29).at(2, 30, 0, 0));
    assert_eq!(at, "2026-03-29T01:30:00Z".parse().unwrap());
    assert_eq!(offset.to_datetime(at), date(2026, 3, 29).at(3, 30, 0, 0));
}

#[test]
fn a_lone_reading_of_a_repeated_hour_is_of_the_first_pass() {
    assert_eq!(told(&home("Europe/Madrid"), &["2026-10-25T02:30:00"]), ["2026-10-25T00:30:00Z"]);
}

#[test]
fn readings_whose_times_go_back_are_of_the_second_pass_from_there_on() {
    let times = [
        "2026-10-25T02:00:00",
        "2026-10-25T02:55:00",
        "2026-10-25T02:00:00",
        "2026-10-25T02:55:00",
        "2026-10-25T03:00:00",
    ];
    assert_eq!(
        told(&home("Europe/Madrid"), &times),
        [
            "2026-10-25T00:00:00Z",
            "2026-10-25T00:55:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:55:00Z",
            "2026-10-25T02:00:00Z",
        ]
    );
}

#[test]
fn half_an_hour_of_daylight_saving_is_half_an_hour() {
    let times = ["2026-04-05T01:45:00", "2026-04-05T01:30:00", "2026-04-05T02:00:00"];
    assert_eq!(
        told(&home("Australia/Lord_Howe"), &times),
        ["2026-04-04T14:45:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z"]
    );
}

#[test]
fn a_journey_west_repeats_hours_and_one_east_skips_some() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let landed: Timestamp = "2026-11-12T18:00:00Z".parse().unwrap();
    let at =
        |at: Timestamp, hours| Sample { at, seconds: 0, offset_seconds: hours * 3_600, value: 0 };
    let before = at(landed - jiff::SignedDuration::from_secs(1), 1);
    let west = Offsets::new(zone.clone(), &[before, at(landed, -5)]);
    let times = ["2026-11-12T18:30:00", "2026-11-12T13:30:00", "2026-11-12T18:30:00"];
    assert_eq!(
        told(&west, &times),
        ["2026-11-12T17:30:00Z", "2026-11-12T18:30:00Z", "2026-11-12T23:30:00Z"]
    );
    let east = Offsets::new(zone, &[before, at(landed, 8)]);
    let mut clock = WallClock::new(&east, DateRange::day(date(2026, 11, 12)));
    let (_, offset) = clock.tell(date(2026, 11, 13).at(3, 0, 0, 0));
    assert_eq!(offset, Offset::from_hours(8).unwrap());
}

proptest::proptest! {
    /// Whatever the zone, a series in its order is told back as it was shown.
    #[test]
    fn a_series_is_told_as_it_was_shown(
        zone in proptest::sample::select(vec!["Europe/Madrid", "America/Chicago",
            "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns"]),
        day in 0_i64..2_000,
    ) {
        let offsets = home(zone);
        let first = date(2021, 1, 1) + jiff::Span::new().days(day);
        let (start, end) = offsets.bounds(first);
        let mut clock = WallClock::new(&offsets, DateRange::day(first));
        let mut at = start.at;
        while at < end.at {
            let shown = offsets.at(at).to_datetime(at);
            proptest::prop_assert_eq!(clock.tell(shown), (at, offsets.at(at)));
            at += jiff::SignedDuration::from_mins(15);
        }
    }
}
