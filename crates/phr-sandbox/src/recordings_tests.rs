use std::fs;

use super::*;
use crate::{DataType, Options, People, Source, World};

const DAY: &str = "2016-04-12";
const EMAIL: &str = "wearer-77@example.com";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn world(files: &[(&str, &str)]) -> World {
    let folder = folder(files);
    let people = People::Recordings(folder.path().to_owned());
    World::new(Options { people, ..Options::default() }).unwrap()
}

fn error(file: &str, text: &str) -> String {
    span(folder(&[(file, text)]).path()).unwrap_err().to_string()
}

fn total(world: &World, data_type: DataType) -> Option<f64> {
    world.daily_total(EMAIL, data_type, DAY.parse().unwrap()).unwrap()
}

fn values(world: &World, data_type: DataType) -> Vec<f64> {
    let (from, to) =
        ("2016-04-01T00:00:00Z".parse().unwrap(), "2016-05-01T00:00:00Z".parse().unwrap());
    let points = world.points(EMAIL, data_type, from, to).unwrap();
    points.iter().map(|point| point.value).collect()
}

const STEPS: (&str, &str) = (
    "steps_by_minute.csv",
    "user,local_time,steps\n77,2016-04-12T07:01:00,10\n77,2016-04-12T07:02:00,20\n",
);
const ACTIVITY: (&str, &str) = (
    "activity_by_day.csv",
    "user,local_date,steps,distance_km,kilocalories\n77,2016-04-12,33,0.0251,2390\n",
);

#[test]
fn the_clock_stands_at_the_midnight_after_the_last_day() {
    let world = world(&[STEPS]);
    assert_eq!(world.clock().now().to_string(), "2016-04-13T04:00:00Z");
    assert!(!world.clock().is_following());
    let date = DAY.parse().unwrap();
    assert_eq!(world.recorded_span(), Some((date, date)));
}

#[test]
fn each_user_becomes_a_person_in_new_york() {
    let people = world(&[STEPS]).people();
    let [wearer] = &people[..] else { panic!("one wearer") };
    assert_eq!((wearer.name.as_str(), wearer.email.as_str()), ("Wearer 77", EMAIL));
    assert_eq!(wearer.time_zone, "America/New_York");
}

#[test]
fn the_accounts_figure_wins_over_the_sum_of_the_minutes() {
    let world = world(&[STEPS, ACTIVITY]);
    assert_eq!(total(&world, DataType::Steps), Some(33.0));
    assert_eq!(values(&world, DataType::Steps), [10.0, 20.0]);
    assert_eq!(total(&world, DataType::TotalCalories), Some(2390.0));
}

#[test]
fn without_a_row_the_day_is_the_sum_of_its_minutes() {
    assert_eq!(total(&world(&[STEPS]), DataType::Steps), Some(30.0));
}

#[test]
fn the_days_distance_is_spread_over_its_step_minutes() {
    let world = world(&[STEPS, ACTIVITY]);
    assert_eq!(values(&world, DataType::Distance), [8_367.0, 16_733.0]);
    assert_eq!(total(&world, DataType::Distance), Some(25_100.0));
}

#[test]
fn what_is_deleted_later_moves_the_accounts_figure() {
    let world = world(&[STEPS, ACTIVITY]);
    let minute = "2016-04-12T11:01:00Z".parse().unwrap();
    let end = "2016-04-12T11:02:00Z".parse().unwrap();
    assert_eq!(world.delete_samples(EMAIL, DataType::Steps, minute, end), Ok(1));
    assert_eq!(total(&world, DataType::Steps), Some(23.0));
}

#[test]
fn before_the_day_is_over_the_points_are_the_figure() {
    let world = world(&[STEPS, ACTIVITY]);
    world.clock().set("2016-04-12T11:02:00Z".parse().unwrap());
    assert_eq!(total(&world, DataType::Steps), Some(10.0));
}

#[test]
fn five_second_days_replace_minute_days() {
    let world = world(&[
        (
            "heart_rate_by_5_seconds.csv",
            "user,local_time,beats_per_minute\n77,2016-04-12T07:54:00,93\n77,2016-04-12T07:54:05,91\n",
        ),
        (
            "heart_rate_by_minute.csv",
            "user,local_time,beats_per_minute\n77,2016-04-12T09:00:00,70\n77,2016-04-13T09:00:00,71\n",
        ),
    ]);
    assert_eq!(values(&world, DataType::HeartRate), [93.0, 91.0, 71.0]);
}

