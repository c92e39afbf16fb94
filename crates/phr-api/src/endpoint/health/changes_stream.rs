//! `GET /health/changes/stream`: the feed of changes as server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::{collections::VecDeque, convert::Infallible, pin::Pin};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::stream;
use jiff::Timestamp;
use phr_model::{Metric, PatientId, PersonId};
use phr_store::feed::{Change, Position};
use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use super::{
    changes::{ChangeEntry, LONGEST_CURSOR, Question},
    metrics,
};
use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
    streams::{Seat, TICK, TICKS_TO_HEARTBEAT},
};

/// Where a client that was cut off goes on; it wins over the cursor that is still in the address.
const LAST_EVENT_ID: &str = "last-event-id";

/// Changes taken from the store at once: what a stream holds in memory.
const AT_ONCE: u32 = 200;

/// From where on.
#[derive(Debug, Clone)]
pub struct StreamQuery {
    metric: Option<Metric>,
    cursor: Option<String>,
}

impl Input for StreamQuery {
    const NAMES: &'static [&'static str] = &["cursor", "observation_type"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let metric = fields.choice("observation_type", &metrics());
        Some(Self { metric, cursor: fields.text("cursor", LONGEST_CURSOR) })
    }
}

/// Hear of changes as they happen
///
/// Server-sent events: first what changed since the cursor (or `Last-Event-ID`, as a browser's
/// `EventSource` sends it), then each change as it happens. An event's `id` is a cursor, for this
/// endpoint and for `/health/changes`. A comment comes every 15 seconds. The stream ends when the
/// access token or the session does, and when the server stops: connect again with a fresh token.
#[utoipa::path(
    get,
    path = "/health/changes/stream",
    tag = "health",
    security(("bearer" = [])),
    params(
        ("cursor" = Option<String>, Query, description = "`next_cursor` of `/health/changes`, or \
            the id of an event, to the same observation_type"),
        ("observation_type" = Option<String>, Query, description = "Only this metric: heart_rate, \
            spo2, body_weight, steps, calories, distance, resting_heart_rate, or another of \
            docs/api.md",
            example = "heart_rate"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that \
            was received; wins over `cursor`"),
    ),
    responses(
        (status = 200, description = "The data of each event is a change as in `/health/changes`",
            body = String, content_type = "text/event-stream",
            example = "id: NDJ8M2YwYzlm.pNJdNyPv\nevent: change\ndata: {\"change\":\"revised\",...}\n\n"),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "User does not have a FHIR patient record",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake; with a cursor that is no longer \
            good, start again without", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 429, description = "This person has too many streams open",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "The server has too many streams open, or is stopping",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn stream_changes(
    person: SignedIn,
    State(state): State<ApiState>,
    headers: HeaderMap,
    Query(query): Query<StreamQuery>,
) -> Result<Response, ApiError> {
    let patient = person.patient()?;
    let question = Question { person: person.id(), metric: query.metric };
    let after = match headers.get(LAST_EVENT_ID) {
        Some(id) => {
            let id = id.to_str().unwrap_or_default();
            question.open(&state, "Last-Event-ID", Some(id), person.revision)?
        }
        None => question.open(&state, "cursor", query.cursor.as_deref(), person.revision)?,
    };
    let seat = state.streams.take_seat(person.id())?;
    let tail = Tail {
        news: state.store.news(),
        tick: next_tick(&state),
        ticks: 0,
        session: (person.session, person.expires_at),
        known: person.revision,
        look: true,
        ready: VecDeque::new(),
        after,
        question,
        patient,
        state,
        _seat: seat,
    };
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store")), unbuffered];
    Ok((headers, Sse::new(stream::unfold(tail, Tail::next))).into_response())
}

type Tick = Pin<Box<dyn Future<Output = ()> + Send>>;

fn next_tick(state: &ApiState) -> Tick {
    let pace = state.streams.pace();
    Box::pin(async move { pace.pause(TICK).await })
}

/// The end of a feed and whoever waits at it. Between two looks it holds a seat and nothing else, no
/// connection to the database in particular.
struct Tail {
    state: ApiState,
    question: Question,
    patient: PatientId,
    /// The session, and when the access token ends.
    session: (Uuid, Timestamp),
    after: Position,
    /// The person's revision when it was last asked for.
    known: i64,
    /// Whether there may be more after `after`.
    look: bool,
    ready: VecDeque<Event>,
    news: broadcast::Receiver<PersonId>,
    tick: Tick,
    ticks: u32,
    _seat: Seat,
}

/// Why a wait was over.
enum Woken {
    News,
    Tick,
    Stopping,
}

impl Tail {
    /// The next event; none ends the stream. The client comes back with the id it saw last, so
    /// ending is also the answer to a failure.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if self.state.streams.is_closed() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some((Ok(event), self));
            }
            if self.look {
                self.load().await?;
                continue;
            }
            match self.wait().await {
                Woken::News => self.look = true,
                Woken::Tick => self.check().await?,
                Woken::Stopping => return None,
            }
        }
    }

    async fn load(&mut self) -> Option<()> {
        let Question { person, metric } = self.question;
        let found = self.state.store.changes(person, metric, self.after, AT_ONCE).await;
        let found = found.inspect_err(|error| tracing::warn!(%error, "a stream broke off")).ok()?;
        for change in &found {
            let event = self.event(change)?;
            self.ready.push_back(event);
            self.after = change.position;
        }
        self.look = found.len() >= usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        if !self.look {
            self.after = self.after.max(Position::end_of(self.known));
        }
        Some(())
    }

    fn event(&self, change: &Change) -> Option<Event> {
        let id = self.question.seal(&self.state, change.position).ok()?;
        let entry = ChangeEntry::new(&change.observation, self.patient, self.state.settings.base());
        Event::default().id(id).event("change").json_data(entry).ok()
    }

    async fn wait(&mut self) -> Woken {
        tokio::select! {
            () = self.state.streams.closed() => Woken::Stopping,
            () = news_of(&mut self.news, self.question.person) => Woken::News,
            () = &mut self.tick => Woken::Tick,
        }
    }

    /// Whether the session still lives, and what other processes may have changed.
    async fn check(&mut self) -> Option<()> {
        self.tick = next_tick(&self.state);
        self.ticks += 1;
        let (session, until) = self.session;
        let now = self.state.clock.now();
        let signed_in = self.state.store.signed_in(session, now).await.ok()??;
        if now >= until {
            return None;
        }
        if signed_in.revision > self.known {
            self.known = signed_in.revision;
            self.look = true;
        }
        if self.ticks.is_multiple_of(TICKS_TO_HEARTBEAT) {
            self.ready.push_back(Event::default().comment("still here"));
        }
        Some(())
    }
}

/// Comes back when `person` changed, or may have.
async fn news_of(news: &mut broadcast::Receiver<PersonId>, person: PersonId) {
    loop {
        match news.recv().await {
            Ok(changed) if changed != person => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
