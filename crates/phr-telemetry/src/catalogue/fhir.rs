//! Delivery to FHIR servers.

use super::{ANSWER, Instrument, Label, Values, counter, gauge, histogram, of};

const DESTINATION: Label = Label { name: "destination", values: Values::Named };
/// Changes that a FHIR server has not confirmed.
pub const FHIR_LAG: Instrument = gauge(
    "phr_fhir_lag_observations",
    &[DESTINATION],
    "Changed Observations still to be looked at for a FHIR server, counted to 100000",
);
/// How long the first of them has been waiting.
pub const FHIR_LAG_SECONDS: Instrument = gauge(
    "phr_fhir_lag_seconds",
    &[DESTINATION],
    "How long the person has been waiting who waits longest for a FHIR server; 0 if nobody does",
);
/// Whose last turn failed.
pub const FHIR_FAILING: Instrument = gauge(
    "phr_fhir_failing_people",
    &[DESTINATION],
    "People whose last delivery to a FHIR server failed",
);
/// What a FHIR server refuses.
pub const FHIR_PARKED: Instrument = gauge(
    "phr_fhir_parked",
    &[DESTINATION],
    "Observations that a FHIR server refuses (phr fhir parked)",
);
/// The circuit breaker.
pub const FHIR_CLOSED: Instrument = gauge(
    "phr_fhir_left_alone",
    &[DESTINATION],
    "1 while a FHIR server is left alone because it failed, else 0",
);
/// What became of Observations.
pub const FHIR_OBSERVATIONS: Instrument = counter(
    "phr_fhir_observations_total",
    &[DESTINATION, of("outcome", &["delivered", "parked"])],
    "Observations that a FHIR server confirmed or refused",
);
/// Requests to FHIR servers.
pub const FHIR_REQUESTS: Instrument = counter(
    "phr_fhir_requests_total",
    &[DESTINATION, of("class", FHIR_CLASSES)],
    "Requests to FHIR servers, by what came of them",
);
/// What may come of a request to a FHIR server.
pub const FHIR_CLASSES: &[&str] = &[
    "ok",
    "unreachable",
    "timed_out",
    "limited",
    "server_error",
    "conflict",
    "refused",
    "unauthorized",
    "unreadable",
    "unsupported",
    "chart",
];
/// How long they took.
pub const FHIR_SECONDS: Instrument = histogram(
    "phr_fhir_request_seconds",
    ANSWER,
    &[DESTINATION],
    "How long FHIR servers took to answer",
);
