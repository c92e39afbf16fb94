//! What the process tells about itself: logs always; traces and errors to where the operator says.
//! Traces and errors need the cargo features `otlp` and `sentry`, so that a plain build has no code
//! that could send anything anywhere.

#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "sentry")]
mod sentry;
#[cfg(test)]
mod sink;

use std::io::IsTerminal;

use tracing_subscriber::{
    EnvFilter, Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt,
};

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// Fields that may leave the machine (LG-01, LG-04): no ids of people or connections, and no error
/// texts. Everything else is dropped, whoever added it.
#[cfg_attr(
    not(any(feature = "otlp", feature = "sentry")),
    expect(dead_code, reason = "nothing leaves a plain build")
)]
const KEPT: [&str; 14] = [
    "bytes",
    "class",
    "code",
    "data_type",
    "duration_ms",
    "endpoint",
    "level",
    "method",
    "ms",
    "outcome",
    "request.id",
    "route",
    "status",
    "upstream",
];

/// Keeps what was started; dropping it sends what is still waiting. Drop it outside of the runtime.
pub(crate) struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
    #[cfg(feature = "sentry")]
    _errors: Option<::sentry::ClientInitGuard>,
}

impl Telemetry {
    /// Starts to tell, by `LOG_FORMAT`, `OTEL_EXPORTER_OTLP_ENDPOINT` and `SENTRY_DSN`. To be called
    /// once, outside of the runtime, before anything is logged.
    ///
    /// # Errors
    /// A variable that cannot be used, or not by this build.
    pub(crate) fn start(
        level: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let variable = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let json = variable("LOG_FORMAT").is_some_and(|format| format.trim() == "json");
        let (telemetry, mut layers) = Self::reporting(&variable)?;
        layers.push(lines(level, json));
        tracing_subscriber::registry().with(layers).init();
        Ok(telemetry)
    }

    /// The layers that report elsewhere.
    fn reporting(variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<(Self, Vec<Boxed>)> {
        for (name, feature, present) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp", cfg!(feature = "otlp")),
            ("SENTRY_DSN", "sentry", cfg!(feature = "sentry")),
        ] {
            anyhow::ensure!(
                present || variable(name).is_none(),
                "{name}: this program was built without it; build it with `--features {feature}`"
            );
        }
        #[cfg_attr(
            not(any(feature = "otlp", feature = "sentry")),
            expect(unused_mut, reason = "a plain build adds nothing")
        )]
        let mut layers = Vec::new();
        let telemetry = Self {
            #[cfg(feature = "otlp")]
            traces: otlp::start(&mut layers, variable)?,
            #[cfg(feature = "sentry")]
            _errors: sentry::start(&mut layers, variable)?,
        };
        Ok((telemetry, layers))
    }
}

#[cfg(feature = "otlp")]
impl Drop for Telemetry {
    fn drop(&mut self) {
        // A collector that does not answer must not keep the process from ending otherwise.
        if let Some(traces) = self.traces.take() {
            let _ = traces.shutdown();
        }
    }
}

/// Logs go to standard error; `RUST_LOG` narrows or widens them, within limits: third-party crates
/// below `warn` could print URLs and are never let through (LG-02).
fn lines(level: &str, json: bool) -> Boxed {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let capped =
        ["hyper", "hyper_util", "h2", "reqwest", "rustls", "sqlx", "tower", "tower_http", "lettre"]
            .iter()
            .filter_map(|target| format!("{target}=warn").parse().ok())
            .fold(level, EnvFilter::add_directive);
    written(json, std::io::stderr).with_filter(capped).boxed()
}

/// One line an event: for people, or one JSON object with the request's and the run's fields.
fn written<W>(json: bool, writer: W) -> Boxed
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    if json {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(true).boxed()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_json_line_carries_the_request_it_belongs_to() {
        let captured = Captured::default();
        let writer = captured.clone();
        let lines = written(true, move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let request = tracing::info_span!("request", request.id = "r-17", route = "/livez");
            let run = request.in_scope(|| tracing::info_span!("run"));
            run.in_scope(|| tracing::info!(outcome = "complete", "sync ended"));
        });
        let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        let line: Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["message"], "sync ended");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["outcome"], "complete");
        assert_eq!(line["spans"][0]["request.id"], "r-17");
        assert_eq!(line["spans"][1]["name"], "run");
    }

    #[cfg(not(any(feature = "otlp", feature = "sentry")))]
    #[test]
    fn a_plain_build_says_that_it_cannot_report() {
        for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "SENTRY_DSN"] {
            let variable = |asked: &str| (asked == name).then(|| "https://somewhere".to_owned());
            let refused = Telemetry::reporting(&variable).err().unwrap().to_string();
            assert!(refused.starts_with(name) && refused.contains("--features"), "{refused}");
        }
    }
}
