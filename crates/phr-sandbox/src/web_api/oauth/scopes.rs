//! Fitbit's scopes.

/// Scope, what the consent page says, and the short code in access tokens.
pub(super) const SCOPES: [(&str, &str, &str); 14] = [
    ("activity", "activity and exercise", "ract"),
    ("cardio_fitness", "cardio fitness", "rcf"),
    ("electrocardiogram", "electrocardiogram", "recg"),
    ("heartrate", "heart rate", "rhr"),
    ("irregular_rhythm_notifications", "irregular rhythm notifications", "rirn"),
    ("location", "location and GPS", "rloc"),
    ("nutrition", "food and water logs", "rnut"),
    ("oxygen_saturation", "oxygen saturation (SpO2)", "roxy"),
    ("profile", "profile", "rpro"),
    ("respiratory_rate", "breathing rate", "rres"),
    ("settings", "devices and settings", "rset"),
    ("sleep", "sleep", "rsle"),
    ("temperature", "temperature", "rtem"),
    ("weight", "weight", "rwei"),
];

fn row(scope: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    SCOPES.iter().find(|(known, ..)| *known == scope)
}

pub(super) fn is_known(scope: &str) -> bool {
    row(scope).is_some()
}

/// In words; the name itself for an unknown one.
pub(in crate::web_api) fn described(scope: &str) -> &str {
    row(scope).map_or(scope, |(_, words, _)| words)
}

/// As in the claim `scopes` of access tokens.
pub(super) fn code(scope: &str) -> &str {
    row(scope).map_or(scope, |(.., code)| code)
}
