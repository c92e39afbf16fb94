//! Reading a vendor: one trait, and per vendor one folder that implements it for each upstream.

pub mod budget;
pub mod error;
pub mod vendor;

pub use budget::Budget;
pub use error::{VendorError, Verdict};
pub use vendor::{
    Access, Account, AuthorizationRequest, DayReading, Grant, Refreshed, ScopeFacts, Vendor,
};
