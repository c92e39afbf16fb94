//! Fitbit. Since the legacy Web API was shut down (2026-11-02), the Google Health API serves it.

pub mod google_health;
