//! What all resources of one person from one vendor share.

use phr_model::{FITBIT, PatientId, identity::NAMESPACE};
use uuid::Uuid;

use crate::datatypes::{Coding, Reference};

/// Makes the resources of one person from one vendor.
#[derive(Debug, Clone)]
pub struct Chart {
    pub(crate) patient: PatientId,
    pub(crate) vendor: String,
    pub(crate) patient_reference: String,
    pub(crate) device_reference: String,
    pub(crate) user_system: String,
    pub(crate) device_system: String,
    pub(crate) observation_system: String,
    pub(crate) metric_system: String,
    vendor_system: String,
}

impl Chart {
    /// The chart of `patient` with readings of `vendor`. `base` is the public URL of this server: it
    /// names our own code and identifier systems, so it must not change lightly.
    pub fn new(base: &str, patient: PatientId, vendor: &str) -> Self {
        let base = base.trim_end_matches('/');
        Self {
            patient,
            vendor: vendor.to_owned(),
            patient_reference: format!("Patient/{patient}"),
            device_reference: format!("Device/{}", device_id(patient, vendor)),
            user_system: format!("{base}/fhir/sid/user"),
            device_system: format!("{base}/fhir/sid/device"),
            observation_system: format!("{base}/fhir/sid/{vendor}-observation"),
            metric_system: format!("{base}/fhir/CodeSystem/wearable-metric"),
            vendor_system: format!("{base}/fhir/CodeSystem/vendor"),
        }
    }

    /// The same chart on a server that gave Patient and Device ids of its own: `Patient/17`.
    #[must_use]
    pub fn referring_to(self, patient: impl Into<String>, device: impl Into<String>) -> Self {
        Self { patient_reference: patient.into(), device_reference: device.into(), ..self }
    }

    /// The Patient's id here.
    pub fn patient_id(&self) -> PatientId {
        self.patient
    }

    /// The Device's id here.
    pub fn device_id(&self) -> Uuid {
        device_id(self.patient, &self.vendor)
    }

    /// System of the Patient's identifier; its value is [`Self::patient_id`].
    pub fn patient_identifier_system(&self) -> &str {
        &self.user_system
    }

    /// System of the Device's identifier; its value is [`Self::device_id`].
    pub fn device_identifier_system(&self) -> &str {
        &self.device_system
    }

    /// System of an Observation's identifier; its value is the Observation's id.
    pub fn observation_identifier_system(&self) -> &str {
        &self.observation_system
    }

    pub(crate) fn subject(&self) -> Reference<'_> {
        Reference { reference: &self.patient_reference }
    }

    pub(crate) fn device_used(&self) -> Reference<'_> {
        Reference { reference: &self.device_reference }
    }

    pub(crate) fn tag(&self) -> Coding<'_> {
        Coding { system: &self.vendor_system, code: &self.vendor, display: None }
    }

    /// The vendor as people spell it.
    pub(crate) fn vendor_name(&self) -> &str {
        if self.vendor == FITBIT { "Fitbit" } else { &self.vendor }
    }
}

/// One Device per vendor account: vendors do not say which of several devices took a reading.
fn device_id(patient: PatientId, vendor: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("v1|device|{patient}|{vendor}|unspecified").as_bytes())
}
