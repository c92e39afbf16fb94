//! What an access token may read: SMART scopes, version 2 with those of version 1 as aliases
//! (<https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html>).

use phr_model::metric::Category;

/// Types of resources that we serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Observation.
    Observation,
    /// Patient.
    Patient,
    /// Device.
    Device,
    /// Provenance.
    Provenance,
}

impl Kind {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Patient, Self::Device, Self::Observation, Self::Provenance];

    /// Its FHIR name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observation => "Observation",
            Self::Patient => "Patient",
            Self::Device => "Device",
            Self::Provenance => "Provenance",
        }
    }

    /// The type called `name`, if we serve it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What is done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Reading one by its id.
    Read,
    /// Searching.
    Search,
}

/// One scope.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    /// None: every type.
    kind: Option<Kind>,
    read: bool,
    search: bool,
    /// Only this category of Observations.
    category: Option<Category>,
}

impl Grant {
    /// Whether whatever `other` lets read, this lets read too.
    fn covers(&self, other: &Self) -> bool {
        let kinds = self.kind.is_none() || self.kind == other.kind;
        let categories = self.category.is_none() || self.category == other.category;
        kinds && categories && self.read >= other.read && self.search >= other.search
    }
}

/// What an access token may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Grant>);

impl Scopes {
    /// The person's own session: everything about the person.
    pub fn own() -> Self {
        Self(vec![Grant { kind: None, read: true, search: true, category: None }])
    }

    /// Reads scopes separated by spaces. What grants no reading here is passed over.
    pub fn parse(scopes: &str) -> Self {
        Self(scopes.split_ascii_whitespace().filter_map(grant).collect())
    }

    /// Whether `kind` may be read or searched for, at least a part of it.
    pub fn allow(&self, kind: Kind, right: Right) -> bool {
        self.about(kind, right).next().is_some()
    }

    /// The categories of Observations that may be read or searched for; none: all.
    pub fn categories(&self, right: Right) -> Option<Vec<Category>> {
        self.about(Kind::Observation, right).map(|grant| grant.category).collect()
    }

    fn about(&self, kind: Kind, right: Right) -> impl Iterator<Item = &Grant> {
        self.0.iter().filter(move |grant| {
            let fits = grant.kind.is_none_or(|granted| granted == kind);
            fits && match right {
                Right::Read => grant.read,
                Right::Search => grant.search,
            }
        })
    }
}

/// Scopes that grant no reading: which record is the person's is told anyway, and going on while the
/// person is away.
pub(crate) const LAUNCH_PATIENT: &str = "launch/patient";
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// What apps may ask for, as discovery lists it. Narrower and mixed forms are understood too.
pub(crate) const OFFERED: [&str; 11] = [
    LAUNCH_PATIENT,
    OFFLINE_ACCESS,
    "patient/*.rs",
    "patient/Patient.rs",
    "patient/Observation.rs",
    "patient/Device.rs",
    "patient/Provenance.rs",
    "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs",
    "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|activity",
    "patient/*.read",
    "patient/Observation.read",
];

/// What of `asked` an app can be granted, in its order and each once; `limit` is what it may have at
/// most. The rest is left out (RFC 6749 section 3.3): what we do not serve, writing, other levels.
pub(crate) fn grantable(asked: &str, limit: Option<&str>) -> Vec<String> {
    let limit = limit.map(|limit| (limit, Scopes::parse(limit)));
    let mut granted: Vec<String> = Vec::new();
    for scope in asked.split_ascii_whitespace() {
        if let Some(scope) = one_grantable(scope, limit.as_ref())
            && !granted.contains(&scope)
        {
            granted.push(scope);
        }
    }
    granted
}

fn one_grantable(scope: &str, limit: Option<&(&str, Scopes)>) -> Option<String> {
    match scope {
        LAUNCH_PATIENT => Some(scope.to_owned()),
        OFFLINE_ACCESS => {
            let listed = |(limit, _): &(&str, Scopes)| limit.split(' ').any(|it| it == scope);
            limit.is_none_or(listed).then(|| scope.to_owned())
        }
        _ => {
            let about = grant(scope).filter(|_| scope.starts_with("patient/"))?;
            let covered = |(_, limit): &(&str, Scopes)| limit.0.iter().any(|it| it.covers(&about));
            limit.is_none_or(covered).then(|| readable(scope, &about))
        }
    }
}

/// The scope without what nobody is granted here: writing.
fn readable(scope: &str, about: &Grant) -> String {
    let (scope, narrowing) = scope.split_once('?').map_or((scope, None), |(it, n)| (it, Some(n)));
    let (object, rights) = scope.rsplit_once('.').unwrap_or((scope, ""));
    let rights = match (rights, about.read, about.search) {
        ("read" | "*", ..) => "read",
        (_, true, true) => "rs",
        (_, true, false) => "r",
        (_, false, _) => "s",
    };
    let narrowing = narrowing.map_or_else(String::new, |narrowing| format!("?{narrowing}"));
    format!("{object}.{rights}{narrowing}")
}

/// What a scope means, for people; none if it grants no reading.
pub(crate) fn words(scope: &str) -> Option<&'static str> {
    if scope == OFFLINE_ACCESS {
        return Some("Go on reading while you are not using it, for 90 days at most");
    }
    Some(match grant(scope)? {
        Grant { kind: None, .. } => "Read everything in your record: your name and all readings",
        Grant { kind: Some(Kind::Patient), .. } => "Read your name",
        Grant { kind: Some(Kind::Device), .. } => "See which devices take your readings",
        Grant { kind: Some(Kind::Provenance), .. } => "See where each reading came from",
        Grant { kind: Some(Kind::Observation), category, .. } => match category {
            None => "Read all your readings, from heart rate to steps",
            Some(Category::VitalSigns) => {
                "Read your vital signs: heart rate, oxygen saturation, weight"
            }
            Some(Category::Activity) => "Read your activity: steps, distance, calories",
        },
    })
}

