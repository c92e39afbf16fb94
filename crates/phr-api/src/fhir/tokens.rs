//! `code`, `category`, `status` and identifiers: `code`, `system|code`, `|code`, `system|`.

use phr_model::{Form, Metric, Status, Terms, metric::Category};
use phr_store::search::{Extent, Series};
use uuid::Uuid;

use crate::error::ApiError;

pub(super) const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const LOINC: &str = "http://loinc.org";
const STATUS: &str = "http://hl7.org/fhir/observation-status";

/// What a token asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// None: whatever the system; empty: no system at all.
    system: Option<&'a str>,
    /// None: whatever the code.
    code: Option<&'a str>,
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        match text.split_once('|') {
            None => Self { system: None, code: Some(text) },
            Some((system, code)) => {
                Self { system: Some(system), code: (!code.is_empty()).then_some(code) }
            }
        }
    }

    fn fits(self, system: &str, code: &str) -> bool {
        self.system.is_none_or(|wanted| wanted == system)
            && self.code.is_none_or(|wanted| wanted == code)
    }
}

/// The Observations that have one of the codes: the codes of a day depend on whether it is over.
/// `base` is our public address, which names our own codes.
pub(super) fn with_codes(tokens: &[String], base: &str) -> Vec<Series> {
    let tokens: Vec<Token<'_>> = tokens.iter().map(|text| Token::parse(text)).collect();
    let ours = format!("{base}/fhir/CodeSystem/wearable-metric");
    let has = |metric, extent| {
        let terms = terms(metric, extent);
        let loinc = terms.loinc.iter().map(|loinc| (LOINC, loinc.code));
        let mut codes = loinc.chain(terms.local.map(|code| (ours.as_str(), code)));
        codes.any(|(system, code)| tokens.iter().any(|token| token.fits(system, code)))
    };
    series(has)
}

/// The Observations in one of the categories.
pub(super) fn in_categories(tokens: &[String]) -> Vec<Series> {
    let tokens: Vec<Token<'_>> = tokens.iter().map(|text| Token::parse(text)).collect();
    series(|metric: Metric, _| {
        let key = key(metric.facts().category);
        tokens.iter().any(|token| token.fits(CATEGORY, key))
    })
}

/// The Observations of these categories.
pub(super) fn of_categories(categories: &[Category]) -> Vec<Series> {
    series(|metric: Metric, _| categories.contains(&metric.facts().category))
}

fn key(category: Category) -> &'static str {
    match category {
        Category::VitalSigns => "vital-signs",
        Category::Activity => "activity",
    }
}

fn series(has: impl Fn(Metric, Extent) -> bool) -> Vec<Series> {
    let of = |metric: Metric| {
        let extents = Extent::ALL.into_iter().filter(|extent| has(metric, *extent)).collect();
        Series { metric, extents }
    };
    Metric::ALL.into_iter().map(of).filter(|series| !series.extents.is_empty()).collect()
}

/// How what is kept is called.
fn terms(metric: Metric, extent: Extent) -> Terms {
    let period = if metric == Metric::HeartRate { Form::Hourly } else { Form::Daily };
    match extent {
        Extent::Instant => Terms::of(metric, Form::Sample, true),
        Extent::OpenPeriod => Terms::of(metric, period, false),
        Extent::ClosedPeriod => Terms::of(metric, period, true),
    }
}

/// What is in both.
pub(super) fn both(one: Vec<Series>, other: &[Series]) -> Vec<Series> {
    let shared = |mut series: Series| {
        let same = other.iter().find(|it| it.metric == series.metric)?;
        series.extents.retain(|extent| same.extents.contains(extent));
        (!series.extents.is_empty()).then_some(series)
    };
    one.into_iter().filter_map(shared).collect()
}

/// The statuses that tokens name; those that we never have match nothing.
pub(super) fn statuses(tokens: &[String]) -> Vec<Status> {
    let named =
        |status: &Status| tokens.iter().any(|text| Token::parse(text).fits(STATUS, status.key()));
    Status::ALL.into_iter().filter(named).collect()
}

/// The ids that tokens of `system` name; what is no id of ours matches nothing.
pub(super) fn ids(tokens: &[String], system: &str) -> Result<Vec<Uuid>, ApiError> {
    let mut ids = Vec::new();
    for text in tokens {
        let token = Token::parse(text);
        let Some(code) = token.code else {
            return Err(ApiError::BadSearch("identifier: a value behind the bar".to_owned()));
        };
        if let (true, Ok(id)) = (token.fits(system, code), code.parse()) {
            ids.push(id);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const BASE: &str = "https://phr.example";

    fn named(series: &[Series]) -> Vec<String> {
        series.iter().map(|it| format!("{} {:?}", it.metric, it.extents)).collect()
    }

    #[rstest]
    #[case("8867-4", &["heart_rate [Instant, OpenPeriod, ClosedPeriod]",
        "resting_heart_rate [Instant, OpenPeriod, ClosedPeriod]"])]
    #[case("55425-3", &["heart_rate [OpenPeriod, ClosedPeriod]"])]
    #[case("http://loinc.org|41950-7", &["steps [ClosedPeriod]"])]
    #[case("55423-8", &["steps [Instant, OpenPeriod]"])]
    #[case("hrv-rmssd", &["hrv [Instant, OpenPeriod, ClosedPeriod]"])]
    #[case("http://loinc.org|hrv-rmssd", &[])]
    #[case("|41950-7", &[])]
    #[case("http://snomed.info/sct|41950-7", &[])]
    #[case("41950", &[])]
    fn a_code_finds_what_has_it(#[case] token: &str, #[case] found: &[&str]) {
        assert_eq!(named(&with_codes(&[token.to_owned()], BASE)), found);
    }

    #[test]
    fn a_system_alone_finds_all_of_it() {
        let with_loinc = Metric::ALL.into_iter().filter(|it| it.facts().local.is_none()).count();
        assert_eq!(with_codes(&["http://loinc.org|".to_owned()], BASE).len(), with_loinc);
        let ours = with_codes(&[format!("{BASE}/fhir/CodeSystem/wearable-metric|")], BASE);
        assert_eq!(ours.len(), Metric::ALL.len() - with_loinc);
        let activity = in_categories(&[format!("{CATEGORY}|activity")]);
        assert_eq!(activity.len(), 9);
        assert_eq!(named(&both(activity, &with_codes(&["41950-7".to_owned()], BASE))).len(), 1);
    }

    #[test]
    fn a_status_has_a_system_too() {
        let tokens = ["http://hl7.org/fhir/observation-status|final", "cancelled"];
        assert_eq!(statuses(&tokens.map(str::to_owned)), [Status::Final]);
    }
}
