//! What is known about a person's devices: asked for by the way, a few times a day, because how full
//! a battery is changes no reading.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use phr_store::connection::Connection;
use phr_vendors::{Device, Vendor, VendorError};
use serde::{Deserialize, Serialize};

use crate::{
    service::SyncService,
    session::{Failure, Session},
};

/// How old the answer may be before a run asks again.
const FRESH: SignedDuration = SignedDuration::from_hours(3);

/// What the vendor said about a person's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDevices {
    /// When it said so.
    pub asked_at: Timestamp,
    /// The devices; none also without the permission to know.
    pub devices: Vec<Device>,
}

impl KnownDevices {
    /// As they are kept with the connection.
    pub fn of(connection: &Connection) -> Option<Self> {
        serde_json::from_str(connection.devices.as_deref()?).ok()
    }

    /// Whether a run should ask (again).
    pub(crate) fn are_due(connection: &Connection, now: Timestamp) -> bool {
        Self::of(connection).is_none_or(|known| now.duration_since(known.asked_at) >= FRESH)
    }

    /// The device that the vendor heard of last.
    pub fn newest(&self) -> Option<&Device> {
        self.devices.iter().max_by_key(|device| device.last_sync_at)
    }
}

/// Asks what became of the person's devices, if nobody has for a while. That the vendor does not tell
/// is no failure of a run.
pub(crate) async fn learn(
    service: &SyncService,
    vendor: &Arc<dyn Vendor>,
    session: &mut Session<'_>,
    connection: &mut Connection,
) -> Result<(), Failure> {
    let asked_at = service.clock.now();
    if !KnownDevices::are_due(connection, asked_at) {
        return Ok(());
    }
    let asked = session.ask(|access| {
        let vendor = vendor.clone();
        async move { vendor.devices(&access).await }
    });
    let devices = match asked.await {
        Ok(devices) => devices,
        Err(Failure::Vendor(VendorError::ScopeMissing)) => Vec::new(),
        Err(Failure::Vendor(_)) => return Ok(()),
        Err(failure) => return Err(failure),
    };
    let known = serde_json::to_string(&KnownDevices { asked_at, devices }).unwrap_or_default();
    service.store.remember_devices(connection.id, &known).await?;
    connection.devices = Some(known);
    Ok(())
}
