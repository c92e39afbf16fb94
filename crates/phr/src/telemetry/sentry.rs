//! Errors and panics to Sentry: that they happened, and where in our code. Never whom they happened
//! to, and never a panic's message, which may hold anything.

use anyhow::Context as _;
use sentry::{
    ClientInitGuard, ClientOptions,
    integrations::tracing::ErrorLayer,
    protocol::{Context, Event, Map, Value},
    types::Dsn,
};
use tracing_subscriber::{Layer, filter::LevelFilter};

use super::{Boxed, KEPT};

/// Where in our own source an event was logged; added by the integration.
const PLACE: [&str; 3] = ["module_path", "file", "line"];

/// Adds a layer that reports errors, if Sentry is configured.
pub(super) fn start(
    layers: &mut Vec<Boxed>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Option<ClientInitGuard>> {
    let Some(dsn) = variable("SENTRY_DSN") else { return Ok(None) };
    // The error would quote the address, which has a key in it.
    let dsn = dsn.trim().parse().ok().context("SENTRY_DSN is no DSN; copy it from Sentry")?;
    let guard = sentry::init(options(dsn, variable("SENTRY_ENVIRONMENT")));
    layers.push(layer());
    Ok(Some(guard))
}

fn options(dsn: Dsn, environment: Option<String>) -> ClientOptions {
    let mut options = ClientOptions::new()
        .release(concat!("phr@", env!("CARGO_PKG_VERSION")))
        .max_breadcrumbs(0)
        .before_send(|event| Some(scrubbed(event)));
    options.dsn = Some(dsn);
    options.environment = environment.map(Into::into);
    options
}

fn layer() -> Boxed {
    ErrorLayer::new().with_filter(LevelFilter::ERROR).boxed()
}

/// Takes out what is not allowed to leave the machine: everything that is not known to be harmless.
fn scrubbed(event: Event<'static>) -> Event<'static> {
    let mut exception = event.exception;
    for exception in &mut exception.values {
        exception.value = None;
    }
    Event {
        event_id: event.event_id,
        level: event.level,
        message: event.message,
        logger: event.logger,
        timestamp: event.timestamp,
        release: event.release,
        environment: event.environment,
        sdk: event.sdk,
        contexts: harmless(event.contexts),
        exception,
        ..Event::default()
    }
}

fn harmless(contexts: Map<String, Context>) -> Map<String, Context> {
    let kept = |(name, context): (String, Context)| match context {
        Context::Os(_) | Context::Runtime(_) => Some((name, context)),
        Context::Other(fields) => Some((name, Context::Other(fields_kept(fields)))),
        _ => None,
    };
    contexts.into_iter().filter_map(kept).collect()
}

fn fields_kept(mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|name, _| KEPT.contains(&name.as_str()) || PLACE.contains(&name.as_str()));
    fields
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use sentry::{Client, Hub, Scope, User};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::telemetry::sink::Sink;

    /// What arrives at Sentry of what happens in `work`.
    fn reported(work: impl FnOnce()) -> String {
        let sink = Sink::start();
        let dsn = format!("{}/1", sink.url().replace("://", "://public-key@"));
        let client =
            Arc::new(Client::from(sentry::apply_defaults(options(dsn.parse().unwrap(), None))));
        let hub = Arc::new(Hub::new(Some(client.clone()), Arc::new(Scope::default())));
        Hub::run(hub, || {
            sentry::configure_scope(|scope| {
                let email = Some("canary@example.com".to_owned());
                scope.set_user(Some(User { email, ..User::default() }));
                scope.set_tag("person", "canary-tag");
                scope.set_extra("reading", "canary-extra".into());
            });
            sentry::add_breadcrumb(sentry::Breadcrumb {
                message: Some("canary-breadcrumb".to_owned()),
                ..sentry::Breadcrumb::default()
            });
            work();
        });
        assert!(client.close(Some(Duration::from_secs(5))));
        sink.received()
    }

    #[test]
    fn lg_01_an_error_arrives_without_what_is_about_somebody() {
        let sent = reported(|| {
            let lines = tracing_subscriber::registry().with(layer());
            tracing::subscriber::with_default(lines, || {
                tracing::warn!("canary-warning");
                let route = "/health/samples";
                tracing::error!(status = 500, route, person.id = "canary-id", "storage failed");
            });
        });
        for expected in ["storage failed", "/health/samples", "500", "phr@"] {
            assert!(sent.contains(expected), "{expected} is missing: {sent}");
        }
        assert!(!sent.contains("canary"), "{sent}");
        assert_eq!(sent.matches("event_id").count(), 2, "one event, in one envelope: {sent}");
    }

    #[test]
    fn a_panic_arrives_without_its_message() {
        let sent = reported(|| {
            let exception = sentry::protocol::Exception {
                ty: "panic".to_owned(),
                value: Some("canary-message".to_owned()),
                ..sentry::protocol::Exception::default()
            };
            let exception = vec![exception].into();
            sentry::capture_event(Event { exception, ..Event::default() });
        });
        assert!(sent.contains("panic") && !sent.contains("canary"), "{sent}");
    }
}
