//! The connection doctor, on paper.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{DateRange, FITBIT, Figure, Metric, Offsets, PersonId};
use phr_store::{
    Accounts, Connections, SqliteStore,
    account::{NewPerson, Person},
    connection::{Connection, ConnectionState},
};
use phr_sync::{
    Diagnosis, KnownDevices, Signs, diagnose,
    doctor::{Actor, Remedy, Verdict},
};
use phr_vendors::{
    Access, Account, AuthorizationRequest, Battery, DayReading, Device, DeviceKind, Grant,
    Refreshed, ScopeFacts, Vendor, VendorError,
};
use rstest::rstest;
use secrecy::SecretString;
use uuid::Uuid;

const NOW: &str = "2026-11-20T11:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

/// A connection that lacks nothing.
fn healthy() -> Connection {
    Connection {
        state: ConnectionState::Active,
        scopes: vec!["steps".to_owned(), "weight".to_owned()],
        connected_at: Some(ago(1_000)),
        last_complete_at: Some(ago(1)),
        last_run_at: Some(ago(1)),
        due_at: Some(ago(-1)),
        ..CHOSEN.clone()
    }
}

/// A connection as it is when somebody has just chosen the vendor.
static CHOSEN: LazyLock<Connection> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("phr.sqlite")).await.unwrap();
        let id = PersonId(Uuid::from_u128(1));
        let person = Person {
            id,
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            password_hash: "unused".to_owned(),
            patient: Some(id.patient()),
            created_at: now(),
        };
        store.register(NewPerson { person, invitation: None }, now()).await.unwrap();
        store.select_vendor(id, FITBIT, now()).await.unwrap()
    })
});

fn tracker(battery: Battery, last_sync: Timestamp, asked_at: Timestamp) -> Option<String> {
    let device = Device {
        kind: DeviceKind::Tracker,
        name: None,
        battery: Some(battery),
        battery_percent: None,
        last_sync_at: Some(last_sync),
    };
    serde_json::to_string(&KnownDevices { asked_at, devices: vec![device] }).ok()
}

fn examine(connection: &Connection) -> Diagnosis {
    diagnose(Signs { connection, vendor: Some(&Paper), now: now() })
}

fn code_of(connection: &Connection) -> &'static str {
    examine(connection).remedy.code
}

#[test]
fn a_connection_that_lacks_nothing_is_healthy() {
    let diagnosis = examine(&healthy());
    assert_eq!((diagnosis.remedy.verdict, diagnosis.remedy.who), (Verdict::Healthy, Actor::Nobody));
    assert_eq!(diagnosis.since, None);
}

#[rstest]
#[case(ConnectionState::Selected, "not_connected")]
#[case(ConnectionState::Disconnected, "disconnected")]
#[case(ConnectionState::ReconnectNeeded, "grant_withdrawn")]
fn each_state_says_what_to_do(#[case] state: ConnectionState, #[case] code: &str) {
    let diagnosis = examine(&Connection { state, ..healthy() });
    assert_eq!((diagnosis.remedy.code, diagnosis.remedy.who), (code, Actor::Person));
}

#[test]
fn a_switched_off_upstream_is_the_operators_matter_until_there_is_another() {
    let retired = Connection {
        state: ConnectionState::ReconnectNeeded,
        last_error: Some("upstream_retired".to_owned()),
        ..healthy()
    };
    let diagnosis = examine(&retired);
    assert_eq!(
        (diagnosis.remedy.code, diagnosis.remedy.who),
        ("upstream_retired", Actor::Operator)
    );
    let moved = Connection { upstream: "web-api".to_owned(), ..retired };
    let diagnosis = examine(&moved);
    assert_eq!((diagnosis.remedy.code, diagnosis.remedy.who), ("upstream_changed", Actor::Person));
    let at_once = Connection { upstream: "web-api".to_owned(), ..healthy() };
    assert_eq!(code_of(&at_once), "upstream_changed", "before any run found out");
}

