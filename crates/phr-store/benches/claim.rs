//! How long claiming takes while many connections are due and eight claimers compete for them.
//!
//! `PHR_TEST_POSTGRES=postgres://... cargo bench -p phr-store --bench claim` measures PostgreSQL,
//! without the variable SQLite.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use phr_store::{
    SharedStore,
    bed::{self, Bed},
    connection::{Reach, Settlement},
};
use uuid::Uuid;

const CONNECTIONS: usize = 100_000;
const CLAIMERS: usize = 8;
const CLAIMS: usize = 3_000;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// People with a connection each that has been due for `n` seconds, a tenth of them urgently.
async fn fill(bed: &Bed) {
    let (id, numbers) = if bed.is_postgres() {
        ("gen_random_uuid()", format!("generate_series(1, {CONNECTIONS}) numbers (n)"))
    } else {
        (
            "randomblob(16)",
            format!(
                "(with recursive r (n) as (select 1 union all select n + 1 \
            from r where n < {CONNECTIONS}) select n from r)"
            ),
        )
    };
    bed.execute(&format!(
        "insert into person (id, email, email_folded, name, password_hash, created_at)
         select {id}, n || '@example.org', n || '@example.org', 'Ada', '', n from {numbers}"
    ))
    .await;
    let due = now().as_microsecond();
    bed.execute(&format!(
        "insert into connection (id, person, vendor, state, vendor_user, tokens, due_at, priority)
         select {id}, id, 'fitbit', 'active', email, 'key:sealed', {due} - created_at * 1000000,
             case when created_at % 10 = 0 then 1 else 2 end
         from person"
    ))
    .await;
    bed.execute(if bed.is_postgres() { "vacuum analyze connection" } else { "analyze" }).await;
}

/// Claims and settles one after the other; how long each claim took.
async fn claimer(store: SharedStore, claims: usize, settle: bool) -> Vec<Duration> {
    let mut took = Vec::with_capacity(claims);
    let later = now() + SignedDuration::from_hours(1);
    for _ in 0..claims {
        let begun = Instant::now();
        let claim = store.claim_due(Reach::Everything, now(), later, Uuid::new_v4()).await.unwrap();
        took.push(begun.elapsed());
        let (_, lease, _) = claim.unwrap();
        if settle {
            let settlement =
                Settlement { due_at: Some(later), complete: true, error: None, state: None };
            assert!(store.settle(lease, settlement, now()).await.unwrap());
        }
    }
    took
}

async fn measure(what: &str, store: &SharedStore, settle: bool) {
    let begun = Instant::now();
    let claimers =
        (0..CLAIMERS).map(|_| tokio::spawn(claimer(store.clone(), CLAIMS / CLAIMERS, settle)));
    let mut took = Vec::new();
    for claimer in futures_util::future::join_all(claimers).await {
        took.append(&mut claimer.unwrap());
    }
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    println!(
        "{what}: {} claims by {CLAIMERS} in {:.1?}, each p50 {:.1?}, p99 {:.1?}, at most {:.1?}",
        took.len(),
        begun.elapsed(),
        at(50),
        at(99),
        at(100)
    );
}

#[tokio::main]
async fn main() {
    let (store, bed) = bed::open().await;
    fill(&bed).await;
    println!(
        "{CONNECTIONS} connections due, {}",
        if bed.is_postgres() { "PostgreSQL" } else { "SQLite" }
    );
    for round in 1..=4 {
        measure(&format!("round {round}, settled at once"), &store, true).await;
    }
    // As many runs under way at once as a large fleet has.
    measure("kept, so that leases pile up", &store, false).await;
    measure("with 3,000 runs under way", &store, true).await;
}
