//! Samples, summaries and coverage.

use phr_model::Metric;
use serde_json::Value;

use crate::support::{Actor, TestApp, sample};

const RANGE: &str = "date_from=2026-11-17&date_to=2026-11-19";

/// Three days of heart rate with a day in between without any.
async fn ada_with_heart_rate(app: &TestApp) -> Actor<'_> {
    let ada = app.person("ada").await;
    let id = ada.id().await;
    for date in ["2026-11-17", "2026-11-19"] {
        let samples = (0..50).map(|n| sample(date, 36_000 + n * 5, 600 + n, 0)).collect();
        app.hold(id, Metric::HeartRate, date, samples).await;
    }
    ada
}

#[tokio::test]
async fn samples_come_oldest_first_with_their_local_time() {
    let app = TestApp::start().await;
    let ada = ada_with_heart_rate(&app).await;
    let page = ada.get(&format!("/health/samples?metric=heart_rate&{RANGE}")).await.expect(200);
    assert_eq!(page["samples"].as_array().unwrap().len(), 100);
    assert_eq!(page["next_cursor"], Value::Null);
    insta::assert_json_snapshot!(page["samples"][0], @r#"
    {
      "time": "2026-11-17T10:00:00+01:00",
      "value": 60.0
    }
    "#);
}

#[tokio::test]
async fn an_interval_has_an_end_and_an_impossible_value_says_so() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let samples = vec![sample("2026-11-19", 0, 12, 60), sample("2026-11-19", 60, 900_000, 60)];
    app.hold(ada.id().await, Metric::Steps, "2026-11-19", samples).await;
    let page = ada.get(&format!("/health/samples?metric=steps&{RANGE}")).await.expect(200);
    insta::assert_json_snapshot!(page["samples"], @r#"
    [
      {
        "end": "2026-11-19T00:01:00+01:00",
        "time": "2026-11-19T00:00:00+01:00",
        "value": 12.0
      },
      {
        "end": "2026-11-19T00:02:00+01:00",
        "plausible": false,
        "time": "2026-11-19T00:01:00+01:00",
        "value": 900000.0
      }
    ]
    "#);
}

/// All samples of the range, read in pages of `limit`.
async fn walk(ada: &Actor<'_>, limit: usize) -> Vec<Value> {
    let path = format!("/health/samples?metric=heart_rate&{RANGE}&limit={limit}");
    let mut all = Vec::new();
    let mut cursor = None::<String>;
    for _ in 0..200 {
        let next = cursor.as_ref().map_or(path.clone(), |c| format!("{path}&cursor={c}"));
        let page = ada.get(&next).await.expect(200);
        let samples = page["samples"].as_array().unwrap();
        assert!(samples.len() <= limit);
        all.extend(samples.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(found) => cursor = Some(found.to_owned()),
            None => return all,
        }
    }
    panic!("the cursor leads in circles");
}

#[tokio::test]
async fn every_page_length_gives_every_sample_exactly_once() {
    let app = TestApp::start().await;
    let ada = ada_with_heart_rate(&app).await;
    let whole = walk(&ada, 100_000).await;
    for limit in [1, 7, 49, 50, 51, 99, 100] {
        assert_eq!(walk(&ada, limit).await, whole, "pages of {limit}");
    }
}

#[tokio::test]
async fn samples_of_one_instant_survive_the_end_of_a_page() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let samples = (0..6).map(|n| sample("2026-11-18", 36_000 + n / 3, 600 + n, 0)).collect();
    app.hold(ada.id().await, Metric::HeartRate, "2026-11-18", samples).await;
    let whole = walk(&ada, 100).await;
    assert_eq!(whole.len(), 6);
    for limit in 1..6 {
        assert_eq!(walk(&ada, limit).await, whole, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_sample_that_arrives_late_does_not_shift_the_next_page() {
    let app = TestApp::start().await;
    let ada = ada_with_heart_rate(&app).await;
    let path = format!("/health/samples?metric=heart_rate&{RANGE}&limit=10");
    let first = ada.get(&path).await.expect(200);
    let mut samples: Vec<_> =
        (0..50).map(|n| sample("2026-11-17", 36_000 + n * 5, 600 + n, 0)).collect();
    samples.insert(0, sample("2026-11-17", 100, 555, 0));
    app.hold(ada.id().await, Metric::HeartRate, "2026-11-17", samples).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ada.get(&format!("{path}&cursor={cursor}")).await.expect(200);
    assert_eq!(second["samples"][0]["value"], 61.0);
}

#[tokio::test]
async fn in_05_a_cursor_serves_its_owner_its_question_and_nobody_else() {
    let app = TestApp::start().await;
    let ada = ada_with_heart_rate(&app).await;
    let eve = app.person("eve").await;
    let path = format!("/health/samples?metric=heart_rate&{RANGE}&limit=10");
    let first = ada.get(&path).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let forged = format!("{cursor}x");
    let elsewhere = path.replace("2026-11-19", "2026-11-18");
    for (who, path, cursor) in [
        (&eve, &path, &cursor),
        (&ada, &path, &forged),
        (&ada, &elsewhere, &cursor),
        (&ada, &path, &"made-up".to_owned()),
        (&ada, &path, &String::new()),
    ] {
        let reply = who.get(&format!("{path}&cursor={cursor}")).await;
        reply.problem(422);
        assert_eq!(reply.complaints(), ["cursor"]);
    }
}

#[tokio::test]
async fn a_summary_lists_every_bucket_so_that_gaps_show() {
    let app = TestApp::start().await;
    let ada = ada_with_heart_rate(&app).await;
    let path = format!("/health/summary?metric=heart_rate&bucket=day&{RANGE}");
    let summary = ada.get(&path).await.expect(200);
    insta::assert_json_snapshot!(summary["buckets"], @r#"
    [
      {
        "count": 1,
        "max": 64.9,
        "min": 60.0,
        "start": "2026-11-17T00:00:00",
        "value": 62.5
      },
      {
        "count": 0,
        "max": null,
        "min": null,
        "start": "2026-11-18T00:00:00",
        "value": null
      },
      {
        "count": 1,
        "max": 64.9,
        "min": 60.0,
        "start": "2026-11-19T00:00:00",
        "value": 62.5
      }
    ]
    "#);
    assert_eq!(summary["aggregation"], "mean");
}

#[tokio::test]
async fn hours_weeks_and_months_each_have_their_number_of_buckets() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.hold_steps(ada.id().await, "2026-11-19", 10).await;
    let range = "date_from=2026-10-26&date_to=2026-11-19";
    for (bucket, count, filled) in
        [("hour", 25 * 24, 10), ("day", 25, 10), ("week", 4, 2), ("month", 2, 1)]
    {
        let path = format!("/health/summary?metric=steps&bucket={bucket}&{range}");
        let summary = ada.get(&path).await.expect(200);
        let buckets = summary["buckets"].as_array().unwrap();
        assert_eq!(buckets.len(), count, "{bucket}");
        let with_data = buckets.iter().filter(|bucket| bucket["count"] != 0).count();
        assert_eq!(with_data, filled, "{bucket}");
        let sum: f64 = buckets.iter().filter_map(|bucket| bucket["value"].as_f64()).sum();
        assert!((sum - 10_045.0).abs() < 1e-9, "{bucket}: {sum}");
        assert_eq!(summary["aggregation"], "sum");
    }
}

#[tokio::test]
async fn a_daily_value_has_no_hours() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let path = format!("/health/summary?metric=resting_heart_rate&bucket=hour&{RANGE}");
    assert_eq!(ada.get(&path).await.complaints(), ["bucket"]);
}

#[tokio::test]
async fn coverage_lists_every_day_and_days_never_read_are_pending() {
    let app = TestApp::start().await;
    let ada = ada_with_heart_rate(&app).await;
    let path = format!("/health/coverage?metric=heart_rate&{RANGE}");
    let coverage = ada.get(&path).await.expect(200);
    insta::assert_json_snapshot!(coverage["days"], @r#"
    [
      {
        "date": "2026-11-17",
        "implausible": 0,
        "metric": "heart_rate",
        "ours": {
          "max": 64.9,
          "mean": 62.45,
          "min": 60.0
        },
        "read_at": "2026-11-20T11:00:00Z",
        "reason": null,
        "samples": 50,
        "state": "complete",
        "vendor": {
          "max": 64.9,
          "mean": 62.45,
          "min": 60.0
        }
      },
      {
        "date": "2026-11-18",
        "implausible": 0,
        "metric": "heart_rate",
        "ours": null,
        "read_at": null,
        "reason": null,
        "samples": 0,
        "state": "pending",
        "vendor": null
      },
      {
        "date": "2026-11-19",
        "implausible": 0,
        "metric": "heart_rate",
        "ours": {
          "max": 64.9,
          "mean": 62.45,
          "min": 60.0
        },
        "read_at": "2026-11-20T11:00:00Z",
        "reason": null,
        "samples": 50,
        "state": "complete",
        "vendor": {
          "max": 64.9,
          "mean": 62.45,
          "min": 60.0
        }
      }
    ]
    "#);
    assert_eq!(coverage["totals"]["complete"], 2);
    assert_eq!(coverage["totals"]["pending"], 1);
    assert_eq!(coverage["totals"]["differs"], 0);
}

#[tokio::test]
async fn a_page_asked_for_again_follows_every_change() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let path = "/health/observations?observation_type=steps";
    assert_eq!(ada.get(path).await.expect(200)["total"], 0);
    for days in 1..=3 {
        app.hold_steps(ada.id().await, "2026-11-19", days).await;
        for _ in 0..2 {
            let page = ada.get(path).await.expect(200);
            assert_eq!(page["total"], days);
            assert_eq!(page["observations"].as_array().unwrap().len(), days as usize);
        }
    }
}

#[tokio::test]
async fn without_dates_the_last_thirty_days_are_meant() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for path in ["summary?metric=steps&bucket=day", "coverage?metric=steps"] {
        let reply = ada.get(&format!("/health/{path}")).await.expect(200);
        assert_eq!(reply["date_from"], "2026-10-22", "{path}");
        assert_eq!(reply["date_to"], "2026-11-20", "{path}");
    }
    let since = ada.get("/health/coverage?metric=steps&date_from=2026-11-18").await.expect(200);
    assert_eq!(since["days"].as_array().unwrap().len(), 3);
    let until = ada.get("/health/coverage?metric=steps&date_to=2026-11-18").await.expect(200);
    assert_eq!(until["date_from"], "2026-10-20");
    ada.get("/health/samples?metric=steps").await.expect(200);
}

#[tokio::test]
async fn coverage_of_everything_names_each_metric_for_each_day() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.hold_steps(ada.id().await, "2026-11-19", 1).await;
    let weight = vec![sample("2026-11-19", 25_200, 71_200_000, 0)];
    app.hold(ada.id().await, Metric::BodyWeight, "2026-11-19", weight).await;
    let coverage = ada.get(&format!("/health/coverage?{RANGE}")).await.expect(200);
    let days = coverage["days"].as_array().unwrap();
    assert_eq!(days.len(), 3 * Metric::USUAL.len());
    let figure = |metric: &str| {
        let of = |day: &&Value| day["metric"] == metric && day["date"] == "2026-11-19";
        days.iter().find(of).unwrap()["ours"].clone()
    };
    assert_eq!(figure("steps"), 1_000.0);
    assert_eq!(figure("body_weight"), serde_json::json!({"count": 1, "mean": 71.2}));
}

#[tokio::test]
async fn a_long_day_streams_whole() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let samples = (0..17_280).map(|n| sample("2026-11-18", n * 5, 600 + n % 100, 0)).collect();
    app.hold(ada.id().await, Metric::HeartRate, "2026-11-18", samples).await;
    let path = format!("/health/samples?metric=heart_rate&{RANGE}&limit=100000");
    let page = ada.get(&path).await.expect(200);
    assert_eq!(page["samples"].as_array().unwrap().len(), 17_280);
}
