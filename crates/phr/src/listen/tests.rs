//! The loop on a real socket.

use std::time::Instant;

use axum::routing::get;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    task::JoinHandle,
};

use super::*;

/// A server on a free port.
struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    /// A request to `/slow` has begun.
    begun: Arc<Notify>,
    /// Lets it end.
    end: Arc<Notify>,
}

async fn running(room: Room) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let (begun, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (begun.clone(), end.clone());
    let slow = || async move {
        signals.0.notify_one();
        signals.1.notified().await;
        "done"
    };
    let whence = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
    let router = Router::new().route("/slow", get(slow)).route("/whence", get(whence)).route(
        "/fields",
        get(|headers: axum::http::HeaderMap| async move { headers.len().to_string() }),
    );
    let served = tokio::spawn(serve(listener, router, room, stop.clone()));
    Running { address, stop, served, begun, end }
}

impl Running {
    /// Sends `request` and reads until the server hangs up.
    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }
}

const WHENCE: &str = "GET /whence HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_handler_knows_where_a_request_comes_from() {
    let server = running(Room::default()).await;
    assert!(server.send(WHENCE).await.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn in_01_more_fields_than_allowed_reach_the_layer_that_says_so() {
    let server = running(Room::default()).await;
    let fields: String = (0..200).fold(String::new(), |all, n| all + &format!("x-{n}: y\r\n"));
    let request = format!("GET /fields HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n");
    assert!(server.send(&request).await.ends_with("202"));
}

#[tokio::test]
async fn ds_02_beyond_the_last_place_nobody_is_served_until_one_leaves() {
    let server = running(Room { connections: 2, ..Room::default() }).await;
    let first = TcpStream::connect(server.address).await.unwrap();
    let _second = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(server.send(WHENCE).await, "");
    drop(first);
    let patience = Instant::now() + Duration::from_secs(5);
    while server.send(WHENCE).await.is_empty() {
        assert!(Instant::now() < patience, "the place was not given back");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn rt_08_stopping_finishes_what_is_under_way_and_takes_on_nothing_new() {
    let server = running(Room::default()).await;
    let mut under_way = TcpStream::connect(server.address).await.unwrap();
    under_way.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    server.begun.notified().await;
    let _idle = TcpStream::connect(server.address).await.unwrap();
    server.stop.cancel();
    server.end.notify_one();
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("done"), "{answer}");
    server.served.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}
