//! A server on this machine that takes whatever is sent to it and keeps it, for tests.

#![cfg_attr(
    not(any(feature = "otlp", feature = "sentry")),
    expect(dead_code, reason = "a plain build sends nothing")
)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// Listens until the process ends.
pub(super) struct Sink {
    address: SocketAddr,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Sink {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let sink = Self { address, received: received.clone() };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let received = received.clone();
                thread::spawn(move || while take(stream.as_ref().unwrap(), &received).is_some() {});
            }
        });
        sink
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was sent, heads and bodies; what is not text is replaced.
    pub(super) fn received(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().unwrap()).into_owned()
    }
}

/// Takes one request and says 200.
fn take(mut stream: &TcpStream, received: &Mutex<Vec<u8>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    received.lock().unwrap().extend_from_slice(&body);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()
}
