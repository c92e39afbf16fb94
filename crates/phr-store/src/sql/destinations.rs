//! Destinations: which there are, how they are doing, and what they refuse.

use jiff::Timestamp;
use phr_model::PersonId;
use uuid::Uuid;

use super::{
    DbConnection, DbRow,
    error::in_database,
    row::{Columns, micros},
    statement::{Statement, changed},
};
use crate::{
    delivery::{Destination, DestinationSeen, MOST_COUNTED, Parked, Refused, Trip},
    error::StoreError,
    feed::Position,
};

const CLOSE_ALL: &str = "update destination set is_open = 0 where is_open = 1";
const WAS: &str = "select url, settings from destination where name = $1";
const OPEN: &str = "insert into destination (name, url, settings) values ($1, $2, $3)
    on conflict (name) do update set url = excluded.url, settings = excluded.settings, is_open = 1,
        failures = 0, error = null, closed_until = null";
const FORGET_DELIVERED: &str = "delete from delivered where destination = $1";
const FORGET_PARKED: &str = "delete from parked where destination = $1";
const FORGET_MADE: &str = "delete from made where destination = $1";
const FORGET_COARSER: &str = "delete from coarser_day where destination = $1";
const START_OVER: &str = "update delivery
    set seen_revision = -1, seen_id = $2, introduced = '{}', attempts = 0, error = null,
        lease_token = null, lease_until = null, days_revision = 0, days_metric = '', days_date = ''
    where destination = $1";
// Whoever is not at the end of the feed, for whatever reason. $2 ends any revision.
const ENLIST: &str = "insert into delivery
        (person, destination, seen_revision, seen_id, wanted, due_at, lagging_since)
    select person.id, destination.name, -1, $2, person.revision, $1, $1
    from person cross join destination
    where destination.name = $3 and person.revision > 0
    on conflict (person, destination) do update set wanted = excluded.wanted,
        due_at = case when delivery.erased_at is not null
                or (excluded.wanted, $2) <= (delivery.seen_revision, delivery.seen_id)
            then delivery.due_at
            else coalesce(delivery.due_at, excluded.due_at) end,
        lagging_since = case when delivery.erased_at is not null
                or (excluded.wanted, $2) <= (delivery.seen_revision, delivery.seen_id)
            then delivery.lagging_since
            else coalesce(delivery.lagging_since, excluded.lagging_since) end";

const CONFIRMED: &str = "update destination set failures = 0, error = null, closed_until = null,
        confirmed = confirmed + $2,
        minute_before = case when counted_minute = $3 then minute_before
            when counted_minute = $3 - 1 then this_minute else 0 end,
        this_minute = case when counted_minute = $3 then this_minute + $2 else $2 end,
        counted_minute = $3
    where name = $1";
const TRIP: &str = "update destination set failures = $2, error = $3, closed_until = $4
    where name = $1";
const MEND: &str = "update destination set closed_until = null where name = $1";

const SEEN: &str = "select name, url, failures, error, closed_until, confirmed, counted_minute,
        this_minute, minute_before,
        (select count(*) from delivery where destination = name and due_at is not null) as lagging,
        (select min(lagging_since) from delivery
            where destination = name and due_at is not null) as lagging_since,
        (select count(*) from parked where destination = name) as parked,
        (select count(*) from coarser_day where destination = name) as coarser,
        (select count(*) from (
            select 1 as one from delivery
            join observation on observation.person = delivery.person
                and (observation.revision, observation.id)
                    > (delivery.seen_revision, delivery.seen_id)
            where delivery.destination = name and delivery.due_at is not null
            limit $1) counted) as changes
    from destination where is_open = 1 order by name";
const FAILING: &str = "select error, count(*) as people from delivery
    where destination = $1 and due_at is not null and error is not null
    group by error order by error";

const PARKED: &str = "select person, destination, observation, version, status, reason, parked_at
    from parked
    where ($1 is null or destination = $1) and ($2 is null or person = $2)
    order by parked_at desc, observation limit $3";
const RETRY_SERVER: &str = "update destination set closed_until = null where name = $1";
const RETRY_PEOPLE: &str = "update delivery set due_at = $2,
        retry = case when exists (select 1 from parked where parked.person = delivery.person
            and parked.destination = delivery.destination) then 1 else retry end
    where destination = $1 and erased_at is null
        and (error is not null or exists (select 1 from parked
            where parked.person = delivery.person
                and parked.destination = delivery.destination))";
const RETRY_PARKED: &str = "update parked set retry = 1 where destination = $1";
const LINK: &str = "insert into delivery
        (person, destination, seen_revision, seen_id, wanted, due_at, lagging_since, chart)
    select person.id, destination.name, -1, $4, person.revision, $5, null, $3
    from person cross join destination where person.id = $1 and destination.name = $2
    on conflict (person, destination) do update set chart = excluded.chart,
        due_at = case when delivery.erased_at is null then excluded.due_at else null end";

/// Opens these and no others, in the order of their names as whoever changes a person's record does.
pub(super) async fn open(
    transaction: &mut DbConnection,
    mut destinations: Vec<Destination>,
    now: Timestamp,
) -> Result<(), StoreError> {
    destinations.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    changed(&mut *transaction, sqlx::query(CLOSE_ALL)).await?;
    for destination in destinations {
        let name = destination.name.clone();
        open_one(&mut *transaction, destination).await?;
        enlist(&mut *transaction, name, now).await?;
    }
    Ok(())
}

