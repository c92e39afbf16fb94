//! Reading data points as a client does.

use jiff::Timestamp;
use serde_json::Value;

use crate::support::{Client, INES, JONAS, SCOPES, options, within};
use phr_sandbox::{DataType, Options, Source};

const BEATS: &str = "heart_rate.sample_time.physical_time";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn start(point: &Value, member: &str) -> Timestamp {
    let value = &point[member];
    let time = value["interval"]["startTime"].as_str();
    at(time.or(value["sampleTime"]["physicalTime"].as_str()).unwrap())
}

#[tokio::test]
async fn a_day_of_heart_rate_is_complete_over_its_pages() {
    let client = Client::ines().await;
    let filter = within(BEATS, "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z");
    let points = client.walk("", "heart-rate", &[("filter", &filter), ("pageSize", "10000")]).await;
    let (from, to) = (at("2026-11-19T00:00:00Z"), at("2026-11-20T00:00:00Z"));
    let truth = client.world().points(INES, DataType::HeartRate, from, to).unwrap();
    assert!((30_000..40_000).contains(&points.len()), "{}", points.len());
    assert_eq!(points.len(), truth.len());
    for (point, truth) in points.iter().zip(truth.iter().rev()) {
        assert_eq!(start(point, "heartRate"), truth.start);
        assert_eq!(point["heartRate"]["beatsPerMinute"], format!("{}", truth.value));
    }
}

#[tokio::test]
async fn page_sizes_are_1440_by_default_and_5000_at_most() {
    let client = Client::ines().await;
    let size = async |query: &[(&str, &str)]| {
        let page = client.list("heart-rate", query).await.json();
        page["dataPoints"].as_array().unwrap().len()
    };
    assert_eq!(size(&[]).await, 1440);
    assert_eq!(size(&[("pageSize", "10000")]).await, 5000);
    assert_eq!(size(&[("page_size", "7")]).await, 7);
}

#[tokio::test]
async fn nothing_after_now_is_visible_and_data_grows_with_the_clock() {
    let client = Client::ines().await;
    let newest = async || {
        let page = client.list("heart-rate", &[("pageSize", "1")]).await.json();
        start(&page["dataPoints"][0], "heartRate")
    };
    let (now, before) = (client.world().clock().now(), newest().await);
    assert!(before <= now);
    client.world().advance(jiff::SignedDuration::from_mins(30));
    assert!(newest().await > now);
}

#[tokio::test]
async fn a_range_without_data_is_an_empty_object() {
    let client = Client::ines().await;
    let filter = within(BEATS, "2019-11-19T00:00:00Z", "2019-11-20T00:00:00Z");
    assert_eq!(client.list("heart-rate", &[("filter", &filter)]).await.text, "{}\n");
    let family = [("dataSourceFamily", "users/me/dataSourceFamilies/self-sources")];
    assert_eq!(client.list("steps", &family).await.text, "{}\n");
}

#[tokio::test]
async fn points_that_share_the_last_timestamp_of_a_page_are_lost() {
    let client = Client::ines().await;
    let noon = at("2026-11-22T03:33:30Z");
    for value in [70.0, 71.0, 72.0] {
        client.world().add_sample(INES, DataType::HeartRate, noon, value, Source::Phone).unwrap();
    }
    let filter = within(BEATS, "2026-11-22T03:33:30Z", "2026-11-22T03:33:31Z");
    let query = [("filter", filter.as_str()), ("pageSize", "2")];
    let walked = client.walk("", "heart-rate", &query).await.len();
    let whole = client.walk("", "heart-rate", &query[..1]).await.len();
    assert!(walked == 2 && whole >= 3, "{walked} of {whole}");
}

#[tokio::test]
async fn without_tie_loss_the_next_page_goes_on_within_the_timestamp() {
    let client = Client::connect(Options { tie_loss: false, ..options() }, INES, SCOPES).await;
    let noon = at("2026-11-22T03:33:30Z");
    for value in [70.0, 71.0, 72.0, 73.0, 74.0] {
        client.world().add_sample(INES, DataType::HeartRate, noon, value, Source::Phone).unwrap();
    }
    let filter = within(BEATS, "2026-11-22T03:33:28Z", "2026-11-22T03:33:33Z");
    let query = [("filter", filter.as_str()), ("pageSize", "2")];
    let walked = client.walk("", "heart-rate", &query).await;
    assert_eq!(walked, client.walk("", "heart-rate", &query[..1]).await);
}

#[tokio::test]
async fn a_page_token_belongs_to_its_query() {
    let client = Client::ines().await;
    let page = client.list("steps", &[("pageSize", "5")]).await.json();
    let token = page["nextPageToken"].as_str().unwrap();
    let with = async |data_type: &str, size: &str| {
        client.list(data_type, &[("pageSize", size), ("pageToken", token)]).await
    };
    assert_eq!(with("steps", "5").await.status, 200);
    assert_eq!(with("steps", "6").await.reason(), "INVALID_PAGE_TOKEN");
    assert_eq!(with("distance", "5").await.reason(), "INVALID_PAGE_TOKEN");
    let reconcile = [("pageSize", "5"), ("pageToken", token)];
    assert_eq!(client.reconcile("steps", &reconcile).await.reason(), "INVALID_PAGE_TOKEN");
}

