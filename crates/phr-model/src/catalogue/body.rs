//! The body.

use crate::metric::{ApiLabel, Category, Facts, Forming, Kind, Loinc, Metric};

pub(crate) static WEIGHT: Facts = Facts {
    metric: Metric::BodyWeight,
    key: "body_weight",
    kind: Kind::Instant,
    forming: Forming::EverySample,
    api: ApiLabel { code: "29463-7", display: "Body weight", unit: "kg" },
    loinc: &[Loinc { code: "29463-7", display: "Body weight" }],
    local: None,
    ucum: "kg",
    category: Category::VitalSigns,
    profile: Some("http://hl7.org/fhir/StructureDefinition/bodyweight"),
    scale: 1_000_000,
    plausible: 500_000..=650_000_000,
    parted: false,
    verifiable: true,
    rounding: 0,
};

pub(crate) static FAT: Facts = Facts {
    metric: Metric::BodyFat,
    key: "body_fat",
    kind: Kind::Instant,
    forming: Forming::EverySample,
    api: ApiLabel { code: "41982-0", display: "Body fat", unit: "%" },
    loinc: &[Loinc { code: "41982-0", display: "Percentage of body fat Measured" }],
    local: None,
    ucum: "%",
    category: Category::VitalSigns,
    profile: None,
    scale: 100,
    plausible: 100..=7_500,
    parted: false,
    verifiable: true,
    rounding: 0,
};

pub(crate) static HEIGHT: Facts = Facts {
    metric: Metric::Height,
    key: "height",
    kind: Kind::Instant,
    forming: Forming::EverySample,
    api: ApiLabel { code: "8302-2", display: "Body height", unit: "cm" },
    loinc: &[Loinc { code: "8302-2", display: "Body height" }],
    local: None,
    ucum: "cm",
    category: Category::VitalSigns,
    profile: Some("http://hl7.org/fhir/StructureDefinition/bodyheight"),
    scale: 10,
    plausible: 300..=2_750,
    parted: false,
    verifiable: true,
    rounding: 0,
};
