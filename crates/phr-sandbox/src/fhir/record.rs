//! Resources and their versions.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

type Name = (String, String);

/// Everything that is held. Clones are cheap enough to make one for each transaction.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    held: BTreeMap<Name, Arc<Held>>,
    given: u64,
}

#[derive(Debug, Clone, Default)]
struct Held {
    /// None: deleted by that version.
    versions: Vec<Option<Value>>,
}

impl Held {
    fn present(&self) -> Option<&Value> {
        self.versions.last().and_then(Option::as_ref)
    }
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) status: u16,
    pub(super) id: String,
    pub(super) version: usize,
}

/// Why something cannot be done: HTTP status and words.
pub(super) type Refusal = (u16, String);

impl Record {
    pub(super) fn of_type<'r>(&'r self, kind: &'r str) -> impl Iterator<Item = &'r Value> + 'r {
        let of_kind = self.held.iter().filter(move |((held, _), _)| held == kind);
        of_kind.filter_map(|(_, held)| held.present())
    }

    pub(super) fn versions(&self, kind: &str) -> usize {
        let of_kind = self.held.iter().filter(|((held, _), _)| held == kind);
        of_kind.map(|(_, held)| held.versions.len()).sum()
    }

    /// The versions of a resource, oldest first.
    pub(super) fn history(&self, kind: &str, id: &str) -> Option<&[Option<Value>]> {
        self.held.get(&name(kind, id)).map(|held| &held.versions[..])
    }

    /// The present state; 410 if it was deleted.
    pub(super) fn read(&self, kind: &str, id: &str) -> Result<&Value, Refusal> {
        let held = self.held.get(&name(kind, id)).ok_or((404, format!("no {kind}/{id}")))?;
        held.present().ok_or((410, format!("{kind}/{id} was deleted")))
    }

    pub(super) fn put_unchecked(&mut self, resource: &Value) {
        let text = |field: &str| resource[field].as_str().unwrap_or_default().to_owned();
        self.write(&text("resourceType"), &text("id"), resource);
    }

    pub(super) fn expunge(&mut self, kind: &str, id: &str) {
        self.held.remove(&name(kind, id));
        let reference = json!(format!("{kind}/{id}"));
        self.held.retain(|_, held| {
            !held.present().is_some_and(|resource| references(resource).contains(&&reference))
        });
    }

    /// Removes what was deleted for good.
    pub(super) fn expunge_deleted(&mut self, kind: &str, id: &str) -> Result<(), Refusal> {
        let name = name(kind, id);
        let held = self.held.get_mut(&name).ok_or((404, format!("no {kind}/{id}")))?;
        if held.present().is_none() {
            self.held.remove(&name);
        }
        Ok(())
    }

    /// A new id of the server's own.
    pub(super) fn give_id(&mut self) -> String {
        self.given += 1;
        (1_000 + self.given).to_string()
    }

    /// Ids of those of a type with this identifier (`system|value`).
    pub(super) fn identified(&self, kind: &str, identifier: &str) -> Vec<String> {
        let (system, value) = identifier.split_once('|').unwrap_or(("", identifier));
        let is_it = |one: &Value| one["system"] == system && one["value"] == value;
        let has = |resource: &&Value| {
            resource["identifier"].as_array().is_some_and(|all| all.iter().any(is_it))
        };
        let id = |resource: &Value| resource["id"].as_str().map(str::to_owned);
        self.of_type(kind).filter(has).filter_map(id).collect()
    }

    /// Writes a version, unless the content is what it was.
    pub(super) fn write(&mut self, kind: &str, id: &str, resource: &Value) -> Written {
        let held = Arc::make_mut(self.held.entry(name(kind, id)).or_default());
        let mut resource = resource.clone();
        resource["id"] = json!(id);
        let version = held.versions.len();
        if held.present().is_some_and(|present| content(present) == content(&resource)) {
            return Written { status: 200, id: id.to_owned(), version };
        }
        let status = if held.present().is_some() { 200 } else { 201 };
        if !resource["meta"].is_object() {
            resource["meta"] = json!({});
        }
        resource["meta"]["versionId"] = json!((version + 1).to_string());
        held.versions.push(Some(resource));
        Written { status, id: id.to_owned(), version: version + 1 }
    }

    pub(super) fn delete(&mut self, kind: &str, id: &str) -> Result<(), Refusal> {
        self.read(kind, id)?;
        let reference = json!(format!("{kind}/{id}"));
        let mut present = self.held.values().filter_map(|held| held.present());
        if present.any(|resource| references(resource).contains(&&reference)) {
            return Err((409, format!("{kind}/{id} is referred to")));
        }
        if let Some(held) = self.held.get_mut(&name(kind, id)) {
            Arc::make_mut(held).versions.push(None);
        }
        Ok(())
    }

    /// Whatever a resource refers to must be there.
    pub(super) fn check_references(&self, resource: &Value) -> Result<(), Refusal> {
        for reference in references(resource) {
            let reference = reference.as_str().unwrap_or_default();
            let (kind, id) = reference.split_once('/').unwrap_or(("", reference));
            if self.read(kind, id).is_err() {
                return Err((400, format!("HAPI-1094: Resource {reference} not found")));
            }
        }
        Ok(())
    }
}

fn name(kind: &str, id: &str) -> Name {
    (kind.to_owned(), id.to_owned())
}

/// Every `reference` anywhere below.
fn references(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("reference").into_iter();
            own.chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// A resource without what the server adds.
fn content(resource: &Value) -> Value {
    let mut content = resource.clone();
    if let Some(meta) = content.get_mut("meta").and_then(Value::as_object_mut) {
        meta.remove("versionId");
        if meta.is_empty() {
            content.as_object_mut().map(|fields| fields.remove("meta"));
        }
    }
    content
}
