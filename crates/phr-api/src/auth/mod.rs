//! Accounts and sessions: passwords, access tokens, refresh tokens and the brakes on guessing.

pub mod account;
pub mod blocklist;
pub mod gate;
pub mod hashing;
pub mod jwt;
pub mod password;
pub mod session;
pub mod signed_in;
pub mod throttle;

pub use signed_in::SignedIn;
pub(crate) use signed_in::{bearer, find, refuse_token_in_query, unknown_token};
