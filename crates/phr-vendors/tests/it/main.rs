//! The Google Health client against the emulator.

mod consenting;
mod failing;
mod figures;
mod pages;
mod reading;
mod secrecy;
mod support;
