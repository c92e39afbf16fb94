//! The metric catalogue: a row each, by what they are about.

pub(crate) mod activity;
pub(crate) mod body;
pub(crate) mod vitals;
