//! Pages of Observations with exact totals, at the same price wherever they are.

use std::sync::Arc;

use phr_model::PersonId;
use sqlx::Row;

use super::{
    DbRow, DbStore,
    dialect::{id_text, json_rows},
    error::in_database,
    observations::{self, columns},
    row::Columns,
};
use crate::{
    day_index::{DayIndex, Spot},
    error::StoreError,
    reading::{ObservationFilter, ObservationPage},
};

const COUNTS: &str = "select person.revision, coverage.civil_date, coverage.metric,
        coverage.observations
    from person
    left join coverage on coverage.person = person.id and coverage.observations > 0
    where person.id = $1
    order by coverage.civil_date desc";
/// A page as one value: a row each would cost three times as much to hand over as to find.
macro_rules! page {
    ($of_metric:literal) => {
        concat!(
            "select revision, (select ",
            json_rows!([id_text!("id"), ", metric, civil_date, started_at, start_offset, ended_at,
                 end_offset, value, low, high, preliminary, status, version, issued, parts"]
                order by "civil_date desc, started_at desc, id desc"),
            " from (select ",
            columns!(""),
            " from observation
              where person = $1 and civil_date <= $2 and status <> 'entered-in-error' ",
            $of_metric,
            " order by civil_date desc, started_at desc, id desc limit $3 offset $4) spot) as page
             from person where id = $1"
        )
    };
}
const PAGE: &str = page!("");
const PAGE_OF_METRIC: &str = page!("and metric = $5");
// One statement is one moment: right whatever happens around it, but it walks everything before
// the page.
const WALK: &str = concat!(
    "with matching as (select ",
    columns!(""),
    " from observation
        where person = $1 and status <> 'entered-in-error' and ($2 is null or metric = $2)
            and ($3 is null or civil_date >= $3) and ($4 is null or civil_date <= $4))
    select counted.total, ",
    columns!("page."),
    " from (select count(*) as total from matching) counted
    left join (select ",
    columns!(""),
    " from matching
        order by civil_date desc, started_at desc, id desc limit $5 offset $6) page on true
    order by page.civil_date desc, page.started_at desc, page.id desc"
);

impl DbStore {
    /// A page, from the day index where nobody writes at the same moment.
    pub(super) async fn page(
        &self,
        person: PersonId,
        filter: ObservationFilter,
        page: u32,
        size: u32,
    ) -> Result<ObservationPage, StoreError> {
        let position = u64::from(page.saturating_sub(1)) * u64::from(size);
        if let Some(index) = self.day_indexes.get(person) {
            let spot = index.locate(filter, position, size);
            if let Some(page) = self.page_at(person, filter, &spot, index.revision()).await? {
                return Ok(page);
            }
        }
        let index = self.count_days(person).await?;
        let spot = index.locate(filter, position, size);
        match self.page_at(person, filter, &spot, index.revision()).await? {
            Some(page) => Ok(page),
            None => self.walk_to_page(person, filter, position, size).await,
        }
    }

    /// Counts a person's days anew.
    async fn count_days(&self, person: PersonId) -> Result<Arc<DayIndex>, StoreError> {
        let query = sqlx::query(COUNTS).bind(person.0);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        let revision = rows.first().map(revision).transpose()?.unwrap_or_default();
        let mut counts = Vec::with_capacity(rows.len());
        for row in &rows {
            let columns = Columns::of(row, "coverage");
            if let Some(day) = columns.made_if_any("civil_date", |day: &str| day.parse().ok())? {
                counts.push((day, columns.metric("metric")?, columns.whole("observations")?));
            }
        }
        let index = Arc::new(DayIndex::new(revision, counts));
        self.day_indexes.put(person, Arc::clone(&index));
        Ok(index)
    }

    /// The page at `spot`; none if the person's revision is another one by now.
    async fn page_at(
        &self,
        person: PersonId,
        filter: ObservationFilter,
        spot: &Spot,
        expected: i64,
    ) -> Result<Option<ObservationPage>, StoreError> {
        let sql = if filter.metric.is_some() { PAGE_OF_METRIC } else { PAGE };
        let mut query = sqlx::query(sql)
            .bind(person.0)
            .bind(spot.day.to_string())
            .bind(i64::from(spot.take))
            .bind(i64::from(spot.skip));
        if let Some(metric) = filter.metric {
            query = query.bind(metric.key());
        }
        let row = query.fetch_optional(&mut *self.reader().await?).await.map_err(in_database)?;
        let Some(row) = row else {
            return Ok((expected == 0).then(|| ObservationPage { observations: vec![], total: 0 }));
        };
        if revision(&row)? != expected {
            return Ok(None);
        }
        let observations = observations::read_list(Columns::of(&row, "observation").get("page")?)?;
        Ok(Some(ObservationPage { observations, total: spot.total }))
    }

    async fn walk_to_page(
        &self,
        person: PersonId,
        filter: ObservationFilter,
        position: u64,
        size: u32,
    ) -> Result<ObservationPage, StoreError> {
        let query = sqlx::query(WALK)
            .bind(person.0)
            .bind(filter.metric.map(phr_model::Metric::key))
            .bind(filter.from.map(|date| date.to_string()))
            .bind(filter.to.map(|date| date.to_string()))
            .bind(i64::from(size))
            .bind(i64::try_from(position).unwrap_or(i64::MAX));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        let total = rows.first().map(|row| Columns::of(row, "observation").whole("total"));
        Ok(ObservationPage {
            observations: read(&rows)?,
            total: total.transpose()?.unwrap_or_default(),
        })
    }
}

fn revision(row: &DbRow) -> Result<i64, StoreError> {
    Columns::of(row, "person").get("revision")
}

/// The Observations of a page; a row without one stands for an empty page.
fn read(rows: &[DbRow]) -> Result<Vec<phr_model::Observation>, StoreError> {
    let filled = rows.iter().filter(|row| !matches!(row.try_get("metric"), Ok(None::<String>)));
    filled.map(observations::read).collect()
}