async fn open_one(
    transaction: &mut DbConnection,
    destination: Destination,
) -> Result<(), StoreError> {
    let Destination { name, url, settings } = destination;
    let was = sqlx::query(WAS).bind(name.clone());
    let was = was.fetch_optional(&mut *transaction).await.map_err(in_database)?;
    let open = sqlx::query(OPEN).bind(name.clone()).bind(url.clone()).bind(settings.clone());
    changed(&mut *transaction, open).await?;
    let Some(was) = was else { return Ok(()) };
    let was = Columns::of(&was, "destination");
    let elsewhere = was.get::<String>("url")? != url;
    if elsewhere || was.get::<String>("settings")? != settings {
        let start = sqlx::query(START_OVER).bind(name.clone()).bind(Position::START.id);
        changed(&mut *transaction, start).await?;
    }
    if elsewhere {
        for forget in [FORGET_DELIVERED, FORGET_PARKED, FORGET_MADE, FORGET_COARSER] {
            changed(&mut *transaction, sqlx::query(forget).bind(name.clone())).await?;
        }
    }
    Ok(())
}

/// Makes due whoever is not at the end of the feed.
pub(super) async fn enlist(
    transaction: &mut DbConnection,
    name: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    let enlist = sqlx::query(ENLIST).bind(now.as_microsecond());
    changed(transaction, enlist.bind(Position::START.id).bind(name)).await.map(|_| ())
}

fn minute(now: Timestamp) -> i64 {
    now.as_second().div_euclid(60)
}

/// The server took something: whatever failed before is over.
pub(super) async fn confirmed(
    transaction: &mut DbConnection,
    name: String,
    count: usize,
    now: Timestamp,
) -> Result<(), StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let confirmed = sqlx::query(CONFIRMED).bind(name).bind(count).bind(minute(now));
    changed(transaction, confirmed).await.map(|_| ())
}

pub(super) fn trip(name: &str, trip: Trip) -> Statement {
    sqlx::query(TRIP)
        .bind(name.to_owned())
        .bind(i64::from(trip.failures))
        .bind(trip.error)
        .bind(micros(trip.closed_until))
}

pub(super) fn mend(name: &str) -> Statement {
    sqlx::query(MEND).bind(name.to_owned())
}

/// How those in the configuration are doing.
pub(super) async fn survey(
    transaction: &mut DbConnection,
    now: Timestamp,
) -> Result<Vec<DestinationSeen>, StoreError> {
    let rows = sqlx::query(SEEN).bind(i64::from(MOST_COUNTED)).fetch_all(&mut *transaction).await;
    let mut seen = Vec::new();
    for row in rows.map_err(in_database)? {
        let mut destination = read_seen(&row, now)?;
        let failing = sqlx::query(FAILING).bind(destination.name.clone());
        for row in failing.fetch_all(&mut *transaction).await.map_err(in_database)? {
            let columns = Columns::of(&row, "delivery");
            destination.failing.push((columns.get("error")?, columns.whole("people")?));
        }
        seen.push(destination);
    }
    Ok(seen)
}

fn read_seen(row: &DbRow, now: Timestamp) -> Result<DestinationSeen, StoreError> {
    let columns = Columns::of(row, "destination");
    let ago = minute(now).saturating_sub(columns.get::<i64>("counted_minute")?);
    let last_minute = match ago {
        0 => columns.whole("minute_before")?,
        1 => columns.whole("this_minute")?,
        _ => 0,
    };
    Ok(DestinationSeen {
        name: columns.get("name")?,
        url: columns.get("url")?,
        failures: columns.whole("failures")?,
        error: columns.get("error")?,
        closed_until: columns.instant_if_any("closed_until")?,
        confirmed: columns.whole("confirmed")?,
        last_minute,
        lagging: columns.whole("lagging")?,
        lagging_since: columns.instant_if_any("lagging_since")?,
        changes: columns.whole("changes")?,
        failing: Vec::new(),
        parked: columns.whole("parked")?,
        coarser: columns.whole("coarser")?,
    })
}

pub(super) fn parked(destination: Option<&str>, person: Option<PersonId>, most: u32) -> Statement {
    sqlx::query(PARKED)
        .bind(destination.map(str::to_owned))
        .bind(person.map(|person| person.0))
        .bind(i64::from(most))
}

pub(super) fn read_parked(row: &DbRow) -> Result<Parked, StoreError> {
    let columns = Columns::of(row, "parked");
    let refused = Refused {
        observation: columns.get::<Uuid>("observation")?,
        version: columns.whole("version")?,
        status: columns.whole("status")?,
        reason: columns.get("reason")?,
    };
    Ok(Parked {
        person: columns.person("person")?,
        destination: columns.get("destination")?,
        refused,
        parked_at: columns.instant("parked_at")?,
    })
}

/// Tries everything again that failed.
pub(super) async fn retry(
    transaction: &mut DbConnection,
    name: String,
    now: Timestamp,
) -> Result<u64, StoreError> {
    changed(&mut *transaction, sqlx::query(RETRY_SERVER).bind(name.clone())).await?;
    let people = sqlx::query(RETRY_PEOPLE).bind(name.clone()).bind(now.as_microsecond());
    changed(&mut *transaction, people).await?;
    let parked = sqlx::query(RETRY_PARKED).bind(name).execute(transaction).await;
    Ok(parked.map_err(in_database)?.rows_affected())
}

pub(super) fn link_chart(
    person: PersonId,
    destination: &str,
    chart: &str,
    now: Timestamp,
) -> Statement {
    sqlx::query(LINK)
        .bind(person.0)
        .bind(destination.to_owned())
        .bind(chart.to_owned())
        .bind(Position::START.id)
        .bind(now.as_microsecond())
}
