//! The record: what the trait asks, handed to the modules that know the tables.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::{Timestamp, civil::Date};
use phr_model::{
    Coverage, CoverageState, DateRange, Metric, Observation, PersonId, Reason, Sample,
};

use uuid::Uuid;

use super::{
    DbRow, DbStore, coverage, digest, error::in_database, leases, observations, replace,
    row::Columns, sample_days,
};
use crate::{
    connection::Lease,
    error::StoreError,
    reading::{Changes, DayWrite, MetricTotals, ObservationFilter, ObservationPage, Readings},
};

const TOTALS: &str = concat!(
    "select counted.metric as counted_metric, counted.days, counted.samples,
        counted.observations, ",
    observations::columns!("latest."),
    " from (select metric, count(*) as days, cast(sum(samples) as bigint) as samples,
            cast(sum(observations) as bigint) as observations
        from coverage where person = $1 and (samples > 0 or observations > 0)
        group by metric) counted
    left join observation latest on latest.person = $1 and latest.id = (
        select id from observation
        where person = $1 and metric = counted.metric and status <> 'entered-in-error'
        order by civil_date desc, started_at desc, id desc limit 1)"
);

fn read_totals(row: &DbRow) -> Result<MetricTotals, StoreError> {
    let columns = Columns::of(row, "coverage");
    let latest = match columns.get::<Option<&str>>("status")? {
        None => None,
        Some(_) => Some(observations::read(row)?),
    };
    Ok(MetricTotals {
        metric: columns.metric("counted_metric")?,
        days: columns.whole("days")?,
        samples: columns.whole("samples")?,
        observations: columns.whole("observations")?,
        latest,
    })
}

#[async_trait]
impl Readings for DbStore {
    async fn replace_days(
        &self,
        lease: Lease,
        person: PersonId,
        vendor: &str,
        days: Vec<DayWrite>,
        now: Timestamp,
    ) -> Result<Changes, StoreError> {
        let whose = (person, vendor.to_owned());
        let prepared = tokio::task::spawn_blocking(move || replace::prepare(days)).await;
        let prepared = prepared
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?
            .map_err(|error| StoreError::Refused(Box::new(error)))?;
        let write = self.write(move |transaction| {
            replace::write(transaction, lease, whose, prepared, now).boxed()
        });
        let changes = write.await?;
        if changes.observations() > 0 {
            self.news.tell(person);
        }
        Ok(changes)
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
        let days = days.to_vec();
        self.write(move |transaction| {
            async move {
                leases::check(&mut *transaction, lease, person, None).await?;
                coverage::note(transaction, person, metric, &days, (state, reason)).await
            }
            .boxed()
        })
        .await
    }

    async fn coverage(
        &self,
        person: PersonId,
        metric: Option<Metric>,
        days: DateRange,
    ) -> Result<Vec<Coverage>, StoreError> {
        coverage::between(&mut *self.reader().await?, person, metric, days).await
    }

    async fn samples(
        &self,
        person: PersonId,
        metric: Metric,
        date: Date,
    ) -> Result<Vec<Sample>, StoreError> {
        sample_days::of_day(&mut *self.reader().await?, person, metric, date).await
    }

    async fn next_day_with_samples(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Option<(Date, Vec<Sample>)>, StoreError> {
        sample_days::of_next_day(&mut *self.reader().await?, person, metric, days).await
    }

    async fn observations(
        &self,
        person: PersonId,
        filter: ObservationFilter,
        page: u32,
        page_size: u32,
    ) -> Result<ObservationPage, StoreError> {
        self.page(person, filter, page, page_size).await
    }

    async fn observation(
        &self,
        person: PersonId,
        id: Uuid,
    ) -> Result<Option<Observation>, StoreError> {
        observations::by_id(&mut *self.reader().await?, person, id).await
    }

    async fn observations_between(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Vec<Observation>, StoreError> {
        observations::between(&mut *self.reader().await?, person, metric, days).await
    }

    async fn totals(&self, person: PersonId) -> Result<Vec<MetricTotals>, StoreError> {
        let query = sqlx::query(TOTALS).bind(person.0);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        let mut totals = rows.iter().map(read_totals).collect::<Result<Vec<_>, _>>()?;
        totals.sort_unstable_by_key(|totals| totals.metric);
        Ok(totals)
    }

    async fn digest(&self, person: PersonId) -> Result<[u8; 32], StoreError> {
        self.read(move |transaction| digest::of(transaction, person).boxed()).await
    }
}
