//! The schema through time: started at once, added to while others work, never gone back.

use std::collections::BTreeSet;

use phr_model::{CoverageState, DateRange, FITBIT, Metric, Reason};
use phr_store::{
    DatabaseUrl, StoreError,
    account::RefreshPolicy,
    backfill::{Plan, Steer, Turn, Wish},
    bed,
    connection::{Priority, Reach, Settlement},
    one_time::{OneTime, Purpose},
    reading::ObservationFilter,
    run::SyncRun,
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{Writer, a_connected_person, a_person, account, at, consent, day, steps, tokens},
};

/// Everything that can be asked of a store, once.
#[expect(clippy::too_many_lines, reason = "one question after the other, nothing to understand")]
async fn a_life(bed: &dyn Bed, round: u8) {
    let store = bed.store();
    let (person, id) = a_connected_person(store).await;
    let hash = |n: u8| [round * 10 + n; 32];
    let address = store.person(person).await.unwrap().unwrap().email;
    assert!(store.person_by_email(&address).await.unwrap().is_some());
    assert!(!store.people().await.unwrap().is_empty());
    store.rehash(person, "$argon2id$old", "$argon2id$new").await.unwrap();
    let expires_at = at(9_000);
    let session = phr_store::account::Session { id: Uuid::new_v4(), person, expires_at };
    store.open_session(session.clone(), hash(1), at(0)).await.unwrap();
    assert!(store.session(session.id, at(1)).await.unwrap().is_some());
    assert!(store.signed_in(session.id, at(1)).await.unwrap().is_some());
    let policy = RefreshPolicy { idle_seconds: 900, grace_seconds: 60 };
    for token in [2, 3] {
        store.rotate(hash(1), hash(token), policy, at(2)).await.unwrap();
    }
    store.count_failure(hash(4), at(0)).await.unwrap();
    assert!(store.throttle(hash(4)).await.unwrap().is_some());
    store.clear_failures(hash(4)).await.unwrap();
    let purpose = Purpose::Invitation;
    let secret =
        OneTime { hash: hash(5), purpose, person: None, payload: "{}".to_owned(), expires_at };
    store.put_one_time(secret, at(0)).await.unwrap();
    assert!(store.peek_one_time(purpose, hash(5), at(1)).await.unwrap().is_some());
    let friend = account(&format!("{}@example.org", Uuid::new_v4()));
    let new = phr_store::account::NewPerson { person: friend, invitation: Some(hash(5)) };
    store.register(new, at(1)).await.unwrap();
    assert!(store.take_one_time(purpose, hash(5), at(1)).await.unwrap().is_none());

    let app = crate::apps::an_app(store).await.id;
    crate::apps::let_in(store, person, app, round * 10 + 6, true).await;
    crate::apps::redeem(store, round * 10 + 6, app, round * 10 + 7, 1).await;
    assert!(store.app_access(hash(7), at(2)).await.unwrap().is_some());
    assert!(store.app_token(hash(8), app, at(2)).await.unwrap().is_some());
    assert_eq!(store.grants_of(person, at(2)).await.unwrap().len(), 1);
    assert!(!store.apps(at(2)).await.unwrap().is_empty());
    assert!(store.end_grants(person, app).await.unwrap());

    let claim = store.claim(id, at(1), at(900), Uuid::new_v4()).await.unwrap();
    let writer = Writer { store, person, lease: claim.unwrap().1 };
    for minutes in [10, 20] {
        let walked = steps("2026-03-01", minutes);
        writer.write(vec![writer.closed(Metric::Steps, "2026-03-01", walked)]).await;
    }
    let (known, why) = (CoverageState::ALL[0], Reason::ALL[0]);
    let days = [day("2026-03-02")];
    store.note_days(writer.lease, person, Metric::Steps, &days, known, why).await.unwrap();
    let march = DateRange { first: day("2026-03-01"), last: day("2026-03-31") };
    assert_eq!(store.coverage(person, None, march).await.unwrap().len(), 2);
    assert_eq!(store.samples(person, Metric::Steps, march.first).await.unwrap().len(), 20);
    assert!(store.next_day_with_samples(person, Metric::Steps, march).await.unwrap().is_some());
    let said = store.observations_between(person, Metric::Steps, march).await.unwrap();
    assert_eq!(said.len(), 1);
    assert!(store.observation(person, said[0].says.id).await.unwrap().is_some());
    for metric in [None, Some(Metric::Steps)] {
        let filter = ObservationFilter { metric, from: None, to: None };
        assert_eq!(store.observations(person, filter, 1, 20).await.unwrap().observations.len(), 1);
    }
    assert_eq!(store.totals(person).await.unwrap().len(), 1);
    store.digest(person).await.unwrap();
    let run = SyncRun {
        id: Uuid::new_v4(),
        connection: id,
        person,
        work: "recent".to_owned(),
        started_at: at(0),
        finished_at: at(1),
        outcome: "complete".to_owned(),
        report: "{}".to_owned(),
        error: None,
    };
    store.record_run(run).await.unwrap();
    assert_eq!(store.runs(person, 9).await.unwrap().len(), 1);

    let wish = Wish { from: day("2020-01-01"), metrics: vec![Metric::Steps] };
    store.begin_first_backfill(id, wish.clone(), at(2)).await.unwrap();
    store.begin_backfill(id, wish, at(3)).await.unwrap();
    let turn =
        Turn { requested_at: at(3), begun_at: at(3), days_settled: 1, error: None, done: false };
    store.record_turn(id, turn, at(3)).await.unwrap();
    assert!(store.steer_backfill(id, Steer::Pause, at(3)).await.unwrap().is_some());
    assert_eq!(store.backfill(id).await.unwrap().unwrap().days_settled, 1);
    assert_eq!(store.known_days(person, Metric::Steps, march).await.unwrap().len(), 2);
    store
        .plan(writer.lease, Plan { kept_from: Some(march.first), ..Plan::default() })
        .await
        .unwrap();
    store.remember_membership(id, march.first).await.unwrap();
    assert!(!store.reserve(id, at(3), at(4)).await.unwrap());
    assert!(store.may_go_on(writer.lease, None, at(-9)).await.unwrap());
    assert!(store.last_run(person, id).await.unwrap().is_some());

    store.make_due(id, Priority::Webhook, at(3)).await.unwrap();
    assert!(store.extend_lease(writer.lease, at(1_000)).await.unwrap());
    let settlement = Settlement { due_at: None, complete: true, error: None, state: None };
    assert!(store.settle(writer.lease, settlement, at(4)).await.unwrap());
    assert!(
        store.claim_due(Reach::Everything, at(4), at(900), Uuid::new_v4()).await.unwrap().is_some()
    );
    let (_, version) = store.tokens(id).await.unwrap().unwrap();
    assert!(store.replace_tokens(id, version, tokens("key1:next")).await.unwrap());
    store.remember_account(id, &[], None).await.unwrap();
    assert!(store.connection_of(person, FITBIT).await.unwrap().is_some());
    assert_eq!(store.connections_of(person).await.unwrap().len(), 1);
    assert!(store.disconnect(id, at(5)).await.unwrap());
    let revocation = store.due_revocations(at(5)).await.unwrap().remove(0);
    store.postpone_revocation(revocation.id, at(6)).await.unwrap();
    assert_eq!(store.sealing_keys().await.unwrap(), ["key1"]);
    store.revocation_done(revocation.id).await.unwrap();
    store.link(id, consent(&person.to_string()), at(7)).await.unwrap();
    store.disconnect(id, at(8)).await.unwrap();
    store.end_session(person, session.id).await.unwrap();
    store.ping().await.unwrap();
}

