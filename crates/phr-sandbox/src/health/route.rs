//! Which resource a path names.

use axum::http::Method;

use crate::data_type::{DataType, Operation};
use crate::errors::{ApiError, ApiResult};
use crate::world::World;

/// A known path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    user: String,
    pub(super) resource: Resource,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Points { data_type: String, operation: Operation, id: Option<String> },
    Identity,
    Profile,
    Settings,
    Devices(Option<String>),
}

impl Route {
    /// `None` where Google's front end answers an HTML 404.
    pub(super) fn find(method: &Method, path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix("/v4/")?.split('/').collect();
        let ["users", user, rest @ ..] = &parts[..] else { return None };
        let points = |data_type: &str, operation, id: Option<&str>| Resource::Points {
            data_type: data_type.to_owned(),
            operation,
            id: id.map(str::to_owned),
        };
        let get = method == Method::GET;
        let resource = match rest {
            ["identity"] if get => Resource::Identity,
            ["profile"] if get => Resource::Profile,
            ["settings"] if get => Resource::Settings,
            ["pairedDevices"] if get => Resource::Devices(None),
            ["pairedDevices", id] if get => Resource::Devices(Some((*id).to_owned())),
            ["dataTypes", kind, "dataPoints"] if get => points(kind, Operation::List, None),
            ["dataTypes", kind, "dataPoints:reconcile"] if get => {
                points(kind, Operation::Reconcile, None)
            }
            ["dataTypes", kind, "dataPoints:rollUp"] if method == Method::POST => {
                points(kind, Operation::RollUp, None)
            }
            ["dataTypes", kind, "dataPoints:dailyRollUp"] if method == Method::POST => {
                points(kind, Operation::DailyRollUp, None)
            }
            ["dataTypes", kind, "dataPoints", id] if get && !id.contains(':') => {
                points(kind, Operation::Get, Some(id))
            }
            _ => return None,
        };
        Some(Self { user: (*user).to_owned(), resource })
    }

    /// As counted: the method and the data type.
    pub(super) fn endpoint(&self) -> String {
        match &self.resource {
            Resource::Points { data_type, operation, .. } => {
                let known = data_type.parse::<DataType>().map_or("unknown type", DataType::id);
                format!("{} {known}", operation.method())
            }
            Resource::Identity => "identity".to_owned(),
            Resource::Profile => "profile".to_owned(),
            Resource::Settings => "settings".to_owned(),
            Resource::Devices(_) => "pairedDevices".to_owned(),
        }
    }

    /// The RPC in error metadata.
    pub(super) fn rpc(&self) -> String {
        match &self.resource {
            Resource::Points { operation, .. } => format!("DataPointsService.{}", operation.rpc()),
            Resource::Identity => "UsersService.GetIdentity".to_owned(),
            Resource::Profile => "UsersService.GetProfile".to_owned(),
            Resource::Settings => "UsersService.GetSettings".to_owned(),
            Resource::Devices(None) => "PairedDevicesService.ListPairedDevices".to_owned(),
            Resource::Devices(Some(_)) => "PairedDevicesService.GetPairedDevice".to_owned(),
        }
    }

    /// The data type in the path, as faults see it.
    pub(super) fn known_type(&self) -> Option<DataType> {
        match &self.resource {
            Resource::Points { data_type, .. } => data_type.parse().ok(),
            _ => None,
        }
    }

    /// The data type in the path.
    pub(super) fn data_type(&self) -> ApiResult<DataType> {
        self.known_type().ok_or_else(|| {
            ApiError::invalid_because(
                "INVALID_PARENT_DATA_TYPE_COLLECTION",
                "Invalid data type ID referenced in the parent data type collection. Data type \
                 IDs are kebab-case, such as heart-rate.",
            )
        })
    }

    /// The parent must be `users/me`: the numeric id is refused by the collection methods and
    /// accepted in full names; `users/-` only works for the identity (measured live).
    pub(super) fn check_user(&self, world: &World) -> ApiResult<()> {
        let numeric = !self.user.is_empty() && self.user.bytes().all(|b| b.is_ascii_digit());
        let named = match &self.resource {
            Resource::Identity => self.user == "-",
            Resource::Points { operation: Operation::Get, .. } | Resource::Devices(_) => numeric,
            Resource::Points { .. } => numeric && !world.options().refuse_numeric_user,
            _ => false,
        };
        if self.user == "me" || named { Ok(()) } else { Err(ApiError::invalid()) }
    }
}

impl Resource {
    /// The query parameters that the method knows, in camelCase.
    pub(super) fn parameters(&self) -> &'static [&'static str] {
        match self {
            Self::Points { operation: Operation::List | Operation::Reconcile, .. } => {
                &["filter", "pageSize", "pageToken", "dataSourceFamily"]
            }
            Self::Devices(None) => &["pageSize", "pageToken"],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_must_fit_the_method() {
        let path = |verb: &str| format!("/v4/users/me/dataTypes/steps/dataPoints{verb}");
        assert!(Route::find(&Method::GET, &path(":reconcile")).is_some());
        assert!(Route::find(&Method::POST, &path(":reconcile")).is_none());
        assert!(Route::find(&Method::GET, &path(":rollUp")).is_none());
        assert!(Route::find(&Method::POST, &path(":dailyRollUp")).is_some());
        assert!(Route::find(&Method::GET, "/v4/users/me/devices").is_none());
    }

    #[test]
    fn a_type_that_google_does_not_know_is_refused() {
        let route = Route::find(&Method::GET, "/v4/users/me/dataTypes/heartRate/dataPoints");
        let error = route.unwrap().data_type().unwrap_err();
        assert_eq!(error.reason(), "INVALID_PARENT_DATA_TYPE_COLLECTION");
    }
}
