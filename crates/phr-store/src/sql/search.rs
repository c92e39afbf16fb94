//! Searching Observations: the statement is put together from what is asked for. Only fragments of
//! this file go into it; everything that was asked for is bound.

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use phr_model::PersonId;
use sqlx::QueryBuilder;

use super::{
    Db, DbStore,
    dialect::{id_text, json_rows},
    error::in_database,
    observations::{self, columns},
    row::Columns,
};
use crate::{
    error::StoreError,
    feed::{Change, Position},
    search::{
        Comparison, Edge, Extent, ObservationSearch, Order, Place, Reading, Searches, Series,
        TimeFilter,
    },
};

/// A page as one value, and the revisions of its rows as another: a row each would cost three times
/// as much to hand over as to find.
macro_rules! head {
    ($order:literal) => {
        concat!(
            "select ",
            json_rows!([id_text!("id"), ", metric, civil_date, started_at, start_offset, ended_at,
                 end_offset, value, low, high, preliminary, status, version, issued, parts"]
                order by $order),
            " as page, ",
            json_rows!(["revision"] order by $order),
            " as revisions from (select ",
            columns!(""),
            ", revision from observation where person = "
        )
    };
}

/// The order in words, before and after what is asked for.
struct Ordered {
    head: &'static str,
    by: &'static str,
    beyond: &'static str,
}

fn ordered(order: Order) -> Ordered {
    match order {
        Order::Date { descending: false } => Ordered {
            head: head!("civil_date, started_at, id"),
            by: " order by civil_date, started_at, id limit ",
            beyond: " and (civil_date, started_at, id) > (",
        },
        Order::Date { descending: true } => Ordered {
            head: head!("civil_date desc, started_at desc, id desc"),
            by: " order by civil_date desc, started_at desc, id desc limit ",
            beyond: " and (civil_date, started_at, id) < (",
        },
        Order::Changed { descending: false } => Ordered {
            head: head!("revision, id"),
            by: " order by revision, id limit ",
            beyond: " and (revision, id) > (",
        },
        Order::Changed { descending: true } => Ordered {
            head: head!("revision desc, id desc"),
            by: " order by revision desc, id desc limit ",
            beyond: " and (revision, id) < (",
        },
    }
}

/// Puts what is asked for behind `where person = `.
fn conditions(query: &mut QueryBuilder<Db>, person: PersonId, search: &ObservationSearch) {
    query.push_bind(person.0);
    if let Some(series) = &search.series {
        of_series(query, series);
    }
    match &search.statuses {
        // In these very words the index of what stands can be used.
        None => _ = query.push(" and status <> 'entered-in-error'"),
        Some(statuses) => {
            among(query, " and status in (", statuses.iter().map(|status| status.key()));
        }
    }
    if let Some(ids) = &search.ids {
        among(query, " and id in (", ids.iter().copied());
    }
    days(query, &search.times);
    for filter in &search.times {
        times(query, filter);
    }
}

/// `begin a, b, c)`; nothing is among nothing.
fn among<T>(query: &mut QueryBuilder<Db>, begin: &str, values: impl Iterator<Item = T>)
where
    T: for<'q> sqlx::Encode<'q, Db> + sqlx::Type<Db> + Send + 'static,
{
    query.push(begin);
    let mut list = query.separated(", ");
    let mut some = false;
    for value in values {
        list.push_bind(value);
        some = true;
    }
    query.push(if some { ")" } else { "null)" });
}

/// A single metric stands by itself, so that its index can be used.
fn of_series(query: &mut QueryBuilder<Db>, series: &[Series]) {
    if let [one] = series {
        query.push(" and ");
        return of_one(query, one);
    }
    query.push(" and (1 = 0");
    for one in series {
        query.push(" or (");
        of_one(query, one);
        query.push(")");
    }
    query.push(")");
}

fn of_one(query: &mut QueryBuilder<Db>, Series { metric, extents }: &Series) {
    query.push("metric = ").push_bind(metric.key());
    if Extent::ALL.iter().all(|extent| extents.contains(extent)) {
        return;
    }
    query.push(" and (1 = 0");
    for extent in extents {
        query.push(match extent {
            Extent::Instant => " or ended_at is null",
            Extent::OpenPeriod => " or (ended_at is not null and preliminary = 1)",
            Extent::ClosedPeriod => " or (ended_at is not null and preliminary = 0)",
        });
    }
    query.push(")");
}

fn times(query: &mut QueryBuilder<Db>, filter: &TimeFilter) {
    query.push(" and (1 = 0");
    for alternative in filter {
        query.push(" or (1 = 1");
        for comparison in alternative {
            query.push(" and ").push(edge(*comparison));
            query.push(if comparison.at_least { " >= " } else { " <= " });
            query.push_bind(comparison.micros);
        }
        query.push(")");
    }
    query.push(")");
}

fn edge(comparison: Comparison) -> &'static str {
    match (comparison.edge, comparison.reading) {
        (Edge::Issued, _) => "issued",
        (Edge::Start, Reading::Universal) => "started_at",
        (Edge::Start, Reading::OnTheWall) => "(started_at + start_offset * 1000000)",
        (Edge::End, Reading::Universal) => "coalesce(ended_at, started_at)",
        (Edge::End, Reading::OnTheWall) => {
            "(coalesce(ended_at, started_at) + coalesce(end_offset, start_offset) * 1000000)"
        }
    }
}

