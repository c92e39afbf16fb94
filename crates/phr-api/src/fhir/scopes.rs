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
