//! Fitbit, through either of two upstreams: the Google Health API, which serves it since the Web API
//! was shut down (2026-11-02), and the Web API itself, for those who still reach one that speaks it.
//! What both have in common lies here: sending requests and trying again, reading JSON, the token
//! endpoint, and what nights and workouts are made of.

mod api;
mod failure;
pub mod google_health;
mod host;
mod json;
mod news;
mod readings;
mod scope_family;
mod session;
mod token_line;
pub mod web_api;
