//! Who the person is at Fitbit, where, since when, and with which devices (pages "Get Profile" and
//! "Get Devices"). Profiles hold names and birthdays: only what is needed is read.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde::Deserialize;

use super::{
    asking::{Asking, Topic},
    spo2::bare,
    units::CENTIMETRES_IN_AN_INCH,
};
use crate::{
    device::{Battery, Device, DeviceKind},
    error::VendorError,
    fitbit::json::{Maybe, Nested, Number, ParseError, read},
    vendor::Account,
};

#[derive(Deserialize)]
pub(super) struct Profile {
    #[serde(default)]
    pub(super) user: Nested<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[serde(default)]
    pub(super) encoded_id: Maybe<String>,
    #[serde(default)]
    pub(super) timezone: Maybe<String>,
    #[serde(default)]
    pub(super) member_since: Maybe<Date>,
    /// To find out units only: it comes without a time.
    #[serde(default)]
    height: Maybe<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paired {
    #[serde(default, rename = "type")]
    kind: Maybe<String>,
    #[serde(default)]
    device_version: Maybe<String>,
    #[serde(default)]
    battery: Maybe<String>,
    #[serde(default)]
    battery_level: Maybe<Number>,
    #[serde(default)]
    last_sync_time: Maybe<DateTime>,
}

/// The encoded id and the zone. `offsetFromUTCMillis` is not used: it may disagree with the zone, and is
/// wrong for half of the year.
pub(super) async fn read_account(asking: Asking<'_>) -> Result<Account, VendorError> {
    let user = user(asking).await?;
    let named = |text: Maybe<String>| text.0.filter(|text| !text.is_empty());
    let id = named(user.encoded_id).ok_or(VendorError::NothingSaid)?;
    let zone = named(user.timezone).filter(|name| TimeZone::get(name).is_ok());
    Ok(Account { legacy_user: Some(id.clone()), user: id, zone })
}

pub(super) async fn read_membership(asking: Asking<'_>) -> Result<Option<Date>, VendorError> {
    Ok(user(asking).await?.member_since.0)
}

const PROFILE: Topic = Topic { endpoint: "profile", data_type: "" };

async fn user(asking: Asking<'_>) -> Result<User, VendorError> {
    let profile = asking.get(PROFILE, "profile.json", profile).await?;
    profile.and_then(|profile| profile.user.0).ok_or_else(|| asking.silence())
}

/// Makes sure that requests are answered in metric units, by the height in the profile, where the values
/// themselves cannot show it. An error if there is no height.
pub(super) async fn check_units(asking: Asking<'_>) -> Result<(), VendorError> {
    let height = |user: User| user.height.0?.to_base(10).filter(|height| *height > 0);
    let metric = height(user(asking).await?).ok_or(VendorError::Unreadable)?;
    let inches = asking.get_in_us_units(PROFILE, "profile.json", profile).await?;
    let inches = inches.and_then(|profile| height(profile.user.0?));
    CENTIMETRES_IN_AN_INCH.check(metric, inches.ok_or(VendorError::Unreadable)?)
}

pub(super) fn profile(body: &[u8]) -> Result<Option<Profile>, ParseError> {
    if body.trim_ascii().is_empty() { Ok(None) } else { read(body).map(Some) }
}

/// Needs the settings scope. Their times are those of the clock on the wall, so the zone is read too.
pub(super) async fn read_devices(asking: Asking<'_>) -> Result<Vec<Device>, VendorError> {
    let topic = Topic { endpoint: "devices", data_type: "" };
    let paired = asking.get(topic, "devices.json", bare::<Nested<Paired>>).await?;
    let paired: Vec<Paired> = paired.into_iter().flatten().filter_map(|it| it.0).collect();
    if paired.is_empty() {
        return Ok(Vec::new());
    }
    let zone = read_account(asking).await.ok().and_then(|account| account.zone);
    let zone = zone.and_then(|name| TimeZone::get(&name).ok());
    Ok(paired.into_iter().map(|it| device(it, zone.as_ref())).collect())
}

pub(super) fn device(paired: Paired, zone: Option<&TimeZone>) -> Device {
    let instant = |civil: DateTime| -> Option<Timestamp> { zone?.to_timestamp(civil).ok() };
    let percent = paired.battery_level.0.and_then(|level| level.to_base(1));
    Device {
        kind: match paired.kind.0.as_deref() {
            Some("TRACKER") => DeviceKind::Tracker,
            Some("SCALE") => DeviceKind::Scale,
            _ => DeviceKind::Other,
        },
        name: paired.device_version.0.filter(|name| !name.is_empty()),
        battery: paired.battery.0.as_deref().and_then(Battery::parse),
        battery_percent: percent.and_then(|it| u8::try_from(it).ok()).filter(|it| *it <= 100),
        last_sync_at: paired.last_sync_time.0.and_then(instant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracker_is_read_as_fitbit_shows_it() {
        let json = br#"[{"battery":"High","batteryLevel":88,"deviceVersion":"Charge 6",
            "features":[],"id":"2203417765","lastSyncTime":"2026-03-14T09:47:12.000",
            "mac":"A0B1C2D3E4F5","type":"TRACKER"}]"#;
        let mut paired: Vec<Paired> = bare(json).unwrap().unwrap();
        let denver = TimeZone::get("America/Denver").unwrap();
        let tracker = Device {
            kind: DeviceKind::Tracker,
            name: Some("Charge 6".to_owned()),
            battery: Some(Battery::High),
            battery_percent: Some(88),
            last_sync_at: Some("2026-03-14T15:47:12Z".parse().unwrap()),
        };
        assert_eq!(device(paired.remove(0), Some(&denver)), tracker);
    }

    #[test]
    fn a_profile_may_be_empty() {
        assert!(profile(b"\n").unwrap().is_none());
        assert!(profile(b"{}").unwrap().unwrap().user.0.is_none());
        assert!(profile(b"<html>").is_err());
    }
}
