#![allow(clippy::todo, unused_variables, missing_docs)]
use super::SqliteStore;
use crate::{connection::Lease, error::StoreError, reading::*};
use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use phr_model::{
    Coverage, CoverageState, DateRange, Metric, Observation, PersonId, Reason, Sample,
};
use uuid::Uuid;
#[async_trait]
impl Readings for SqliteStore {
    async fn replace_days(
        &self,
        lease: Lease,
        person: PersonId,
        vendor: &str,
        days: Vec<DayWrite>,
        now: Timestamp,
    ) -> Result<Changes, StoreError> {
        todo!()
    }

    async fn note_days(
        &self,
        lease: Lease,
        person: PersonId,
        metric: Metric,
        days: &[Date],
        state: CoverageState,
        reason: Reason,
    ) -> Result<(), StoreError> {
        todo!()
    }

    async fn coverage(
        &self,
        person: PersonId,
        metric: Option<Metric>,
        days: DateRange,
    ) -> Result<Vec<Coverage>, StoreError> {
        todo!()
    }

    async fn samples(
        &self,
        person: PersonId,
        metric: Metric,
        date: Date,
    ) -> Result<Vec<Sample>, StoreError> {
        todo!()
    }

    async fn next_day_with_samples(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Option<(Date, Vec<Sample>)>, StoreError> {
        todo!()
    }

    async fn observations(
        &self,
        person: PersonId,
        filter: ObservationFilter,
        page: u32,
        page_size: u32,
    ) -> Result<ObservationPage, StoreError> {
        todo!()
    }

    async fn observation(
        &self,
        person: PersonId,
        id: Uuid,
    ) -> Result<Option<Observation>, StoreError> {
        todo!()
    }

    async fn observations_between(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Vec<Observation>, StoreError> {
        todo!()
    }

    async fn totals(&self, person: PersonId) -> Result<Vec<MetricTotals>, StoreError> {
        todo!()
    }

    async fn digest(&self, person: PersonId) -> Result<[u8; 32], StoreError> {
        todo!()
    }
}
