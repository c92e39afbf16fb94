//! The elements of R4 resources and data types, as far as we write them. Elements that we never
//! write are known by name, so that they are not called unknown.

/// How often an element may be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Often {
    /// Exactly once.
    Once,
    /// Once or not at all.
    Maybe,
    /// In a list of at least one.
    Some,
    /// In a list, or not at all.
    Any,
}

/// What an element holds.
#[derive(Debug)]
pub(super) enum Kind {
    Text,
    Code(&'static [&'static str]),
    Id,
    Uri,
    Relative,
    DateTime,
    Instant,
    Decimal,
    Count,
    Boolean,
    Object(&'static [&'static [Element]]),
    Quantity(&'static [&'static [Element]]),
    Period(&'static [&'static [Element]]),
    /// Not looked into, but that nothing in it is empty.
    Anything,
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) often: Often,
    pub(super) kind: Kind,
}

const fn once(name: &'static str, kind: Kind) -> Element {
    Element { name, often: Often::Once, kind }
}

const fn maybe(name: &'static str, kind: Kind) -> Element {
    Element { name, often: Often::Maybe, kind }
}

const fn some(name: &'static str, kind: Kind) -> Element {
    Element { name, often: Often::Some, kind }
}

const fn any(name: &'static str, kind: Kind) -> Element {
    Element { name, often: Often::Any, kind }
}

static CODING: &[Element] = &[
    once("system", Kind::Uri),
    once("code", Kind::Text),
    maybe("display", Kind::Text),
    maybe("version", Kind::Text),
    maybe("userSelected", Kind::Boolean),
];
static CONCEPT: &[Element] = &[any("coding", Kind::Object(&[CODING])), maybe("text", Kind::Text)];
static IDENTIFIER: &[Element] = &[
    maybe("use", Kind::Code(&["usual", "official", "temp", "secondary", "old"])),
    maybe("type", Kind::Object(&[CONCEPT])),
    once("system", Kind::Uri),
    once("value", Kind::Text),
    maybe("period", Kind::Period(&[PERIOD])),
];
static PERIOD: &[Element] = &[maybe("start", Kind::DateTime), maybe("end", Kind::DateTime)];
static QUANTITY: &[Element] = &[
    maybe("value", Kind::Decimal),
    maybe("comparator", Kind::Code(&["<", "<=", ">=", ">"])),
    maybe("unit", Kind::Text),
    maybe("system", Kind::Uri),
    maybe("code", Kind::Text),
];
static REFERENCE: &[Element] = &[
    maybe("reference", Kind::Relative),
    maybe("type", Kind::Text),
    maybe("identifier", Kind::Object(&[IDENTIFIER])),
    maybe("display", Kind::Text),
];
static META: &[Element] = &[
    maybe("versionId", Kind::Id),
    maybe("lastUpdated", Kind::Instant),
    maybe("source", Kind::Uri),
    any("profile", Kind::Uri),
    any("security", Kind::Object(&[CODING])),
    any("tag", Kind::Object(&[CODING])),
];
static RESOURCE: &[Element] = &[
    maybe("id", Kind::Id),
    maybe("meta", Kind::Object(&[META])),
    maybe("implicitRules", Kind::Uri),
    maybe("language", Kind::Text),
    maybe("text", Kind::Anything),
    any("contained", Kind::Anything),
    any("extension", Kind::Anything),
    any("modifierExtension", Kind::Anything),
];

/// value[x] of an Observation and of its components.
static VALUE: &[Element] = &[
    maybe("valueQuantity", Kind::Quantity(&[QUANTITY])),
    maybe("valueCodeableConcept", Kind::Object(&[CONCEPT])),
    maybe("valueString", Kind::Text),
    maybe("valueBoolean", Kind::Boolean),
    maybe("valueInteger", Kind::Count),
    maybe("valueRange", Kind::Anything),
    maybe("valueRatio", Kind::Anything),
    maybe("valueSampledData", Kind::Anything),
    maybe("valueTime", Kind::Text),
    maybe("valueDateTime", Kind::DateTime),
    maybe("valuePeriod", Kind::Period(&[PERIOD])),
    maybe("dataAbsentReason", Kind::Object(&[CONCEPT])),
    any("interpretation", Kind::Object(&[CONCEPT])),
    any("referenceRange", Kind::Anything),
];
static COMPONENT: &[Element] = &[once("code", Kind::Object(&[CONCEPT]))];
static STATUSES: &[&str] = &[
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
];
static OBSERVATION: &[Element] = &[
    any("identifier", Kind::Object(&[IDENTIFIER])),
    any("basedOn", Kind::Object(&[REFERENCE])),
    any("partOf", Kind::Object(&[REFERENCE])),
    once("status", Kind::Code(STATUSES)),
    any("category", Kind::Object(&[CONCEPT])),
    once("code", Kind::Object(&[CONCEPT])),
    maybe("subject", Kind::Object(&[REFERENCE])),
    any("focus", Kind::Object(&[REFERENCE])),
    maybe("encounter", Kind::Object(&[REFERENCE])),
    maybe("effectiveDateTime", Kind::DateTime),
    maybe("effectivePeriod", Kind::Period(&[PERIOD])),
    maybe("effectiveTiming", Kind::Anything),
    maybe("effectiveInstant", Kind::Instant),
    maybe("issued", Kind::Instant),
    any("performer", Kind::Object(&[REFERENCE])),
    any("note", Kind::Anything),
    maybe("bodySite", Kind::Object(&[CONCEPT])),
    maybe("method", Kind::Object(&[CONCEPT])),
    maybe("specimen", Kind::Object(&[REFERENCE])),
    maybe("device", Kind::Object(&[REFERENCE])),
    any("hasMember", Kind::Object(&[REFERENCE])),
    any("derivedFrom", Kind::Object(&[REFERENCE])),
    any("component", Kind::Object(&[COMPONENT, VALUE])),
];

