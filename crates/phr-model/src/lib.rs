//! The words of the product as types: metrics, samples, civil time, figures, coverage and
//! Observations, and the pure rules that turn one into the next. No I/O happens here; the clock is
//! a trait so that callers bring their own.

mod catalogue;
pub mod clock;
pub mod coverage;
pub mod difference;
pub mod exercise;
pub mod figure;
pub mod form;
pub mod identity;
pub mod metric;
pub mod observation;
pub mod observe;
pub mod part;
pub mod sample;
pub mod summary;
pub mod terms;
pub mod time;
pub mod wall;

pub use clock::{Clock, StoppedClock, SystemClock};
pub use coverage::{Coverage, CoverageState, Reason};
pub use difference::difference;
pub use figure::Figure;
pub use form::Form;
pub use identity::{ConnectionId, PatientId, PersonId};
pub use metric::{Facts, Metric};
pub use observation::{Draft, Effective, Moment, Observation, Status};
pub use observe::{Day, HeartRateForm, observe, observe_as};
pub use part::Part;
pub use sample::Sample;
pub use terms::Terms;
pub use time::{DateRange, Offsets};

/// The vendor's name as the API spells it.
pub const FITBIT: &str = "fitbit";
pub use wall::WallClock;
