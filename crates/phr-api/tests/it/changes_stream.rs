//! The feed of changes as server-sent events.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, BodyDataStream},
    http::{Method, Request, Response},
};
use futures_util::StreamExt;
use phr_api::{StreamLimits, Streams};
use phr_model::{Metric, PersonId};
use phr_vendors::{InstantPace, Pace};
use serde_json::Value;
use tower::ServiceExt;

use crate::support::{Actor, TestApp, sample};

const DAY: &str = "2026-11-18";
const STREAM: &str = "/health/changes/stream";

/// Time that never passes: what wakes a stream is not the clock.
struct NoPace;

#[async_trait::async_trait]
impl Pace for NoPace {
    async fn pause(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    fn jitter(&self, _: Duration) -> Duration {
        Duration::ZERO
    }
}

impl TestApp {
    /// The same server with other streams.
    fn with_streams(mut self, limits: StreamLimits, pace: impl Pace + 'static) -> Self {
        self.state.streams = Arc::new(Streams::new(limits, Arc::new(pace)));
        let pages = phr_web::router(self.state.connector.clone());
        self.router = phr_api::router(&self.state, pages);
        self
    }

    async fn timeless() -> Self {
        Self::start().await.with_streams(StreamLimits::default(), NoPace)
    }
}

/// An open stream.
struct Open(BodyDataStream);

#[derive(Debug)]
struct Event {
    id: String,
    data: Value,
}

async fn answer(actor: &Actor<'_>, path: &str, last_event_id: Option<&str>) -> Response<Body> {
    let mut request: Request<Body> = actor.request(&Method::GET, path, None);
    if let Some(id) = last_event_id {
        request.headers_mut().insert("last-event-id", id.parse().unwrap());
    }
    actor.app.router.clone().oneshot(request).await.unwrap()
}

impl Open {
    async fn new(actor: &Actor<'_>, path: &str) -> Self {
        Self::after(actor, path, None).await
    }

    async fn after(actor: &Actor<'_>, path: &str, last_event_id: Option<&str>) -> Self {
        let answer = answer(actor, path, last_event_id).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        Self(answer.into_body().into_data_stream())
    }

    /// The next event or comment; none at the end.
    async fn next(&mut self) -> Option<String> {
        let frame = self.0.next().await?.unwrap();
        Some(String::from_utf8(frame.to_vec()).unwrap())
    }

    /// The next change; comments are passed over.
    async fn change(&mut self) -> Event {
        loop {
            let text = self.next().await.unwrap();
            if let Some(event) = parse(&text) {
                return event;
            }
        }
    }
}

fn parse(text: &str) -> Option<Event> {
    let field = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
    };
    if text.starts_with(':') {
        return None;
    }
    assert_eq!(field("event:").unwrap(), "change", "{text}");
    let data = serde_json::from_str(&field("data:").unwrap()).unwrap();
    Some(Event { id: field("id:").unwrap(), data })
}

async fn walk(app: &TestApp, person: PersonId, steps: i64) {
    app.hold(person, Metric::Steps, DAY, vec![sample(DAY, 36_000, steps, 60)]).await;
}

#[tokio::test]
async fn a_stream_tells_what_there_is_and_then_what_happens() {
    let app = TestApp::timeless().await;
    let ada = app.person("ada").await;
    let id = ada.id().await;
    walk(&app, id, 100).await;
    let mut stream = Open::new(&ada, STREAM).await;
    assert_eq!(stream.change().await.data["change"], "created");
    walk(&app, id, 200).await;
    let told = stream.change().await.data;
    assert_eq!(
        (&told["change"], &told["observation"]["value"]),
        (&"revised".into(), &200.0.into())
    );
    app.hold(id, Metric::Steps, DAY, vec![]).await;
    assert_eq!(stream.change().await.data["change"], "withdrawn");
}

#[tokio::test]
async fn an_event_is_what_the_feed_tells_and_its_id_is_a_cursor() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.hold_steps(ada.id().await, "2026-11-19", 3).await;
    let feed = ada.get("/health/changes").await.expect(200);
    let mut stream = Open::new(&ada, STREAM).await;
    let first = stream.change().await;
    assert_eq!(first.data, feed["changes"][0]);
    let rest = ada.get(&format!("/health/changes?cursor={}", first.id)).await.expect(200);
    assert_eq!(rest["changes"].as_array().unwrap()[..], feed["changes"].as_array().unwrap()[1..]);
    // And the other way round.
    let cursor = feed["next_cursor"].as_str().unwrap();
    let mut stream = Open::new(&ada, &format!("{STREAM}?cursor={cursor}")).await;
    assert_eq!(stream.next().await.unwrap(), ": still here\n\n");
}

