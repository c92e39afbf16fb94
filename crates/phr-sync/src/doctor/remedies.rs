//! What the doctor can say. Every code that `VendorError::code` gives has its remedy; a test walks
//! them all.

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Readings arrive.
    Healthy,
    /// Readings arrive, but something is missing or will be.
    Attention,
    /// No readings arrive at the moment.
    Failing,
    /// There is no connection.
    NotConnected,
}

impl Verdict {
    /// Its name in the API.
    pub fn key(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Attention => "attention",
            Self::Failing => "failing",
            Self::NotConnected => "not_connected",
        }
    }
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The person whose connection it is.
    Person,
    /// Whoever runs this server.
    Operator,
    /// The vendor.
    Vendor,
    /// Nobody: it passes by itself, or all is well.
    Nobody,
}

impl Actor {
    /// Its name in the API.
    pub fn key(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Operator => "operator",
            Self::Vendor => "vendor",
            Self::Nobody => "nobody",
        }
    }
}

/// A cause and its cure.
#[derive(Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Stable code.
    pub code: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// Who must act.
    pub who: Actor,
    /// What is wrong, for people.
    pub cause: &'static str,
    /// What to do, for people.
    pub what_to_do: &'static str,
}

const fn remedy(
    code: &'static str,
    (verdict, who): (Verdict, Actor),
    cause: &'static str,
    what_to_do: &'static str,
) -> Remedy {
    Remedy { code, verdict, who, cause, what_to_do }
}

use Actor::{Nobody, Operator, Person, Vendor};
use Verdict::{Attention, Failing, Healthy, NotConnected};

/// What follows from the connection's own state.
pub(super) mod state {
    use super::{
        Attention, Failing, Healthy, Nobody, NotConnected, Operator, Person, Remedy, remedy,
    };

    pub(crate) static HEALTHY: Remedy =
        remedy("healthy", (Healthy, Nobody), "Everything that is permitted arrives.", "Nothing.");
    pub(crate) static FIRST_SYNC: Remedy = remedy(
        "first_sync_pending",
        (Healthy, Nobody),
        "The first readings are on their way.",
        "Nothing; they appear within minutes.",
    );
    pub(crate) static NOT_SELECTED: Remedy = remedy(
        "not_selected",
        (NotConnected, Person),
        "Fitbit was not chosen yet.",
        "Choose Fitbit and connect it.",
    );
    pub(crate) static NOT_CONNECTED: Remedy = remedy(
        "not_connected",
        (NotConnected, Person),
        "Fitbit was chosen but the permission was not given yet.",
        "Connect Fitbit.",
    );
    pub(crate) static DISCONNECTED: Remedy = remedy(
        "disconnected",
        (NotConnected, Person),
        "Fitbit was disconnected. What was read is kept.",
        "Connect Fitbit to go on; nothing otherwise.",
    );
    pub(crate) static TESTING_MODE: Remedy = remedy(
        "testing_mode",
        (Failing, Person),
        "The permission ended after seven days, as it does while this server's Google project is in \
         status Testing.",
        "Connect Fitbit again. For good: the operator sets the project's publishing status to \
         In production in the Google Cloud console.",
    );
    pub(crate) static ENDS_SOON: Remedy = remedy(
        "permission_ends_soon",
        (Attention, Person),
        "The permission ends soon by itself, as it does while this server's Google project is in \
         status Testing.",
        "Connect Fitbit again before it ends. For good: the operator sets the project's publishing \
         status to In production in the Google Cloud console.",
    );
    pub(crate) static NO_CREDENTIALS: Remedy = remedy(
        "credentials_missing",
        (Failing, Operator),
        "This server has no Google credentials.",
        "Set FITBIT_CLIENT_ID, FITBIT_CLIENT_SECRET and FITBIT_REDIRECT_URI and start the server again.",
    );
    pub(crate) static STALLED: Remedy = remedy(
        "not_running",
        (Failing, Operator),
        "A sync is due for hours and no process takes it up.",
        "Make sure that a server process that syncs is running.",
    );
    pub(crate) static DEVICE_SILENT: Remedy = remedy(
        "device_not_synced",
        (Attention, Person),
        "The tracker has sent nothing to Fitbit for two days or more.",
        "Open the Fitbit app near the tracker, with Bluetooth on, and let it sync.",
    );
    pub(crate) static BATTERY_EMPTY: Remedy = remedy(
        "battery_empty",
        (Attention, Person),
        "The tracker's battery is empty.",
        "Charge the tracker; then open the Fitbit app and let it sync.",
    );
    pub(crate) static BATTERY_LOW: Remedy = remedy(
        "battery_low",
        (Attention, Person),
        "The tracker's battery is low.",
        "Charge the tracker.",
    );
}

