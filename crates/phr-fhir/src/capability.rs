//! CapabilityStatement (<https://hl7.org/fhir/R4/capabilitystatement.html>): what the read facade
//! can do. One list of search parameters serves the statement and the search.

use serde_json::{Value, json};

/// Search parameters of Observation with their types.
pub const OBSERVATION_PARAMETERS: [(&str, &str); 9] = [
    ("_id", "token"),
    ("_lastUpdated", "date"),
    ("patient", "reference"),
    ("subject", "reference"),
    ("code", "token"),
    ("category", "token"),
    ("date", "date"),
    ("status", "token"),
    ("identifier", "token"),
];

/// Where apps ask for access, if they can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthUris {
    /// Where people are asked.
    pub authorize: String,
    /// Where codes become tokens.
    pub token: String,
    /// Where apps ask about their tokens.
    pub introspect: String,
    /// Where apps give tokens back.
    pub revoke: String,
}

/// When the facade last learned something new.
const DATE: &str = "2026-11-22";
const DEFINITIONS: &str = "http://hl7.org/fhir/OperationDefinition";
const EXPORT: &str = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export";
const PROFILES: &str = "http://hl7.org/fhir/StructureDefinition";
const OAUTH_URIS: &str = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";
const SECURITY_SERVICE: &str = "http://terminology.hl7.org/CodeSystem/restful-security-service";

/// The statement of the server whose FHIR base is `{base}/fhir`.
pub fn capability_statement(base: &str, version: &str, oauth: Option<&OauthUris>) -> Value {
    let base = base.trim_end_matches('/');
    json!({
        "resourceType": "CapabilityStatement",
        "url": format!("{base}/fhir/metadata"),
        "version": version,
        "name": "PhrBackend",
        "title": "PHR Backend, read facade",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "PHR Backend", "version": version},
        "implementation": {
            "description": "Readings of wearables, for the person and for apps the person lets in",
            "url": format!("{base}/fhir"),
        },
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [{
            "mode": "server",
            "documentation": "Reading only. Every answer is about the person who is signed in.",
            "security": security(oauth),
            "resource": [observation(), patient(), device(), provenance()],
            "operation": [operation("export", EXPORT)],
        }],
    })
}

fn security(oauth: Option<&OauthUris>) -> Value {
    let description = "Bearer access tokens";
    let Some(uris) = oauth else {
        return json!({"cors": true, "description": description});
    };
    json!({
        "extension": [{"url": OAUTH_URIS, "extension": [
            {"url": "authorize", "valueUri": uris.authorize},
            {"url": "token", "valueUri": uris.token},
            {"url": "introspect", "valueUri": uris.introspect},
            {"url": "revoke", "valueUri": uris.revoke},
        ]}],
        "cors": true,
        "service": [{"coding": [{"system": SECURITY_SERVICE, "code": "SMART-on-FHIR"}]}],
        "description": description,
    })
}

fn interactions(codes: &[&str]) -> Value {
    codes.iter().map(|code| json!({"code": code})).collect()
}

fn parameters(list: &[(&str, &str)]) -> Value {
    list.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect()
}

fn operation(name: &str, definition: &str) -> Value {
    json!({"name": name, "definition": definition})
}

fn observation() -> Value {
    let profiles = ["heartrate", "oxygensat", "bodyweight", "bodyheight", "resprate"];
    let profiles: Value = profiles.map(|name| format!("{PROFILES}/{name}")).to_vec().into();
    json!({
        "type": "Observation",
        "supportedProfile": profiles,
        "interaction": interactions(&["read", "vread", "history-instance", "search-type"]),
        "versioning": "versioned",
        "readHistory": false,
        "conditionalRead": "not-match",
        "searchInclude":
            ["Observation:device", "Observation:patient", "Observation:subject"],
        "searchRevInclude": ["Provenance:target"],
        "searchParam": parameters(&OBSERVATION_PARAMETERS),
        "operation": [operation("lastn", &format!("{DEFINITIONS}/Observation-lastn"))],
    })
}

fn patient() -> Value {
    json!({
        "type": "Patient",
        "interaction": interactions(&["read", "search-type"]),
        "versioning": "versioned",
        "searchParam": parameters(&[("_id", "token"), ("identifier", "token")]),
        "operation": [operation("everything", &format!("{DEFINITIONS}/Patient-everything"))],
    })
}

fn device() -> Value {
    json!({
        "type": "Device",
        "interaction": interactions(&["read", "search-type"]),
        "versioning": "versioned",
        "searchParam": parameters(
            &[("_id", "token"), ("identifier", "token"), ("patient", "reference")]),
    })
}

fn provenance() -> Value {
    json!({
        "type": "Provenance",
        "interaction": interactions(&["read", "search-type"]),
        "versioning": "versioned",
        "searchParam": parameters(&[("_id", "token"), ("target", "reference")]),
    })
}
