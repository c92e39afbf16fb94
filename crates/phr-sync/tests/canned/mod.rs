//! A token endpoint that answers whatever it is told to.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

/// Status, content type and body, parted by bars. Status 0 closes without a word; a body that ends
/// in `…` is announced longer than it is.
pub(crate) const TROUBLE: [&str; 30] = [
    "401|application/json|{\"error\":\"invalid_client\"}",
    "400|application/json|{\"error\":\"invalid_client\"}",
    "400|application/json|{\"error\":\"unauthorized_client\"}",
    "400|application/json|{\"error\":\"invalid_request\"}",
    "400|application/json|{\"error\":\"invalid_scope\"}",
    "400|application/json|{\"error\":\"unsupported_grant_type\"}",
    "400|application/json|{\"error\":\"admin_policy_enforced\"}",
    "403|application/json|{\"error\":\"org_internal\"}",
    "403|application/json|{\"error\":\"rate_limit_exceeded\"}",
    "400|application/json|{\"error\":\"INVALID_GRANT\"}",
    "400|application/json|{\"error\":{\"code\":400,\"status\":\"invalid_grant\"}}",
    "400|application/json|{\"errors\":[{\"errorType\":\"invalid_grant\"}]}",
    "400|application/json|[\"invalid_grant\"]",
    "400|application/json|\"invalid_grant\"",
    "400|application/json|{\"error\":null}",
    "400|application/json|",
    "400|text/html|<html><body>invalid_grant</body></html>",
    "200|application/json|{\"error\":\"invalid_grant\"}",
    "200|application/json|{}",
    "200|application/json|",
    "200|application/json|{\"access_token\":\"ya29.…",
    "200|application/json|{\"token_type\":\"Bearer\",\"expires_in\":3599}",
    "200|text/html|<html>Sign in to the network</html>",
    "302|text/html|moved",
    "408|text/plain|slow",
    "429|application/json|{\"error\":\"invalid_grant\"}",
    "500|application/json|{\"error\":\"invalid_grant\"}",
    "502|text/html|<html>Bad Gateway</html>",
    "503|application/json|{\"error\":\"temporarily_unavailable\"}",
    "0||",
];

/// The endpoint.
pub(crate) struct Canned {
    port: u16,
    answer: Arc<Mutex<String>>,
}

impl Canned {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(Mutex::new(String::new()));
        let said = answer.clone();
        tokio::spawn(async move {
            while let Ok((mut peer, _)) = listener.accept().await {
                let mut request = [0; 4_096];
                let _ = peer.read(&mut request).await;
                let bytes = http(&said.lock().unwrap());
                let _ = peer.write_all(&bytes).await;
            }
        });
        Self { port, answer }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://127.0.0.1:{}/token", self.port).parse().unwrap()
    }

    pub(crate) fn answer_with(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }
}

fn http(answer: &str) -> Vec<u8> {
    let mut parts = answer.splitn(3, '|');
    let mut part = || parts.next().unwrap();
    let (status, kind, body) = (part(), part(), part());
    if status == "0" {
        return Vec::new();
    }
    let length = if body.ends_with('…') { body.len() + 100 } else { body.len() };
    format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Location: http://127.0.0.1:9/elsewhere\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
