//! How statements are carried out: those that must be quick wherever they begin find their rows by
//! an index and sort nothing.

use sqlx::Row;

use super::{SqliteStore, sql::feed};

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
