//! Civil days tile the time line, on every clock of the world and on every journey.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use phr_model::{DateRange, Offsets, Sample};
use proptest::prelude::*;
use rstest::rstest;

/// Zones with every kind of oddity: no daylight saving, half an hour of it, offsets of a quarter
/// hour, turns at midnight, winter time that is "daylight saving", zones that changed their rules.
const ZONES: [&str; 20] = [
    "UTC",
    "Europe/Madrid",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "America/Nuuk",
    "Atlantic/Azores",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Almaty",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Kiritimati",
];

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn at_home(name: &str) -> Offsets {
    Offsets::new(zone(name), [])
}

fn sample(at: &str, hours: i32) -> Sample {
    Sample { at: instant(at), seconds: 0, offset_seconds: hours * 3600, value: 1 }
}

/// When `day` began and when the next one did, as a wall clock shows it, and its length in minutes.
fn shown(offsets: &Offsets, day: &str) -> (String, String, i64) {
    let (start, end) = offsets.bounds(date(day));
    let length = end.at.duration_since(start.at);
    (start.to_string(), end.to_string(), length.as_mins())
}

fn day_of(offsets: &Offsets, at: Timestamp) -> Date {
    offsets.at(at).to_datetime(at).date()
}

fn is_within(offsets: &Offsets, day: Date, at: Timestamp) -> bool {
    let (start, end) = offsets.bounds(day);
    start.at <= at && at < end.at
}

#[rstest]
#[case::spring_in_madrid("Europe/Madrid", "2026-03-29", 23 * 60)]
#[case::autumn_in_madrid("Europe/Madrid", "2026-10-25", 25 * 60)]
#[case::spring_in_new_york("America/New_York", "2026-03-08", 23 * 60)]
#[case::autumn_in_new_york("America/New_York", "2026-11-01", 25 * 60)]
#[case::spring_on_lord_howe("Australia/Lord_Howe", "2026-10-04", 23 * 60 + 30)]
#[case::autumn_on_lord_howe("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30)]
#[case::before_ramadan_in_casablanca("Africa/Casablanca", "2026-02-15", 25 * 60)]
#[case::after_ramadan_in_casablanca("Africa/Casablanca", "2026-03-22", 23 * 60)]
#[case::midnight_skipped_in_havana("America/Havana", "2026-03-08", 23 * 60)]
#[case::midnight_repeated_in_havana("America/Havana", "2026-11-01", 25 * 60)]
#[case::evening_repeated_in_cairo("Africa/Cairo", "2026-10-29", 25 * 60)]
#[case::always_the_same_in_kathmandu("Asia/Kathmandu", "2026-03-29", 24 * 60)]
#[case::zone_changed_in_almaty("Asia/Almaty", "2024-02-29", 25 * 60)]
fn a_day_is_as_long_as_its_clocks_say(#[case] name: &str, #[case] day: &str, #[case] minutes: i64) {
    assert_eq!(shown(&at_home(name), day).2, minutes);
}

#[test]
fn both_ends_of_a_day_carry_their_own_offset() {
    let (start, end, _) = shown(&at_home("Europe/Madrid"), "2026-10-25");
    assert_eq!(start, "2026-10-25T00:00:00+02:00");
    assert_eq!(end, "2026-10-26T00:00:00+01:00");
}

#[test]
fn a_day_whose_midnight_is_skipped_begins_at_one() {
    let (start, ..) = shown(&at_home("America/Havana"), "2026-03-08");
    assert_eq!(start, "2026-03-08T01:00:00-04:00");
}

#[test]
fn a_quarter_hour_offset_is_kept() {
    let (start, ..) = shown(&at_home("Asia/Kathmandu"), "2026-06-01");
    assert_eq!(start, "2026-06-01T00:00:00+05:45");
}

#[test]
fn the_day_that_samoa_skipped_takes_nothing_from_its_neighbours() {
    let apia = at_home("Pacific/Apia");
    let turn = instant("2011-12-30T10:00:00Z");
    assert_eq!(apia.bounds(date("2011-12-29")).1.at, turn);
    assert_eq!(apia.start(date("2011-12-30")).at, turn);
    assert_eq!(apia.start(date("2011-12-31")).to_string(), "2011-12-31T00:00:00+14:00");
    assert_eq!(apia.start(date("2011-12-31")).at, turn);
}

#[test]
fn a_skipped_day_does_not_end_before_it_starts() {
    let (start, end) = at_home("Pacific/Apia").bounds(date("2011-12-30"));
    assert_eq!(end.at.duration_since(start.at), SignedDuration::from_secs(1));
}

