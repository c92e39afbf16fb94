//! A resource on its way, and the bundle that carries several.

use std::fmt::Write;

use serde::Serialize;
use url::form_urlencoded::byte_serialize;

use crate::{destination::Addressing, fingerprint};

/// A resource on its way.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    /// Resource type.
    pub(super) kind: &'static str,
    /// Our id, which is also the value of the resource's identifier.
    pub(super) id: String,
    /// System of that identifier.
    pub(super) system: String,
    /// The server's own id, where it is known to give out its own.
    pub(super) place: Option<String>,
    json: String,
}

impl Parcel {
    /// Packs a resource; none if it cannot be written as JSON, which no resource of ours is.
    pub(super) fn of(
        (kind, id): (&'static str, String),
        system: &str,
        resource: &impl Serialize,
    ) -> Option<Self> {
        let json = serde_json::to_string(resource).ok()?;
        Some(Self { kind, id, system: system.to_owned(), place: None, json })
    }

    /// Tells content from other content.
    pub(super) fn digest(&self) -> uuid::Uuid {
        fingerprint(self.json.as_bytes())
    }

    /// Where it is put, below the base.
    pub(super) fn path(&self, addressing: Addressing) -> String {
        let Self { kind, id, system, place, .. } = self;
        match (addressing, place) {
            (Addressing::OwnIds, _) => format!("{kind}/{id}"),
            (Addressing::Conditional, Some(place)) => format!("{kind}/{place}"),
            (Addressing::Conditional, None) => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                format!("{kind}?identifier={}%7C{}", encoded(system), encoded(id))
            }
        }
    }

    /// The resource as it is sent. Where the server gives out ids, it must not have ours.
    pub(super) fn body(&self, addressing: Addressing) -> String {
        let own = format!("\"id\":\"{}\",", self.id);
        match (addressing, &self.place) {
            (Addressing::OwnIds, _) => self.json.clone(),
            (Addressing::Conditional, None) => self.json.replacen(&own, "", 1),
            (Addressing::Conditional, Some(place)) => {
                self.json.replacen(&own, &format!("\"id\":\"{place}\","), 1)
            }
        }
    }

    /// Its address at the server, or, before it has one, a name for the length of the request.
    fn full_url(&self, base: &str, addressing: Addressing) -> String {
        match (addressing, &self.place) {
            (Addressing::Conditional, None) => format!("urn:uuid:{}", self.id),
            _ => format!("{base}/{}", self.path(addressing)),
        }
    }
}

/// A Bundle of type `transaction` or `batch`, in the order of the parcels.
pub(super) fn bundle(
    kind: &str,
    parcels: &[Parcel],
    (base, addressing): (&str, Addressing),
) -> String {
    let size: usize = parcels.iter().map(|parcel| parcel.json.len() + 300).sum();
    let mut json = String::with_capacity(size + 100);
    let _ = write!(json, r#"{{"resourceType":"Bundle","type":"{kind}","entry":["#);
    for (n, parcel) in parcels.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        // Ids, types and percent-encoded text: nothing in them needs to be escaped.
        let _ = write!(
            json,
            r#"{comma}{{"fullUrl":"{}","resource":{},"request":{{"method":"PUT","url":"{}"}}}}"#,
            parcel.full_url(base, addressing),
            parcel.body(addressing),
            parcel.path(addressing),
        );
    }
    json.push_str("]}");
    json
}

/// The id in a `Location` such as `https://x/fhir/Observation/17/_history/2`.
pub(super) fn place_of(location: &str, kind: &str) -> Option<String> {
    let (_, rest) = location.rsplit_once(&format!("{kind}/"))?;
    let id = rest.split(['/', '?', '#']).next()?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let fits = (1..=64).contains(&id.len()) && id.chars().all(legal);
    fits.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parcel(place: Option<&str>) -> Parcel {
        let id = "0f8a3f5e-5c0e-5d7b-9a55-7d2f6b6f3a10".to_owned();
        let resource = json!({"id": id, "note": "id"});
        let parcel = Parcel::of(("Observation", id), "https://phr.example/fhir/sid/x", &resource);
        Parcel { place: place.map(str::to_owned), ..parcel.unwrap() }
    }

    fn sent(place: Option<&str>, addressing: Addressing) -> Value {
        let way = ("https://hapi.example/fhir", addressing);
        let bundle: Value =
            serde_json::from_str(&bundle("transaction", &[parcel(place)], way)).unwrap();
        bundle["entry"][0].clone()
    }

    #[test]
    fn each_server_gets_resources_by_the_name_it_knows() {
        let all = [
            sent(None, Addressing::OwnIds),
            sent(None, Addressing::Conditional),
            sent(Some("17"), Addressing::Conditional),
        ];
        insta::assert_json_snapshot!(all);
    }

    #[test]
    fn the_id_is_found_in_any_form_of_location() {
        for location in [
            "Observation/17/_history/1",
            "https://x/fhir/Observation/17/_history/1",
            "/fhir/Observation/17",
        ] {
            assert_eq!(place_of(location, "Observation").as_deref(), Some("17"), "{location}");
        }
        for location in ["Patient/17", "Observation/", "Observation/a b", "Observation/\"}"] {
            assert_eq!(place_of(location, "Observation"), None, "{location}");
        }
    }
}
