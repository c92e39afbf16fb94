//! A page of a search as a Bundle.

use axum::response::Response;
use jiff::civil::Date;
use phr_fhir::{
    Bundle, BundleKind, Chart, Entry, Link, Resource,
    bundle::{INCLUDE, MATCH},
};
use phr_store::{
    feed::{Change, Position},
    search::Place,
};
use serde_json::Value;

use super::{
    access::Access,
    answer,
    params::Params,
    scopes::{Kind, Right},
    search::{Asked, CURSOR},
};
use crate::{error::ApiError, state::ApiState};

/// System of tags that say that a resource is not all there.
const SUBSETTED: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

/// Elements that a part of an Observation must have.
const MANDATORY: [&str; 5] = ["resourceType", "id", "meta", "status", "code"];

/// A search being answered.
pub(super) struct Search<'a> {
    pub(super) state: &'a ApiState,
    pub(super) access: &'a Access,
    /// Below the base: `/Observation`.
    pub(super) path: &'a str,
}

/// Where a page begins, and what its predecessors counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Spot {
    after: Option<Place>,
    total: Option<u64>,
}

/// What was found, and whether there is more.
struct Found {
    changes: Vec<Change>,
    total: Option<u64>,
    next: Option<String>,
}

impl Search<'_> {
    /// The page of `asked`, with `before` in front of it on the first page.
    pub(super) async fn answer(
        &self,
        chart: &Chart,
        asked: &Asked,
        before: Vec<Entry<'_>>,
    ) -> Result<Response, ApiError> {
        let spot = self.spot(asked)?;
        let found = self.find(asked, spot).await?;
        let mut bundle = Bundle::new(BundleKind::Searchset);
        let is_first = spot.after.is_none();
        bundle.total = found.total.map(|total| total + before.len() as u64);
        bundle.link.push(Link { relation: "self", url: self.url(&asked.used) });
        if let Some(url) = found.next {
            bundle.link.push(Link { relation: "next", url });
        }
        if is_first && !asked.count_only {
            bundle.entry = before;
        }
        for change in &found.changes {
            bundle.entry.push(self.entry(chart, asked, change)?);
        }
        self.include(chart, asked, &found.changes, &mut bundle);
        answer::json(&bundle)
    }

    async fn find(&self, asked: &Asked, spot: Spot) -> Result<Found, ApiError> {
        let (store, person) = (&self.state.store, self.access.id());
        if asked.nothing {
            return Ok(Found { changes: Vec::new(), total: Some(0), next: None });
        }
        if asked.count_only {
            let total = Some(store.count(person, &asked.search).await?);
            return Ok(Found { changes: Vec::new(), total, next: None });
        }
        let size = asked.count as usize;
        let limit = asked.count.saturating_add(1);
        let mut changes = store.search(person, &asked.search, spot.after, limit).await?;
        let is_more = changes.len() > size;
        changes.truncate(size);
        let total = match (asked.total, spot.total) {
            (false, _) => None,
            (true, Some(total)) => Some(total),
            // What is all on one page need not be counted again.
            (true, None) if !is_more && spot.after.is_none() => Some(changes.len() as u64),
            (true, None) => Some(store.count(person, &asked.search).await?),
        };
        let last = changes.last().filter(|_| is_more).map(Place::of);
        let next = last.map(|place| self.next(asked, place, total)).transpose()?;
        Ok(Found { changes, total, next })
    }

    fn entry<'c>(
        &self,
        chart: &'c Chart,
        asked: &Asked,
        change: &Change,
    ) -> Result<Entry<'c>, ApiError> {
        let observation = chart.served_observation(&change.observation);
        let resource = match &asked.elements {
            None => Resource::Observation(Box::new(observation)),
            Some(elements) => {
                let whole = serde_json::to_value(observation)
                    .map_err(|_| ApiError::Internal("a resource cannot be written as JSON"))?;
                Resource::Part(part(whole, elements))
            }
        };
        let url = self.full_url(Kind::Observation, change.observation.says.id);
        Ok(Entry::found(url, resource, MATCH))
    }

    /// What goes with the matches, as far as the token's scopes cover it.
    fn include<'c>(
        &'c self,
        chart: &'c Chart,
        asked: &Asked,
        changes: &[Change],
        bundle: &mut Bundle<'c>,
    ) {
        let may = |kind| self.access.scopes.allow(kind, Right::Read) && !changes.is_empty();
        let person = &self.access.person;
        if asked.with_device && may(Kind::Device) {
            let device = chart.served_device(person.created_at);
            let url = self.full_url(Kind::Device, chart.device_id());
            let resource = Resource::Device(Box::new(device));
            bundle.entry.push(Entry::found(url, resource, INCLUDE));
        }
        if asked.with_patient && may(Kind::Patient) {
            let patient = chart.served_patient(&person.name, person.created_at);
            let url = self.full_url(Kind::Patient, chart.patient_id());
            let resource = Resource::Patient(Box::new(patient));
            bundle.entry.push(Entry::found(url, resource, INCLUDE));
        }
        if asked.with_provenance && may(Kind::Provenance) {
            for change in changes {
                let provenance = chart.provenance(&change.observation);
                let url = self.full_url(Kind::Provenance, change.observation.says.id);
                let resource = Resource::Provenance(Box::new(provenance));
                bundle.entry.push(Entry::found(url, resource, INCLUDE));
            }
        }
    }

    pub(super) fn full_url(&self, kind: Kind, id: impl std::fmt::Display) -> String {
        format!("{}/fhir/{}/{id}", self.state.settings.base(), kind.name())
    }

    fn url(&self, params: &Params) -> String {
        let url = format!("{}/fhir{}", self.state.settings.base(), self.path);
        let query = params.encoded();
        if query.is_empty() { url } else { format!("{url}?{query}") }
    }

    /// What a cursor is good for: this very question of this person.
    fn question(&self, params: &Params) -> String {
        let asked: Vec<_> = params.iter().filter(|(name, _)| *name != CURSOR).collect();
        format!("fhir|{}|{}|{asked:?}", self.access.id(), self.path)
    }

    fn next(&self, asked: &Asked, place: Place, total: Option<u64>) -> Result<String, ApiError> {
        let Place { date, start, position } = place;
        let Position { revision, id } = position;
        let total = total.map_or_else(String::new, |total| total.to_string());
        let text = format!("{date}|{start}|{revision}|{}|{total}", id.simple());
        let cursor = self.state.cursors.seal(&self.question(&asked.used), &text)?;
        let mut params = Params::default();
        for (name, value) in asked.used.iter().filter(|(name, _)| *name != CURSOR) {
            params.push(name, value);
        }
        params.push(CURSOR, &cursor);
        Ok(self.url(&params))
    }

    fn spot(&self, asked: &Asked) -> Result<Spot, ApiError> {
        let Some(cursor) = &asked.cursor else { return Ok(Spot::default()) };
        let opened = self.state.cursors.open(&self.question(&asked.used), cursor);
        opened.as_deref().and_then(spot).ok_or_else(|| {
            ApiError::BadSearch("_cursor: the next link of a page, unchanged".to_owned())
        })
    }
}

