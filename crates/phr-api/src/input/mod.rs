//! Requests' fields, read strictly: unknown, repeated and impossible ones are refused by name, all
//! at once, and nothing is guessed (IN-02 to IN-06).

mod body;
mod fields;
mod query;
mod scan;
mod text;

pub use body::Body;
pub use fields::{Fields, Input, Nothing};
pub use query::Query;
pub use text::has_bidi_override;
