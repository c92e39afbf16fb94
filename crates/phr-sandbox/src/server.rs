//! The running server.

use std::future::Future;
use std::net::Ipv4Addr;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::DATE;
use axum::response::Response;
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::errors::unknown_path;
use crate::options::Options;
use crate::recordings::RecordingError;
use crate::world::World;
use crate::{admin, health, hooks, oauth, web_api};

/// A running emulator; dropping it stops the server.
#[derive(Debug)]
pub struct Sandbox {
    world: World,
    base_url: String,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

/// Why a sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken or not permitted.
    #[error("the emulator cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// What was asked for.
        port: u16,
        /// Why not.
        source: std::io::Error,
    },
    /// The recordings cannot be read.
    #[error(transparent)]
    Recordings(#[from] RecordingError),
}

impl Sandbox {
    /// Invents or reads the people and serves them on 127.0.0.1.
    ///
    /// # Errors
    /// The port cannot be bound, or the recordings cannot be read.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let port = options.port;
        let listen = |source| StartError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let world = World::new(options)?;
        let base_url = format!("http://{address}");
        world.set_base_url(base_url.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(listener, router(world.clone())).with_graceful_shutdown(async {
            // A dropped sender means a dropped sandbox, which stops just as well.
            let _ = stopped.await;
        });
        let server = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the emulator stopped serving");
            }
        });
        Ok(Self { world, base_url, stop: Some(stop), server })
    }

    /// `http://127.0.0.1:PORT`: the base of the OAuth endpoints and of `/v4`.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// What the emulator knows; a handle that can be cloned.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Stops serving. Open connections are closed.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.server.abort();
        let _ = (&mut self.server).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Serves until `shutdown` completes; `started` sees the sandbox once it listens.
///
/// # Errors
/// As [`Sandbox::start`].
pub async fn run_until(
    options: Options,
    started: impl FnOnce(&Sandbox),
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let sandbox = Sandbox::start(options).await?;
    started(&sandbox);
    shutdown.await;
    sandbox.stop().await;
    Ok(())
}

fn router(world: World) -> Router {
    let dated = middleware::map_response_with_state(world.clone(), date);
    Router::new()
        .merge(oauth::router())
        .merge(admin::router())
        .merge(hooks::router())
        .merge(health::router())
        .merge(web_api::router())
        .fallback(|| async { unknown_path() })
        .layer(dated)
        .with_state(world)
}

/// Every answer carries the emulated time, so that clients can compare their clock with it.
async fn date(State(world): State<World>, mut response: Response) -> Response {
    let now = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&world.clock().now())
        .ok()
        .and_then(|now| HeaderValue::from_str(&now).ok());
    if let Some(now) = now {
        response.headers_mut().insert(DATE, now);
    }
    response
}