fn spot(text: &str) -> Option<Spot> {
    let mut parts = text.split('|');
    let date: Date = parts.next()?.parse().ok()?;
    let start = parts.next()?.parse().ok()?;
    let revision = parts.next()?.parse().ok()?;
    let id = uuid::Uuid::parse_str(parts.next()?).ok()?;
    let total = parts.next().filter(|it| !it.is_empty()).and_then(|it| it.parse().ok());
    let position = Position { revision, id };
    Some(Spot { after: Some(Place { date, start, position }), total })
}

/// The elements asked for and those that must be there, marked as a part. `value` and `effective`
/// stand for whatever type they have.
fn part(mut resource: Value, elements: &[String]) -> Value {
    if let Some(object) = resource.as_object_mut() {
        object.retain(|name, _| {
            let choice = name.starts_with("value") || name.starts_with("effective");
            let asked = |wanted: &String| {
                wanted == name || choice && (name.starts_with(&**wanted)) && wanted.len() > 4
            };
            MANDATORY.contains(&&**name) || elements.iter().any(asked)
        });
        let tag = serde_json::json!({"system": SUBSETTED, "code": "SUBSETTED"});
        if let Some(tags) = object.get_mut("meta").and_then(|meta| meta["tag"].as_array_mut()) {
            tags.push(tag);
        }
    }
    resource
}