/// Security requirement RT-03: all turns of the clocks from 2024 to 2027, in twenty zones.
#[rstest]
fn consecutive_days_tile_the_time_line_in_every_zone(#[values(2024, 2025, 2026, 2027)] year: i16) {
    let first = Date::new(year, 1, 1).unwrap();
    for name in ZONES {
        let offsets = at_home(name);
        let mut end = offsets.start(first).at;
        for day in (DateRange { first, last: first.last_of_year() }).days() {
            let (start, next) = offsets.bounds(day);
            assert_eq!(start.at, end, "{name} {day}: a gap or an overlap");
            assert!(next.at > start.at, "{name} {day}: empty");
            end = next.at;
        }
    }
}

/// Security requirement RT-03, second half.
#[test]
fn every_reading_around_a_turn_of_the_clocks_falls_in_exactly_the_day_its_clock_shows() {
    let (from, to) = (instant("2024-01-01T00:00:00Z"), instant("2028-01-01T00:00:00Z"));
    let mut turns = 0;
    for name in ZONES {
        let (zone, offsets) = (zone(name), at_home(name));
        for turn in zone.following(from).take_while(|turn| turn.timestamp() < to) {
            turns += 1;
            for minutes in (-180..180).step_by(5) {
                let at = turn.timestamp() + SignedDuration::from_mins(minutes);
                let day = day_of(&offsets, at);
                assert!(is_within(&offsets, day, at), "{name}: {at} is not in {day}");
                assert!(!is_within(&offsets, day.yesterday().unwrap(), at), "{name} {at}");
                assert!(!is_within(&offsets, day.tomorrow().unwrap(), at), "{name} {at}");
            }
        }
    }
    assert!(turns > 100, "only {turns} turns were looked at");
}

#[test]
fn a_flight_west_makes_the_day_longer() {
    let samples = [sample("2026-01-10T09:00:00Z", 1), sample("2026-01-10T19:00:00Z", -5)];
    let offsets = Offsets::new(zone("Europe/Madrid"), &samples);
    let (start, end, minutes) = shown(&offsets, "2026-01-10");
    assert_eq!(start, "2026-01-10T00:00:00+01:00");
    assert_eq!(end, "2026-01-11T00:00:00-05:00");
    assert_eq!(minutes, 30 * 60);
}

#[test]
fn a_flight_east_makes_the_day_shorter() {
    let samples = [sample("2026-01-10T09:00:00Z", -5), sample("2026-01-10T19:00:00Z", 1)];
    let offsets = Offsets::new(zone("America/New_York"), &samples);
    assert_eq!(shown(&offsets, "2026-01-10").2, 18 * 60);
}

/// Honolulu to Tokyo: the clock jumps from the evening of the 10th to the afternoon of the 11th.
fn west_across_the_date_line() -> [Sample; 4] {
    [
        sample("2026-01-10T12:00:00Z", -10),
        sample("2026-01-10T22:00:00Z", -10),
        sample("2026-01-11T06:00:00Z", 9),
        sample("2026-01-11T14:00:00Z", 9),
    ]
}

/// Tokyo to Honolulu: the clock jumps from the evening of the 10th back to its morning.
fn east_across_the_date_line() -> [Sample; 4] {
    [
        sample("2026-01-10T01:00:00Z", 9),
        sample("2026-01-10T11:00:00Z", 9),
        sample("2026-01-10T18:00:00Z", -10),
        sample("2026-01-11T09:00:00Z", -10),
    ]
}

#[test]
fn west_across_the_date_line_a_day_begins_where_the_clock_jumped() {
    let offsets = Offsets::new(zone("Pacific/Honolulu"), &west_across_the_date_line());
    let (start, end, _) = shown(&offsets, "2026-01-11");
    assert_eq!(start, "2026-01-11T15:00:00+09:00");
    assert_eq!(end, "2026-01-12T00:00:00+09:00");
}

#[test]
fn east_across_the_date_line_a_day_lasts_until_its_second_midnight() {
    let offsets = Offsets::new(zone("Asia/Tokyo"), &east_across_the_date_line());
    let (start, end, minutes) = shown(&offsets, "2026-01-10");
    assert_eq!(start, "2026-01-10T00:00:00+09:00");
    assert_eq!(end, "2026-01-11T00:00:00-10:00");
    assert_eq!(minutes, 43 * 60);
}