static GRANT_WITHDRAWN: Remedy = remedy(
    "grant_withdrawn",
    (Failing, Person),
    "The permission at Google was withdrawn or has expired.",
    "Connect Fitbit again. What was read is kept, and the gap is read afterwards.",
);
static SCOPE_MISSING: Remedy = remedy(
    "scope_missing",
    (Attention, Person),
    "A permission was not ticked, so the readings that need it are not fetched.",
    "Connect again and tick every permission.",
);
static ACCOUNT_NOT_LINKED: Remedy = remedy(
    "account_not_linked",
    (Failing, Person),
    "This Google account has no health profile, or is not linked to Fitbit.",
    "Open the Fitbit app once and sign in with this Google account.",
);
static ACCESS_REFUSED: Remedy = remedy(
    "access_refused",
    (Failing, Nobody),
    "Google refused an access token; it is renewed.",
    "Nothing; it is tried again by itself.",
);
static REFUSED: Remedy = remedy(
    "refused",
    (Failing, Vendor),
    "Google refuses access to this account at the moment without saying why.",
    "Nothing at first; it is tried again every few hours. If it lasts for more than a day, \
     disconnect and connect again.",
);
static MISCONFIGURED: Remedy = remedy(
    "misconfigured",
    (Failing, Operator),
    "Google refuses this server's configuration. Nobody is disconnected.",
    "Check FITBIT_CLIENT_ID and FITBIT_CLIENT_SECRET, that the Google Health API is enabled in the \
     project, and its scopes.",
);
static RATE_LIMITED: Remedy = remedy(
    "rate_limited",
    (Attention, Nobody),
    "Google limits how often it may be asked.",
    "Nothing; it goes on by itself as soon as Google allows.",
);
static BUDGET_SPENT: Remedy = remedy(
    "budget_spent",
    (Attention, Nobody),
    "This server has asked Google as often as it may for now.",
    "Nothing; it goes on by itself within minutes.",
);
static HICCUP: Remedy = remedy(
    "unavailable",
    (Attention, Nobody),
    "Google did not answer just now.",
    "Nothing; it is tried again by itself.",
);
static OUTAGE: Remedy = remedy(
    "vendor_outage",
    (Failing, Vendor),
    "Google has not answered several times in a row.",
    "Wait; it is tried again by itself and nothing is lost. Google's status page: \
     https://status.healthapp.google.com",
);
static UNREADABLE: Remedy = remedy(
    "unreadable",
    (Failing, Vendor),
    "Google's answers cannot be read at the moment.",
    "Wait; it is tried again by itself. Google's status page: https://status.healthapp.google.com. \
     If it lasts for a day, the operator looks for a newer version of this server.",
);
static REJECTED: Remedy = remedy(
    "rejected",
    (Attention, Operator),
    "Google rejects a request of this server as malformed.",
    "Look for a newer version of this server, and report it otherwise.",
);
static NOTHING_SAID: Remedy = remedy(
    "nothing_said",
    (Attention, Vendor),
    "Fitbit answers, but with nothing, about days that we hold readings of. They are kept.",
    "Nothing; it is asked again by itself.",
);
static UPSTREAM_RETIRED: Remedy = remedy(
    "upstream_retired",
    (Failing, Operator),
    "Fitbit has switched off the API that this server uses. What was read is kept.",
    "The operator sets FITBIT_UPSTREAM=google-health with credentials of a Google Cloud project \
     (docs/upstreams.md); then everybody connects Fitbit once more.",
);
static UPSTREAM_CHANGED: Remedy = remedy(
    "upstream_changed",
    (Failing, Person),
    "This server reaches Fitbit another way now, for which a new permission is needed. What was \
     read is kept.",
    "Connect Fitbit again with the same account.",
);
static UNKNOWN: Remedy = remedy(
    "unknown",
    (Failing, Operator),
    "The last sync failed for a reason that this version does not know.",
    "Look into the server's log, and run the newest version everywhere.",
);

/// After so many failures in a row it is no hiccup any more.
const IN_A_ROW: u32 = 3;

/// The remedy for a failure that occurred so many times in a row.
pub(super) fn of_error(code: &str, attempts: u32) -> &'static Remedy {
    match code {
        "grant_withdrawn" => &GRANT_WITHDRAWN,
        "access_refused" => &ACCESS_REFUSED,
        "scope_missing" => &SCOPE_MISSING,
        "account_not_linked" => &ACCOUNT_NOT_LINKED,
        "refused" => &REFUSED,
        "misconfigured" => &MISCONFIGURED,
        "rate_limited" => &RATE_LIMITED,
        "budget_spent" => &BUDGET_SPENT,
        "unavailable" if attempts < IN_A_ROW => &HICCUP,
        "unavailable" => &OUTAGE,
        "unreadable" => &UNREADABLE,
        "rejected" => &REJECTED,
        "nothing_said" => &NOTHING_SAID,
        "upstream_retired" => &UPSTREAM_RETIRED,
        "upstream_changed" => &UPSTREAM_CHANGED,
        _ => &UNKNOWN,
    }
}

/// What a failure's code means, in a sentence for people.
pub fn sentence(code: &str) -> &'static str {
    of_error(code, 1).cause
}
