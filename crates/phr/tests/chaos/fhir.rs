//! A FHIR server as any client sees it.

use std::collections::BTreeMap;

use reqwest::Client;
use serde_json::Value;

/// The server, and how to search it.
pub(crate) struct Fhir {
    base: String,
    http: Client,
}

/// What an Observation says: status and value.
pub(crate) type Says = (String, String);

/// What `resource` says.
pub(crate) fn says(resource: &Value) -> Says {
    let value = resource["valueQuantity"]["value"].as_f64().unwrap();
    (resource["status"].as_str().unwrap().to_owned(), format!("{value:.4}"))
}

impl Fhir {
    pub(crate) fn new(base: &str) -> Self {
        Self { base: base.to_owned(), http: Client::new() }
    }

    /// Every Observation of a patient that stands, by our id; one that is there twice fails the test.
    pub(crate) async fn standing(&self, patient: &str) -> BTreeMap<String, Says> {
        let mut standing = BTreeMap::new();
        for resource in self.search(&format!("Observation?patient={patient}&_count=1000")).await {
            if resource["status"] != "entered-in-error" {
                let id = resource["identifier"][0]["value"].as_str().unwrap().to_owned();
                let double = standing.insert(id.clone(), says(&resource));
                assert!(double.is_none(), "{id} is there twice");
            }
        }
        standing
    }

    /// Everything that a search finds, page by page.
    async fn search(&self, search: &str) -> Vec<Value> {
        let mut next = Some(format!("{}/{search}", self.base));
        let mut found = Vec::new();
        while let Some(url) = next {
            let request = self.http.get(&url).header("Cache-Control", "no-cache");
            let mut page: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(page["resourceType"], "Bundle", "{page}");
            let links = page["link"].as_array().cloned().unwrap_or_default();
            let link = links.iter().find(|link| link["relation"] == "next");
            next = link.map(|link| link["url"].as_str().unwrap().to_owned());
            if let Some(entries) = page["entry"].as_array_mut() {
                found.extend(entries.iter_mut().map(|entry| entry["resource"].take()));
            }
        }
        found
    }
}
