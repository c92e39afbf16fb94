//! `phr migrate` as an operator runs it: the schema, and the way from one database to another.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{
    path::Path,
    process::{Command, Output},
};

use jiff::Timestamp;
use phr_model::PersonId;
use phr_store::{
    DatabaseUrl,
    account::{NewPerson, Person},
    bed::Bed,
};

/// Runs `phr migrate` in `folder`, with these variables and no others.
fn migrate(folder: &Path, database: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phr"));
    command.env_clear().env("DATABASE_URL", database).current_dir(folder);
    command.arg("migrate").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A database in a file with one person in it.
async fn an_installation(folder: &Path) {
    let url = DatabaseUrl::Sqlite(folder.join("phr.sqlite"));
    let store = phr_store::open(&url).await.unwrap();
    let id = PersonId(uuid::Uuid::from_u128(1));
    let person = Person {
        id,
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        password_hash: "unused".to_owned(),
        patient: Some(id.patient()),
        created_at: Timestamp::UNIX_EPOCH,
    };
    store.register(NewPerson { person, invitation: None }, Timestamp::UNIX_EPOCH).await.unwrap();
}

#[tokio::test]
async fn an_installation_moves_once_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    an_installation(folder.path()).await;
    let there = Bed::make().await;
    let arguments = ["--from", "sqlite:phr.sqlite"];
    let moved = migrate(folder.path(), there.address(), &arguments);
    assert!(moved.status.success(), "{}", said(&moved));
    assert!(said(&moved).contains("Records compared: 1, all equal"), "{}", said(&moved));
    let people = there.another().await.people().await.unwrap();
    assert_eq!(people.len(), 1);
    let again = migrate(folder.path(), there.address(), &arguments);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("the target is not empty"), "{}", said(&again));
}

#[tokio::test]
async fn the_schema_is_made_by_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let there = Bed::make().await;
    let made = migrate(folder.path(), there.address(), &[]);
    assert!(made.status.success(), "{}", said(&made));
    assert!(there.another().await.people().await.unwrap().is_empty());
}

#[test]
fn what_cannot_be_moved_is_said_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    for (from, because) in [
        ("sqlite:missing.sqlite", "there is no file missing.sqlite"),
        ("postgres://phr:hunter2@db:port/phr", "--from: is not understood"),
        ("mysql://phr:hunter2@db/phr", "--from: must be sqlite:<path> or"),
        ("postgres://phr:hunter2@127.0.0.1:1/phr", "postgres://127.0.0.1:1/phr"),
    ] {
        let refused = migrate(folder.path(), "sqlite:target.sqlite", &["--from", from]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains(because), "{}", said(&refused));
        assert!(!said(&refused).contains("hunter2"), "{}", said(&refused));
    }
}