/// `patient/Observation.rs`, `patient/*.read`, `patient/Observation.rs?category=system|code`.
fn grant(scope: &str) -> Option<Grant> {
    let (scope, narrowing) = match scope.split_once('?') {
        Some((scope, narrowing)) => (scope, Some(narrowing)),
        None => (scope, None),
    };
    let (level, rest) = scope.split_once('/')?;
    let (kind, rights) = rest.split_once('.')?;
    if !matches!(level, "patient" | "user") {
        return None;
    }
    let kind = match kind {
        "*" => None,
        name => Some(Kind::parse(name)?),
    };
    let (read, search) = match rights {
        "read" | "*" => (true, true),
        // Create, read, update, delete, search: in this order, each once.
        letters if in_order(letters) => (letters.contains('r'), letters.contains('s')),
        _ => return None,
    };
    // A narrowing that we do not know must not widen.
    let category = match narrowing {
        None => None,
        Some(narrowing) => Some(category(narrowing)?),
    };
    (read || search).then_some(Grant { kind, read, search, category })
}

fn in_order(letters: &str) -> bool {
    let mut rest = "cruds".chars();
    !letters.is_empty() && letters.chars().all(|letter| rest.any(|it| it == letter))
}

fn category(narrowing: &str) -> Option<Category> {
    let value = narrowing.strip_prefix("category=")?;
    let code = match value.split_once('|') {
        Some((super::tokens::CATEGORY, code)) => code,
        Some(_) => return None,
        None => value,
    };
    match code {
        "vital-signs" => Some(Category::VitalSigns),
        "activity" => Some(Category::Activity),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("patient/Observation.rs", true, true)]
    #[case("patient/*.rs", true, true)]
    #[case("patient/*.read", true, true)]
    #[case("patient/Observation.read", true, true)]
    #[case("user/Observation.cruds", true, true)]
    #[case("launch/patient openid patient/Observation.s", false, true)]
    #[case("patient/Observation.r", true, false)]
    #[case("patient/Patient.rs", false, false)]
    #[case("patient/Observation.write", false, false)]
    #[case("patient/Observation.sr", false, false)]
    #[case("system/Observation.rs", false, false)]
    #[case("patient/Observation.rs?code=8867-4", false, false)]
    #[case("patient/Observation.", false, false)]
    #[case("patient/Observation", false, false)]
    #[case("", false, false)]
    fn a_scope_grants_what_it_says(#[case] text: &str, #[case] read: bool, #[case] search: bool) {
        let scopes = Scopes::parse(text);
        assert_eq!(scopes.allow(Kind::Observation, Right::Read), read);
        assert_eq!(scopes.allow(Kind::Observation, Right::Search), search);
    }

    #[rstest]
    #[case("patient/Observation.rs offline_access", None, "patient/Observation.rs offline_access")]
    #[case(
        "openid fhirUser launch launch/patient patient/*.read",
        None,
        "launch/patient patient/*.read"
    )]
    #[case(
        "patient/Observation.cruds patient/Patient.*",
        None,
        "patient/Observation.rs patient/Patient.read"
    )]
    #[case("patient/Observation.r patient/Observation.r", None, "patient/Observation.r")]
    #[case("user/Observation.rs system/*.rs patient/Medication.rs patient/Device.write", None, "")]
    #[case(
        "patient/Observation.rs?category=activity",
        None,
        "patient/Observation.rs?category=activity"
    )]
    #[case(
        "patient/*.rs patient/Observation.rs",
        Some("patient/Observation.rs"),
        "patient/Observation.rs"
    )]
    #[case("patient/Observation.r", Some("patient/*.read"), "patient/Observation.r")]
    #[case("patient/Observation.rs", Some("patient/Observation.r"), "")]
    #[case("patient/Observation.rs", Some("patient/Observation.rs?category=activity"), "")]
    #[case("offline_access launch/patient", Some("patient/*.rs"), "launch/patient")]
    #[case("offline_access", Some("patient/*.rs offline_access"), "offline_access")]
    fn an_app_is_granted_what_we_serve_within_its_limit(
        #[case] asked: &str,
        #[case] limit: Option<&str>,
        #[case] granted: &str,
    ) {
        assert_eq!(grantable(asked, limit).join(" "), granted);
    }

    #[test]
    fn everything_on_offer_is_granted_as_it_stands_and_has_words() {
        for scope in OFFERED {
            assert_eq!(grantable(scope, None), [scope]);
            assert_eq!(words(scope).is_none(), scope == LAUNCH_PATIENT, "{scope}");
        }
    }

    #[test]
    fn a_narrowed_scope_shows_its_category_only() {
        let narrow = "patient/Observation.rs?category=\
            http://terminology.hl7.org/CodeSystem/observation-category|vital-signs";
        let categories = |text: &str| Scopes::parse(text).categories(Right::Search);
        assert_eq!(categories(narrow), Some(vec![Category::VitalSigns]));
        assert_eq!(categories(&format!("{narrow} patient/*.rs")), None);
        assert_eq!(Scopes::own().categories(Right::Read), None);
    }
}
