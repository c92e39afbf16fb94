use jiff::{civil::date, tz::TimeZone};

use super::*;

fn workout(json: &str) -> Option<Logged> {
    let offsets = Offsets::new(TimeZone::get("America/Denver").unwrap(), []);
    let clock = &mut WallClock::new(&offsets, DateRange::day(date(2026, 3, 14)));
    parse::<Activity>(json.as_bytes()).unwrap().logged(clock)
}

#[test]
fn a_workout_is_read_with_what_it_took() {
    let json = r#"{"activityName":"Run","startTime":"2026-03-14T18:02:16.000-05:00",
        "duration":1500000,"activeDuration":1440000,"calories":321,"distance":"5.25",
        "distanceUnit":"Kilometer","averageHeartRate":141,"logId":71340655512345678901}"#;
    let Logged { date: of, session } = workout(json).unwrap();
    assert_eq!(of, date(2026, 3, 14));
    assert_eq!(session.time.at.to_string(), "2026-03-14T23:02:16Z", "by its own offset");
    assert_eq!((session.value, session.time.seconds), (2_400, 1_500));
    let parts = [
        (Part::Energy, 321_000),
        (Part::Distance, 5_250_000),
        (Part::MeanHeartRate, 1_410),
        (Part::ExerciseType, place("RUNNING")),
    ];
    assert_eq!(session.parts, parts);
}

#[test]
fn a_distance_is_taken_by_its_unit_or_not_at_all() {
    let distance = |unit: &str| {
        let json = format!(
            r#"{{"startTime":"2026-03-14T18:02:16.000-06:00","duration":60000,"distance":2{unit}}}"#
        );
        let parts = workout(&json).unwrap().session.parts;
        parts.into_iter().find(|(part, _)| *part == Part::Distance).map(|(_, value)| value)
    };
    assert_eq!(distance(r#","distanceUnit":"Mile""#), Some(3_218_688));
    assert_eq!(distance(r#","distanceUnit":"Furlong""#), None);
    assert_eq!(distance(""), None);
}

#[test]
fn a_start_without_offset_is_of_the_clock_on_the_wall() {
    let json = r#"{"startTime":"2026-03-14T18:02:16.000","duration":60000}"#;
    let session = workout(json).unwrap().session;
    assert_eq!(session.time.at.to_string(), "2026-03-15T00:02:16Z");
    assert_eq!(session.value, 100);
}

#[test]
fn what_does_not_say_when_it_was_is_no_workout() {
    for json in [
        "{}",
        r#"{"startTime":"2026-03-14T18:02:16.000-06:00"}"#,
        r#"{"startTime":"2026-03-14","duration":60000}"#,
        r#"{"startTime":"18:02","duration":60000}"#,
        r#"{"startTime":"2026-03-14T18:02:16.000-06:00","duration":-1}"#,
    ] {
        assert_eq!(workout(json), None, "{json}");
    }
}

fn of_page(json: &str) -> Page {
    page(json.as_bytes()).unwrap().unwrap()
}

/// A page of one workout, and where the next one is.
fn page_of(id: &str, date: &str, next: &str) -> Page {
    of_page(&format!(
        r#"{{"activities":[{{"logId":{id},"startTime":"{date}T08:00:00.000-06:00"}}],
        "pagination":{{"next":"{next}"}}}}"#
    ))
}

const NEXT: &str = "https://api.fitbit.com/1/user/-/activities/list.json?offset=";

#[test]
fn pages_are_followed_until_the_days_are_over() {
    let days = DateRange { first: date(2026, 3, 10), last: date(2026, 3, 14) };
    let mut walk = Walk::over(days);
    assert_eq!(walk.query[0], ("afterDate", "2026-03-09".to_owned()));
    let page = |id, date, offset: u32| page_of(id, date, &format!("{NEXT}{offset}"));
    assert_eq!(walk.take(page("1", "2026-03-11", 100)), Ok(true));
    assert_eq!(walk.query, [("offset", "100".to_owned())]);
    assert_eq!(walk.take(page("1", "2026-03-11", 200)), Ok(true), "pages have moved");
    assert_eq!(walk.take(page("2", "2026-03-15", 300)), Ok(false), "there is more, but later");
    assert_eq!(walk.found.len(), 2, "what came twice counts once");
    assert_eq!(Walk::over(days).take(page_of("3", "2026-03-11", "")), Ok(false));
}

#[test]
fn a_walk_that_gets_nowhere_is_an_error() {
    let days = DateRange::day(date(2026, 3, 14));
    let mut walk = Walk::over(days);
    let next = format!("{NEXT}100");
    assert_eq!(walk.take(page_of("1", "2026-03-14", &next)), Ok(true));
    let again = walk.take(page_of("2", "2026-03-14", &next));
    assert_eq!(again, Err(VendorError::Unreadable), "the same page again");
    let empty = format!(r#"{{"activities":[],"pagination":{{"next":"{next}"}}}}"#);
    assert_eq!(Walk::over(days).take(of_page(&empty)), Err(VendorError::Unreadable));
    let nowhere = page_of("1", "2026-03-14", "later");
    assert_eq!(Walk::over(days).take(nowhere), Err(VendorError::Unreadable));
}

#[test]
fn an_error_that_comes_as_a_success_is_no_empty_page() {
    assert!(page(br#"{"errors":[{"errorType":"request"}]}"#).is_err());
}

#[test]
fn a_workout_that_cannot_be_read_is_of_no_account_on_other_days() {
    let json = r#"{"activities":[{},{"startTime":"2026-03-15T08:00:00.000-06:00"}]}"#;
    let read = |day| {
        let offsets = Offsets::new(TimeZone::UTC, []);
        let activities = of_page(json).activities.unwrap();
        understood(&activities, DateRange::day(day), &offsets)
    };
    assert_eq!(read(date(2026, 3, 14)), Ok(Vec::new()));
    assert_eq!(read(date(2026, 3, 15)), Err(VendorError::Unreadable));
}

#[test]
fn of_the_next_address_only_the_query_is_used() {
    let next = "https://elsewhere.example/1/user/-/activities/list.json?offset=20&limit=20&sort=asc\
                &afterDate=2026-03-01&access_token=x";
    let query = query_of(next).unwrap();
    let names: Vec<_> = query.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["offset", "limit", "sort", "afterDate"]);
    assert_eq!((query_of("later"), query_of("https://api.fitbit.com/?x=1")), (None, None));
}
