//! Bundle (<https://hl7.org/fhir/R4/bundle.html>): what searches and histories answer with.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{Device, Observation, Patient, Provenance};

/// Any resource that we serve.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Resource<'a> {
    /// An Observation.
    Observation(Box<Observation<'a>>),
    /// A Patient.
    Patient(Box<Patient<'a>>),
    /// A Device.
    Device(Box<Device<'a>>),
    /// A Provenance.
    Provenance(Box<Provenance<'a>>),
    /// A part of a resource.
    Part(Value),
}

/// Kinds of Bundles that we serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BundleKind {
    /// The answer to a search.
    Searchset,
    /// Versions of a resource.
    History,
}

/// A FHIR Bundle.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle<'a> {
    resource_type: &'static str,
    r#type: BundleKind,
    /// How many match in all, whatever is on this page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// `self` and `next`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub link: Vec<Link>,
    /// What is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry: Vec<Entry<'a>>,
}

impl Bundle<'_> {
    /// A Bundle of nothing.
    pub fn new(kind: BundleKind) -> Self {
        Self {
            resource_type: "Bundle",
            r#type: kind,
            total: None,
            link: Vec::new(),
            entry: Vec::new(),
        }
    }
}

/// Where to go from a Bundle.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// `self` or `next`.
    pub relation: &'static str,
    /// Absolute.
    pub url: String,
}

/// A resource in a Bundle.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry<'a> {
    /// Where the resource is to be had by itself; absolute.
    pub full_url: String,
    /// The resource.
    pub resource: Resource<'a>,
    /// Why it is in a searchset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// What made this version, in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// What it led to, in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
}

/// Why a resource is in a searchset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Search {
    /// `match` or `include`.
    pub mode: &'static str,
}

/// It was searched for.
pub const MATCH: Search = Search { mode: "match" };
/// It goes with what was searched for.
pub const INCLUDE: Search = Search { mode: "include" };

/// What made a version.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// HTTP method.
    pub method: &'static str,
    /// Relative address.
    pub url: String,
}

/// What making a version led to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// HTTP status.
    pub status: &'static str,
    /// Weak entity tag of the version.
    pub etag: String,
    /// When it was made.
    pub last_modified: Timestamp,
}

impl<'a> Entry<'a> {
    /// A resource of a searchset.
    pub fn found(full_url: String, resource: Resource<'a>, search: Search) -> Self {
        Self { full_url, resource, search: Some(search), request: None, response: None }
    }
}
