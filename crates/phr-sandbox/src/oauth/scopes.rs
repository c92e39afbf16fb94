//! Scopes: which exist, and which the Health API refuses.

use std::collections::BTreeSet;

/// A set of scopes as they travel in requests: separated by spaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scopes(BTreeSet<String>);

const HEALTH: &str = "https://www.googleapis.com/auth/googlehealth.";
const GOOGLE: &str = "https://www.googleapis.com/auth/";
const SIGN_IN: [&str; 5] = [
    "openid",
    "email",
    "profile",
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/userinfo.profile",
];
const FAMILIES: [&str; 11] = [
    "activity_and_fitness",
    "health_metrics_and_measurements",
    "sleep",
    "nutrition",
    "profile",
    "settings",
    "location",
    "ecg",
    "irn",
    "logged_symptoms",
    "mindfulness",
];

impl Scopes {
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    pub(crate) fn remove(&mut self, scope: &str) {
        self.0.remove(scope);
    }

    #[must_use]
    pub(crate) fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    #[must_use]
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The scopes that Google's consent page refuses with `invalid_scope`.
    pub(crate) fn unknown(&self) -> Vec<&str> {
        self.iter().filter(|scope| !is_known(scope)).collect()
    }

    /// Scopes of other products: a token that carries one is refused by the Health API.
    pub(crate) fn disallowed(&self) -> Vec<&str> {
        self.iter().filter(|scope| !scope.starts_with(HEALTH) && !SIGN_IN.contains(scope)).collect()
    }

    /// Whether a scope of the Health API is among them, other than those of profile and settings
    /// (which open no data points).
    pub(crate) fn opens_data_points(&self) -> bool {
        self.health().any(|name| !matches!(family(name), "profile" | "settings"))
    }

    pub(crate) fn opens_health(&self) -> bool {
        self.health().next().is_some()
    }

    /// Whether data of a scope family may be read.
    pub(crate) fn reads(&self, wanted: &str) -> bool {
        self.health().any(|name| family(name) == wanted && name.ends_with(".readonly"))
    }

    /// Whether only data written by the client itself may be read.
    pub(crate) fn reads_own(&self, wanted: &str) -> bool {
        self.health().any(|name| family(name) == wanted)
    }

    fn health(&self) -> impl Iterator<Item = &str> {
        self.iter().filter_map(|scope| scope.strip_prefix(HEALTH))
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

fn family(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}

/// Scopes of other Google products are taken as known: consenting to them works, using them at
/// the Health API does not. Of its own family only real names exist (page "Scopes").
fn is_known(scope: &str) -> bool {
    match scope.strip_prefix(HEALTH) {
        Some(name) => {
            let (family, access) = name.split_once('.').unwrap_or((name, ""));
            let writable = !matches!(family, "location" | "ecg" | "irn");
            let known = FAMILIES.contains(&family) || family == "reproductive_health";
            known && (access == "readonly" || (access == "writeonly" && writable))
        }
        None => SIGN_IN.contains(&scope) || scope.starts_with(GOOGLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(name: &str) -> String {
        format!("{HEALTH}{name}")
    }

    #[test]
    fn old_names_without_suffix_are_unknown() {
        let text = format!("openid {} {}", health("sleep"), health("sleep.readonly"));
        assert_eq!(Scopes::parse(&text).unknown(), [health("sleep")]);
    }

    #[test]
    fn scopes_of_other_products_are_known_but_disallowed() {
        let calendar = format!("{GOOGLE}calendar");
        let scopes = Scopes::parse(&format!("openid email {calendar}"));
        assert!(scopes.unknown().is_empty());
        assert_eq!(scopes.disallowed(), [calendar]);
    }

    #[test]
    fn profile_and_settings_open_no_data_points() {
        let scopes = Scopes::parse(&health("settings.readonly"));
        assert!(scopes.opens_health() && !scopes.opens_data_points());
        assert!(scopes.reads("settings") && !scopes.reads("sleep"));
    }

    #[test]
    fn writing_is_not_reading() {
        let scopes = Scopes::parse(&health("sleep.writeonly"));
        assert!(!scopes.reads("sleep") && scopes.reads_own("sleep"));
    }
}
