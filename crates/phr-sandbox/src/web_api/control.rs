//! The remote control of what only this API has.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::mood::WebApiMood;
use crate::world::{World, WorldError};

impl World {
    /// How the Fitbit Web API behaves at the moment.
    pub fn web_api_mood(&self) -> WebApiMood {
        self.web_api().mood.clone()
    }

    /// How the Fitbit Web API behaves from here on.
    pub fn set_web_api_mood(&self, mood: WebApiMood) {
        self.web_api().mood = mood;
    }

    /// The person deletes their Fitbit account: tokens and subscriptions end, and subscribers are
    /// told `deleteUser`.
    ///
    /// # Errors
    /// Unknown person.
    pub fn delete_fitbit_account(&self, email: &str) -> Result<(), WorldError> {
        let person = self.person(email)?.index;
        self.tell_end_of_account(person);
        self.web_api().grants.revoke_person(person);
        Ok(())
    }

    /// Ends the person's Fitbit grant, as if in the account's settings.
    pub(crate) fn revoke_web_api(&self, person: usize) {
        if self.web_api().grants.revoke_person(person) {
            self.tell_end_of_grant(person);
        }
    }

    pub(crate) fn withdraw_web_api_scope(&self, person: usize, scope: &str) {
        self.web_api().grants.withdraw_scope(person, scope);
    }

    pub(crate) fn expire_web_api_tokens(&self) {
        let now = self.clock().now();
        self.web_api().grants.expire_access_tokens(now);
    }
}

pub(crate) fn router() -> Router<World> {
    Router::new()
        .route("/sandbox/web-api", get(mood).put(set_mood))
        .route("/sandbox/web-api/subscriber", put(register))
        .route("/sandbox/people/{email}/fitbit-account", delete(delete_account))
}

async fn mood(State(world): State<World>) -> Json<WebApiMood> {
    Json(world.web_api_mood())
}

async fn set_mood(State(world): State<World>, Json(new): Json<WebApiMood>) -> Json<WebApiMood> {
    world.set_web_api_mood(new);
    mood(State(world)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    endpoint: String,
    verify: String,
}

async fn register(State(world): State<World>, Json(given): Json<Endpoint>) -> Response {
    let registered = world.register_subscriber(&given.endpoint, &given.verify).await;
    answered(StatusCode::BAD_REQUEST, registered.err().map(|error| error.to_string()))
}

async fn delete_account(State(world): State<World>, Path(email): Path<String>) -> Response {
    let deleted = world.delete_fitbit_account(&email);
    answered(StatusCode::NOT_FOUND, deleted.err().map(|error| error.to_string()))
}

fn answered(status: StatusCode, error: Option<String>) -> Response {
    match error {
        None => Json(json!({})).into_response(),
        Some(error) => (status, Json(json!({ "error": error }))).into_response(),
    }
}
