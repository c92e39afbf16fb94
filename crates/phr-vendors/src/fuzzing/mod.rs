//! The doors through which `fuzz/` and the tests throw arbitrary bodies at the parsers.
//!
//! A door asserts more than that nothing panics. What is read twice is equal; a body that is cut is an
//! error and never a shorter answer; members that nobody has heard of change nothing; where a body comes
//! in pieces, it does not matter where they end; and of whatever was read days, figures and statements can
//! be made. Each target has a folder of bodies in `fuzz/corpus`, which the tests of this module run, and
//! mutate, without a fuzzer.

mod laws;
#[cfg(test)]
mod tests;

pub(crate) use laws::{day_of, figure_of, hold, news_of, same_of_pieces};

use crate::fitbit::{google_health::fuzzing as google, web_api::fuzzing as web_api};

/// One parser, or a few that read bodies of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name in `fuzz/`.
    pub name: &'static str,
    /// Reads a body in every way there is. Panics if anything is not as it must be.
    pub read: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 16] = [
    Target { name: "google_points", read: google::points },
    Target { name: "google_sessions", read: google::sessions },
    Target { name: "google_roll_ups", read: google::roll_ups },
    Target { name: "google_daily_values", read: google::daily_values },
    Target { name: "google_errors", read: google::errors },
    Target { name: "google_notifications", read: google::notifications },
    Target { name: "google_accounts", read: google::accounts },
    Target { name: "web_api_rows", read: web_api::rows },
    Target { name: "web_api_spo2", read: web_api::spo2 },
    Target { name: "web_api_body_logs", read: web_api::body_logs },
    Target { name: "web_api_daily_values", read: web_api::daily_values },
    Target { name: "web_api_sleep", read: web_api::sleep },
    Target { name: "web_api_exercise", read: web_api::exercise },
    Target { name: "web_api_errors", read: web_api::errors },
    Target { name: "web_api_notifications", read: web_api::notifications },
    Target { name: "web_api_accounts", read: web_api::accounts },
];

/// Reads `body` as the target called `name` does.
///
/// # Panics
///
/// If there is no such target, or if anything is not as it must be.
pub fn read(name: &str, body: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").read)(body);
}
