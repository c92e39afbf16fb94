//! Searching where there is one resource or none.

use phr_fhir::{Bundle, BundleKind, Entry, Link};
use phr_model::PatientId;
use uuid::Uuid;

use super::{
    params::{self, Params},
    scopes::Kind,
    search::refers_to,
    tokens,
};
use crate::{error::ApiError, state::ApiState};

/// The only resource of its type that a person has.
pub(super) struct Single<'a> {
    pub(super) state: &'a ApiState,
    pub(super) kind: Kind,
    pub(super) id: Uuid,
    /// System of its identifier, whose value is its id.
    pub(super) identifier: &'a str,
    pub(super) patient: PatientId,
}

impl Single<'_> {
    /// Whether the parameters fit it, and those that were used.
    pub(super) fn asked(&self, params: &Params, strict: bool) -> Result<(bool, Params), ApiError> {
        let (mut fits, mut used) = (true, Params::default());
        for (name, value) in params.iter().filter(|(_, value)| !value.is_empty()) {
            match name {
                "_id" => {
                    let id = self.id.to_string();
                    fits &= params::values(name, value)?.contains(&id);
                }
                "identifier" => {
                    let values = params::values(name, value)?;
                    fits &= tokens::ids(&values, self.identifier)?.contains(&self.id);
                }
                "patient" if self.kind == Kind::Device => {
                    let (own, base) = (self.patient.to_string(), self.state.settings.base());
                    let values = params::values(name, value)?;
                    fits &= values.iter().any(|it| refers_to(it, &own, base));
                }
                "_format" | "_pretty" | "_count" => {}
                _ if strict => {
                    let name: String = name.chars().take(40).collect();
                    return Err(ApiError::BadSearch(format!("{name}: not known here")));
                }
                _ => continue,
            }
            used.push(name, value);
        }
        Ok((fits, used))
    }

    pub(super) fn full_url(&self) -> String {
        format!("{}/fhir/{}/{}", self.state.settings.base(), self.kind.name(), self.id)
    }

    pub(super) fn bundle<'e>(&self, entry: Option<Entry<'e>>, used: &Params) -> Bundle<'e> {
        let mut bundle = Bundle::new(BundleKind::Searchset);
        bundle.total = Some(u64::from(entry.is_some()));
        bundle.entry.extend(entry);
        let mut url = format!("{}/fhir/{}", self.state.settings.base(), self.kind.name());
        let query = used.encoded();
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        bundle.link.push(Link { relation: "self", url });
        bundle
    }
}
