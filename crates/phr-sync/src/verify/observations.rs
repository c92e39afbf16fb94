//! Observations against what `observe` says about the same samples.

use std::collections::BTreeMap;

use phr_model::{Draft, Observation, Status};
use uuid::Uuid;

use super::{
    day::Expected,
    finding::{Findings, What},
};

/// The Observations of a day: those that stand are exactly those that are said.
pub(super) fn check(held: &[Observation], expected: &Expected<'_>, findings: &mut Findings) {
    for observation in held {
        check_life(observation, findings);
    }
    let standing: BTreeMap<Uuid, &Draft> = held
        .iter()
        .filter(|held| held.status != Status::EnteredInError)
        .map(|held| (held.says.id, &held.says))
        .collect();
    let said = said(&standing, expected);
    for (id, right) in &said {
        match standing.get(id) {
            None => findings.add(What::ObservationMissing, None, Some(shown(right))),
            Some(held) => check_saying(held, right, expected, findings),
        }
    }
    for (id, held) in standing {
        if !said.contains_key(&id) {
            findings.add(What::ObservationForeign, Some(shown(held)), None);
        }
    }
}

/// What is to be said, in the form in which it was said if that is one of the two.
fn said(standing: &BTreeMap<Uuid, &Draft>, expected: &Expected<'_>) -> BTreeMap<Uuid, Draft> {
    let [near, ..] = expected.witnesses();
    let forms = expected.forms().map(|form| {
        let drafts = expected.drafts(&near, form);
        drafts.into_iter().map(|draft| (draft.id, draft)).collect::<BTreeMap<_, _>>()
    });
    let [set, other] = forms;
    let fits = |form: &BTreeMap<Uuid, Draft>| form.keys().eq(standing.keys());
    if !fits(&set) && fits(&other) { other } else { set }
}

fn check_saying(held: &Draft, right: &Draft, expected: &Expected<'_>, findings: &mut Findings) {
    let value = |says: &Draft| (says.value, says.low, says.high);
    findings.compare(What::ObservationValue, &value(held), &value(right));
    findings.compare(
        What::ObservationPeriod,
        &(held.metric, held.date),
        &(right.metric, right.date),
    );
    if held.effective != right.effective && !is_witnessed(held, expected) {
        findings.compare(What::ObservationPeriod, &held.effective, &right.effective);
    }
    // What was final once never becomes preliminary again.
    if held.preliminary && !right.preliminary {
        findings.add(What::ObservationStatus, Some("preliminary".to_owned()), None);
    }
}

/// Whether some of the steps around the day bear witness to this period, or there are none at all:
/// then the account's zone said it, which may have been another when the day was read.
fn is_witnessed(held: &Draft, expected: &Expected<'_>) -> bool {
    let witnesses = expected.witnesses();
    if expected.is_unwitnessed(&witnesses[0]) {
        return is_civil_day(held);
    }
    let [form, _] = expected.forms();
    witnesses.iter().any(|witnesses| {
        let mut drafts = expected.drafts(witnesses, form).into_iter();
        drafts.any(|draft| draft.id == held.id && draft.effective == held.effective)
    })
}

/// Whether the period begins with its civil day, by the offset it names.
fn is_civil_day(says: &Draft) -> bool {
    let start = says.effective.start();
    let offset = jiff::tz::Offset::from_seconds(start.offset_seconds);
    offset.is_ok_and(|offset| offset.to_datetime(start.at) == says.date.at(0, 0, 0, 0))
}

/// Status, version and "preliminary" tell one story.
fn check_life(observation: &Observation, findings: &mut Findings) {
    let (preliminary, version) = (observation.says.preliminary, observation.version);
    let fits = match observation.status {
        Status::Preliminary => preliminary && version >= 1,
        Status::Final => !preliminary && version >= 1,
        Status::Corrected => !preliminary && version >= 2,
        Status::EnteredInError => version >= 2,
    };
    if !fits {
        let held = format!("{:?}, version {version}, {preliminary}", observation.status);
        findings.add(What::ObservationStatus, Some(held), None);
    }
}

fn shown(says: &Draft) -> String {
    let Draft { value, low, high, parts, effective, .. } = says;
    format!("{value} {low:?} {high:?} {parts:?} {}", effective.start())
}
