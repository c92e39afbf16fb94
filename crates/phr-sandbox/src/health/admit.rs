//! What stands before a request: faults, credentials, scopes, quota, the state of the account.

use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Call;
use super::route::Resource;
use crate::data_type::{DataType, Operation};
use crate::errors::{self, ApiError, ApiResult, bearer};
use crate::faults::{Fault, FaultKind, Occasion};
use crate::oauth::Access;
use crate::person::Person;
use crate::world::World;

/// A request that may proceed.
pub(super) struct Admitted {
    pub(super) access: Access,
    faults: Vec<Fault>,
}

impl Admitted {
    pub(super) fn suffers(&self, kind: FaultKind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }

    /// Sends a good answer, or what the faults make of it.
    pub(super) async fn deliver(&self, response: Response) -> Response {
        if self.suffers(FaultKind::CutBody) { errors::cut(response).await } else { response }
    }
}

/// Lets a request through, or answers in its place.
pub(super) async fn admit(
    world: &World,
    headers: &HeaderMap,
    path: &str,
    call: &Call,
) -> Result<Admitted, Response> {
    let token = bearer(headers);
    let access = token.and_then(|token| world.accounts().access(token, world.clock().now()));
    let person = access.as_ref().and_then(|access| world.person_at(access.person));
    let occasion = Occasion {
        path,
        data_type: call.route.known_type(),
        person: person.map(|person| person.summary.email.as_str()),
    };
    let faults = world.befalling(&occasion);
    for fault in &faults {
        if let Some(response) = befall(world, fault, token, person).await {
            return Err(response);
        }
    }
    authorize(world, call, token, access)
        .map(|access| Admitted { access, faults })
        .map_err(IntoResponse::into_response)
}

/// Faults that answer before the service does.
async fn befall(
    world: &World,
    fault: &Fault,
    token: Option<&str>,
    person: Option<&Person>,
) -> Option<Response> {
    let error = match fault.kind {
        FaultKind::ExpiredToken => {
            world.accounts().expire_access(token.unwrap_or_default());
            ApiError::token_invalid()
        }
        FaultKind::Revoked => {
            if let Some(person) = person {
                world.accounts().revoke_person(person.index);
            }
            ApiError::token_invalid()
        }
        FaultKind::MissingScope => ApiError::missing_scope(),
        FaultKind::Unlinked => ApiError::not_linked(),
        FaultKind::NoProfile => ApiError::no_profile(),
        FaultKind::PermissionDenied => ApiError::permission_denied(),
        // A good answer is cut later, in the middle.
        FaultKind::CutBody => return None,
        _ => return errors::for_any_endpoint(fault).await,
    };
    Some(error.into_response())
}

fn authorize(
    world: &World,
    call: &Call,
    token: Option<&str>,
    access: Option<Access>,
) -> ApiResult<Access> {
    let rpc = call.route.rpc();
    if token.is_none() {
        let key = call.query.get("key").is_some();
        return Err(if key {
            ApiError::api_key(&rpc)
        } else {
            ApiError::credentials_missing(&rpc)
        });
    }
    let access = access.ok_or_else(ApiError::token_invalid)?;
    let disallowed = access.scopes.disallowed();
    if !disallowed.is_empty() {
        return Err(ApiError::disallowed_scopes(&disallowed));
    }
    let opened = match &call.route.resource {
        Resource::Points { .. } => access.scopes.opens_data_points(),
        Resource::Identity => access.scopes.opens_health(),
        Resource::Profile => access.scopes.reads("profile"),
        Resource::Settings | Resource::Devices(_) => access.scopes.reads("settings"),
    };
    if !opened {
        return Err(ApiError::scope_insufficient(&rpc));
    }
    if !world.within_quota(access.person) {
        return Err(ApiError::exhausted(None));
    }
    Ok(access)
}

/// The account must be linked to Google Health and have a profile.
pub(super) fn check_account(world: &World, person: &Person) -> ApiResult<()> {
    let condition = world.condition(person);
    if condition.unlinked {
        return Err(ApiError::not_linked());
    }
    if condition.no_profile { Err(ApiError::no_profile()) } else { Ok(()) }
}

/// The operation matrix of page "Data types".
pub(super) fn check_operation(data_type: DataType, operation: Operation) -> ApiResult<()> {
    let supported = data_type.operations();
    if supported.contains(&operation) {
        return Ok(());
    }
    let actions: Vec<&str> = supported.iter().map(|operation| operation.action()).collect();
    let actions = actions.join(", ");
    let mut verb = operation.action().to_owned();
    if let Some(first) = verb.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Err(ApiError::invalid_with(
        "UNSUPPORTED_DATA_TYPE_ACTION",
        format!(
            "{verb} is not supported for data type {data_type}, but the following actions are \
             supported: {actions}"
        ),
        json!({ "allowed_actions": actions }),
    ))
}

/// The service checks the scope of the data type after the front end let the request through.
pub(super) fn check_scope(access: &Access, data_type: DataType) -> ApiResult<()> {
    let permitted = access.scopes.reads_own(data_type.scope_family());
    if permitted { Ok(()) } else { Err(ApiError::missing_scope()) }
}
