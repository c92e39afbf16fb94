//! Patient and Device: what Observations refer to must be there before them.

use phr_model::FITBIT;
use phr_store::delivery::Introduced;
use reqwest::Method;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

use super::{
    parcel::{Parcel, place_of},
    turn::{Stop, Turn},
};
use crate::{
    Chart,
    destination::{Addressing, Class, Failure},
    fingerprint,
};

/// Under which a chart of the server's own is remembered.
pub(super) const CHART: &str = "chart";

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    entry: Vec<FoundEntry>,
}

#[derive(Deserialize)]
struct FoundEntry {
    resource: Option<FoundResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundResource {
    resource_type: String,
    id: Option<String>,
}

impl Turn<'_> {
    /// Sees to it that the server has the person's Patient and Device as they are now; what makes
    /// Observations that refer to them.
    pub(super) async fn introduce(&mut self) -> Result<Chart, Stop> {
        let ours = Chart::new(self.base, self.claimed.lease.person.patient(), FITBIT);
        let patient = if let Some(system) = self.match_system.clone() {
            self.chart_there(&system).await?
        } else {
            let name = ("Patient", ours.patient_id().to_string());
            let system = ours.patient_identifier_system();
            self.make_known(Parcel::of(name, system, &ours.patient())).await?
        };
        let device = format!("Device/{}", ours.device_id());
        let chart = ours.referring_to(patient.clone(), device);
        let name = ("Device", chart.device_id().to_string());
        let system = chart.device_identifier_system();
        let device = self.make_known(Parcel::of(name, system, &chart.device())).await?;
        Ok(chart.referring_to(patient, device))
    }

    /// Puts a resource unless the server has it as it is; how the server calls it.
    async fn make_known(&mut self, parcel: Option<Parcel>) -> Result<String, Stop> {
        let parcel = parcel.ok_or_else(|| Failure::new(Class::Refused, "no JSON"))?;
        let name = format!("{}/{}", parcel.kind, parcel.id);
        let digest = parcel.digest();
        if let Some(known) = self.claimed.introduced.get(&name)
            && known.digest == digest
        {
            return Ok(known.place.clone());
        }
        let place = format!("{}/{}", parcel.kind, self.put_first(&parcel).await?);
        self.remember(name, Introduced { place: place.clone(), digest }).await?;
        Ok(place)
    }

    /// A server that did not say whether clients may choose ids tells now.
    async fn put_first(&mut self, parcel: &Parcel) -> Result<String, Failure> {
        match (self.way.put(parcel).await, self.way.abilities.otherwise) {
            (Err(failure), Some(Addressing::Conditional)) if failure.class == Class::Refused => {
                self.way.abilities.addressing = Addressing::Conditional;
                let place = self.way.put(parcel).await;
                if place.is_err() {
                    self.way.abilities.addressing = Addressing::OwnIds;
                }
                place.map_err(|_| failure)
            }
            (put, _) => put,
        }
    }

    async fn remember(&mut self, name: String, introduced: Introduced) -> Result<(), Stop> {
        self.claimed.introduced.insert(name, introduced);
        let known = &self.claimed.introduced;
        Ok(self.store.record_introductions(&self.claimed.lease, known).await?)
    }

    /// The person's own chart at the server, by the identifier that an operator linked. Exactly one
    /// match counts: never a guess.
    async fn chart_there(&mut self, system: &str) -> Result<String, Stop> {
        let Some(value) = self.claimed.chart.clone() else {
            return Err(chart("no chart is linked; link one with phr fhir link"));
        };
        let digest = fingerprint(format!("{system}|{value}").as_bytes());
        if let Some(known) = self.claimed.introduced.get(CHART)
            && known.digest == digest
        {
            return Ok(known.place.clone());
        }
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let search = format!("Patient?identifier={}%7C{}", encoded(system), encoded(&value));
        let answer = self.way.server.send(Method::GET, &format!("{search}&_count=5"), None).await?;
        let unreadable = |_| Failure::new(Class::Unreadable, "the answer to a search is no bundle");
        let found: Found = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        let resources = found.entry.into_iter().filter_map(|entry| entry.resource);
        let patients = resources.filter(|resource| resource.resource_type == "Patient");
        let ids: Vec<String> = patients.filter_map(|patient| patient.id).collect();
        let place = match &ids[..] {
            [id] => place_of(&format!("Patient/{id}"), "Patient"),
            [] => return Err(chart("no chart has the identifier that is linked")),
            _ => return Err(chart("several charts have the identifier that is linked")),
        };
        let place = place.ok_or_else(|| chart("the chart's id is none that FHIR allows"))?;
        let place = format!("Patient/{place}");
        self.remember(CHART.to_owned(), Introduced { place: place.clone(), digest }).await?;
        Ok(place)
    }
}

fn chart(reason: &str) -> Stop {
    Failure::new(Class::Chart, reason).into()
}
