//! One person of the demonstration, from registration to a synced record.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::Context;
use phr_model::{FITBIT, Metric, PersonId};
use phr_sandbox::PersonSummary;
use phr_store::reading::MetricTotals;
use phr_sync::{OsEntropy, Outcome, Progress, entropy};
use secrecy::ExposeSecret;
use url::Url;

use super::{
    browser::{Browser, SignedIn},
    show::Shown,
};
use crate::app::App;

/// Somebody who is about to register.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) password: String,
}

/// Somebody whose days have arrived.
pub(super) struct Arrived {
    pub(super) person: Person,
    pub(super) access_token: String,
    pub(super) patient_id: String,
    pub(super) totals: Vec<MetricTotals>,
    pub(super) took: Vec<(Metric, Duration)>,
}

impl Person {
    /// The emulator's person with an account of their own here and a fresh password.
    pub(super) fn invent(summary: &PersonSummary) -> Self {
        let secret = entropy::secret(&OsEntropy);
        let password = secret.expose_secret().chars().take(24).collect();
        Self { name: summary.name.clone(), email: summary.email.clone(), password }
    }
}

/// Registers, connects and syncs `person`.
pub(super) async fn bring_in(
    person: Person,
    base_url: &Url,
    app: &App,
    shown: &Shown,
) -> anyhow::Result<Arrived> {
    shown.person(&person.name);
    let browser = Browser::new(base_url)?;
    let signed_in = browser.register(&person.name, &person.email, &person.password).await?;
    browser.connect(&signed_in, &person.email).await.context("connecting Fitbit")?;
    let account = app.store.person_by_email(&person.email).await?.context("no such account")?;
    let took = sync(account.id, app, shown).await?;
    let totals = app.store.totals(account.id).await?;
    let SignedIn { access_token, patient_id } = signed_in;
    Ok(Arrived { person, access_token, patient_id, totals, took })
}

/// Syncs with a progress display and a stop-watch per metric.
async fn sync(
    person: PersonId,
    app: &App,
    shown: &Shown,
) -> anyhow::Result<Vec<(Metric, Duration)>> {
    let watch = Arc::new(Mutex::new(Vec::<(Metric, Instant)>::new()));
    let listener = {
        let (watch, display) = (watch.clone(), shown.display());
        move |progress: Progress| {
            let mut watch = watch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if watch.last().is_none_or(|(metric, _)| *metric != progress.metric) {
                watch.push((progress.metric, Instant::now()));
            }
            display.advance(progress);
        }
    };
    let report = app.sync.sync_now(person, FITBIT, None, Some(Arc::new(listener))).await?;
    shown.synced();
    anyhow::ensure!(
        report.outcome == Outcome::Complete,
        "the sync ended {} instead of complete",
        report.outcome.key()
    );
    let watch = watch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(durations(&watch, Instant::now()))
}

/// How long each metric took: until the next one began.
fn durations(begun: &[(Metric, Instant)], end: Instant) -> Vec<(Metric, Duration)> {
    let ends = begun.iter().skip(1).map(|(_, at)| *at).chain([end]);
    begun.iter().zip(ends).map(|((metric, at), end)| (*metric, end - *at)).collect()
}
