//! Observation (<https://hl7.org/fhir/R4/observation.html>) and the R4 vital-signs profiles.

use jiff::Timestamp;
use phr_model::{
    Effective, Form, Part, Terms,
    metric::Category,
    terms::{self, Code},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    chart::Chart,
    datatypes::{
        CATEGORY, CodeableConcept, Coding, DateTime, Identifier, Meta, Period, Quantity, Reference,
    },
};

/// A FHIR Observation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation<'a> {
    resource_type: &'static str,
    id: Uuid,
    meta: Meta<'a>,
    identifier: [Identifier<'a, Uuid>; 1],
    status: &'static str,
    category: [CodeableConcept<'a>; 1],
    code: CodeableConcept<'a>,
    subject: Reference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_date_time: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_period: Option<Period>,
    issued: Timestamp,
    performer: [Reference<'a>; 1],
    value_quantity: Quantity,
    device: Reference<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    component: Vec<Component<'a>>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    code: CodeableConcept<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_quantity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_string: Option<&'static str>,
}

impl Chart {
    /// The Observation as another server is to hold it: no version, because that server counts its
    /// own. Equal Observations give equal bytes.
    pub fn observation(&self, observation: &phr_model::Observation) -> Observation<'_> {
        let says = &observation.says;
        let terms = terms_of(observation);
        let (effective_date_time, effective_period) = effective(&says.effective);
        Observation {
            resource_type: "Observation",
            id: says.id,
            meta: Meta {
                profile: terms.profile.map(|profile| [profile]),
                tag: Some([self.tag()]),
                ..Meta::default()
            },
            identifier: [Identifier { system: &self.observation_system, value: says.id }],
            status: observation.status.key(),
            category: [category(says.metric.facts().category)],
            code: CodeableConcept { coding: self.codings(&terms), text: Some(terms.text) },
            subject: self.subject(),
            effective_date_time,
            effective_period,
            issued: observation.issued,
            performer: [self.subject()],
            value_quantity: Quantity::of(says.metric, says.value),
            device: self.device_used(),
            component: self.components(says, &terms),
        }
    }

    /// The Observation as we serve it, with our version and when it was made.
    pub fn served_observation(&self, observation: &phr_model::Observation) -> Observation<'_> {
        let resource = self.observation(observation);
        let meta = resource.meta.versioned(observation.version, observation.issued);
        Observation { meta, ..resource }
    }

    /// LOINC's codes, or ours where there are none.
    fn codings(&self, terms: &Terms) -> Vec<Coding<'_>> {
        let ours = terms.local.map(|code| Coding::of_ours(&self.metric_system, code));
        terms.loinc.iter().map(Coding::from).chain(ours).collect()
    }

    /// Minimum and maximum, and what it is made up of.
    fn components(&self, says: &phr_model::Draft, terms: &Terms) -> Vec<Component<'_>> {
        let bounds = [(terms.low, says.low), (terms.high, says.high)];
        let component = |(code, value): (Code, Option<i64>)| {
            value.map(|value| self.component(code, Ok(Quantity::of(says.metric, value))))
        };
        let parts = says.parts.iter().filter_map(|(part, amount)| self.part(*part, *amount));
        bounds.into_iter().filter_map(component).chain(parts).collect()
    }

    /// None of what is not stated.
    fn part(&self, part: Part, amount: i64) -> Option<Component<'_>> {
        let facts = part.facts()?;
        let quantity = || Quantity::of_part(&facts, amount);
        Some(self.component(facts.code, part.words(amount).map_or_else(|| Ok(quantity()), Err)))
    }

    /// A number, or else words.
    fn component(&self, code: Code, value: Result<Quantity, &'static str>) -> Component<'_> {
        let coding = match code {
            terms::Code::Loinc(loinc) => Coding::from(&loinc),
            terms::Code::Local(code) => Coding::of_ours(&self.metric_system, code),
        };
        let code = CodeableConcept { coding: vec![coding], text: None };
        let (value_quantity, value_string) = (value.as_ref().ok().copied(), value.err());
        Component { code, value_quantity, value_string }
    }
}

/// How FHIR names `observation`.
pub(crate) fn terms_of(observation: &phr_model::Observation) -> Terms {
    let says = &observation.says;
    let form = Form::of_statement(says.metric, &says.effective);
    Terms::of(says.metric, form, !says.preliminary)
}

fn category(category: Category) -> CodeableConcept<'static> {
    match category {
        Category::VitalSigns => CodeableConcept::code(CATEGORY, "vital-signs", Some("Vital Signs")),
        Category::Activity => CodeableConcept::code(CATEGORY, "activity", Some("Activity")),
    }
}

fn effective(effective: &Effective) -> (Option<DateTime>, Option<Period>) {
    match *effective {
        Effective::Instant(at) => (Some(DateTime(at)), None),
        Effective::Period(start, end) => {
            (None, Some(Period { start: DateTime(start), end: DateTime(end) }))
        }
    }
}
