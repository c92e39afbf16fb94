//! `GET /apps` and `DELETE /apps/{id}`

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use jiff::Timestamp;
use phr_store::app::GrantSeen;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::SignedIn,
    endpoint::{DONE, detached},
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// An app that may read.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55",
    "name": "Growth Chart",
    "scopes": ["launch/patient", "patient/Observation.rs", "offline_access"],
    "since": "2026-11-01T08:15:00Z",
    "last_used_at": "2026-11-20T07:55:00Z",
    "ends_at": "2026-12-20T07:55:00Z"
}))]
pub struct AppEntry {
    /// The app's id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What it may read.
    pub scopes: Vec<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it last did, give or take five minutes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it cannot any more, unless it goes on before.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
}

/// The apps that may read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"apps": [{
    "id": "5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55",
    "name": "Growth Chart",
    "scopes": ["launch/patient", "patient/Observation.rs", "offline_access"],
    "since": "2026-11-01T08:15:00Z",
    "last_used_at": "2026-11-20T07:55:00Z",
    "ends_at": "2026-12-20T07:55:00Z"
}]}))]
pub struct AppList {
    /// By name.
    pub apps: Vec<AppEntry>,
}

impl AppList {
    /// One entry for an app, however often it was let in.
    fn of(grants: Vec<GrantSeen>) -> Self {
        let mut apps: Vec<AppEntry> = Vec::new();
        for grant in grants {
            let next = AppEntry::of(grant);
            match apps.last_mut().filter(|last| last.id == next.id) {
                Some(last) => last.join(next),
                None => apps.push(next),
            }
        }
        Self { apps }
    }
}

impl AppEntry {
    fn of(grant: GrantSeen) -> Self {
        let GrantSeen { app: id, name, scopes, since, used_at: last_used_at, expires_at } = grant;
        let scopes = scopes.split(' ').map(str::to_owned).collect();
        Self { id, name, scopes, since, last_used_at, ends_at: expires_at }
    }

    fn join(&mut self, other: Self) {
        for scope in other.scopes {
            if !self.scopes.contains(&scope) {
                self.scopes.push(scope);
            }
        }
        self.since = self.since.min(other.since);
        self.last_used_at = self.last_used_at.max(other.last_used_at);
        self.ends_at = self.ends_at.max(other.ends_at);
    }
}

/// The apps that may read the person's record
#[utoipa::path(
    get,
    path = "/apps",
    tag = "apps",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The apps", body = AppList),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn list_apps(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<AppList>, ApiError> {
    let grants = state.store.grants_of(person.id(), state.clock.now()).await?;
    Ok(Json(AppList::of(grants)))
}

/// End an app's access
///
/// All its tokens of this person stop working at once.
#[utoipa::path(
    delete,
    path = "/apps/{id}",
    tag = "apps",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The app, as in the list")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 404, description = "No such app may read", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn end_app(
    person: SignedIn,
    State(state): State<ApiState>,
    id: Result<Path<Uuid>, PathRejection>,
    Query(Nothing): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let Path(id) = id.map_err(|_| ApiError::NotFound)?;
    let person = person.id();
    let ended = detached(async move { Ok(state.store.end_grants(person, id).await?) }).await?;
    if !ended {
        return Err(ApiError::NotFound);
    }
    tracing::info!(person.id = %person, app = %id, "an app's access was ended");
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_that_was_let_in_twice_is_listed_once() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let grant = |app: u128, scopes: &str, since, used_at: Option<i64>| GrantSeen {
            app: Uuid::from_u128(app),
            name: "App".to_owned(),
            scopes: scopes.to_owned(),
            since: at(since),
            used_at: used_at.map(at),
            expires_at: at(since + 100),
        };
        let list = AppList::of(vec![
            grant(1, "a b", 10, None),
            grant(1, "b c", 20, Some(30)),
            grant(2, "a", 5, None),
        ]);
        let scopes: Vec<_> = list.apps.iter().map(|app| app.scopes.join(" ")).collect();
        assert_eq!(scopes, ["a b c", "a"]);
        let [first, _] = &list.apps[..] else { panic!() };
        assert_eq!((first.since, first.last_used_at), (at(10), Some(at(30))));
        assert_eq!(first.ends_at, at(120));
    }
}