#[tokio::test]
async fn last_event_id_goes_on_where_the_stream_broke_off() {
    let app = TestApp::timeless().await;
    let ada = app.person("ada").await;
    app.hold_steps(ada.id().await, "2026-11-19", 3).await;
    let mut stream = Open::new(&ada, STREAM).await;
    let told = [stream.change().await, stream.change().await, stream.change().await];
    drop(stream);
    // A browser repeats the address it began with; what it saw last is in the header.
    let begun = format!("{STREAM}?cursor={}", told[0].id);
    let mut resumed = Open::after(&ada, &begun, Some(&told[1].id)).await;
    assert_eq!(resumed.change().await.data, told[2].data);
    for made_up in ["", "made-up", "é"] {
        let refused = answer(&ada, STREAM, Some(made_up)).await;
        let refused = crate::support::Reply::of(refused).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.complaints(), ["Last-Event-ID"]);
    }
}

#[tokio::test]
async fn a_stream_of_one_metric_tells_of_nothing_else() {
    let app = TestApp::timeless().await;
    let ada = app.person("ada").await;
    let id = ada.id().await;
    let mut stream = Open::new(&ada, &format!("{STREAM}?observation_type=body_weight")).await;
    walk(&app, id, 100).await;
    app.hold(id, Metric::BodyWeight, DAY, vec![sample(DAY, 0, 70_000_000, 0)]).await;
    assert_eq!(stream.change().await.data["observation"]["observation_type"], "body_weight");
}

#[tokio::test]
async fn what_another_process_changes_is_told_too() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let id = ada.id().await;
    let mut stream = Open::new(&ada, STREAM).await;
    assert_eq!(stream.next().await.unwrap(), ": still here\n\n");
    let other = app.bed.another().await;
    app.hold_in(&other, id, Metric::Steps, DAY, vec![sample(DAY, 36_000, 5, 60)]).await;
    assert_eq!(stream.change().await.data["change"], "created");
}

#[tokio::test]
async fn a_heartbeat_comes_every_fifteen_seconds() {
    let pace = Arc::new(InstantPace::default());
    let mut app = TestApp::start().await;
    app.state.streams = Arc::new(Streams::new(StreamLimits::default(), pace.clone()));
    app.router = phr_api::router(&app.state, phr_web::router(app.state.connector.clone()));
    let ada = app.person("ada").await;
    let mut stream = Open::new(&ada, STREAM).await;
    for beats in 1..4 {
        assert_eq!(stream.next().await.unwrap(), ": still here\n\n");
        let waited: Duration = pace.pauses().iter().sum();
        assert!(waited.as_secs().abs_diff(15 * beats) <= 5, "{waited:?} for {beats}");
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let mut stream = Open::new(&ada, STREAM).await;
    assert!(stream.next().await.is_some());
    ada.press("/auth/logout").await.expect(204);
    while stream.next().await.is_some() {}
    assert_eq!(app.state.streams.open(), 0);
}

#[tokio::test]
async fn a_stream_ends_with_its_access_token() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let mut stream = Open::new(&ada, STREAM).await;
    assert!(stream.next().await.is_some());
    app.advance(900);
    while stream.next().await.is_some() {}
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams_and_opens_none() {
    let app = TestApp::timeless().await;
    let ada = app.person("ada").await;
    let mut stream = Open::new(&ada, STREAM).await;
    let waiting = tokio::spawn(async move { stream.next().await });
    tokio::task::yield_now().await;
    app.state.streams.close();
    assert_eq!(waiting.await.unwrap(), None);
    let refused = ada.get(STREAM).await;
    refused.problem(503);
    assert_eq!(refused.header("retry-after"), "30");
}

#[tokio::test]
async fn streams_are_bounded_per_person_and_in_all() {
    let limits = StreamLimits { per_person: 2, in_all: 3 };
    let app = TestApp::start().await.with_streams(limits, NoPace);
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let first = Open::new(&ada, STREAM).await;
    let _second = Open::new(&ada, STREAM).await;
    let refused = ada.get(STREAM).await;
    refused.problem(429);
    assert_eq!(refused.header("retry-after"), "30");
    let _third = Open::new(&eve, STREAM).await;
    eve.get(STREAM).await.problem(503);
    drop(first);
    Open::new(&ada, STREAM).await;
}

#[tokio::test]
async fn open_streams_leave_room_for_requests() {
    let limits = StreamLimits { per_person: 600, in_all: 600 };
    let app = TestApp::start().await.with_streams(limits, NoPace);
    let ada = app.person("ada").await;
    for _ in 0..530 {
        let mut stream = Open::new(&ada, STREAM).await;
        tokio::spawn(async move { stream.next().await });
        tokio::task::yield_now().await;
    }
    assert_eq!(app.state.streams.open(), 530);
    // More than are worked on at once, and neither those nor the database's connections are held.
    ada.get("/health/observations").await.expect(200);
}
