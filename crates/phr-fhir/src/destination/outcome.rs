//! OperationOutcome (<https://hl7.org/fhir/R4/operationoutcome.html>): why a server refuses, in words
//! that may be kept and shown.

use serde::Deserialize;

/// Characters of a reason, at most.
const LONGEST: usize = 300;
/// Issues that are told, at most.
const MOST: usize = 3;

#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    issue: Vec<Issue>,
}

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    diagnostics: Option<String>,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    text: Option<String>,
}

/// The errors of an OperationOutcome in a line, without values. Servers quote what they refuse, and
/// what they refuse is a reading: whatever is quoted or has a digit in it is left out.
pub(super) fn reason(body: &[u8]) -> String {
    let Ok(outcome) = serde_json::from_slice::<Outcome>(body) else {
        return "no OperationOutcome".to_owned();
    };
    let told = |issue: &&Issue| !matches!(&*issue.severity, "warning" | "information");
    let issues: Vec<String> = outcome.issue.iter().filter(told).take(MOST).map(line).collect();
    if issues.is_empty() {
        return "no reason given".to_owned();
    }
    issues.join("; ").chars().take(LONGEST).collect()
}

fn line(issue: &Issue) -> String {
    let text = issue.details.as_ref().and_then(|details| details.text.as_deref());
    let text = issue.diagnostics.as_deref().or(text).unwrap_or_default();
    format!("{}: {}", without_values(&issue.code), without_values(text))
}

/// `text` with an ellipsis in the place of each quoted piece and each word with a digit in it. HAPI's
/// message numbers stay: they name the cause.
fn without_values(text: &str) -> String {
    let unquoted = text.split(['"', '\'', '`']).step_by(2).collect::<Vec<_>>().join(" … ");
    let word = |word: &str| {
        let number = word.trim_end_matches(':').strip_prefix("HAPI-");
        let is_message = number.is_some_and(|n| n.len() == 4 && n.parse::<u16>().is_ok());
        let has_digit = word.chars().any(char::is_numeric);
        if has_digit && !is_message { "…".to_owned() } else { word.to_owned() }
    };
    let mut words: Vec<String> = unquoted.split_whitespace().map(word).collect();
    words.dedup();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(
        "HAPI-1094: Resource Patient/6f1c6b0e-8f3e not found, specified in path: \
         Observation.subject",
        "HAPI-1094: Resource … not found, specified in path: Observation.subject"
    )]
    #[case("the value '72.5' is too high", "the value … is too high")]
    #[case("the value 72.5 (heart rate) on 2026-11-20", "the value … (heart rate) on …")]
    #[case("it's 72 kg", "it")]
    fn a_reason_holds_no_value(#[case] diagnostics: &str, #[case] kept: &str) {
        let outcome = json!({"issue": [
            {"severity": "warning", "code": "code-invalid", "diagnostics": "never mind"},
            {"severity": "error", "code": "processing", "diagnostics": diagnostics},
        ]});
        assert_eq!(reason(outcome.to_string().as_bytes()), format!("processing: {kept}"));
    }

    #[test]
    fn what_is_no_outcome_is_not_quoted() {
        assert_eq!(reason(b"<html>72.5 kg</html>"), "no OperationOutcome");
        assert_eq!(reason(b"{}"), "no reason given");
    }
}
