//! `POST /integrations/fitbit/authorize/url`

use axum::{Json, extract::State};
use jiff::Timestamp;
use phr_model::FITBIT;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::SignedIn,
    endpoint::detached,
    error::ApiError,
    input::{Body, Fields, Input, Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Where to return to.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"return_to": "phrapp://connected"}))]
pub struct LinkRequest {
    /// Where the result page leads back to: one of the addresses that the operator has allowed,
    /// exactly. `status` (`success`, `partial`, `declined` or `failed`) is added to it.
    pub return_to: Option<String>,
}

impl Input for LinkRequest {
    const NAMES: &'static [&'static str] = &["return_to"];
    const MAY_BE_ABSENT: bool = true;

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { return_to: fields.text("return_to", 512) })
    }
}

/// A one-time link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "url": "https://phr.example.com/connect/b25lVGltZUxpbmtPZkZvcnR5VGhyZWVDaGFyYWN0ZXJz",
    "expires_at": "2026-11-22T08:17:00Z",
    "hint": "Open this in the system browser (Custom Tabs, ASWebAuthenticationSession): Google refuses sign-in inside an embedded web view."
}))]
pub struct ConnectLink {
    /// Open this in the system browser.
    pub url: String,
    /// When the link stops working.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// For developers of apps.
    pub hint: &'static str,
}

const HINT: &str = "Open this in the system browser (Custom Tabs, ASWebAuthenticationSession): \
    Google refuses sign-in inside an embedded web view.";

/// Get a one-time link for the system browser
///
/// The link shows which account will receive the readings, then goes to the vendor. It works once,
/// within two minutes. In Flutter:
///
/// ```dart
/// final reply = await http.post(
///   Uri.parse('$baseUrl/integrations/fitbit/authorize/url'),
///   headers: {'Authorization': 'Bearer $accessToken', 'Content-Type': 'application/json'},
///   body: json.encode({'return_to': 'phrapp://connected'}),
/// );
/// final url = Uri.parse(json.decode(reply.body)['url']);
/// await launchUrl(url, mode: LaunchMode.externalApplication); // package url_launcher
/// ```
#[utoipa::path(
    post,
    path = "/integrations/fitbit/authorize/url",
    tag = "integrations",
    security(("bearer" = [])),
    request_body = LinkRequest,
    responses(
        (status = 200, description = "The link", body = ConnectLink),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 422, description = "The return address is not allowed", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn link_fitbit(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
    Body(request): Body<LinkRequest>,
) -> Result<Json<ConnectLink>, ApiError> {
    let base = state.settings.base().to_owned();
    let link = detached(async move {
        let return_to = request.return_to.as_deref();
        Ok(state.connector.issue_link(person.id(), FITBIT, return_to).await?)
    })
    .await?;
    Ok(Json(ConnectLink {
        url: format!("{base}/connect/{}", link.ticket.expose_secret()),
        expires_at: link.expires_at,
        hint: HINT,
    }))
}
