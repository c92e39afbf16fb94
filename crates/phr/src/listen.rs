//! The accept loop: as many connections as there is room for, deadlines for those who are slow, an
//! end that waits for what is under way (DS-01, DS-02, RT-08).
//!
//! `axum::serve` sets no timer, so that hyper's deadlines would do nothing there, and hyper answers
//! some mistakes itself before any layer sees them; here both are set.

mod patience;
mod places;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use phr_api::settings::Network;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use self::{
    patience::{Patient, Phase},
    places::{Place, Places},
};

/// Longest pause between two requests of a connection.
const IDLE: Duration = Duration::from_mins(1);

/// Longest time that requests under way get to finish once the server stops.
const LAST_REQUESTS: Duration = Duration::from_secs(25);

/// Pause after the system has refused a connection (no file handles left, as a rule).
const BREATH: Duration = Duration::from_millis(100);

/// Header fields that hyper reads. More than the API allows, so that the API can say so itself.
const MOST_FIELDS: usize = 256;

/// How many connections there may be.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    /// At once.
    pub(crate) connections: usize,
    /// At once from one address (an IPv6 /64).
    pub(crate) per_address: usize,
    /// Addresses that speak for many and may fill all places. Those of this machine always may.
    pub(crate) proxies: Vec<Network>,
}

impl Default for Room {
    fn default() -> Self {
        Self { connections: 1_024, per_address: 64, proxies: Vec::new() }
    }
}

/// Serves until `stop`, then takes on nothing new and finishes what is under way, within 25 seconds.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    room: Room,
    stop: CancellationToken,
) {
    let places = Arc::new(Places::new(room));
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                // Who finds no place is hung up on: answering would cost what there is none of.
                if let Some(place) = Places::take(&places, peer.ip()) {
                    let served = attend(stream, peer, router.clone(), stop.clone(), place);
                    connections.spawn(served);
                }
            }
            Err(error) if is_about_the_peer(&error) => {}
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "connections cannot be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    connections.close();
    // A connection that never finishes its request must not keep the process alive.
    let _ = tokio::time::timeout(LAST_REQUESTS, connections.wait()).await;
}

/// Whether the client went away before it was greeted.
fn is_about_the_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection to its end.
async fn attend(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
    _place: Place,
) {
    let _ = stream.set_nodelay(true);
    let phase = Phase::default();
    let stream = TokioIo::new(Patient::new(stream, phase.clone()));
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (mut router, phase) = (router.clone(), phase.clone());
        phase.head_is_read();
        async move {
            let response = router.call(request).await;
            phase.answered();
            response
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_headers(MOST_FIELDS)
        .serve_connection(stream, answer);
    let mut connection = std::pin::pin!(connection);
    // What goes wrong on a connection concerns its client only, and may quote what it sent.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

#[cfg(test)]
mod tests;
