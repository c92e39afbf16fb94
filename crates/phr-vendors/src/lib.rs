//! Reading a vendor: one trait, and per vendor one folder that implements it for each upstream.
//!
//! [`Vendor`] is what the rest of the product knows. [`fitbit::google_health::GoogleHealth`] is
//! Fitbit behind the Google Health API, [`fitbit::web_api::WebApi`] behind its former Web API. Retries, budgets and time-outs live here and nowhere else:
//! an error that leaves this crate says by its [`Verdict`] what to do next.

pub mod allowance;
pub mod budget;
pub mod device;
pub mod error;
pub mod fitbit;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod hook;
pub mod http;
pub mod pace;
pub mod rate;
pub mod registry;
mod skew;
pub mod vendor;

pub use allowance::{Allowance, Urgency};
pub use budget::Budget;
pub use device::{Battery, Device, DeviceKind};
pub use error::{VendorError, Verdict};
pub use hook::{HookEvent, HookNote, HookReceiver, HookRefusal, HookRequest, Strangers};
pub use http::http_client;
pub use pace::{InstantPace, Pace, TokioPace};
pub use rate::{Limits, Rate, Rates};
pub use registry::Vendors;
pub use vendor::{
    Access, Account, AuthorizationRequest, DayReading, Grant, Refreshed, ScopeFacts, Vendor,
};