#[tokio::test]
async fn list_shows_watch_and_phone_and_reconcile_merges_them() {
    let client = Client::ines().await;
    let filter = within("steps.interval.civil_start_time", "2026-11-18", "2026-11-19");
    let query = [("filter", filter.as_str()), ("pageSize", "5000")];
    let count = |points: &[Value]| -> i64 {
        let values = points.iter().map(|point| point["steps"]["count"].as_str().unwrap_or("0"));
        values.map(|count| count.parse::<i64>().unwrap()).sum()
    };
    let listed = client.walk("", "steps", &query).await;
    let merged = client.walk(":reconcile", "steps", &query).await;
    let devices: std::collections::BTreeSet<&str> = listed
        .iter()
        .filter_map(|point| point["dataSource"]["device"]["displayName"].as_str())
        .collect();
    assert_eq!(devices.into_iter().collect::<Vec<_>>(), ["Charge 6", "MobileTrack"]);
    assert!(count(&listed) > count(&merged));
    assert!(merged.iter().all(|point| point.get("dataSource").is_none()));
    let date = "2026-11-18".parse().unwrap();
    let total = client.world().daily_total(INES, DataType::Steps, date).unwrap();
    assert_eq!(total, Some(count(&merged) as f64));
}

#[tokio::test]
async fn wearables_leave_out_phone_and_manual_entries() {
    let client = Client::ines().await;
    let family = [("dataSourceFamily", "users/me/dataSourceFamilies/google-wearables")];
    let steps = client.list("steps", &family).await.text;
    assert!(steps.contains("Charge 6") && !steps.contains("MobileTrack"));
    assert_eq!(client.list("weight", &family).await.text, "{}\n");
}

#[tokio::test]
async fn a_true_zero_has_no_value_and_a_gap_has_no_point() {
    let client = Client::ines().await;
    let filter = within("steps.interval.civil_start_time", "2026-11-18", "2026-11-19");
    let points = client.walk("", "steps", &[("filter", &filter), ("pageSize", "5000")]).await;
    let zeros = points.iter().filter(|point| point["steps"].get("count").is_none()).count();
    assert!(zeros > 100, "{zeros}");
    assert!(points.len() < 1440, "the nights have no points: {}", points.len());
}

#[tokio::test]
async fn weigh_ins_have_names_and_can_be_got_by_them() {
    let client = Client::ines().await;
    let page = client.list("weight", &[]).await.json();
    let points = page["dataPoints"].as_array().unwrap().clone();
    assert!(points.len() > 15, "{}", points.len());
    let user = client.get("identity", &[]).await.json();
    let prefix = format!("users/{}/", user["healthUserId"].as_str().unwrap());
    for point in &points {
        let name = point["name"].as_str().unwrap();
        let path = name.strip_prefix(&prefix).unwrap();
        assert_eq!(&client.get(path, &[]).await.json(), point);
    }
    let unknown = client.get("dataTypes/weight/dataPoints/1234", &[]).await;
    assert_eq!((unknown.status, unknown.reason().as_str()), (404, "RESOURCE_NOT_FOUND"));
}

#[tokio::test]
async fn weigh_ins_come_from_several_apps_some_with_fractions_of_a_gram() {
    let client = Client::jonas().await;
    let text = client.list("weight", &[("prettyPrint", "false")]).await.text;
    assert!(text.contains("com.example.scaleapp") && text.contains("\"MANUAL\""));
    assert!(text.contains(".5}"), "{text}");
}

#[tokio::test]
async fn oxygen_saturation_is_measured_each_minute_of_sleep() {
    let client = Client::ines().await;
    let filter = within("oxygen_saturation.sample_time.civil_time", "2026-11-18", "2026-11-19");
    let points = client.walk("", "oxygen-saturation", &[("filter", &filter)]).await;
    assert!((300..600).contains(&points.len()), "{}", points.len());
    let percentages = points.iter().map(|point| point["oxygenSaturation"]["percentage"].as_f64());
    assert!(percentages.into_iter().all(|it| (85.0..=100.0).contains(&it.unwrap())));
}

#[tokio::test]
async fn daily_values_appear_in_the_morning() {
    let client = Client::ines().await;
    let world = client.world();
    let date = "2026-11-22".parse().unwrap();
    for data_type in [DataType::DailyRestingHeartRate, DataType::DailyOxygenSaturation] {
        world.clock().set(at("2026-11-22T02:00:00Z"));
        assert_eq!(world.daily_total(INES, data_type, date), Ok(None), "{data_type}");
        world.clock().set(at("2026-11-22T11:00:00Z"));
        assert!(world.daily_total(INES, data_type, date).unwrap().is_some(), "{data_type}");
        let filter = format!("{}.date >= \"2026-11-22\"", data_type.filter_name());
        let points = client.walk("", data_type.id(), &[("filter", &filter)]).await;
        assert_eq!(points.len(), 1, "{data_type}");
    }
}

#[tokio::test]
async fn the_daily_saturation_is_that_of_the_nights_readings() {
    let client = Client::ines().await;
    let world = client.world();
    let date = "2026-11-18".parse().unwrap();
    let average = || world.daily_total(INES, DataType::DailyOxygenSaturation, date).unwrap();
    let before = average().unwrap();
    let (from, to) = (at("2026-11-17T20:00:00Z"), at("2026-11-18T02:00:00Z"));
    let readings = world.points(INES, DataType::OxygenSaturation, from, to).unwrap();
    for reading in readings {
        world.change_sample(INES, DataType::OxygenSaturation, reading.start, 88.0).unwrap();
    }
    assert!(average().unwrap() < before - 1.0);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_people_and_days() {
    let day = |seed: u64| {
        let world = phr_sandbox::World::new(Options { seed, ..options() }).unwrap();
        let (from, to) = (at("2026-11-18T00:00:00Z"), at("2026-11-19T00:00:00Z"));
        (world.people(), world.points(JONAS, DataType::Steps, from, to).unwrap())
    };
    assert_eq!(day(1), day(1));
    assert_ne!(day(1).1, day(2).1);
}
