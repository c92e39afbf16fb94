//! What is particular to the database in one file.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use crate::given::{a_person, a_session, a_writer, at, day, heart_rates};
use phr_model::{FITBIT, Metric};
use phr_store::{Accounts, Feed, SqliteStore, StoreError, Upkeep, feed::Position};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

fn a_file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("phr.db");
    (folder, file)
}

async fn connect(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file);
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn execute(file: &Path, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&mut connect(file).await).await.unwrap();
}

#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    let (folder, file) = a_file();
    let store = SqliteStore::open(&file).await.unwrap();
    a_person(&store).await;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["phr.db", "phr.db-shm", "phr.db-wal"]);
}

#[tokio::test]
async fn closing_empties_the_log() {
    let (folder, file) = a_file();
    let store = SqliteStore::open(&file).await.unwrap();
    let person = a_person(&store).await;
    store.close().await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let refused = store.person(person).await.unwrap_err();
    assert!(refused.is_transient(), "{refused:?}");
    let again = SqliteStore::open(&file).await.unwrap();
    assert!(again.person(person).await.unwrap().is_some());
}

#[tokio::test]
async fn a_session_ended_by_another_process_ends_at_once() {
    let (_folder, file) = a_file();
    let [store, other] =
        [SqliteStore::open(&file).await.unwrap(), SqliteStore::open(&file).await.unwrap()];
    for _ in 0..20 {
        let session = a_session(&other).await;
        for _ in 0..5 {
            assert!(store.signed_in(session.id, at(1)).await.unwrap().is_some());
        }
        assert!(store.signed_in(session.id, session.expires_at).await.unwrap().is_none());
        assert!(other.end_session(session.person, session.id).await.unwrap());
        assert!(store.signed_in(session.id, at(1)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let (_folder, file) = a_file();
    SqliteStore::migrate(&file).await.unwrap();
    let before = std::fs::read(&file).unwrap();
    SqliteStore::migrate(&file).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (_folder, file) = a_file();
    SqliteStore::migrate(&file).await.unwrap();
    execute(
        &file,
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, x'00', 1)",
    )
    .await;
    let refused = SqliteStore::open(&file).await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema(_)), "{refused:?}");
    assert!(!refused.is_transient());
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let (_folder, file) = a_file();
    SqliteStore::migrate(&file).await.unwrap();
    execute(&file, "update _sqlx_migrations set checksum = x'00'").await;
    let refused = SqliteStore::open(&file).await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema(_)), "{refused:?}");
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let (folder, file) = a_file();
    std::fs::write(&file, "not a database, but long enough to look like a file of one".repeat(99))
        .unwrap();
    let refused = SqliteStore::open(&file).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { table: "database", .. }), "{refused:?}");
    let nowhere = folder.path().join("missing").join("phr.db");
    assert!(SqliteStore::open(&nowhere).await.unwrap_err().is_transient());
}

