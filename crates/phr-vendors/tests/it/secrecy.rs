//! Nothing secret and nothing about anybody's health reaches a log, however verbose.

use std::{
    io,
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use jiff::Timestamp;
use phr_model::Metric;
use phr_sandbox::{DataType, Fault, FaultKind, Source};
use phr_vendors::{Access, Vendor};
use secrecy::ExposeSecret;
use tracing_subscriber::{Layer, filter, fmt::MakeWriter, layer::SubscriberExt};

use crate::support::{JONAS, Upstream, VERIFIER, consent, exchange, parameter, range};

/// What one thread logs; other tests run on others.
#[derive(Clone)]
struct Log(Arc<Mutex<Vec<u8>>>, ThreadId);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if thread::current().id() == self.1 {
            self.0.lock().unwrap().extend_from_slice(text);
        }
        Ok(text.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_token_code_or_value_is_ever_logged() {
    let log = Log(Arc::default(), thread::current().id());
    // Everything but the emulator's own log, which is not ours.
    let ours = filter::filter_fn(|meta| !meta.target().starts_with("phr_sandbox"));
    let lines = tracing_subscriber::fmt::layer().without_time().with_ansi(false);
    let lines = lines.with_writer(log.clone()).with_filter(ours);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines)).unwrap();

    let mut secrets = vec![VERIFIER.to_owned(), "sandbox-secret".to_owned(), JONAS.to_owned()];
    let upstream = Upstream::of(JONAS).await;
    let weighed: Timestamp = "2026-11-19T05:00:00Z".parse().unwrap();
    let grams = 81_646.627;
    let world = upstream.world();
    world.add_sample(JONAS, DataType::Weight, weighed, grams, Source::Manual).unwrap();
    secrets.push("81646".to_owned());

    let callback = consent(&upstream.vendor, JONAS, |_| true).await;
    let grant = exchange(&upstream.vendor, &callback).await.unwrap();
    let refresh = grant.refresh.unwrap();
    let refreshed = upstream.vendor.refresh(&refresh).await.unwrap();
    let access = Access { token: refreshed.access, ..upstream.access.clone() };
    secrets.push(parameter(&callback, "code"));
    let tokens = [&grant.access, &refresh, &access.token, &upstream.access.token];
    secrets.extend(tokens.map(|token| token.expose_secret().to_owned()));
    secrets.push(upstream.vendor.account(&access).await.unwrap().user);

    let days = range("2026-11-18", "2026-11-19");
    for metric in Metric::ALL {
        upstream.vendor.daily_figures(&access, metric, days).await.unwrap();
        let read = upstream.vendor.read_days(&access, metric, days, &upstream.offsets()).await;
        read.unwrap();
    }
    for kind in FaultKind::ALL.into_iter().filter(|kind| *kind != FaultKind::RateLimit) {
        world.clear_faults();
        world.inject(Fault::new(kind));
        let _ = upstream.vendor.daily_figures(&access, Metric::BodyWeight, days).await;
        let _ = upstream.vendor.refresh(&refresh).await;
    }
    upstream.vendor.revoke(&refresh).await.unwrap();

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("reconcile") && log.contains("refresh"), "there is a log");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
    assert!(!log.contains("filter="), "no query is in the log");
}
