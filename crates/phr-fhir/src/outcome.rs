//! OperationOutcome (<https://hl7.org/fhir/R4/operationoutcome.html>): what went wrong.

use serde::Serialize;

/// A FHIR OperationOutcome with one issue.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationOutcome<'a> {
    resource_type: &'static str,
    issue: [Issue<'a>; 1],
}

#[derive(Debug, Clone, Serialize)]
struct Issue<'a> {
    severity: &'static str,
    code: &'static str,
    diagnostics: &'a str,
}

impl<'a> OperationOutcome<'a> {
    /// What an HTTP status of 400 and above means, in words for people. The code is of the value
    /// set issue-type.
    pub fn of_status(status: u16, diagnostics: &'a str) -> Self {
        let code = match status {
            401 => "login",
            403 => "forbidden",
            404 => "not-found",
            405 | 406 | 415 | 501 => "not-supported",
            409 => "conflict",
            410 => "deleted",
            413 | 414 | 431 => "too-long",
            429 => "throttled",
            503 => "transient",
            408 | 504 => "timeout",
            500.. => "exception",
            _ => "invalid",
        };
        let severity = if status >= 500 && code == "exception" { "fatal" } else { "error" };
        let issue = [Issue { severity, code, diagnostics }];
        Self { resource_type: "OperationOutcome", issue }
    }
}
