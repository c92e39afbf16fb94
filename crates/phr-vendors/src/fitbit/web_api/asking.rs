//! Asking for something of the person who the token belongs to.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;
use phr_model::DateRange;
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::answer::{Answer, Place, parse};
use crate::{
    error::VendorError,
    fitbit::{
        api::{Api, Ask, Call},
        failure::Failure,
        json::ParseError,
    },
    vendor::Access,
};

/// Nothing is older (TrendWeight's findings: earlier dates are refused).
const EARLIEST: Date = Date::constant(2009, 1, 1);

/// One person's way to the API, for one question, which may take several requests.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) api: &'a Api,
    pub(super) access: &'a Access,
    /// Whether an answer had anything in it.
    pub(super) heard: &'a AtomicBool,
}

/// What is asked for, for logs and metrics.
#[derive(Debug, Clone, Copy)]
pub(super) struct Topic {
    pub(super) endpoint: &'static str,
    pub(super) data_type: &'static str,
}

impl Asking<'_> {
    /// The answer below `path`, which begins after the user (`profile.json`), in metric units: those
    /// are what a request without `Accept-Language` gets.
    pub(super) async fn get<T>(
        self,
        topic: Topic,
        path: &str,
        read: impl Fn(&[u8]) -> Result<T, ParseError> + Send + Sync,
    ) -> Result<T, VendorError> {
        self.ask(topic, path, Ask::Get(&[]), read).await
    }

    /// The same with a query.
    pub(super) async fn find<T>(
        self,
        topic: Topic,
        path: &str,
        query: &[(&'static str, &str)],
        read: impl Fn(&[u8]) -> Result<T, ParseError> + Send + Sync,
    ) -> Result<T, VendorError> {
        self.ask(topic, path, Ask::Get(query), read).await
    }

    /// The same as [`Self::get`] in the units of the United States.
    pub(super) async fn get_in_us_units<T>(
        self,
        topic: Topic,
        path: &str,
        read: impl Fn(&[u8]) -> Result<T, ParseError> + Send + Sync,
    ) -> Result<T, VendorError> {
        self.ask(topic, path, Ask::Speaking("en_US"), read).await
    }

    /// A rooted answer in metric units; an error if it says nothing.
    pub(super) async fn rooted<R: DeserializeOwned + Send>(
        self,
        topic: Topic,
        path: &str,
        place: Place<'_>,
    ) -> Result<Answer<R>, VendorError> {
        let answer = self.get(topic, path, |body| parse(place, body)).await?;
        let answer: Answer<R> = answer.ok_or_else(|| self.silence())?;
        self.hear(!answer.rows.is_empty());
        Ok(answer)
    }

    /// Notes whether an answer had anything in it.
    pub(super) fn hear(self, something: bool) {
        self.heard.fetch_or(something, Ordering::Relaxed);
    }

    /// What it means that an answer says nothing. After others that had something in them it does not
    /// mean that there is nothing: then the whole would be taken for nothing.
    pub(super) fn silence(self) -> VendorError {
        let heard = self.heard.load(Ordering::Relaxed);
        if heard { VendorError::Unreadable } else { VendorError::NothingSaid }
    }

    /// The same in the units of the United States, to find out in which units the others came.
    pub(super) async fn rooted_in_us_units<R: DeserializeOwned + Send>(
        self,
        topic: Topic,
        path: &str,
        place: Place<'_>,
    ) -> Result<Answer<R>, VendorError> {
        let answer = self.get_in_us_units(topic, path, |body| parse(place, body)).await?;
        answer.ok_or(VendorError::Unreadable)
    }

    /// Has something done that takes no more words than `method` and `path`.
    pub(super) async fn order(
        self,
        topic: Topic,
        method: Method,
        path: &str,
    ) -> Result<(), Failure> {
        self.call(topic, path, Ask::Order(method), |_| Ok(())).await
    }

    async fn ask<T>(
        self,
        topic: Topic,
        path: &str,
        ask: Ask<'_>,
        read: impl Fn(&[u8]) -> Result<T, ParseError> + Send + Sync,
    ) -> Result<T, VendorError> {
        self.call(topic, path, ask, read).await.map_err(VendorError::from)
    }

    async fn call<T>(
        self,
        Topic { endpoint, data_type }: Topic,
        path: &str,
        ask: Ask<'_>,
        read: impl Fn(&[u8]) -> Result<T, ParseError> + Send + Sync,
    ) -> Result<T, Failure> {
        // Only sleep has a newer form, and only of its logs.
        let version = if path.starts_with("sleep/date/") { "1.2" } else { "1" };
        let path = format!("/{version}/user/-/{path}");
        let call = Call { endpoint, data_type, path: &path, ask };
        self.api.call(self.access, &call, read).await
    }
}

/// `2026-03-01/2026-03-14`, as paths have ranges.
pub(super) fn range(days: DateRange) -> String {
    format!("{}/{}", days.first, days.last)
}

/// The part of `days` that may be asked for, in pieces of at most `most` days.
pub(super) fn pieces(days: DateRange, most: i32) -> Vec<DateRange> {
    DateRange { first: days.first.max(EARLIEST), ..days }.chunks(most)
}
