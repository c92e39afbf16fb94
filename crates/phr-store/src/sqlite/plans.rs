//! How statements are carried out: those that must be quick wherever they begin find their rows by
//! an index and sort nothing.

use sqlx::Row;

use super::{
    SqliteStore,
    sql::{feed, made_days, observations, pending},
};

async fn plan(statement: &'static str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("phr.db")).await.unwrap();
    let explain = sqlx::AssertSqlSafe(format!("explain query plan {statement}"));
    let rows = sqlx::query(explain).fetch_all(&mut *store.reader().await.unwrap()).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_feed_begins_at_its_cursor_and_sorts_nothing() {
    let begins = "SEARCH observation USING INDEX observation_by_revision \
        (person=? AND (revision,id)>(?,?))";
    for statement in [feed::SINCE, feed::SINCE_OF_METRIC] {
        assert_eq!(plan(statement).await, begins);
    }
}

#[tokio::test]
async fn the_next_changed_day_is_found_at_its_cursor() {
    let plan = plan(made_days::NEXT).await;
    let begins = "SEARCH coverage USING INDEX coverage_by_revision \
        (person=? AND (revision,metric,civil_date)>(?,?,?))";
    assert!(plan.starts_with(begins), "{plan}");
    assert!(!plan.contains("SCAN coverage") && !plan.contains("TEMP B-TREE"), "{plan}");
}

#[tokio::test]
async fn the_observations_of_a_day_are_found_by_it_however_long_the_record() {
    let plan = plan(observations::OF_DAYS).await;
    let search =
        "SEARCH held USING INDEX observation_by_metric (person=? AND metric=? AND civil_date=?)";
    assert!(plan.ends_with(search), "{plan}");
}

#[tokio::test]
async fn what_is_parked_is_found_without_walking_the_record() {
    let plan = plan(pending::PENDING_AGAIN).await;
    let begins = "SEARCH parked USING PRIMARY KEY (person=? AND destination=?)\n\
        SEARCH held USING PRIMARY KEY (person=? AND id=?)";
    assert!(plan.starts_with(begins) && !plan.contains("TEMP B-TREE"), "{plan}");
}
