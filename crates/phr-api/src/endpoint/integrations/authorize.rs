//! `GET /integrations/fitbit/authorize`

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use phr_model::FITBIT;
use secrecy::ExposeSecret;

use crate::{
    auth::SignedIn,
    endpoint::detached,
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Name of the cookie that ties a consent to the browser in which it began (OA-04). The prefix makes
/// browsers refuse it from anywhere but this very host over a secure channel.
const COOKIE: &str = "__Host-phr-connect";

/// Go to the vendor's consent page
///
/// Answers 302 to the vendor and sets a cookie that the callback needs. A browser cannot send the
/// access token of an app, and Google refuses web views inside apps, so apps use
/// `POST /integrations/fitbit/authorize/url` instead.
#[utoipa::path(
    get,
    path = "/integrations/fitbit/authorize",
    tag = "integrations",
    security(("bearer" = [])),
    responses(
        (status = 302, description = "To the vendor", headers(
            ("location" = String, description = "The vendor's consent page"),
            ("set-cookie" = String, description = "Ties the consent to this browser"),
        )),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn authorize_fitbit(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Response, ApiError> {
    let begun =
        detached(async move { Ok(state.connector.begin(person.id(), FITBIT, None).await?) })
            .await?;
    let cookie = format!(
        "{COOKIE}={}; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax",
        begun.browser.expose_secret()
    );
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| ApiError::Internal("redirecting to the vendor"))
    };
    let headers =
        [(header::LOCATION, value(begun.url.as_str())?), (header::SET_COOKIE, value(&cookie)?)];
    Ok((StatusCode::FOUND, headers).into_response())
}
