//! What the OpenAPI document says about FHIR's shapes: an example of each. Their definition is
//! FHIR's own.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A FHIR R4 resource (<https://hl7.org/fhir/R4/resourcelist.html>).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "resourceType": "Patient",
    "id": "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10",
    "identifier": [{
        "system": "https://phr.example.com/fhir/sid/user",
        "value": "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10"
    }],
    "active": true
}))]
pub struct FhirResource {
    /// Its type.
    pub resource_type: String,
    /// Everything else.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub elements: BTreeMap<String, Value>,
}

/// A FHIR Bundle: a page of a search, or a history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 0,
    "link": [{"relation": "self", "url": "https://phr.example.com/fhir/Observation?code=8867-4"}]
}))]
pub struct FhirBundle {
    /// Always `Bundle`.
    pub resource_type: String,
    /// `searchset` or `history`.
    pub r#type: String,
    /// How many match in all.
    pub total: Option<u64>,
    /// `self` and, if there is more, `next`.
    #[schema(value_type = Vec<Object>)]
    pub link: Vec<Value>,
    /// The resources; not there if there are none.
    #[schema(value_type = Vec<Object>, required = false)]
    pub entry: Vec<Value>,
}

/// A FHIR OperationOutcome: what went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "resourceType": "OperationOutcome",
    "issue": [{
        "severity": "error",
        "code": "not-found",
        "diagnostics": "There is nothing at this address"
    }]
}))]
pub struct FhirOutcome {
    /// Always `OperationOutcome`.
    pub resource_type: String,
    /// What, in code and in words.
    #[schema(value_type = Vec<Object>)]
    pub issue: Vec<Value>,
}

/// What an export has to fetch (Bulk Data Access, complete status).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "transactionTime": "2026-11-20T11:00:00Z",
    "request": "https://phr.example.com/fhir/Patient/$export",
    "requiresAccessToken": true,
    "output": [{
        "type": "Observation",
        "url": "https://phr.example.com/fhir/export/Zk1vY2tKb2I/Observation.ndjson"
    }],
    "error": []
}))]
pub struct ExportManifest {
    /// Everything that changed until then is in it.
    pub transaction_time: String,
    /// The request that began it.
    pub request: String,
    /// Whether the files need the access token: they do.
    pub requires_access_token: bool,
    /// A file for each type.
    pub output: Vec<ExportFile>,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub error: Vec<Value>,
}

/// A file of an export: NDJSON, one resource a line.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportFile {
    /// The type of its resources.
    pub r#type: &'static str,
    /// Where it is.
    pub url: String,
}
