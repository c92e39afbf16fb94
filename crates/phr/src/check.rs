//! `phr config check`: what the server would run with, secrets as lengths (ST-03).

use std::fmt::Write;

use crate::config::VARIABLES;

/// Every variable with its value, or with its length, and a last line with what will not work.
pub(crate) fn settings(variable: &dyn Fn(&str) -> Option<String>, warning: Option<&str>) -> String {
    let mut shown = VARIABLES.into_iter().fold(String::new(), |mut shown, name| {
        let text = variable(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        let value = match text.chars().count() {
            0 => "not set: the default".to_owned(),
            length if !SHOWN.contains(&name) => format!("{length} characters"),
            _ => text,
        };
        // Writing into a text cannot fail.
        let _ = writeln!(shown, "{name}: {value}");
        shown
    });
    shown.extend(warning.map(|warning| format!("\nWarning: {warning}\n")));
    shown
}

/// What may be shown. Everything else counts as a secret, so that a new variable is hidden until
/// somebody decides otherwise: addresses of databases and of other services may hold passwords.
const SHOWN: [&str; 39] = [
    "LISTEN",
    "PUBLIC_URL",
    "DATABASE_CONNECTIONS",
    "FITBIT_CLIENT_ID",
    "FITBIT_REDIRECT_URI",
    "FITBIT_UPSTREAM",
    "FITBIT_WEBHOOK_CHECK",
    "FITBIT_PROJECT_NUMBER",
    "REGISTRATION",
    "METRICS",
    "OBSERVATIONS_HEART_RATE",
    "SYNC_INTERVAL",
    "SYNC_LEASE",
    "SYNC_LOOK_BACK_DAYS",
    "SYNC_WORKERS",
    "HISTORY_DAYS",
    "REQUESTS_PER_MINUTE_PER_PERSON",
    "REQUESTS_PER_MINUTE",
    "REQUESTS_PER_HOUR_PER_PERSON",
    "RETURN_URLS",
    "CORS_ORIGINS",
    "TRUSTED_PROXIES",
    "API_DOCS",
    "METRICS_LISTEN",
    "LOG_FORMAT",
    "SENTRY_ENVIRONMENT",
    "MAX_CONNECTIONS",
    "MAX_CONNECTIONS_PER_ADDRESS",
    "MAIL_FROM",
    "NOTIFY_ALLOW_PRIVATE",
    "FHIR_ALLOW_HTTP",
    "FHIR_METRICS",
    "FHIR_PRELIMINARY",
    "FHIR_BUNDLE",
    "FHIR_PARALLEL",
    "PATIENT_MATCH_SYSTEM",
    "FHIR_LEASE",
    "FHIR_CLIENT_ID",
    "FHIR_BASE_URL",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn st_03_settings_are_shown_and_secrets_are_not() {
        let canary = "canary-61371";
        let shown = settings(&|name| Some(format!("{name} {canary}")), None);
        let told = shown.lines().filter(|line| line.contains(canary));
        let told: Vec<_> = told.filter_map(|line| line.split(':').next()).collect();
        assert!(told.contains(&"LISTEN"), "{told:?}");
        let secret = ["KEY", "SECRET", "TOKEN", "AUTHORIZATION", "DSN", "DATABASE_URL", "SMTP_URL"];
        let leaked = told.iter().find(|name| secret.iter().any(|word| name.ends_with(word)));
        assert_eq!(leaked, None);
        assert!(shown.contains("ENCRYPTION_KEY: 27 characters\n"), "{shown}");
        assert_eq!(shown.lines().count(), VARIABLES.len());
    }

    #[test]
    fn st_03_only_variables_that_exist_are_shown() {
        let unknown = SHOWN.iter().find(|name| !VARIABLES.contains(name));
        assert_eq!(unknown, None);
    }

    #[test]
    fn what_is_not_set_is_said_to_have_its_default() {
        assert!(
            settings(&|_| None, None).lines().all(|line| line.ends_with(": not set: the default"))
        );
    }
}