#[tokio::test]
async fn a_missing_table_is_a_schema_error() {
    let (_folder, file) = a_file();
    let store = SqliteStore::open(&file).await.unwrap();
    execute(&file, "drop table sync_run; drop table throttle").await;
    let refused = store.throttle([0; 32]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema(_)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_stores_may_open_a_new_file_at_once() {
    for _ in 0..10 {
        let (_folder, file) = a_file();
        let opening = (0..8).map(|_| {
            let file = file.clone();
            tokio::spawn(async move { SqliteStore::open(&file).await.unwrap() })
        });
        for store in futures_util::future::join_all(opening).await {
            store.unwrap().ping().await.unwrap();
        }
    }
}

/// Not a test of its own: what the processes of the next one run.
#[tokio::test]
#[ignore = "run by processes_may_migrate_at_once"]
async fn migrate_the_file_of_the_parent() {
    let file = std::env::args().nth(5).unwrap();
    SqliteStore::migrate(Path::new(&file)).await.unwrap();
}

#[test]
fn processes_may_migrate_at_once() {
    let program = std::env::current_exe().unwrap();
    for _ in 0..3 {
        let (_folder, file) = a_file();
        let start = |_| {
            let mut command = Command::new(&program);
            command.args([
                "--ignored",
                "--exact",
                "sqlite_file::migrate_the_file_of_the_parent",
                "--nocapture",
            ]);
            command.arg(&file).stdout(std::process::Stdio::null()).spawn().unwrap()
        };
        let processes: Vec<_> = (0..4).map(start).collect();
        for mut process in processes {
            assert!(process.wait().unwrap().success());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_see_no_lock() {
    let (_folder, file) = a_file();
    let stores = [SqliteStore::open(&file).await.unwrap(), SqliteStore::open(&file).await.unwrap()];
    let stores = stores.map(Arc::new);
    let writers = (0_u8..64).map(|n| {
        let store = stores[usize::from(n) % 2].clone();
        tokio::spawn(async move {
            for round in 0..5 {
                store.count_failure([n; 32], at(round)).await.unwrap();
            }
        })
    });
    for writer in futures_util::future::join_all(writers).await {
        writer.unwrap();
    }
    for n in 0..64 {
        let known = stores[0].throttle([n; 32]).await.unwrap().unwrap();
        assert_eq!(known.failures_in_a_row, 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill() {
    // The log as it is in this moment is what a killed process leaves behind.
    let (folder, file) = a_file();
    let store = SqliteStore::open(&file).await.unwrap();
    let writer = a_writer(&store).await;
    let samples = heart_rates("2026-03-01", 3_000, 10);
    writer.write(vec![writer.closed(Metric::HeartRate, "2026-03-01", samples.clone())]).await;
    let left_behind = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), left_behind.path().join(entry.file_name())).unwrap();
        }
    }
    let after = SqliteStore::open(&left_behind.path().join("phr.db")).await.unwrap();
    let (person, date) = (writer.person, day("2026-03-01"));
    let read = phr_store::Readings::samples(&after, person, Metric::HeartRate, date).await.unwrap();
    assert_eq!(read, samples);
    let (held, found) = (
        phr_store::Connections::connection_of(&store, person, FITBIT).await.unwrap(),
        phr_store::Connections::connection_of(&after, person, FITBIT).await.unwrap(),
    );
    assert_eq!(held, found);
}

/// What a process of before the feed does: rows without a revision, then the person's revision.
const AS_OF_OLD: &str = "
    insert into observation (person, id, metric, civil_date, started_at, start_offset, value,
        preliminary, status, version, issued)
    select id, x'00112233445566778899aabbccddeeff', 'steps', '2026-03-09', 0, 0, 5, 0, 'final', 1, 0
    from person;
    update person set revision = revision + 1;";
const CORRECTED_AS_OF_OLD: &str = "
    insert into observation (person, id, metric, civil_date, started_at, start_offset, value,
        preliminary, status, version, issued)
    select id, x'00112233445566778899aabbccddeeff', 'steps', '2026-03-09', 0, 0, 6, 0, 'final', 2, 0
    from person where true
    on conflict (person, id) do update set value = excluded.value, version = excluded.version;
    update person set revision = revision + 1;";

#[tokio::test]
async fn what_an_older_process_writes_is_in_the_feed() {
    let (_folder, file) = a_file();
    let store = SqliteStore::open(&file).await.unwrap();
    let person = a_person(&store).await;
    let mut after = Position::START;
    for (statements, value) in [(AS_OF_OLD, 5), (CORRECTED_AS_OF_OLD, 6)] {
        execute(&file, statements).await;
        let changes = store.changes(person, None, after, 10).await.unwrap();
        let values: Vec<_> = changes.iter().map(|it| it.observation.says.value).collect();
        assert_eq!(values, [value]);
        after = changes[0].position;
    }
}