pub(crate) async fn an_older_process_keeps_working_after_columns_were_added(bed: &dyn Bed) {
    // Twice, so that every statement has been prepared before.
    for round in 0..2 {
        a_life(bed, round).await;
    }
    for table in bed.tables().await {
        bed.spoil(&format!("alter table {table} add column later text")).await;
        bed.spoil(&format!("alter table {table} add column later_still text default 'x'")).await;
    }
    for round in 2..4 {
        a_life(bed, round).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_may_open_a_new_database_at_once() {
    let bed = bed::Bed::make().await;
    let opening = (0..8).map(|_| {
        let url = bed.url().clone();
        tokio::spawn(async move { phr_store::open(&url).await.unwrap() })
    });
    for store in futures_util::future::join_all(opening).await {
        a_person(&*store.unwrap()).await;
    }
}

#[tokio::test]
async fn a_schema_from_the_future_is_refused() {
    let (_store, bed) = bed::open().await;
    bed.execute(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, x'00', 1)",
    )
    .await;
    let refused = phr_store::open(bed.url()).await.err().unwrap();
    assert!(matches!(refused, StoreError::Schema(_)), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_its_password_unsaid() {
    let url: DatabaseUrl = "postgres://phr:hunter2@127.0.0.1:1/phr".parse().unwrap();
    let refused = phr_store::open(&url).await.err().unwrap();
    assert!(refused.is_transient());
    assert!(!format!("{refused} {refused:?}").contains("hunter2"));
}

#[tokio::test]
async fn every_column_is_of_a_type_that_both_databases_know() {
    let (_store, bed) = bed::open().await;
    if bed.is_postgres() {
        let others = "select convert_to(concat_ws(' ', table_name, column_name, data_type,
                collation_name), 'UTF8')
            from information_schema.columns
            where table_schema = current_schema() and table_name <> '_sqlx_migrations'
                and not (data_type in ('uuid', 'bigint', 'bytea')
                    or data_type = 'text' and collation_name = 'C')";
        let others: Vec<_> = bed.blobs(others).await.into_iter().map(String::from_utf8).collect();
        assert!(others.is_empty(), "{others:?}");
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
