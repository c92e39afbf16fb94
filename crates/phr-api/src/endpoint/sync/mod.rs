//! `/sync` and `/vendors`: how syncing goes, whatever the vendor.

pub mod doctor;
pub mod request;
pub mod status;