#[rstest]
#[case::west(west_across_the_date_line(), "Pacific/Honolulu")]
#[case::west_with_the_account_already_moved(west_across_the_date_line(), "Asia/Tokyo")]
#[case::east(east_across_the_date_line(), "Asia/Tokyo")]
#[case::east_with_the_account_already_moved(east_across_the_date_line(), "Pacific/Honolulu")]
fn readings_of_a_journey_lie_in_the_day_their_clock_showed(
    #[case] samples: [Sample; 4],
    #[case] home: &str,
) {
    let offsets = Offsets::new(zone(home), &samples);
    for sample in samples {
        assert!(is_within(&offsets, sample.date(), sample.at), "{sample:?}");
    }
}

#[test]
fn the_offset_of_the_last_reading_holds_until_the_next() {
    let offsets = Offsets::new(zone("Europe/Madrid"), &west_across_the_date_line());
    let hours = |at| offsets.at(instant(at)).seconds() / 3600;
    assert_eq!(hours("2026-01-01T00:00:00Z"), -10);
    assert_eq!(hours("2026-01-11T05:59:59Z"), -10);
    assert_eq!(hours("2026-01-11T06:00:00Z"), 9);
    assert_eq!(hours("2026-02-01T00:00:00Z"), 9);
}

#[test]
fn a_person_at_home_keeps_the_clocks_of_home() {
    let offsets = Offsets::new(zone("Europe/Madrid"), &[sample("2026-03-28T12:00:00Z", 1)]);
    assert_eq!(offsets.at(instant("2026-03-29T12:00:00Z")).seconds(), 7200);
}

#[test]
fn a_traveller_whose_offset_was_home_yesterday_is_abroad_after_the_clocks_turned() {
    // Madrid turned to +2 in the night; in London it is +1 now.
    let samples = [sample("2026-03-28T12:00:00Z", 1), sample("2026-03-29T12:00:00Z", 1)];
    let offsets = Offsets::new(zone("Europe/Madrid"), &samples);
    assert_eq!(offsets.at(instant("2026-03-29T12:00:00Z")).seconds(), 3600);
    assert_eq!(offsets.at(instant("2026-03-31T12:00:00Z")).seconds(), 3600);
    assert_eq!(shown(&offsets, "2026-03-30").0, "2026-03-30T00:00:00+01:00");
}

#[test]
fn the_ends_of_the_calendar_do_not_panic() {
    let offsets = at_home("Europe/Madrid");
    for day in [Date::MIN, Date::MAX] {
        let (start, end) = offsets.bounds(day);
        assert!(start.at <= end.at);
    }
}

prop_compose! {
    /// A person on the move in 2026, who may change the clock to any quarter hour between readings.
    fn journeys()(steps in prop::collection::vec((1..40_i64, -48..=56_i32), 1..40)) -> Vec<Sample> {
        let mut at = instant("2026-03-01T00:00:00Z");
        let mut sample = |(hours, quarters): (i64, i32)| {
            at += SignedDuration::from_hours(hours);
            Sample { at, seconds: 0, offset_seconds: quarters * 900, value: 1 }
        };
        steps.into_iter().map(&mut sample).collect()
    }
}

fn days_around(samples: &[Sample]) -> DateRange {
    let dates = || samples.iter().map(Sample::date);
    let (first, last) = (dates().min().unwrap(), dates().max().unwrap());
    DateRange { first: first - 3.days(), last: last + 3.days() }
}

proptest! {
    #[test]
    fn whatever_the_journey_every_reading_falls_in_exactly_one_day(
        samples in journeys(),
        home in prop::sample::select(&ZONES[..]),
    ) {
        let offsets = Offsets::new(zone(home), &samples);
        let starts: Vec<_> =
            days_around(&samples).days().map(|day| offsets.start(day).at).collect();
        prop_assert!(starts.is_sorted());
        for sample in &samples {
            let holding = starts.array_windows().filter(|[a, b]| (*a..*b).contains(&sample.at));
            prop_assert_eq!(holding.count(), 1, "{:?}", sample);
        }
    }

    #[test]
    fn whatever_the_journey_a_reading_was_made_on_its_own_offset(
        samples in journeys(),
        home in prop::sample::select(&ZONES[..]),
    ) {
        let offsets = Offsets::new(zone(home), &samples);
        for sample in &samples {
            prop_assert_eq!(offsets.at(sample.at), sample.offset());
        }
    }

    #[test]
    fn the_order_of_the_readings_does_not_matter(
        (ordered, shuffled) in
            journeys().prop_flat_map(|samples| (Just(samples.clone()), Just(samples).prop_shuffle())),
    ) {
        let a = Offsets::new(zone("Europe/Madrid"), &ordered);
        let b = Offsets::new(zone("Europe/Madrid"), &shuffled);
        for day in days_around(&ordered).days() {
            prop_assert_eq!(a.bounds(day), b.bounds(day));
        }
    }
}
