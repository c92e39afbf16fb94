//! `phr config check`: what the server would run with, secrets as lengths (ST-03).

use std::fmt::Write;

use crate::config::VARIABLES;

/// Every variable with its value, as long as it is no secret.
pub(crate) fn settings(variable: &dyn Fn(&str) -> Option<String>) -> String {
    VARIABLES.into_iter().fold(String::new(), |mut shown, name| {
        let text = variable(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        let value = match text.chars().count() {
            0 => "not set: the default".to_owned(),
            length if is_secret(name) => format!("{length} characters"),
            _ => text,
        };
        // Writing into a text cannot fail.
        let _ = writeln!(shown, "{name}: {value}");
        shown
    })
}

/// Whether the variable's name says that its value must not be shown. The database's address may
/// hold a password.
fn is_secret(name: &str) -> bool {
    ["KEY", "SECRET", "PASSWORD", "TOKEN", "DATABASE_URL"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn st_03_settings_are_shown_and_secrets_are_not() {
        let canary = "canary-61371";
        let shown = settings(&|name| Some(format!("{name} {canary}")));
        let told: Vec<_> = shown.lines().filter(|line| !line.contains(canary)).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        DATABASE_URL: 25 characters
        ENCRYPTION_KEY: 27 characters
        JWT_SECRET: 23 characters
        FITBIT_CLIENT_SECRET: 33 characters
        ");
        assert_eq!(shown.lines().count(), VARIABLES.len());
    }

    #[test]
    fn what_is_not_set_is_said_to_have_its_default() {
        assert!(settings(&|_| None).lines().all(|line| line.ends_with(": not set: the default")));
    }
}
