//! What changes when a day is observed again: nothing, a new version, or a withdrawal.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::observation::{Draft, Observation, Status};

/// Compares what is held about a day with what is said about it now. Returns the rows to write: new
/// ones, changed ones (version + 1) and withdrawn ones (`entered-in-error`). Saying the same again
/// returns nothing, so a window can be read any number of times.
pub fn difference(held: &[Observation], said: Vec<Draft>, now: Timestamp) -> Vec<Observation> {
    let mut held: HashMap<Uuid, &Observation> =
        held.iter().map(|observation| (observation.says.id, observation)).collect();
    let mut changes: Vec<Observation> = said
        .into_iter()
        .filter_map(|draft| match held.remove(&draft.id) {
            None => Some(first(draft, now)),
            Some(held) => revised(held, draft, now),
        })
        .collect();
    let mut withdrawn: Vec<_> =
        held.into_values().filter_map(|observation| withdrawal(observation, now)).collect();
    withdrawn.sort_unstable_by_key(|observation| observation.says.id);
    changes.append(&mut withdrawn);
    changes
}

fn first(draft: Draft, now: Timestamp) -> Observation {
    let status = if draft.preliminary { Status::Preliminary } else { Status::Final };
    Observation { says: draft, status, version: 1, issued: now }
}

fn revised(held: &Observation, mut draft: Draft, now: Timestamp) -> Option<Observation> {
    // What was final once never becomes preliminary again, although a journey east across the date
    // line opens a day anew.
    draft.preliminary &= !matches!(held.status, Status::Final | Status::Corrected);
    if held.says == draft && held.status != Status::EnteredInError {
        return None;
    }
    let status = match held.status {
        _ if draft.preliminary => Status::Preliminary,
        Status::Preliminary => Status::Final,
        Status::Final | Status::Corrected | Status::EnteredInError => Status::Corrected,
    };
    Some(Observation { says: draft, status, version: held.version.saturating_add(1), issued: now })
}

fn withdrawal(held: &Observation, now: Timestamp) -> Option<Observation> {
    (held.status != Status::EnteredInError).then(|| Observation {
        says: held.says.clone(),
        status: Status::EnteredInError,
        version: held.version.saturating_add(1),
        issued: now,
    })
}
