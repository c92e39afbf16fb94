//! Codes, units and names.

use phr_model::{Form, Metric, Part, Terms, metric::Category, terms::Code};

/// Every UCUM code that we write or that the vital-signs profiles allow. All were put before a UCUM
/// parser, which refuses `beats/min` and `steps`.
pub(super) const UNITS: [&str; 21] = [
    "/min",
    "%",
    "kg",
    "g",
    "[lb_av]",
    "cm",
    "[in_i]",
    "Cel",
    "[degF]",
    "mm[Hg]",
    "kg/m2",
    "m2",
    "{steps}",
    "kcal",
    "km",
    "m",
    "min",
    "{flights}",
    "ms",
    "K",
    "mL/min/kg",
];

/// Units of components of a vital sign (value set ucum-vitals-common, required).
pub(super) const VITAL_UNITS: [&str; 12] =
    ["%", "cm", "[in_i]", "kg", "g", "[lb_av]", "Cel", "[degF]", "mm[Hg]", "/min", "kg/m2", "m2"];

/// An R4 vital-signs profile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Profile {
    /// Last part of its URL.
    pub(super) name: &'static str,
    /// The code that it demands, exactly once.
    pub(super) magic: &'static str,
    /// The units it allows.
    pub(super) units: &'static [&'static str],
    /// LOINC codes to which the HL7 validator applies it unasked.
    implied_by: &'static [&'static str],
}

const PROFILES: [Profile; 5] = [
    Profile {
        name: "heartrate",
        magic: "8867-4",
        units: &["/min"],
        implied_by: &[
            "8867-4", "8889-8", "8890-6", "8891-4", "8892-2", "8893-0", "40443-4", "55425-3",
            "68999-2", "11328-2", "69000-8", "60978-4", "73795-7", "73799-9", "76476-1", "76477-9",
            "8886-4",
        ],
    },
    Profile {
        name: "oxygensat",
        magic: "2708-6",
        units: &["%"],
        implied_by: &[
            "2708-6", "19224-5", "20564-1", "2709-4", "2710-2", "2713-6", "51733-4", "59408-5",
            "59417-6", "89276-0", "97549-0",
        ],
    },
    Profile {
        name: "bodyweight",
        magic: "29463-7",
        units: &["kg", "g", "[lb_av]"],
        implied_by: &["29463-7", "3141-9", "3142-7", "75292-3", "79348-9", "8350-1", "8351-9"],
    },
    Profile {
        name: "bodyheight",
        magic: "8302-2",
        units: &["cm", "[in_i]"],
        implied_by: &["8302-2"],
    },
    Profile { name: "resprate", magic: "9279-1", units: &["/min"], implied_by: &["9279-1"] },
];

const PROFILE_BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The profile that an Observation claims, or that its codes imply.
pub(super) fn profile_of(claimed: &[&str], codes: &[&str]) -> Option<&'static Profile> {
    let claims = |profile: &Profile| {
        claimed.iter().any(|url| url.strip_prefix(PROFILE_BASE) == Some(profile.name))
    };
    let implied = |profile: &Profile| codes.iter().any(|code| profile.implied_by.contains(code));
    PROFILES.iter().find(|profile| claims(profile) || implied(profile))
}

/// LOINC codes that speak of 24 hours.
pub(super) const WHOLE_DAY: [&str; 6] =
    ["41950-7", "41953-1", "41979-6", "41924-2", "8873-2", "8883-1"];

/// All codes of the catalogue with their names.
fn catalogue() -> impl Iterator<Item = (Metric, &'static str, &'static str)> {
    let forms = Metric::ALL.into_iter().flat_map(|metric| {
        let forms = Form::of_metric(metric).iter();
        forms.flat_map(move |form| [true, false].map(|over| (metric, *form, over)))
    });
    forms.flat_map(|(metric, form, over)| {
        let terms = Terms::of(metric, form, over);
        let bounds = [terms.low, terms.high].into_iter().filter_map(|code| match code {
            Code::Loinc(loinc) => Some(loinc),
            Code::Local(_) => None,
        });
        let codes = terms.loinc.iter().copied().chain(bounds);
        codes.map(move |loinc| (metric, loinc.code, loinc.display)).collect::<Vec<_>>()
    })
}

/// LOINC's own name of `code`, if we use it.
pub(super) fn name_of(code: &str) -> Option<&'static str> {
    let of_parts = Part::ALL.into_iter().filter_map(|part| match part.facts()?.code {
        Code::Loinc(loinc) => Some((loinc.code, loinc.display)),
        Code::Local(_) => None,
    });
    let names = catalogue().map(|(_, code, name)| (code, name)).chain(of_parts);
    names.into_iter().find(|(known, _)| *known == code).map(|(_, name)| name)
}

/// The category of what `code` measures, if we use it.
pub(super) fn category_of(code: &str) -> Option<Category> {
    catalogue().find(|(_, known, _)| *known == code).map(|(metric, ..)| metric.facts().category)
}