/// Days before or after which nothing can match: what the indexes are good for. Offsets and
/// journeys move an edge by a day or two at most away from its civil day.
fn days(query: &mut QueryBuilder<Db>, times: &[TimeFilter]) {
    if let Some(first) = times.iter().filter_map(first_day).max() {
        query.push(" and civil_date >= ").push_bind(first.to_string());
    }
    if let Some(last) = times.iter().filter_map(last_day).min() {
        query.push(" and civil_date <= ").push_bind(last.to_string());
    }
}

fn first_day(filter: &TimeFilter) -> Option<Date> {
    let days = filter.iter().map(|alternative| {
        let bounds = alternative.iter().filter(|it| it.at_least && it.edge != Edge::Issued);
        bounds.filter_map(|it| day(it, -slack(it))).max()
    });
    days.min().flatten()
}

fn last_day(filter: &TimeFilter) -> Option<Date> {
    let days = filter.iter().map(|alternative| {
        let bounds = alternative.iter().filter(|it| !it.at_least && it.edge != Edge::Issued);
        bounds.filter_map(|it| day(it, slack(it))).min()
    });
    // An alternative without a bound may match any day.
    days.collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn slack(comparison: &Comparison) -> i32 {
    match comparison.reading {
        Reading::OnTheWall => 1,
        Reading::Universal => 2,
    }
}

fn day(comparison: &Comparison, days: i32) -> Option<Date> {
    let at = Timestamp::from_microsecond(comparison.micros).ok()?;
    let date = at.to_zoned(TimeZone::UTC).date().checked_add(days.days()).ok()?;
    // Text sorts like dates only where years have four digits.
    (1..=9_999).contains(&date.year()).then_some(date)
}

fn page_of(
    person: PersonId,
    search: &ObservationSearch,
    after: Option<Place>,
    limit: u32,
) -> QueryBuilder<Db> {
    let ordered = ordered(search.order);
    let mut query = QueryBuilder::new(ordered.head);
    conditions(&mut query, person, search);
    if let Some(place) = after {
        query.push(ordered.beyond);
        match search.order {
            Order::Date { .. } => {
                query.push_bind(place.date.to_string()).push(", ").push_bind(place.start);
            }
            Order::Changed { .. } => _ = query.push_bind(place.position.revision),
        }
        query.push(", ").push_bind(place.position.id).push(")");
    }
    query.push(ordered.by).push_bind(i64::from(limit)).push(") spot");
    query
}

#[async_trait]
impl Searches for DbStore {
    async fn search(
        &self,
        person: PersonId,
        search: &ObservationSearch,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let mut query = page_of(person, search, after, limit);
        let row = query.build().fetch_one(&mut *self.reader().await?).await.map_err(in_database)?;
        let columns = Columns::of(&row, "observation");
        let found = observations::read_list(columns.get("page")?)?;
        let revisions: Vec<[i64; 1]> =
            columns.made("revisions", |list: &str| serde_json::from_str(list).ok())?;
        let found = found.into_iter().zip(revisions);
        Ok(found
            .map(|(observation, [revision])| {
                let position = Position { revision, id: observation.says.id };
                Change { observation, position }
            })
            .collect())
    }

    async fn count(&self, person: PersonId, search: &ObservationSearch) -> Result<u64, StoreError> {
        let mut query =
            QueryBuilder::<Db>::new("select count(*) as total from observation where person = ");
        conditions(&mut query, person, search);
        let row = query.build().fetch_one(&mut *self.reader().await?).await.map_err(in_database)?;
        Columns::of(&row, "observation").whole("total")
    }
}
