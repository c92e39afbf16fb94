//! Who the person is at Google, since when, and which zone their account is set to.

use jiff::civil::Date;
use serde::Deserialize;

use super::{
    api::{Api, Ask, Call},
    json::{Maybe, Nested, read},
    times::CivilDate,
};
use crate::{
    error::VendorError,
    vendor::{Access, Account},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity {
    #[serde(default)]
    pub(super) health_user_id: Maybe<String>,
    #[serde(default)]
    pub(super) legacy_user_id: Maybe<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    #[serde(default)]
    pub(super) time_zone: Maybe<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    #[serde(default)]
    pub(super) membership_start_date: Nested<CivilDate>,
}

/// `membershipStartDate` of the profile. Live profiles may lack it.
pub(super) async fn read_membership(
    api: &Api,
    access: &Access,
) -> Result<Option<Date>, VendorError> {
    let path = "/v4/users/me/profile";
    let call = Call { endpoint: "profile", data_type: "", path, ask: Ask::Get(&[]) };
    let profile: Result<Profile, _> = api.call(access, &call, read).await;
    match profile.map_err(VendorError::from) {
        Ok(profile) => Ok(profile.membership_start_date.0.and_then(|date| date.date())),
        Err(VendorError::ScopeMissing) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Identity needs any health scope; the zone needs the settings scope and is none without it.
pub(super) async fn read_account(api: &Api, access: &Access) -> Result<Account, VendorError> {
    let path = "/v4/users/me/identity";
    let call = Call { endpoint: "identity", data_type: "", path, ask: Ask::Get(&[]) };
    let identity: Identity = api.call(access, &call, read).await?;
    let user = identity.health_user_id.0.filter(|user| !user.is_empty());
    Ok(Account {
        user: user.ok_or(VendorError::Unreadable)?,
        legacy_user: identity.legacy_user_id.0.filter(|user| !user.is_empty()),
        zone: zone(api, access).await?,
    })
}

async fn zone(api: &Api, access: &Access) -> Result<Option<String>, VendorError> {
    let path = "/v4/users/me/settings";
    let call = Call { endpoint: "settings", data_type: "", path, ask: Ask::Get(&[]) };
    let settings: Result<Settings, _> = api.call(access, &call, read).await;
    match settings.map_err(VendorError::from) {
        Ok(settings) => Ok(settings.time_zone.0.filter(|zone| !zone.is_empty())),
        Err(VendorError::ScopeMissing) => Ok(None),
        Err(error) => Err(error),
    }
}
