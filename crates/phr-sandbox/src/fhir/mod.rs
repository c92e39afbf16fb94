//! A FHIR R4 server in memory, as far as delivery goes: update as create, conditional update,
//! transactions that are all or nothing, versions, no new version for unchanged content, referential
//! integrity; and faults that no real server makes on demand.

mod faults;
mod record;
mod request;
mod serve;

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use faults::FhirFault;
use faults::Mood;
use record::Record;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// What kind of server it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FhirIds {
    /// Clients may choose ids, and the CapabilityStatement says so.
    #[default]
    Chosen,
    /// Clients may choose ids, and it does not say so; HAPI is like that.
    ChosenUnsaid,
    /// The server gives out ids, and says so: conditional update is the way.
    Given,
    /// The server gives out ids, and does not say so.
    GivenUnsaid,
}

impl FhirIds {
    fn are_given(self) -> bool {
        matches!(self, Self::Given | Self::GivenUnsaid)
    }

    /// `CapabilityStatement.rest.resource.updateCreate`.
    fn said(self) -> Option<bool> {
        match self {
            Self::Chosen => Some(true),
            Self::Given => Some(false),
            Self::ChosenUnsaid | Self::GivenUnsaid => None,
        }
    }
}

/// A running FHIR server; dropping it stops it.
#[derive(Debug)]
pub struct FhirServer {
    world: FhirWorld,
    base_url: String,
    server: JoinHandle<()>,
}

/// What the server knows, and the remote control for tests. Clones share it.
#[derive(Debug, Clone)]
pub struct FhirWorld(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    ids: FhirIds,
    record: Record,
    mood: Mood,
    requests: u64,
    /// The value of `Authorization` that is asked for.
    authorization: Option<String>,
    /// Patients of the bundles under way, and how often one came while another was.
    under_way: Vec<String>,
    overlaps: u64,
}

impl FhirServer {
    /// Serves on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port can be bound.
    pub async fn start(ids: FhirIds) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base_url = format!("http://{}/fhir", listener.local_addr()?);
        let inner = Inner {
            ids,
            record: Record::default(),
            mood: Mood::default(),
            requests: 0,
            authorization: None,
            under_way: Vec::new(),
            overlaps: 0,
        };
        let world = FhirWorld(Arc::new(Mutex::new(inner)));
        let router = serve::router(world.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the FHIR server stopped serving");
            }
        });
        Ok(Self { world, base_url, server })
    }

    /// `http://127.0.0.1:PORT/fhir`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What it knows.
    pub fn world(&self) -> &FhirWorld {
        &self.world
    }
}

impl Drop for FhirServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FhirWorld {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present resources of a type, in the order of their ids.
    pub fn resources(&self, kind: &str) -> Vec<Value> {
        self.lock().record.of_type(kind).cloned().collect()
    }

    /// Versions of all resources of a type, those of deleted ones included.
    pub fn versions(&self, kind: &str) -> usize {
        self.lock().record.versions(kind)
    }

    /// Adds a resource, as somebody else would.
    pub fn put(&self, resource: &Value) {
        self.lock().record.put_unchecked(resource);
    }

    /// Forgets a resource and whatever refers to it, as a careless administrator would.
    pub fn lose(&self, kind: &str, id: &str) {
        self.lock().record.expunge(kind, id);
    }

    /// Requests so far, refused ones included.
    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// How often a bundle came for a patient while another was under way.
    pub fn overlaps(&self) -> u64 {
        self.lock().overlaps
    }

    /// Lets in only who sends this value of `Authorization`.
    pub fn require(&self, authorization: &str) {
        self.lock().authorization = Some(authorization.to_owned());
    }

    /// Misbehaves from here on.
    pub fn misbehave(&self, fault: FhirFault) {
        self.lock().mood.add(fault);
    }

    /// Behaves again.
    pub fn behave(&self) {
        self.lock().mood = Mood::default();
    }
}