/// Every way in which a vendor can fail. A new one does not compile until it is in this list.
fn every_error() -> Vec<VendorError> {
    let listed = |error: &VendorError| match error {
        VendorError::GrantWithdrawn
        | VendorError::AccessRefused
        | VendorError::ScopeMissing
        | VendorError::AccountNotLinked
        | VendorError::Refused
        | VendorError::Misconfigured(_)
        | VendorError::Throttled { .. }
        | VendorError::BudgetSpent { .. }
        | VendorError::Unavailable
        | VendorError::Unreadable
        | VendorError::Rejected
        | VendorError::NothingSaid
        | VendorError::Retired
        | VendorError::OtherUpstream => true,
    };
    let all = vec![
        VendorError::GrantWithdrawn,
        VendorError::AccessRefused,
        VendorError::ScopeMissing,
        VendorError::AccountNotLinked,
        VendorError::Refused,
        VendorError::Misconfigured("invalid_client"),
        VendorError::Throttled { wait: None },
        VendorError::BudgetSpent { wait: Duration::ZERO },
        VendorError::Unavailable,
        VendorError::Unreadable,
        VendorError::Rejected,
        VendorError::NothingSaid,
        VendorError::Retired,
        VendorError::OtherUpstream,
    ];
    assert!(all.iter().all(listed));
    all
}

