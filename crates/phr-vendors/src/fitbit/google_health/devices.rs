//! `pairedDevices` (Google page "Devices"): trackers and scales of the account.

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    api::{Api, Ask, Call},
    json::{Maybe, Nested, Number, ParseError, read},
};
use crate::{
    device::{Battery, Device, DeviceKind},
    error::VendorError,
    vendor::Access,
};

/// The largest page there is. Nobody has that many.
const PAGE_SIZE: &str = "100";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(default)]
    paired_devices: Vec<Nested<Paired>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paired {
    #[serde(default)]
    device_type: Maybe<String>,
    #[serde(default)]
    device_version: Maybe<String>,
    #[serde(default)]
    battery_status: Maybe<String>,
    #[serde(default)]
    battery_level: Maybe<Number>,
    #[serde(default)]
    last_sync_time: Maybe<Timestamp>,
}

/// Needs the settings scope.
pub(super) async fn read_devices(api: &Api, access: &Access) -> Result<Vec<Device>, VendorError> {
    let path = "/v4/users/me/pairedDevices";
    let ask = Ask::Get(&[("pageSize", PAGE_SIZE)]);
    let call = Call { endpoint: "pairedDevices", data_type: "", path, ask };
    Ok(api.call(access, &call, parse).await?)
}

pub(super) fn parse(body: &[u8]) -> Result<Vec<Device>, ParseError> {
    let listed: Listed = read(body)?;
    Ok(listed.paired_devices.into_iter().filter_map(|it| it.0).map(device).collect())
}

fn device(paired: Paired) -> Device {
    let percent = paired.battery_level.0.and_then(|level| level.to_base(1));
    let percent = percent.and_then(|percent| u8::try_from(percent).ok());
    Device {
        kind: kind(paired.device_type.0.as_deref()),
        name: paired.device_version.0.filter(|name| !name.is_empty()),
        battery: paired.battery_status.0.as_deref().and_then(Battery::parse),
        battery_percent: percent.filter(|percent| *percent <= 100),
        last_sync_at: paired.last_sync_time.0,
    }
}

fn kind(name: Option<&str>) -> DeviceKind {
    match name {
        Some("TRACKER") => DeviceKind::Tracker,
        Some("SCALE") => DeviceKind::Scale,
        _ => DeviceKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracker_is_read_as_google_shows_it() {
        let devices = parse(
            br#"{"pairedDevices":[{"name":"users/4127750963318820541/pairedDevices/2417730915",
                "deviceType":"TRACKER","deviceVersion":"Charge 6","batteryStatus":"High",
                "batteryLevel":86,"lastSyncTime":"2026-11-20T20:03:12Z",
                "macAddress":"A1B2C3D4E5F6","features":["STEPS","HEART_RATE"]}]}"#,
        );
        let tracker = Device {
            kind: DeviceKind::Tracker,
            name: Some("Charge 6".to_owned()),
            battery: Some(Battery::High),
            battery_percent: Some(86),
            last_sync_at: Some("2026-11-20T20:03:12Z".parse().unwrap()),
        };
        assert_eq!(devices.unwrap(), [tracker]);
    }

    #[test]
    fn an_account_without_devices_answers_an_empty_object() {
        assert_eq!(parse(b"{}").unwrap(), []);
    }

    #[test]
    fn what_cannot_be_understood_is_left_out_and_nothing_else() {
        let devices = parse(
            br#"{"pairedDevices":[7,{"deviceType":"RING","batteryStatus":"Glowing",
                "batteryLevel":900,"lastSyncTime":"yesterday"}]}"#,
        );
        let unknown = Device {
            kind: DeviceKind::Other,
            name: None,
            battery: None,
            battery_percent: None,
            last_sync_at: None,
        };
        assert_eq!(devices.unwrap(), [unknown]);
        assert!(parse(b"<html>").is_err());
    }
}