static PATIENT: &[Element] = &[
    any("identifier", Kind::Object(&[IDENTIFIER])),
    maybe("active", Kind::Boolean),
    any("name", Kind::Anything),
    any("telecom", Kind::Anything),
    maybe("gender", Kind::Code(&["male", "female", "other", "unknown"])),
    maybe("birthDate", Kind::DateTime),
    any("address", Kind::Anything),
    any("link", Kind::Anything),
];

static DEVICE_NAME: &[Element] = &[
    once("name", Kind::Text),
    once(
        "type",
        Kind::Code(&[
            "udi-label-name",
            "user-friendly-name",
            "patient-reported-name",
            "manufacturer-name",
            "model-name",
            "other",
        ]),
    ),
];
static DEVICE: &[Element] = &[
    any("identifier", Kind::Object(&[IDENTIFIER])),
    maybe("status", Kind::Code(&["active", "inactive", "entered-in-error", "unknown"])),
    maybe("manufacturer", Kind::Text),
    any("deviceName", Kind::Object(&[DEVICE_NAME])),
    maybe("modelNumber", Kind::Text),
    maybe("type", Kind::Object(&[CONCEPT])),
    maybe("patient", Kind::Object(&[REFERENCE])),
];

static AGENT: &[Element] = &[
    maybe("type", Kind::Object(&[CONCEPT])),
    once("who", Kind::Object(&[REFERENCE])),
    maybe("onBehalfOf", Kind::Object(&[REFERENCE])),
];
static PROVENANCE: &[Element] = &[
    some("target", Kind::Object(&[REFERENCE])),
    maybe("occurredPeriod", Kind::Period(&[PERIOD])),
    once("recorded", Kind::Instant),
    maybe("activity", Kind::Object(&[CONCEPT])),
    some("agent", Kind::Object(&[AGENT])),
    any("entity", Kind::Anything),
];

static LINK: &[Element] = &[once("relation", Kind::Text), once("url", Kind::Uri)];
static SEARCH: &[Element] =
    &[maybe("mode", Kind::Code(&["match", "include", "outcome"])), maybe("score", Kind::Decimal)];
static REQUEST: &[Element] = &[
    once("method", Kind::Code(&["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])),
    once("url", Kind::Text),
    maybe("ifNoneMatch", Kind::Text),
    maybe("ifMatch", Kind::Text),
    maybe("ifNoneExist", Kind::Text),
];
static RESPONSE: &[Element] = &[
    once("status", Kind::Text),
    maybe("location", Kind::Text),
    maybe("etag", Kind::Text),
    maybe("lastModified", Kind::Instant),
    maybe("outcome", Kind::Anything),
];
static ENTRY: &[Element] = &[
    any("link", Kind::Object(&[LINK])),
    maybe("fullUrl", Kind::Uri),
    maybe("resource", Kind::Anything),
    maybe("search", Kind::Object(&[SEARCH])),
    maybe("request", Kind::Object(&[REQUEST])),
    maybe("response", Kind::Object(&[RESPONSE])),
];
static BUNDLE: &[Element] = &[
    maybe("identifier", Kind::Object(&[IDENTIFIER])),
    once(
        "type",
        Kind::Code(&[
            "document",
            "message",
            "transaction",
            "transaction-response",
            "batch",
            "batch-response",
            "history",
            "searchset",
            "collection",
        ]),
    ),
    maybe("timestamp", Kind::Instant),
    maybe("total", Kind::Count),
    any("link", Kind::Object(&[LINK])),
    any("entry", Kind::Object(&[ENTRY])),
];

static ISSUE: &[Element] = &[
    once("severity", Kind::Code(&["fatal", "error", "warning", "information"])),
    once("code", Kind::Text),
    maybe("details", Kind::Object(&[CONCEPT])),
    maybe("diagnostics", Kind::Text),
    any("expression", Kind::Text),
];
static OUTCOME: &[Element] = &[some("issue", Kind::Object(&[ISSUE]))];

/// The elements of a type of resource, if we write it.
pub(super) fn of_resource(kind: &str) -> Option<&'static [&'static [Element]]> {
    static OF_OBSERVATION: &[&[Element]] = &[RESOURCE, OBSERVATION, VALUE];
    static OF_PATIENT: &[&[Element]] = &[RESOURCE, PATIENT];
    static OF_DEVICE: &[&[Element]] = &[RESOURCE, DEVICE];
    static OF_PROVENANCE: &[&[Element]] = &[RESOURCE, PROVENANCE];
    static OF_BUNDLE: &[&[Element]] = &[RESOURCE, BUNDLE];
    static OF_OUTCOME: &[&[Element]] = &[RESOURCE, OUTCOME];
    match kind {
        "Observation" => Some(OF_OBSERVATION),
        "Patient" => Some(OF_PATIENT),
        "Device" => Some(OF_DEVICE),
        "Provenance" => Some(OF_PROVENANCE),
        "Bundle" => Some(OF_BUNDLE),
        "OperationOutcome" => Some(OF_OUTCOME),
        _ => None,
    }
}
