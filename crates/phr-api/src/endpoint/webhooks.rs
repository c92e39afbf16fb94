//! `/webhooks/fitbit`: the vendor says that something changed, or makes sure that the address is ours.

use std::sync::Arc;

use axum::{
    body::{Bytes, to_bytes},
    extract::{RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use phr_store::hook::{Heard, Hint};
use phr_sync::hooks;
use phr_telemetry::record;
use phr_vendors::{HookEvent, HookNote, HookRefusal, HookRequest};
use url::form_urlencoded;

use super::{DONE, detached};
use crate::{
    error::ApiError,
    problem::ProblemDocument,
    state::ApiState,
    webhooks::{Tally, Webhooks},
};

/// Largest notification (WH-09); Google's have some 60 KiB at most.
const LARGEST: usize = 1024 * 1024;

/// Hear a notification of Google Health or of Fitbit
///
/// Called by the vendor, not by apps. A notification is only a hint: the connections it names become
/// due, and what changed is read from the vendor. 204 means that the hint is on disk; anything else
/// makes the vendor send it again. `{"type":"verification"}` is Google's handshake; it proves itself by
/// `Authorization` and its signature, Fitbit (with `FITBIT_UPSTREAM=web-api`) by its signature alone.
/// See docs/webhooks.md.
#[utoipa::path(
    post,
    path = "/webhooks/fitbit",
    tag = "webhooks",
    request_body(
        content = serde_json::Value,
        content_type = "application/json",
        description = "A notification or a list of up to 1,000 of them, at most 1 MiB",
        example = json!([{"data": {"healthUserId": "4127750963318820541", "operation": "UPSERT",
            "dataType": "steps", "intervals": [{"civilIso8601TimeInterval":
                {"startTime": "2026-11-20T07:14:03", "endTime": "2026-11-20T07:31:40"}}]}}]),
    ),
    params(
        ("Authorization" = Option<String>, Header,
            description = "The value registered with Google"),
        ("GOOGLE-HEALTH-API-SIGNATURE" = Option<String>, Header,
            description = "ECDSA signature of the raw body; not needed for the handshake"),
        ("X-Fitbit-Signature" = Option<String>, Header,
            description = "HMAC-SHA1 of the raw body, as Fitbit's subscriptions have it"),
    ),
    responses(
        (status = 201, description = "The handshake, with the right Authorization"),
        (status = 204, description = "Heard; also for accounts that nobody here is connected with"),
        (status = 400, description = "Signed, but no notification", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 401, description = "Authorization or signature is missing or wrong",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "Fitbit's signature is missing or wrong",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "More than 1 MiB or 1,000 items", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Busy, not set up, or Google's keys cannot be had; send it again",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn hear_fitbit(
    State(state): State<ApiState>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let webhooks = state.webhooks.clone().ok_or(ApiError::WebhookNotSetUp)?;
    let (parts, body) = request.into_parts();
    let judged = match to_bytes(body, LARGEST).await {
        Ok(body) => judge(&webhooks, &parts.headers, &body).await,
        Err(_) => Err(HookRefusal::TooMany),
    };
    record::webhook(verdict(&judged));
    let event = judged.map_err(|refusal| {
        Tally::add(&webhooks.tally.refused, 1);
        ApiError::Webhook(refusal, webhooks.receiver.strangers())
    })?;
    match event {
        HookEvent::Handshake => Ok(StatusCode::CREATED),
        HookEvent::News { notes, unreadable } => {
            Tally::add(&webhooks.tally.unreadable, unreadable);
            hear(state, webhooks, notes).await.map(|()| DONE)
        }
    }
}

/// Prove that this address belongs here
///
/// Called by Fitbit when an operator registers the address at dev.fitbit.com, once with the right code
/// and once with a wrong one. Google's handshake is a POST.
#[utoipa::path(
    get,
    path = "/webhooks/fitbit",
    tag = "webhooks",
    params(("verify" = Option<String>, Query, description = "The subscriber's verification code")),
    responses(
        (status = 204, description = "The right code"),
        (status = 404, description = "Any other code, or this vendor has none",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Busy, or not set up", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn verify_fitbit(
    State(state): State<ApiState>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, ApiError> {
    let webhooks = state.webhooks.clone().ok_or(ApiError::WebhookNotSetUp)?;
    let query = query.unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let code = pairs.find(|(name, _)| name == "verify").map(|(_, code)| code).unwrap_or_default();
    let known = webhooks.receiver.verify(code.as_bytes()).ok_or(ApiError::NotFound)?;
    record::webhook(if known { "handshake" } else { "unauthorized" });
    if known {
        return Ok(DONE);
    }
    Tally::add(&webhooks.tally.refused, 1);
    Err(ApiError::NotFound)
}

/// What metrics call it.
fn verdict(judged: &Result<HookEvent, HookRefusal>) -> &'static str {
    match judged {
        Ok(HookEvent::News { .. }) => "accepted",
        Ok(HookEvent::Handshake) => "handshake",
        Err(HookRefusal::Unauthorized) => "unauthorized",
        Err(HookRefusal::Forged) => "forged",
        Err(HookRefusal::NoKeys { .. }) => "unverifiable",
        Err(HookRefusal::Malformed) => "malformed",
        Err(HookRefusal::TooMany) => "too_large",
    }
}

async fn judge(
    webhooks: &Webhooks,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<HookEvent, HookRefusal> {
    let names = webhooks.receiver.signature_headers();
    let signature = names.iter().find_map(|name| headers.get(*name));
    let request = HookRequest {
        authorization: headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes),
        signature: signature.map(HeaderValue::as_bytes),
        body,
    };
    webhooks.receiver.judge(request).await
}

/// Puts the hints on disk. Dates of long ago are left to the nightly audit.
async fn hear(
    state: ApiState,
    webhooks: Arc<Webhooks>,
    notes: Vec<HookNote>,
) -> Result<(), ApiError> {
    let oldest = hooks::oldest(state.today());
    let hint = |note: HookNote| Hint {
        vendor_user: note.user,
        from: note.from.filter(|from| *from >= oldest),
    };
    let hints: Vec<Hint> = notes.into_iter().map(hint).collect();
    if hints.is_empty() {
        return Ok(());
    }
    detached(async move {
        let vendor = webhooks.receiver.vendor();
        let Heard { known, unknown } = state.store.hear(vendor, &hints, state.clock.now()).await?;
        Tally::add(&webhooks.tally.known, known);
        Tally::add(&webhooks.tally.unknown, unknown);
        tracing::info!(vendor, known, unknown, "a webhook was heard");
        Ok(())
    })
    .await
}
