//! Lists in pages: of nights and of workouts.

use rstest::rstest;
use serde_json::{Value, json};

use super::support::{Fitbit, error, ines_with_all};
use crate::support::INES;
use phr_sandbox::DataType;

const AFTER: [(&str, &str); 4] =
    [("afterDate", "2026-11-01"), ("sort", "asc"), ("offset", "0"), ("limit", "4")];

fn starts(body: &Value, root: &str) -> Vec<String> {
    let rows = body[root].as_array().unwrap();
    rows.iter().map(|row| row["startTime"].as_str().unwrap().to_owned()).collect()
}

/// All pages, one after the other.
async fn walk(fitbit: &Fitbit, path: &str, root: &str, query: &[(&str, &str)]) -> Vec<String> {
    let mut body = fitbit.query(path, query).await.json();
    let mut found = starts(&body, root);
    while let Some(next) = body["pagination"]["next"].as_str().filter(|next| !next.is_empty()) {
        let answer = fitbit.follow(next).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        body = answer.json();
        assert!(!starts(&body, root).is_empty());
        found.extend(starts(&body, root));
    }
    found
}

#[rstest]
#[case("sleep/list", "sleep")]
#[case("activities/list", "activities")]
#[tokio::test]
async fn pages_follow_each_other_without_gap(#[case] path: &str, #[case] root: &str) {
    let (_sandbox, fitbit) = ines_with_all().await;
    let forwards = walk(&fitbit, path, root, &AFTER).await;
    assert!(forwards.len() > 5 && forwards.is_sorted());
    assert!(forwards.windows(2).all(|pair| pair[0] != pair[1]));
    let before = [("beforeDate", "2026-11-23"), ("sort", "desc"), ("offset", "0"), ("limit", "3")];
    let mut backwards = walk(&fitbit, path, root, &before).await;
    assert!(backwards.is_sorted_by(|a, b| a >= b) && backwards.len() > forwards.len());
    backwards.reverse();
    assert!(backwards.ends_with(&forwards));
}

#[tokio::test]
async fn the_paging_is_told() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let body = fitbit.query("sleep/list", &AFTER).await.json();
    let told = &body["pagination"];
    assert_eq!((&told["afterDate"], &told["sort"]), (&"2026-11-01".into(), &"asc".into()));
    assert_eq!((&told["limit"], &told["offset"]), (&4.into(), &0.into()));
    let next = url::Url::parse(told["next"].as_str().unwrap()).unwrap();
    let names: Vec<String> = next.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["offset", "limit", "sort", "afterDate"]);
    let far = [("afterDate", "2026-11-22"), ("sort", "asc"), ("offset", "0")];
    let last = fitbit.query("sleep/list", &far).await.json();
    assert_eq!(
        (&last["pagination"]["next"], &last["pagination"]["limit"]),
        (&"".into(), &100.into())
    );
}

#[rstest]
#[case::neither(&[("sort", "asc"), ("offset", "0"), ("limit", "10")])]
#[case::both(&[("afterDate", "2026-11-01"), ("beforeDate", "2026-11-09"), ("sort", "asc"), ("offset", "0")])]
#[case::wrong_order(&[("afterDate", "2026-11-01"), ("sort", "desc"), ("offset", "0")])]
#[case::no_order(&[("afterDate", "2026-11-01"), ("offset", "0")])]
#[case::offset(&[("afterDate", "2026-11-01"), ("sort", "asc"), ("offset", "4"), ("limit", "4")])]
#[case::no_offset(&[("afterDate", "2026-11-01"), ("sort", "asc"), ("limit", "4")])]
#[case::too_many(&[("afterDate", "2026-11-01"), ("sort", "asc"), ("offset", "0"), ("limit", "101")])]
#[case::none(&[("afterDate", "2026-11-01"), ("sort", "asc"), ("offset", "0"), ("limit", "0")])]
#[case::no_date(&[("afterDate", "2026-02-30"), ("sort", "asc"), ("offset", "0")])]
#[case::no_time(&[("afterDate", "2026-11-01T25:00:00"), ("sort", "asc"), ("offset", "0")])]
#[tokio::test]
async fn a_list_is_asked_for_in_one_way_only(#[case] query: &[(&str, &str)]) {
    let (_sandbox, fitbit) = ines_with_all().await;
    for path in ["sleep/list", "activities/list"] {
        let refused = fitbit.query(path, query).await;
        assert_eq!(error(&refused), (400, "validation".to_owned()), "{path}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_page_may_begin_at_a_time_of_day() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let all = walk(&fitbit, "activities/list", "activities", &AFTER).await;
    let second = all[1][..19].to_owned();
    let query = [("afterDate", second.as_str()), ("sort", "asc"), ("offset", "0")];
    assert_eq!(walk(&fitbit, "activities/list", "activities", &query).await, all[1..]);
}

#[tokio::test]
async fn the_summary_of_a_day_tells_its_workouts() {
    let (sandbox, fitbit) = ines_with_all().await;
    let body = fitbit.query("activities/list", &AFTER).await.json();
    let listed = &body["activities"][0];
    let date = &listed["startTime"].as_str().unwrap()[..10];
    let day = fitbit.json(&format!("activities/date/{date}")).await;
    let activity = &day["activities"][0];
    for name in ["activityName", "calories", "distance", "duration", "logId", "steps"] {
        assert_eq!(activity[name], listed[name], "{name}");
    }
    assert_eq!(activity["startTime"], listed["startTime"].as_str().unwrap()[11..16]);
    assert_eq!(activity["activityId"], listed["activityTypeId"]);
    let world = sandbox.world();
    let [from, to] =
        ["2026-10-01T00:00:00Z", "2026-11-22T12:00:00Z"].map(|text| text.parse().unwrap());
    world.delete_samples(INES, DataType::Exercise, from, to).unwrap();
    assert_eq!(fitbit.json(&format!("activities/date/{date}")).await["activities"], json!([]));
    let none = fitbit.query("activities/list", &AFTER).await.json();
    assert_eq!(none["activities"], json!([]));
}
