//! `GET /health/samples`: every recorded sample, streamed a day at a time.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{DateRange, Metric, Part, PersonId, Sample};
use serde::Serialize;
use utoipa::ToSchema;

use super::{local_time, metric};
use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Samples in one answer at most, and if nothing is said.
const MOST: u32 = 100_000;
const USUAL: u32 = 10_000;

/// Which samples.
#[derive(Debug, Clone)]
pub struct SamplesQuery {
    metric: Metric,
    days: DateRange,
    limit: u32,
    cursor: Option<String>,
}

impl Input for SamplesQuery {
    const NAMES: &'static [&'static str] = &["metric", "date_from", "date_to", "limit", "cursor"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let (metric, days) = (metric(fields), fields.range());
        let limit = fields.number("limit", 1..=MOST, USUAL);
        let cursor = fields.text("cursor", 256);
        Some(Self { metric: metric?, days: days?, limit, cursor })
    }
}

/// What a device recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct SampleEntry {
    /// When, or when its interval began: RFC 3339 with the offset in force where the person was.
    #[schema(format = DateTime)]
    pub time: String,
    /// When its interval ended (exclusive); not there at an instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub end: Option<String>,
    /// The value in the metric's unit; of a part in the part's.
    pub value: f64,
    /// What of the metric it is about, where it is not the whole: a level of activity, a stage of a
    /// night in all (`deep_sleep`) or one stretch of it (`stage_deep`), what a workout took. Not there
    /// otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<&'static str>,
    /// What kind of workout it was (`running`), where `part` is `exercise_type`. Not there otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'static str>,
    /// `false` where the value cannot be true of a living person: it is kept and shown, but no
    /// Observation is made from it. Not there otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plausible: Option<bool>,
}

impl SampleEntry {
    #[expect(clippy::cast_precision_loss, reason = "plausible values are far below 2^53")]
    fn new(metric: Metric, sample: &Sample) -> Self {
        let (part, amount) = metric.reading(sample);
        let value = match part.and_then(Part::facts) {
            Some(facts) => amount as f64 / facts.scale as f64,
            None => metric.to_api(amount),
        };
        let end = (sample.seconds > 0).then(|| {
            let length = SignedDuration::from_secs(i64::from(sample.seconds));
            local_time(sample.at.checked_add(length).unwrap_or(sample.at), sample.offset_seconds)
        });
        Self {
            time: local_time(sample.at, sample.offset_seconds),
            end,
            value,
            part: part.map(Part::key),
            text: part.and_then(|part| part.words(amount)),
            plausible: (!metric.trusts(sample)).then_some(false),
        }
    }
}

/// Samples of a range, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "metric": "heart_rate",
    "unit": "beats/min",
    "samples": [
        {"time": "2026-11-20T08:15:02+01:00", "value": 71.0},
        {"time": "2026-11-20T08:15:07+01:00", "value": 72.0}
    ],
    "next_cursor": null
}))]
pub struct SamplesPage {
    /// The metric.
    pub metric: &'static str,
    /// The unit of every value.
    pub unit: &'static str,
    /// Oldest first.
    pub samples: Vec<SampleEntry>,
    /// Give this as `cursor`, with everything else unchanged, for the samples that follow; null at
    /// the end.
    pub next_cursor: Option<String>,
}

/// The first sample not yet sent: its day, its instant, and how many of that very instant were sent.
/// Counted in instants and not in rows, so that samples which arrive late and lie further back do
/// not shift what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    date: Date,
    micros: i64,
    sent: usize,
}

impl Position {
    fn start(days: DateRange) -> Self {
        Self { date: days.first, micros: i64::MIN, sent: 0 }
    }

    fn after(date: Date, samples: &[Sample]) -> Self {
        let micros = samples.last().map_or(i64::MIN, |sample| sample.at.as_microsecond());
        let at = |sample: &&Sample| sample.at.as_microsecond() == micros;
        Self { date, micros, sent: samples.iter().rev().take_while(at).count() }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('|');
        let position = Self {
            date: parts.next()?.parse().ok()?,
            micros: parts.next()?.parse().ok()?,
            sent: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(position)
    }

    /// How many of a day's samples lie before it.
    fn skip(&self, date: Date, samples: &[Sample]) -> usize {
        if date != self.date || self.micros == i64::MIN {
            return 0;
        }
        let instant = Timestamp::from_microsecond(self.micros).unwrap_or(Timestamp::MAX);
        let before = samples.partition_point(|sample| sample.at < instant);
        let at = samples.partition_point(|sample| sample.at <= instant) - before;
        before + self.sent.min(at)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}|{}|{}", self.date, self.micros, self.sent)
    }
}

