//! Traces to a collector (OTLP over HTTP with protobuf, OpenTelemetry's default). The standard
//! variables say where to and how: `OTEL_EXPORTER_OTLP_ENDPOINT`, `_HEADERS`, `_TIMEOUT`,
//! `OTEL_TRACES_SAMPLER`, `OTEL_SERVICE_NAME`.

use std::time::Duration;

use anyhow::Context;
use opentelemetry::{
    KeyValue,
    trace::{Status, TracerProvider},
};
use opentelemetry_otlp::SpanExporter as Otlp;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing_subscriber::{Layer, Registry, filter::Targets};

use super::{Boxed, KEPT};

/// Adds a layer that sends spans, if a collector is configured.
pub(super) fn start(
    layers: &mut Vec<Boxed>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Option<SdkTracerProvider>> {
    if variable("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
        return Ok(None);
    }
    let exporter = Otlp::builder()
        .with_http()
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    let service = variable("OTEL_SERVICE_NAME").unwrap_or_else(|| "phr".to_owned());
    let provider = provider(exporter, service);
    layers.push(layer(&provider));
    Ok(Some(provider))
}

fn provider(exporter: Otlp, service: String) -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_batch_exporter(Scrubbed(exporter))
        .with_resource(Resource::builder().with_service_name(service).build())
        .build()
}

/// Our own spans, whatever `RUST_LOG` says about logs.
fn layer(provider: &SdkTracerProvider) -> Boxed {
    let ours = Targets::new().with_target("phr", tracing::Level::INFO);
    let layer = tracing_opentelemetry::layer::<Registry>()
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_tracer(provider.tracer("phr"));
    layer.with_filter(ours).boxed()
}

/// Sends spans without what must not leave the machine.
#[derive(Debug)]
struct Scrubbed<E>(E);

impl<E: SpanExporter> SpanExporter for Scrubbed<E> {
    fn export(
        &self,
        batch: Vec<SpanData>,
    ) -> impl std::future::Future<Output = OTelSdkResult> + Send {
        self.0.export(batch.into_iter().map(scrubbed).collect())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn scrubbed(mut span: SpanData) -> SpanData {
    let is_kept = |attribute: &KeyValue| KEPT.contains(&attribute.key.as_str());
    span.attributes.retain(is_kept);
    for event in &mut span.events.events {
        event.attributes.retain(is_kept);
    }
    // Its description is the text of an error.
    if matches!(span.status, Status::Error { .. }) {
        span.status = Status::error("");
    }
    span
}

#[cfg(test)]
mod tests {
    use opentelemetry_otlp::WithExportConfig;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::telemetry::sink::Sink;

    #[test]
    fn lg_04_a_span_arrives_without_what_is_about_somebody() {
        let sink = Sink::start();
        let endpoint = format!("{}/v1/traces", sink.url());
        let exporter = Otlp::builder().with_http().with_endpoint(endpoint).build().unwrap();
        let provider = provider(exporter, "phr-under-test".to_owned());
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(layer(&provider)),
            || {
                let request = tracing::info_span!(
                    "request",
                    request.id = "r-17",
                    route = "/health/samples",
                    person.id = "canary-person",
                    heart_rate = 61_371
                );
                request.in_scope(|| {
                    let run = tracing::info_span!("run", connection = "canary-connection");
                    run.in_scope(|| {
                        tracing::error!(status = 500, error = "canary-error", "answered");
                    });
                    tracing::info!(target: "sqlx", "canary-statement");
                });
            },
        );
        provider.shutdown().unwrap();
        let sent = sink.received();
        for expected in ["phr-under-test", "request", "r-17", "/health/samples", "run", "answered"]
        {
            assert!(sent.contains(expected), "{expected} is missing: {sent:?}");
        }
        for canary in ["canary", "person.id", "heart_rate", "connection", "sqlx"] {
            assert!(!sent.contains(canary), "{canary} was sent: {sent:?}");
        }
    }
}
