//! The connection doctor: what a connection lacks, who must act, and what to do. A pure function of
//! what is known, so that it says the same in the app, in the command and in tests.

mod remedies;

use jiff::{SignedDuration, Timestamp};
use phr_store::connection::{Connection, ConnectionState};
use phr_vendors::{Battery, DeviceKind, Vendor};

pub use self::remedies::{Actor, Remedy, Verdict, sentence};
use self::remedies::{of_error, state};
use crate::{connect::missing_scopes, devices::KnownDevices};

/// A device that was silent for so long is not in reach of its phone.
const SILENT: SignedDuration = SignedDuration::from_hours(48);
/// How far ahead the end of a permission is announced.
const SOON: SignedDuration = SignedDuration::from_hours(48);
/// Work that waits for so long has nobody to do it.
const STALLED: SignedDuration = SignedDuration::from_hours(2);
/// Projects in testing mode: refresh tokens end after 7 days (Google page "OAuth 2.0", "Refresh
/// token expiration"). A run notices within hours.
const TESTING: SignedDuration = SignedDuration::from_hours(7 * 24);
const TESTING_SLACK: SignedDuration = SignedDuration::from_hours(6);

/// What is looked at.
#[derive(Clone, Copy)]
pub struct Signs<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// Its vendor; none if the operator has set no credentials.
    pub vendor: Option<&'a dyn Vendor>,
    /// What time it is.
    pub now: Timestamp,
}

/// What a connection lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// How bad it is, the cause, and who must act.
    pub remedy: &'static Remedy,
    /// What to do, with what is particular to this connection.
    pub what_to_do: String,
    /// Since when, as far as it is known.
    pub since: Option<Timestamp>,
}

impl Diagnosis {
    fn new(remedy: &'static Remedy, since: Option<Timestamp>) -> Self {
        Self { remedy, what_to_do: remedy.what_to_do.to_owned(), since }
    }

    /// What is said before a vendor was chosen.
    pub fn not_selected() -> Self {
        Self::new(&state::NOT_SELECTED, None)
    }
}

/// Examines a connection: first what stops it, then what it lacks, then what will be.
pub fn diagnose(signs: Signs<'_>) -> Diagnosis {
    let connection = signs.connection;
    match connection.state {
        ConnectionState::Selected => Diagnosis::new(&state::NOT_CONNECTED, None),
        ConnectionState::Disconnected => Diagnosis::new(&state::DISCONNECTED, None),
        ConnectionState::ReconnectNeeded => ended(signs),
        ConnectionState::Active => active(signs),
    }
}

fn ended(Signs { connection, vendor, .. }: Signs<'_>) -> Diagnosis {
    let is_moved = vendor.is_some_and(|vendor| vendor.upstream() != connection.upstream);
    let remedy = if is_moved {
        of_error("upstream_changed", 1)
    } else if connection.last_error.as_deref() == Some("upstream_retired") {
        of_error("upstream_retired", 1)
    } else if is_of_testing_mode(connection) {
        &state::TESTING_MODE
    } else {
        of_error("grant_withdrawn", 1)
    };
    Diagnosis::new(remedy, connection.last_run_at)
}

/// Whether the permission ends, or ended, after the seven days that a Google project in status
/// *Testing* gives.
pub fn is_of_testing_mode(connection: &Connection) -> bool {
    let Some(connected_at) = connection.connected_at else { return false };
    if connection.reconnect_by.is_some() {
        return true;
    }
    let lived = connection.last_run_at.map(|at| at.duration_since(connected_at));
    let ended = connection.state == ConnectionState::ReconnectNeeded;
    ended && lived.is_some_and(|lived| (TESTING..TESTING + TESTING_SLACK).contains(&lived))
}

fn active(signs: Signs<'_>) -> Diagnosis {
    let Signs { connection, vendor, now } = signs;
    let Some(vendor) = vendor else { return Diagnosis::new(&state::NO_CREDENTIALS, None) };
    if vendor.upstream() != connection.upstream {
        return Diagnosis::new(of_error("upstream_changed", 1), None);
    }
    if let Some(code) = connection.last_error.as_deref() {
        let since = connection.last_complete_at.or(connection.connected_at);
        return Diagnosis::new(of_error(code, connection.attempts), since);
    }
    if is_stalled(connection, now) {
        return Diagnosis::new(&state::STALLED, connection.due_at);
    }
    lacking(vendor, connection)
        .or_else(|| of_devices(connection))
        .or_else(|| ends_soon(connection, now))
        .unwrap_or_else(|| fine(connection))
}

/// Whether work is due for long and nobody does it.
pub fn is_stalled(connection: &Connection, now: Timestamp) -> bool {
    let is_active = connection.state == ConnectionState::Active;
    let is_running = connection.leased_until.is_some_and(|until| until > now);
    let waits = connection.due_at.is_some_and(|due| now.duration_since(due) > STALLED);
    is_active && waits && !is_running
}

/// Only scopes that readings depend on: what else may not be known is no reason to ask again.
fn lacking(vendor: &dyn Vendor, connection: &Connection) -> Option<Diagnosis> {
    let mut missing = missing_scopes(vendor, &connection.scopes);
    missing.retain(|scope| !scope.metrics.is_empty());
    if missing.is_empty() {
        return None;
    }
    let names: Vec<_> =
        missing.iter().map(|scope| format!("\u{201c}{}\u{201d}", scope.reads)).collect();
    Some(Diagnosis {
        remedy: of_error("scope_missing", 1),
        what_to_do: format!("Connect again and tick {}.", names.join(" and ")),
        since: connection.connected_at,
    })
}

/// Only trackers: a scale is silent until somebody stands on it. Judged by the time of the vendor's
/// answer, so that an old answer accuses nobody.
fn of_devices(connection: &Connection) -> Option<Diagnosis> {
    let mut known = KnownDevices::of(connection)?;
    known.devices.retain(|device| device.kind == DeviceKind::Tracker);
    let device = known.newest()?;
    let since = device.last_sync_at;
    let silent = since.is_some_and(|at| known.asked_at.duration_since(at) >= SILENT);
    let remedy = match device.battery {
        Some(Battery::Empty) => &state::BATTERY_EMPTY,
        _ if silent => &state::DEVICE_SILENT,
        Some(Battery::Low) => &state::BATTERY_LOW,
        _ => return None,
    };
    Some(Diagnosis::new(remedy, since))
}

fn ends_soon(connection: &Connection, now: Timestamp) -> Option<Diagnosis> {
    let end = connection.reconnect_by?;
    let is_soon = end.duration_since(now) <= SOON;
    is_soon.then(|| Diagnosis::new(&state::ENDS_SOON, connection.connected_at))
}

fn fine(connection: &Connection) -> Diagnosis {
    match connection.last_run_at {
        None => Diagnosis::new(&state::FIRST_SYNC, connection.connected_at),
        Some(_) => Diagnosis::new(&state::HEALTHY, None),
    }
}