#[test]
fn weigh_ins_keep_their_grams_and_their_method() {
    let world = world(&[(
        "weight.csv",
        "user,local_time,kilograms,fat_percent,bmi,manual,log_id\n\
         77,2016-04-12T23:59:59,62.5,,24.39,True,1460505599000\n\
         77,2016-04-13T06:00:00,62.1234,,24.39,False,1460505599001\n",
    )]);
    let (from, to) =
        ("2016-04-12T00:00:00Z".parse().unwrap(), "2016-04-14T00:00:00Z".parse().unwrap());
    let points = world.points(EMAIL, DataType::Weight, from, to).unwrap();
    let found: Vec<_> = points.iter().map(|point| (point.value, point.source)).collect();
    assert_eq!(found, [(62_500.0, Source::Manual), (62_123.4, Source::Scale)]);
    assert_eq!(points[0].start.to_string(), "2016-04-13T03:59:59Z");
    assert_eq!(points[0].utc_offset, -4 * 3600);
}

const NIGHTS: (&str, &str) =
    ("sleep_by_day.csv", "user,local_date,minutes_asleep,minutes_in_bed\n77,2016-04-12,327,346\n");

#[test]
fn a_night_ends_at_seven_and_may_begin_before_the_first_day() {
    let world = world(&[NIGHTS]);
    let (from, to) =
        ("2016-04-10T00:00:00Z".parse().unwrap(), "2016-04-14T00:00:00Z".parse().unwrap());
    let nights = world.points(EMAIL, DataType::Sleep, from, to).unwrap();
    let [night] = &nights[..] else { panic!("one night") };
    assert_eq!(night.end.to_string(), "2016-04-12T11:00:00Z");
    assert_eq!(night.end.duration_since(night.start).as_mins(), 346);
    assert_eq!(values(&world, DataType::Sleep), [327.0]);
}

#[test]
fn nobody_sleeps_longer_than_they_lie_or_for_a_day() {
    let header = "user,local_date,minutes_asleep,minutes_in_bed";
    let wrong = |row: &str| error("sleep_by_day.csv", &format!("{header}\n77,2016-04-12,{row}\n"));
    insta::assert_snapshot!(wrong("347,346"), @"sleep_by_day.csv, line 2, column minutes_asleep: a plausible number was expected");
    insta::assert_snapshot!(wrong("347,1081"), @"sleep_by_day.csv, line 2, column minutes_in_bed: a plausible number was expected");
    assert!(wrong("0,346").contains("column minutes_asleep"));
}

#[test]
fn a_weigh_in_may_come_with_body_fat() {
    let world = world(&[(
        "weight.csv",
        "user,local_time,kilograms,fat_percent,manual\n77,2016-04-12T06:00:00,62.5,22.35,False\n\
         77,2016-04-12T23:59:59,62.5,,True\n",
    )]);
    assert_eq!(values(&world, DataType::BodyFat), [22.35]);
    assert_eq!(values(&world, DataType::Weight), [62_500.0, 62_500.0]);
}

#[test]
fn a_wrong_cell_is_named_by_file_line_and_column() {
    let text = "user,local_time,steps\n77,2016-04-12T07:01:00,10\n77,2016-04-12 07:02,20\n";
    insta::assert_snapshot!(error("steps_by_minute.csv", text), @"steps_by_minute.csv, line 3, column local_time: a local time like 2016-04-12T07:30:00 was expected");
    let text = "user,local_time,steps\n77,2016-04-12T07:01:00,many\n";
    insta::assert_snapshot!(error("steps_by_minute.csv", text), @"steps_by_minute.csv, line 2, column steps: a plausible number was expected");
}

#[test]
fn a_missing_column_and_an_empty_folder_are_explained() {
    let error_text = error("weight.csv", "user,local_time\n");
    assert_eq!(error_text, "weight.csv has no column kilograms");
    let empty = folder(&[]);
    assert!(matches!(span(empty.path()), Err(RecordingError::Nothing { .. })));
}
