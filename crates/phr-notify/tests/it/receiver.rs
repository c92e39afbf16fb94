//! Receivers on this machine that write down what they get.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use phr_notify::sign::Secrets;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// An HTTP request as it came.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, wanted: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).unwrap().1
    }

    pub(crate) fn verifies(&self, secrets: &Secrets, now: Timestamp) -> bool {
        let [id, timestamp, signatures] =
            ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| self.header(name));
        secrets.verify(id, timestamp, signatures, self.body.as_bytes(), now)
    }
}

/// A receiver of webhooks.
pub(crate) struct Receiver {
    port: u16,
    answer: Arc<Mutex<String>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    /// Answers with this status line and headers; with nothing at all if it is empty.
    pub(crate) async fn answering(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(Mutex::new(answer.to_owned()));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (said, heard) = (answer.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((peer, _)) = listener.accept().await {
                let mut peer = BufReader::new(peer);
                let request = http_request(&mut peer).await;
                heard.lock().unwrap().push(request);
                let answer = said.lock().unwrap().clone();
                if !answer.is_empty() {
                    let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                    let _ = peer.write_all(answer.as_bytes()).await;
                }
            }
        });
        Self { port, answer, requests }
    }

    pub(crate) fn answer(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://127.0.0.1:{}{path}", self.port).parse().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn http_request(peer: &mut BufReader<TcpStream>) -> Request {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(peer.read_line(&mut head).await.unwrap() > 0, "cut");
    }
    let mut request = Request { head, body: String::new() };
    let mut body = vec![0; request.header("content-length").parse().unwrap()];
    peer.read_exact(&mut body).await.unwrap();
    request.body = String::from_utf8(body).unwrap();
    request
}

/// A mail server that takes every mail, or answers recipients otherwise.
pub(crate) struct SmtpServer {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
}

impl SmtpServer {
    pub(crate) async fn start(to_recipients: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let (box_, answer) = (mails.clone(), to_recipients.to_owned());
        tokio::spawn(async move {
            while let Ok((peer, _)) = listener.accept().await {
                let _ = converse(BufReader::new(peer), &answer, &box_).await;
            }
        });
        Self { port, mails }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

async fn converse(
    mut peer: BufReader<TcpStream>,
    to_recipients: &str,
    mails: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    say(&mut peer, "220 mail.example ESMTP").await?;
    loop {
        let mut line = String::new();
        if peer.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        match line.split(' ').next().unwrap_or_default().trim() {
            "RCPT" => say(&mut peer, to_recipients).await?,
            "DATA" => {
                say(&mut peer, "354 Go on").await?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    peer.read_line(&mut mail).await?;
                }
                mails.lock().unwrap().push(mail.trim_end_matches("\r\n.\r\n").to_owned());
                say(&mut peer, "250 Taken").await?;
            }
            "QUIT" => return say(&mut peer, "221 Bye").await,
            _ => say(&mut peer, "250 OK").await?,
        }
    }
}

async fn say(peer: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<()> {
    peer.write_all(format!("{line}\r\n").as_bytes()).await
}
