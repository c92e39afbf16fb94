//! The Fitbit Web API over HTTP.

mod agreeing;
mod agreeing_on_sessions;
mod agreeing_on_values;
mod connecting;
mod failing;
mod limits;
mod listing;
mod metrics;
mod moods;
mod reading;
mod refreshing;
mod sleeping;
mod subscribing;
mod support;
mod withinday;
