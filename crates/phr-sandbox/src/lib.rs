//! Google OAuth and the Google Health API, emulated, with faults on demand.
