//! A FHIR server that Observations go to: how to reach it, what it can do, and what its answers mean.

mod auth;
mod capability;
mod failure;
mod outcome;
mod server;
mod smart;

use std::collections::{BTreeMap, BTreeSet};

use phr_model::{Form, Metric};
use url::Url;

pub use auth::Credentials;
pub(crate) use capability::{Abilities, Addressing, Grouping};
pub use failure::Class;
pub(crate) use failure::Failure;
pub(crate) use server::{Answer, Server};
pub use smart::{KeyError, Smart};

use crate::fingerprint;

/// A FHIR server as it is configured.
#[derive(Debug, Clone)]
pub struct Destination {
    /// What operators call it: lower-case letters and underscores.
    pub name: String,
    /// Its base address.
    pub url: Url,
    /// How to sign in there.
    pub credentials: Credentials,
    /// What goes there, and how.
    pub options: Options,
}

/// What goes to a destination, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Metrics that do not go there.
    pub off: BTreeSet<Metric>,
    /// Metrics that go there in this form, whatever the form in which they are kept.
    pub forms: BTreeMap<Metric, Form>,
    /// Observations of one person, such a metric and day, at most: a day that would be more goes in
    /// the next coarser form.
    pub day_cap: usize,
    /// Whether Observations of days that are not over go there, too.
    pub preliminary: bool,
    /// Observations of one request, at most.
    pub bundle: u32,
    /// People whose Observations are sent at once.
    pub parallel: usize,
    /// The identifier system of the charts that people have there. Without it, each gets a Patient of
    /// our own making.
    pub match_system: Option<String>,
}

/// The minutes of the longest day there is, one that a journey makes twice as long as others.
const DAY_CAP: usize = 2_880;

impl Default for Options {
    fn default() -> Self {
        Self {
            off: BTreeSet::new(),
            forms: BTreeMap::new(),
            day_cap: DAY_CAP,
            preliminary: false,
            bundle: 100,
            parallel: 4,
            match_system: None,
        }
    }
}

/// Raised when resources come to look different: destinations then get what differs.
const MAPPING: u32 = 1;

impl Destination {
    /// As the store knows it. `base` is where this server is reached, which names our systems.
    pub(crate) fn stored(&self, base: &str) -> phr_store::delivery::Destination {
        let Options { off, forms, day_cap, preliminary, match_system, .. } = &self.options;
        let off: Vec<&str> = off.iter().map(|metric| metric.key()).collect();
        let forms: Vec<(&str, &str)> =
            forms.iter().map(|(metric, form)| (metric.key(), form.key())).collect();
        // Without other forms, what decides is what it was before there were any.
        let forms = if forms.is_empty() { String::new() } else { format!("|{forms:?}|{day_cap}") };
        let decides = format!("{MAPPING}|{base}|{off:?}|{preliminary}|{match_system:?}{forms}");
        phr_store::delivery::Destination {
            name: self.name.clone(),
            url: self.url.to_string(),
            settings: fingerprint(decides.as_bytes()).simple().to_string(),
        }
    }
}
