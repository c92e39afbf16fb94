//! The emulator over HTTP.

mod reading;
mod support;
