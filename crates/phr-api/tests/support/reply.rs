use axum::{
    body::Body,
    http::{HeaderMap, Response, StatusCode},
};
use futures_util::StreamExt;
use serde_json::Value;

/// What a stream that never ends has to say at first.
async fn until_heartbeat(body: Body) -> Vec<u8> {
    let (mut frames, mut read) = (body.into_data_stream(), Vec::new());
    while let Some(frame) = frames.next().await {
        read.extend_from_slice(&frame.unwrap());
        if read.ends_with(b": still here\n\n") {
            break;
        }
    }
    read
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let is_stream =
            parts.headers.get("content-type").is_some_and(|it| it == "text/event-stream");
        let body = if is_stream {
            until_heartbeat(body).await
        } else {
            axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec()
        };
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The answer's JSON, if the status is as expected.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// A problem document of this status, checked for its shape (ER-01). Returns its detail.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        let problem = self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:phr:problem:"), "{problem}");
        assert!(!problem["title"].as_str().unwrap().is_empty(), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        let id = problem["instance"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
        assert_eq!(id, self.header("x-request-id"));
        problem["detail"].as_str().unwrap().to_owned()
    }

    /// Names of the fields and parameters that a problem complains about.
    #[track_caller]
    pub(crate) fn complaints(&self) -> Vec<String> {
        let document = self.json();
        let errors = document["errors"].as_array().cloned().unwrap_or_default();
        let name = |error: &Value| {
            let place = error.get("parameter").or_else(|| error.get("pointer")).unwrap();
            place.as_str().unwrap().trim_start_matches('/').to_owned()
        };
        errors.iter().map(name).collect()
    }
}