#[test]
fn every_failure_has_its_remedy() {
    let mut lines = Vec::new();
    for error in every_error() {
        for attempts in [1, 3] {
            let last_error = Some(error.code().to_owned());
            let Remedy { code, verdict, who, .. } =
                examine(&Connection { last_error, attempts, ..healthy() }).remedy;
            assert_ne!(*code, "unknown", "{error}");
            lines.push(format!("{} x{attempts}: {code}, {verdict:?}, {who:?}", error.code()));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_failure_of_a_newer_version_is_for_the_operator() {
    let last_error = Some("sunspots".to_owned());
    let remedy = examine(&Connection { last_error, ..healthy() }).remedy;
    assert_eq!((remedy.code, remedy.who), ("unknown", Actor::Operator));
}

#[test]
fn a_failure_lasts_since_everything_was_complete() {
    let last_error = Some("unavailable".to_owned());
    assert_eq!(examine(&Connection { last_error, ..healthy() }).since, Some(ago(1)));
}

#[rstest]
#[case::told(Some(ago(2)), 30, true)]
#[case::seven_days(None, 7 * 24 + 1, true)]
#[case::sooner(None, 6 * 24, false)]
#[case::later(None, 8 * 24, false)]
fn a_grant_that_dies_after_seven_days_is_of_a_project_in_testing(
    #[case] reconnect_by: Option<Timestamp>,
    #[case] lived: i64,
    #[case] testing: bool,
) {
    let connection = Connection {
        state: ConnectionState::ReconnectNeeded,
        connected_at: Some(ago(lived + 1)),
        reconnect_by,
        ..healthy()
    };
    let expected = if testing { "testing_mode" } else { "grant_withdrawn" };
    assert_eq!(code_of(&connection), expected);
}

#[test]
fn the_end_of_a_permission_is_announced_two_days_before() {
    let ends = |hours: i64| Connection { reconnect_by: Some(ago(-hours)), ..healthy() };
    assert_eq!(code_of(&ends(49)), "healthy");
    assert_eq!(code_of(&ends(48)), "permission_ends_soon");
}

#[test]
fn a_permission_that_was_not_ticked_is_named() {
    let diagnosis = examine(&Connection { scopes: vec!["steps".to_owned()], ..healthy() });
    assert_eq!(diagnosis.remedy.code, "scope_missing");
    assert_eq!(diagnosis.what_to_do, "Connect again and tick \u{201c}Your weight\u{201d}.");
}

#[rstest]
#[case(Battery::High, 47, "healthy")]
#[case(Battery::High, 48, "device_not_synced")]
#[case(Battery::Low, 1, "battery_low")]
#[case(Battery::Low, 50, "device_not_synced")]
#[case(Battery::Empty, 50, "battery_empty")]
fn a_silent_or_empty_tracker_is_for_its_wearer(
    #[case] battery: Battery,
    #[case] hours: i64,
    #[case] code: &str,
) {
    let devices = tracker(battery, ago(hours), now());
    assert_eq!(code_of(&Connection { devices, ..healthy() }), code);
}

#[test]
fn an_old_answer_accuses_no_tracker() {
    let devices = tracker(Battery::High, ago(100), ago(99));
    assert_eq!(code_of(&Connection { devices, ..healthy() }), "healthy");
}

#[test]
fn of_several_trackers_the_one_in_use_counts() {
    let devices = [(1, Battery::High), (9_000, Battery::Empty)].map(|(hours, battery)| Device {
        kind: DeviceKind::Tracker,
        name: None,
        battery: Some(battery),
        battery_percent: None,
        last_sync_at: Some(ago(hours)),
    });
    let known = KnownDevices { asked_at: now(), devices: devices.into() };
    let devices = serde_json::to_string(&known).ok();
    assert_eq!(code_of(&Connection { devices, ..healthy() }), "healthy");
}

#[test]
fn work_that_nobody_takes_up_is_for_the_operator() {
    let waits = |hours| Connection { due_at: Some(ago(hours)), ..healthy() };
    assert_eq!(code_of(&waits(2)), "healthy");
    assert_eq!(code_of(&waits(3)), "not_running");
    let runs = Connection { leased_until: Some(ago(-1)), ..waits(3) };
    assert_eq!(code_of(&runs), "healthy");
}

#[test]
fn without_credentials_nothing_can_be_done_but_by_the_operator() {
    let connection = healthy();
    let diagnosis = diagnose(Signs { connection: &connection, vendor: None, now: now() });
    assert_eq!(diagnosis.remedy.code, "credentials_missing");
}

#[test]
fn a_new_connection_is_on_its_way() {
    let connection = Connection { last_run_at: None, last_complete_at: None, ..healthy() };
    assert_eq!(code_of(&connection), "first_sync_pending");
}

/// A vendor that exists on paper: its scopes are all that a doctor looks at.
struct Paper;

#[async_trait::async_trait]
impl Vendor for Paper {
    fn name(&self) -> &'static str {
        FITBIT
    }
    fn upstream(&self) -> &'static str {
        "google-health"
    }
    fn title(&self) -> &'static str {
        "Paper"
    }
    fn scopes(&self) -> &'static [ScopeFacts] {
        static SCOPES: [ScopeFacts; 3] = [
            ScopeFacts::fixed("steps", "Your steps", &[Metric::Steps]),
            ScopeFacts::fixed("weight", "Your weight", &[Metric::BodyWeight]),
            ScopeFacts::fixed("settings", "Your settings", &[]),
        ];
        &SCOPES
    }
    fn metrics(&self) -> &'static [Metric] {
        &[Metric::Steps, Metric::BodyWeight]
    }
    fn authorization_url(&self, _: &AuthorizationRequest<'_>) -> url::Url {
        unreachable!()
    }
    fn issued_by(&self, _: &str) -> bool {
        unreachable!()
    }
    async fn exchange(&self, _: &SecretString, _: &SecretString) -> Result<Grant, VendorError> {
        unreachable!()
    }
    async fn refresh(&self, _: &SecretString) -> Result<Refreshed, VendorError> {
        unreachable!()
    }
    async fn revoke(&self, _: &SecretString) -> Result<(), VendorError> {
        unreachable!()
    }
    async fn account(&self, _: &Access) -> Result<Account, VendorError> {
        unreachable!()
    }
    async fn daily_figures(
        &self,
        _: &Access,
        _: Metric,
        _: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError> {
        unreachable!()
    }
    fn days_per_read(&self, _: Metric) -> i32 {
        unreachable!()
    }
    async fn read_days(
        &self,
        _: &Access,
        _: Metric,
        _: DateRange,
        _: &Offsets,
    ) -> Result<Vec<DayReading>, VendorError> {
        unreachable!()
    }
}
