//! Requests to vendors, and their notifications.

use super::{ANSWER, ERROR, Instrument, UPSTREAM, counter, gauge, histogram, of};

/// Requests to vendors.
pub const VENDOR_REQUESTS: Instrument = counter(
    "phr_vendor_requests_total",
    &[
        UPSTREAM,
        of("endpoint", ENDPOINTS),
        of("class", &["2xx", "3xx", "4xx", "429", "5xx", "network", "budget"]),
    ],
    "Requests to the vendor; network: no answer came, budget: held back by our own limits",
);
/// The vendors' endpoints that we ask.
pub const ENDPOINTS: &[&str] = &[
    "identity",
    "profile",
    "settings",
    "pairedDevices",
    "reconcile",
    "rollUp",
    "dailyRollUp",
    "exchange",
    "refresh",
    "revoke",
    "heart",
    "heart intraday",
    "spo2",
    "spo2 intraday",
    "body log",
    "activity",
    "activity intraday",
    "activity log",
    "sleep",
    "daily value",
    "devices",
    "subscriptions",
];
/// How long vendors took.
pub const VENDOR_SECONDS: Instrument = histogram(
    "phr_vendor_request_seconds",
    ANSWER,
    &[UPSTREAM],
    "How long the vendor took to answer",
);
/// Requests left.
pub const BUDGET_LEFT: Instrument = gauge(
    "phr_vendor_budget_left",
    &[UPSTREAM],
    "Requests left of the project's limit in the present minute",
);
/// Clocks that differ.
pub const CLOCK_SKEW: Instrument = gauge(
    "phr_vendor_clock_skew_seconds",
    &[UPSTREAM],
    "The vendor's clock minus ours, by the Date header of its last answer",
);
/// Access tokens renewed.
pub const TOKEN_REFRESHES: Instrument = counter(
    "phr_token_refreshes_total",
    &[UPSTREAM, ERROR],
    "Refreshes of access tokens; error is none if it worked",
);
/// Webhooks that came in.
pub const WEBHOOKS: Instrument = counter(
    "phr_webhooks_total",
    &[of(
        "verdict",
        &[
            "accepted",
            "handshake",
            "unauthorized",
            "forged",
            "unverifiable",
            "malformed",
            "too_large",
        ],
    )],
    "Webhooks that came in, by verdict",
);
