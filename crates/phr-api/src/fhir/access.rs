//! Who asks, and what for: the one place where a request to the facade is let in.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use phr_fhir::Chart;
use phr_model::{FITBIT, PatientId, PersonId};
use phr_store::account::Person;
use uuid::Uuid;

use super::{
    params::Params,
    scopes::{Kind, Right, Scopes},
};
use crate::{auth, error::ApiError, limit::Class, oauth, state::ApiState};

/// A request that may read, and is answered in JSON.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whose record.
    pub(super) person: Person,
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
        self.person.id
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
        let Caller { person, scopes, counted } = Caller::of(&parts.headers, state).await?;
        state.limiters.take(Class::Read, counted, state.clock.now())?;
        tracing::Span::current().record("person.id", tracing::field::display(person.id));
        let params = Params::of_address(parts)?;
        wants_json(&parts.headers, &params)?;
        let patient = person.patient.ok_or(ApiError::NoPatient)?;
        Ok(Self { person, scopes, params, patient })
    }
}

/// The person, or an app that the person lets in.
struct Caller {
    person: Person,
    scopes: Scopes,
    /// Whose requests are counted: an app does not use up what the person may ask.
    counted: Uuid,
}

impl Caller {
    async fn of(headers: &HeaderMap, state: &ApiState) -> Result<Self, ApiError> {
        if oauth::access::is_presented(headers) {
            let app = oauth::access::find(headers, state).await?;
            let scopes = Scopes::parse(&app.scopes);
            return Ok(Self { person: app.person, scopes, counted: app.grant });
        }
        let person = auth::find(headers, state).await?.person;
        Ok(Self { counted: person.id.0, person, scopes: Scopes::own() })
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
