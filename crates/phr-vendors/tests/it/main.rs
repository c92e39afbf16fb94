//! The Google Health client against the emulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod consenting;
mod failing;
mod figures;
mod hooks;
mod pages;
mod reading;
mod secrecy;
mod support;
