//! `/fhir/.well-known/smart-configuration`
//! (<https://hl7.org/fhir/smart-app-launch/conformance.html>)

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::scopes::OFFERED;
use crate::{oauth, state::ApiState};

/// What apps can rely on, and nothing that is not so.
const CAPABILITIES: [&str; 8] = [
    "launch-standalone",
    "client-public",
    "client-confidential-symmetric",
    "context-standalone-patient",
    "permission-patient",
    "permission-v1",
    "permission-v2",
    "permission-offline",
];

/// How apps ask people for access.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "issuer": "https://phr.example.com",
    "authorization_endpoint": "https://phr.example.com/oauth/authorize",
    "token_endpoint": "https://phr.example.com/oauth/token",
    "introspection_endpoint": "https://phr.example.com/oauth/introspect",
    "revocation_endpoint": "https://phr.example.com/oauth/revoke",
    "grant_types_supported": ["authorization_code", "refresh_token"],
    "response_types_supported": ["code"],
    "scopes_supported": ["launch/patient", "offline_access", "patient/*.rs"],
    "code_challenge_methods_supported": ["S256"],
    "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
    "authorization_response_iss_parameter_supported": true,
    "capabilities": ["launch-standalone", "client-public"]
}))]
pub struct SmartConfiguration {
    /// Who answers: the `iss` that comes with every answer to an app (RFC 9207).
    pub issuer: String,
    /// Where people are asked.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// Where apps with a secret ask about their tokens.
    pub introspection_endpoint: String,
    /// Where apps give tokens back.
    pub revocation_endpoint: String,
    /// What the token endpoint takes.
    #[schema(value_type = Vec<String>)]
    pub grant_types_supported: [&'static str; 2],
    /// What the authorization endpoint gives.
    #[schema(value_type = Vec<String>)]
    pub response_types_supported: [&'static str; 1],
    /// What apps may ask for.
    #[schema(value_type = Vec<String>)]
    pub scopes_supported: &'static [&'static str],
    /// PKCE is required, and `plain` is not taken.
    #[schema(value_type = Vec<String>)]
    pub code_challenge_methods_supported: [&'static str; 1],
    /// How apps show who they are.
    #[schema(value_type = Vec<String>)]
    pub token_endpoint_auth_methods_supported: [&'static str; 3],
    /// Whether answers name their issuer: they do.
    pub authorization_response_iss_parameter_supported: bool,
    /// What else apps can rely on.
    #[schema(value_type = Vec<String>)]
    pub capabilities: &'static [&'static str],
}

/// Show how apps ask people for access
///
/// SMART App Launch. Needs no sign-in.
#[utoipa::path(
    get,
    path = "/fhir/.well-known/smart-configuration",
    tag = "fhir",
    responses((status = 200, description = "The configuration", body = SmartConfiguration))
)]
pub async fn show_smart_configuration(State(state): State<ApiState>) -> Json<SmartConfiguration> {
    let base = state.settings.base();
    let at = |path: &str| format!("{base}{path}");
    Json(SmartConfiguration {
        issuer: base.to_owned(),
        authorization_endpoint: at(oauth::AUTHORIZE),
        token_endpoint: at(oauth::TOKEN),
        introspection_endpoint: at(oauth::INTROSPECT),
        revocation_endpoint: at(oauth::REVOKE),
        grant_types_supported: ["authorization_code", "refresh_token"],
        response_types_supported: ["code"],
        scopes_supported: &OFFERED,
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: [
            "none",
            "client_secret_basic",
            "client_secret_post",
        ],
        authorization_response_iss_parameter_supported: true,
        capabilities: &CAPABILITIES,
    })
}
