//! Device (<https://hl7.org/fhir/R4/device.html>).

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    chart::Chart,
    datatypes::{Identifier, Meta, Reference},
};

/// A FHIR Device: what took the readings. No serial number and no address of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device<'a> {
    resource_type: &'static str,
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta<'a>>,
    identifier: [Identifier<'a, Uuid>; 1],
    status: &'static str,
    manufacturer: &'a str,
    #[serde(rename = "deviceName")]
    name: [DeviceName; 1],
    patient: Reference<'a>,
}

#[derive(Debug, Clone, Serialize)]
struct DeviceName {
    name: String,
    r#type: &'static str,
}

impl Chart {
    /// The Device of the vendor account, as another server is to hold it.
    pub fn device(&self) -> Device<'_> {
        Device {
            resource_type: "Device",
            id: self.device_id(),
            meta: None,
            identifier: [Identifier { system: &self.device_system, value: self.device_id() }],
            status: "active",
            manufacturer: self.vendor_name(),
            name: [DeviceName {
                name: format!("{} (unspecified)", self.vendor_name()),
                r#type: "user-friendly-name",
            }],
            patient: self.subject(),
        }
    }

    /// The Device as we serve it.
    pub fn served_device(&self, since: Timestamp) -> Device<'_> {
        Device { meta: Some(Meta::default().versioned(1, since)), ..self.device() }
    }
}
