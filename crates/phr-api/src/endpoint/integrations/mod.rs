//! `/integrations`: vendors and connecting them.

pub mod authorize;
pub mod authorize_url;
pub mod disconnect;
pub mod select;
pub mod status;
pub mod vendors;

use phr_vendors::registry::Vendors;

use crate::input::Fields;

/// The `vendor` of a body.
fn vendor(fields: &mut Fields) -> Option<&'static str> {
    let known: Vec<_> = Vendors::known().iter().map(|name| (*name, *name)).collect();
    fields.required_choice("vendor", &known)
}
