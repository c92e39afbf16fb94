//! Who asks, and what for: the one place where a request to the facade is let in.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use phr_fhir::Chart;
use phr_model::{FITBIT, PatientId, PersonId};

use super::{
    params::Params,
    scopes::{Kind, Right, Scopes},
};
use crate::{
    auth::{self, SignedIn},
    error::ApiError,
    limit::Class,
    state::ApiState,
};

/// A request that may read, and is answered in JSON.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whose record.
    pub(super) person: SignedIn,
    /// Which part of it.
    pub(super) scopes: Scopes,
    /// The parameters of the address.
    pub(super) params: Params,
    patient: PatientId,
}

impl Access {
    /// Lets reading or searching pass, if the token's scopes do.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`].
    pub(super) fn may(&self, kind: Kind, right: Right) -> Result<(), ApiError> {
        if self.scopes.allow(kind, right) {
            return Ok(());
        }
        Err(ApiError::Forbidden("The access token's scopes do not cover this"))
    }

    pub(super) fn id(&self) -> PersonId {
        self.person.id()
    }

    pub(super) fn patient(&self) -> PatientId {
        self.patient
    }

    /// What all resources of the person share.
    pub(super) fn chart(&self, state: &ApiState) -> Chart {
        Chart::new(state.settings.base(), self.patient, FITBIT)
    }
}

impl FromRequestParts<ApiState> for Access {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        auth::refuse_token_in_query(parts)?;
        let person = auth::find(&parts.headers, state).await?;
        state.limiters.take(Class::Read, person.person.id.0, state.clock.now())?;
        tracing::Span::current().record("person.id", tracing::field::display(person.person.id));
        let params = Params::of_address(parts)?;
        wants_json(&parts.headers, &params)?;
        let patient = person.patient()?;
        Ok(Self { person, scopes: Scopes::own(), params, patient })
    }
}

/// What the answer may be, by `_format` or else by `Accept`.
///
/// # Errors
/// [`ApiError::NotAcceptable`]: only JSON is spoken here.
pub(super) fn wants_json(headers: &HeaderMap, params: &Params) -> Result<(), ApiError> {
    if let Some(format) = params.first("_format") {
        return if is_json(format) { Ok(()) } else { Err(ApiError::NotAcceptable) };
    }
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    let mut ranges = accepted.flat_map(|it| it.split(',')).peekable();
    if ranges.peek().is_none() || ranges.any(is_json) {
        return Ok(());
    }
    Err(ApiError::NotAcceptable)
}

/// A media range or one of FHIR's short names. `+` may have come as a space.
fn is_json(range: &str) -> bool {
    let essence = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        &*essence.replace(' ', "+"),
        "json"
            | "*/*"
            | "application/*"
            | "application/json"
            | "text/json"
            | "application/fhir+json"
            | "application/fhir+ndjson"
            | "application/ndjson"
            | "ndjson"
            | "application/json+fhir"
    )
}
