//! The Fitbit Web API over HTTP.

mod agreeing;
mod connecting;
mod failing;
mod limits;
mod moods;
mod reading;
mod refreshing;
mod subscribing;
mod support;
mod withinday;
