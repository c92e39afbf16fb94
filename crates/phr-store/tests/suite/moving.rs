//! A grown installation on its way to another database.

use std::collections::BTreeSet;

use phr_model::{FITBIT, Metric};
use phr_store::{
    DatabaseUrl, SharedStore, bed,
    one_time::{OneTime, Purpose},
    transfer::{self, Moved, Progress, TransferError},
};

use crate::given::{
    a_connected_person, a_person, a_session, a_writer, at, hash, heart_rates, steps,
};

/// Somewhere with a file in it.
fn a_file() -> (tempfile::TempDir, DatabaseUrl) {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("phr.sqlite"));
    (folder, url)
}

/// Two people with a history, one with a revocation under way, and what lies about besides.
async fn grow(store: &SharedStore) {
    for _ in 0..2 {
        let writer = a_writer(&**store).await;
        for date in ["2026-03-01", "2026-03-02", "2026-03-03"] {
            let heart = writer.closed(Metric::HeartRate, date, heart_rates(date, 3_000, 10));
            writer.write(vec![heart, writer.closed(Metric::Steps, date, steps(date, 700))]).await;
        }
        writer.write(vec![writer.closed(Metric::Steps, "2026-03-02", vec![])]).await;
    }
    let (_, leaving) = a_connected_person(&**store).await;
    store.disconnect(leaving, at(9)).await.unwrap();
    a_session(&**store).await;
    store.count_failure(hash(9), at(0)).await.unwrap();
    let secret = OneTime {
        hash: hash(5),
        purpose: Purpose::Invitation,
        person: None,
        payload: "{\"für\":\"später\"}".to_owned(),
        expires_at: at(9_000),
    };
    store.put_one_time(secret, at(0)).await.unwrap();
    let app = crate::apps::an_app(&**store).await.id;
    let person = a_person(&**store).await;
    crate::apps::let_in(&**store, person, app, 7, true).await;
    crate::apps::redeem(&**store, 7, app, 70, 0).await;
}

async fn move_to(from: &DatabaseUrl, to: &DatabaseUrl) -> Result<Moved, TransferError> {
    transfer::transfer(from, to, &mut |_| {}).await
}

/// Everything a person's connections and runs show that no digest holds.
async fn around(store: &SharedStore) -> Vec<String> {
    let mut seen = Vec::new();
    for person in store.people().await.unwrap() {
        let connections = store.connections_of(person.id).await.unwrap();
        for connection in &connections {
            seen.push(format!("{:?}", store.tokens(connection.id).await.unwrap().is_some()));
        }
        seen.push(format!("{person:?} {connections:?}"));
    }
    seen.push(format!("{:?}", store.apps(at(99)).await.unwrap()));
    seen.push(format!("{:?}", store.app_access(hash(70), at(99)).await.unwrap()));
    seen.push(format!("{:?}", store.due_revocations(at(99)).await.unwrap().len()));
    seen.push(format!("{:?}", store.throttle(hash(9)).await.unwrap()));
    seen.push(format!("{:?}", store.peek_one_time(Purpose::Invitation, hash(5), at(9)).await));
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grown_installation_moves_there_and_back() {
    let (_folder, here) = a_file();
    let source = phr_store::open(&here).await.unwrap();
    grow(&source).await;
    let there = bed::Bed::make().await;
    let mut told = Vec::new();
    let moved = transfer::transfer(&here, there.url(), &mut |progress| told.push(progress)).await;
    let moved = moved.unwrap();
    assert_eq!(moved.people, 5);
    assert!(told.contains(&Progress::Comparing { done: 5, total: 5 }));
    let target = there.another().await;
    assert_eq!(around(&target).await, around(&source).await);

    let (_folder, back) = a_file();
    assert_eq!(move_to(there.url(), &back).await.unwrap(), moved);
    let returned = phr_store::open(&back).await.unwrap();
    assert_eq!(around(&returned).await, around(&source).await);
}

#[tokio::test]
async fn numbers_go_on_where_they_were() {
    let (_folder, here) = a_file();
    let source = phr_store::open(&here).await.unwrap();
    grow(&source).await;
    let there = bed::Bed::make().await;
    move_to(&here, there.url()).await.unwrap();
    let target = there.another().await;
    let (person, _) = a_connected_person(&*source).await;
    let expected = source.connection_of(person, FITBIT).await.unwrap().unwrap().number;
    let (person, _) = a_connected_person(&*target).await;
    let number = target.connection_of(person, FITBIT).await.unwrap().unwrap().number;
    assert_eq!(number, expected);
}

#[tokio::test]
async fn what_holds_something_is_not_moved_into() {
    let (_folder, here) = a_file();
    let (store, there) = bed::open().await;
    crate::given::a_person(&*store).await;
    let before = store.people().await.unwrap().len();
    let refused = move_to(&here, there.url()).await.unwrap_err();
    assert!(matches!(refused, TransferError::NotEmpty { table: "person" }), "{refused}");
    assert_eq!(store.people().await.unwrap().len(), before);
    let refused = move_to(&here, &here).await.unwrap_err();
    assert!(matches!(refused, TransferError::SameDatabase), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_leaves_the_target_empty() {
    let (_folder, here) = a_file();
    let source = phr_store::open(&here).await.unwrap();
    grow(&source).await;
    let there = bed::Bed::make().await;
    let target = there.another().await;
    // A column that the target does not have.
    let DatabaseUrl::Sqlite(path) = &here else { unreachable!() };
    let pool = sqlx::SqlitePool::connect(&path.display().to_string()).await.unwrap();
    sqlx::raw_sql("alter table coverage add column later text").execute(&pool).await.unwrap();
    let refused = move_to(&here, there.url()).await.unwrap_err();
    assert!(matches!(refused, TransferError::Columns { table: "coverage" }), "{refused}");
    assert!(target.people().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_that_does_not_hold_together_is_found() {
    let (_folder, here) = a_file();
    let source = phr_store::open(&here).await.unwrap();
    grow(&source).await;
    let DatabaseUrl::Sqlite(path) = &here else { unreachable!() };
    let pool = sqlx::SqlitePool::connect(&path.display().to_string()).await.unwrap();
    let spoil = "update sample_day set digest = x'00' where metric = 'steps'";
    sqlx::raw_sql(spoil).execute(&pool).await.unwrap();
    let there = bed::Bed::make().await;
    let failed = move_to(&here, there.url()).await.unwrap_err();
    assert!(failed.to_string().contains("sample_day.digest"), "{failed}");
}

#[tokio::test]
async fn no_table_is_forgotten() {
    let (_store, bed) = bed::open().await;
    let tables: BTreeSet<String> = bed.tables().await.into_iter().collect();
    assert_eq!(transfer::TABLES.map(str::to_owned).into_iter().collect::<BTreeSet<_>>(), tables);
}
