//! What requests do to the record.

use serde_json::{Value, json};

use super::{
    FhirIds, Inner,
    record::{Record, Refusal, Written},
};

/// A write to `Type/id` or `Type?identifier=system|value`.
pub(super) fn put(inner: &mut Inner, path: &str, resource: &Value) -> Result<Written, Refusal> {
    let written = place(inner, path, resource)?;
    inner.record.check_references(resource)?;
    let kind = resource["resourceType"].as_str().unwrap_or_default();
    Ok(inner.record.write(kind, &written, resource))
}

/// The id under which a resource is written.
fn place(inner: &mut Inner, path: &str, resource: &Value) -> Result<String, Refusal> {
    let kind = resource["resourceType"].as_str().unwrap_or_default();
    let id = resource["id"].as_str().unwrap_or_default();
    let identifier = resource["identifier"][0]["value"].as_str().unwrap_or_default();
    if let Some(status) = inner.mood.poison(&[id, identifier]) {
        let value = resource["valueQuantity"]["value"].clone();
        return Err((status, format!("value '{value}' is not allowed here ({value})")));
    }
    if let Some(criterion) = path.strip_prefix(kind).and_then(|rest| rest.strip_prefix('?')) {
        return conditional(&mut inner.record, kind, id, criterion);
    }
    let Some(named) = path.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/')) else {
        return Err((400, "the resource is of another type than its address".to_owned()));
    };
    if named != id {
        return Err((400, "the resource has another id than its address".to_owned()));
    }
    let is_new = inner.record.read(kind, id).is_err();
    if is_new && (inner.ids.are_given() || id.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err((404, "HAPI-0960: clients may not choose this id".to_owned()));
    }
    Ok(id.to_owned())
}

/// Update where exactly one matches, create where none does.
fn conditional(
    record: &mut Record,
    kind: &str,
    id: &str,
    criterion: &str,
) -> Result<String, Refusal> {
    let identifier = url::form_urlencoded::parse(criterion.as_bytes())
        .find_map(|(name, value)| (name == "identifier").then(|| value.into_owned()))
        .ok_or((400, "only identifier is understood".to_owned()))?;
    let matches = record.identified(kind, &identifier);
    match &matches[..] {
        [] if id.is_empty() => Ok(record.give_id()),
        [] => Ok(id.to_owned()),
        [one] if id.is_empty() || id == one => Ok(one.clone()),
        [_] => Err((400, "the match has another id".to_owned())),
        _ => Err((412, "several resources match".to_owned())),
    }
}

/// A transaction: all entries or none; entries may refer to each other.
pub(super) fn transaction(inner: &mut Inner, bundle: &Value) -> Result<Value, Refusal> {
    let before = inner.record.clone();
    let done = entries(inner, bundle);
    if done.is_err() {
        inner.record = before;
    }
    done
}

fn entries(inner: &mut Inner, bundle: &Value) -> Result<Value, Refusal> {
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    if bundle["type"] != "transaction" {
        return Err((400, "only transactions are understood".to_owned()));
    }
    let mut answers = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for entry in &entries {
        let path = entry["request"]["url"].as_str().unwrap_or_default();
        if entry["request"]["method"] != "PUT" || !seen.insert(path) {
            return Err((400, "only one PUT for each resource is understood".to_owned()));
        }
        let resource = &entry["resource"];
        let kind = resource["resourceType"].as_str().unwrap_or_default();
        let id = place(inner, path, resource)?;
        let Written { status, id, version } = inner.record.write(kind, &id, resource);
        let status = if status == 201 { "201 Created" } else { "200 OK" };
        let location = format!("{kind}/{id}/_history/{version}");
        answers.push(json!({"response": {"status": status, "location": location}}));
    }
    for entry in &entries {
        inner.record.check_references(&entry["resource"])?;
    }
    Ok(json!({"resourceType": "Bundle", "type": "transaction-response", "entry": answers}))
}

/// What a search by identifier, patient and code finds, all on one page.
pub(super) fn search(record: &Record, kind: &str, query: &str) -> Value {
    let wanted: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fits = |resource: &&Value| {
        wanted.iter().all(|(name, value)| match name.as_str() {
            "identifier" => {
                let id = resource["id"].as_str().unwrap_or_default();
                record.identified(kind, value).iter().any(|found| found == id)
            }
            "patient" | "subject" => {
                let patient = value.strip_prefix("Patient/").unwrap_or(value);
                resource["subject"]["reference"] == format!("Patient/{patient}")
            }
            "code" => {
                let code = value.rsplit('|').next().unwrap_or_default();
                let codings = resource["code"]["coding"].as_array();
                codings.is_some_and(|all| all.iter().any(|coding| coding["code"] == code))
            }
            _ => true,
        })
    };
    let entry = |resource: &Value| json!({"resource": resource, "search": {"mode": "match"}});
    let found: Vec<Value> = record.of_type(kind).filter(fits).map(entry).collect();
    json!({"resourceType": "Bundle", "type": "searchset", "total": found.len(), "entry": found})
}

/// What it says it can do.
pub(super) fn capabilities(ids: FhirIds) -> Value {
    let resource = |kind: &str| {
        let mut resource = json!({"type": kind, "conditionalUpdate": true});
        if let Some(said) = ids.said() {
            resource["updateCreate"] = json!(said);
        }
        resource
    };
    let resources = ["Patient", "Device", "Observation"].map(resource);
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{
            "mode": "server",
            "resource": resources,
            "interaction": [{"code": "transaction"}],
        }],
    })
}
