//! Which vendors there are, and which of them this server can reach.

use std::{collections::BTreeMap, sync::Arc};

use phr_model::FITBIT;

use crate::vendor::Vendor;

/// Every vendor that this product knows.
const KNOWN: [&str; 1] = [FITBIT];

/// The vendors that this server has credentials for.
#[derive(Clone, Default)]
pub struct Vendors(BTreeMap<&'static str, Arc<dyn Vendor>>);

impl Vendors {
    /// A registry of `vendors`; of two with the same name the latter stays.
    pub fn new(vendors: impl IntoIterator<Item = Arc<dyn Vendor>>) -> Self {
        Self(vendors.into_iter().map(|vendor| (vendor.name(), vendor)).collect())
    }

    /// The vendor called `name`, if its credentials are configured.
    pub fn get(&self, name: &str) -> Option<Arc<dyn Vendor>> {
        self.0.get(name).cloned()
    }

    /// Names of the vendors with credentials.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    /// Names of all vendors that the product knows, with credentials or without: one that is here
    /// but has no entry is "not configured", any other is unknown.
    pub fn known() -> &'static [&'static str] {
        &KNOWN
    }
}

impl std::fmt::Debug for Vendors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Vendors").field(&self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_vendor_without_credentials_is_not_configured_rather_than_unknown() {
        let vendors = Vendors::default();
        assert!(vendors.get("fitbit").is_none());
        assert!(Vendors::known().contains(&"fitbit"));
        assert!(!Vendors::known().contains(&"garmin"));
    }
}