/// List recorded samples, oldest first
///
/// The answer is streamed, so read it as it comes. A connection that breaks off leaves JSON that
/// does not end: what was read then is not all there is.
#[utoipa::path(
    get,
    path = "/health/samples",
    tag = "health",
    security(("bearer" = [])),
    params(
        ("metric" = String, Query, description = "heart_rate, spo2, body_weight, steps, calories, \
            distance, resting_heart_rate, or another of docs/api.md", example = "heart_rate"),
        ("date_from" = Option<String>, Query, description = "From this civil day, YYYY-MM-DD; 30 days unless given",
            example = "2026-11-20"),
        ("date_to" = Option<String>, Query, description = "To this civil day, included; today unless given; 366 days at most",
            example = "2026-11-20"),
        ("limit" = Option<u32>, Query, description = "1 to 100000; 10000 if not given",
            minimum = 1, maximum = 100_000, example = 10_000),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the answer before"),
    ),
    responses(
        (status = 200, description = "Samples", body = SamplesPage),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "User does not have a FHIR patient record",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn list_samples(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(query): Query<SamplesQuery>,
) -> Result<Response, ApiError> {
    person.patient()?;
    let question = format!(
        "samples|{}|{}|{}|{}",
        person.id(),
        query.metric,
        query.days.first,
        query.days.last
    );
    let position = match &query.cursor {
        None => Position::start(query.days),
        Some(cursor) => {
            let opened = state.cursors.open(&question, cursor);
            opened.as_deref().and_then(Position::parse).ok_or_else(bad_cursor)?
        }
    };
    let walk = Walk {
        state,
        person: person.id(),
        metric: query.metric,
        days: query.days,
        left: usize::try_from(query.limit).unwrap_or(usize::MAX),
        position,
        question,
        step: Step::Head,
        first: true,
    };
    let body = Body::from_stream(stream::try_unfold(walk, Walk::next));
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], body).into_response())
}

fn bad_cursor() -> ApiError {
    ApiError::Invalid(vec![crate::problem::FieldError::Query {
        parameter: "cursor".to_owned(),
        detail: "a next_cursor of this very question, unchanged".to_owned(),
    }])
}

/// What the stream sends next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Head,
    Days,
    Tail(Option<String>),
    Done,
}

/// A walk through days with samples: one day in memory at a time.
struct Walk {
    state: ApiState,
    person: PersonId,
    metric: Metric,
    days: DateRange,
    left: usize,
    position: Position,
    question: String,
    step: Step,
    first: bool,
}

impl Walk {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        let chunk = match std::mem::replace(&mut self.step, Step::Done) {
            Step::Head => {
                self.step = Step::Days;
                self.head()
            }
            Step::Days => self.day().await.inspect_err(|error| {
                tracing::error!(%error, "a stream of samples broke off");
            })?,
            Step::Tail(cursor) => {
                format!("],\"next_cursor\":{}}}", serde_json::json!(cursor)).into_bytes()
            }
            Step::Done => return Ok(None),
        };
        Ok(Some((Bytes::from(chunk), self)))
    }

    fn head(&self) -> Vec<u8> {
        let (metric, unit) = (self.metric.key(), self.metric.facts().api.unit);
        format!("{{\"metric\":\"{metric}\",\"unit\":\"{unit}\",\"samples\":[").into_bytes()
    }

    /// The next day's samples, as many as may still be sent.
    async fn day(&mut self) -> Result<Vec<u8>, ApiError> {
        let rest = DateRange { first: self.position.date, last: self.days.last };
        let found = self.state.store.next_day_with_samples(self.person, self.metric, rest).await?;
        let Some((date, samples)) = found else {
            self.step = Step::Tail(None);
            return Ok(Vec::new());
        };
        let skip = self.position.skip(date, &samples);
        let unsent = samples.get(skip..).unwrap_or_default();
        let (sent, kept) = unsent.split_at(unsent.len().min(self.left));
        self.left -= sent.len();
        self.step = if kept.is_empty() {
            self.go_on_after(date)
        } else {
            let until = samples.get(..skip + sent.len()).unwrap_or_default();
            let position = Position::after(date, until);
            Step::Tail(Some(self.state.cursors.seal(&self.question, &position.to_string())?))
        };
        self.write(sent)
    }

    /// The next day, if there is one and something may still be sent.
    fn go_on_after(&mut self, date: Date) -> Step {
        match date.tomorrow() {
            Ok(next) if next <= self.days.last => {
                self.position = Position { date: next, micros: i64::MIN, sent: 0 };
                Step::Days
            }
            _ => Step::Tail(None),
        }
    }

    fn write(&mut self, samples: &[Sample]) -> Result<Vec<u8>, ApiError> {
        let mut chunk = Vec::with_capacity(samples.len() * 64);
        for sample in samples {
            if !std::mem::take(&mut self.first) {
                chunk.push(b',');
            }
            serde_json::to_writer(&mut chunk, &SampleEntry::new(self.metric, sample))
                .map_err(|_| ApiError::Internal("writing a sample"))?;
        }
        Ok(chunk)
    }
}
