//! `GET /auth/me`

use axum::Json;
use jiff::Timestamp;
use phr_store::account::Person;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
};

/// The signed-in person's account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0f1e2d3c-4b5a-4697-8877-665544332211",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "patient_id": "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10",
    "created_at": "2026-11-01T08:15:00Z"
}))]
pub struct Me {
    /// The account's id.
    pub id: Uuid,
    /// E-mail address.
    pub email: String,
    /// What the person is called.
    pub name: String,
    /// The FHIR Patient whose readings these are; null for operators' accounts.
    pub patient_id: Option<Uuid>,
    /// Since when the account exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<Person> for Me {
    fn from(person: Person) -> Self {
        Self {
            id: person.id.0,
            email: person.email,
            name: person.name,
            patient_id: person.patient.map(|patient| patient.0),
            created_at: person.created_at,
        }
    }
}

/// The signed-in person's account
#[utoipa::path(
    get,
    path = "/auth/me",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The account", body = Me),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn me(
    person: SignedIn,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Me>, ApiError> {
    Ok(Json(Me::from(person.person)))
}
