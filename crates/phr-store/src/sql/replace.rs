//! Replacing days: samples, Observations and coverage in one transaction under the lease.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::{Timestamp, civil::Date};
use phr_model::{Coverage, Draft, Metric, Observation, PersonId, Status, difference};
use serde_json::{Value, json};

use uuid::Uuid;

use super::{
    DbConnection, coverage, deliveries,
    dialect::elements,
    error::in_database,
    leases, observations, outbox,
    row::Columns,
    sample_days::{self, Packed, Place},
};
use crate::{
    codec::TooMany,
    connection::Lease,
    error::StoreError,
    reading::{Changes, DayWrite},
};

// Raised before anything is stamped with it: writers of one person wait for each other here.
const REVISE: &str = "update person set revision = revision + 1 where id = $1 returning revision";
const COUNT: &str = concat!(
    "update coverage set observations = (
        select count(*) from observation
        where observation.person = coverage.person and observation.metric = coverage.metric
            and observation.civil_date = coverage.civil_date
            and observation.status <> 'entered-in-error')
    where person = $1 and (metric, civil_date) in (
        select wanted.value ->> 0, wanted.value ->> 1 from ",
    elements!("$2"),
    ")"
);

/// A day of a metric. Days are written in this order, whatever order they came in.
type Day = (Metric, Date);

/// Days ready to be written.
pub(super) struct Prepared {
    days: BTreeMap<Day, (Packed, Coverage)>,
    drafts: Vec<Draft>,
}

/// Does what needs no database: packs the samples. Of two writes of the same day the later stands,
/// and so does the later day's claim to an id that two days claim.
pub(super) fn prepare(days: Vec<DayWrite>) -> Result<Prepared, TooMany> {
    let days: BTreeMap<Day, DayWrite> =
        days.into_iter().map(|day| ((day.coverage.metric, day.coverage.date), day)).collect();
    let mut drafts: BTreeMap<Uuid, Draft> = BTreeMap::new();
    let mut packed = BTreeMap::new();
    for (key, day) in days {
        drafts.extend(day.drafts.into_iter().map(|draft| (draft.id, draft)));
        packed.insert(key, (sample_days::pack(day.samples)?, day.coverage));
    }
    Ok(Prepared { days: packed, drafts: drafts.into_values().collect() })
}

/// Writes what differs from what is held.
pub(super) async fn write(
    transaction: &mut DbConnection,
    lease: Lease,
    (person, source): (PersonId, String),
    prepared: Prepared,
    now: Timestamp,
) -> Result<Changes, StoreError> {
    leases::check(&mut *transaction, lease, person, Some(now)).await?;
    let mut changes = Changes::default();
    let days: BTreeSet<Day> = prepared.days.keys().copied().collect();
    let mut news = BTreeSet::new();
    for ((metric, date), (packed, known)) in prepared.days {
        changes.samples += u64::from(packed.samples);
        let place = Place { person, metric, date, source: &source };
        let is_new = sample_days::write(&mut *transaction, place, packed).await?;
        changes.days += u32::from(is_new);
        if coverage::write(&mut *transaction, person, &known).await? || is_new {
            news.insert((metric, date));
        }
        if is_new && metric == Metric::Steps {
            news.extend(around(date));
        }
    }
    let said = prepared.drafts;
    let written = observe(&mut *transaction, person, (days, news), said, now).await?;
    for observation in &written {
        match (observation.status, observation.version) {
            (Status::EnteredInError, _) => changes.withdrawn += 1,
            (_, 1) => changes.created += 1,
            _ => changes.revised += 1,
        }
    }
    if changes.days > 0 || !written.is_empty() {
        let connection = lease.connection;
        outbox::data_changed(transaction, person, connection, &source, now).await?;
    }
    Ok(changes)
}

/// The days whose beginnings and ends depend on the steps of `date`, which bear witness to where the
/// person was.
fn around(date: Date) -> impl Iterator<Item = Day> {
    let dates = [date.yesterday(), Ok(date), date.tomorrow()];
    let dates = dates.into_iter().filter_map(Result::ok);
    dates.flat_map(|date| Metric::ALL.into_iter().map(move |metric| (metric, date)))
}

/// Applies the difference between what is held about `days` and what is said about them now. What is
/// news about days is stamped with the same revision, so that whoever makes something else of their
/// samples hears of it.
///
/// An Observation may have moved: its sample's offset changed, so it belongs to another day, under
/// the same id. What is said wins over where it was held; and a day withdraws only what still
/// belongs to it, so it does not matter which of the two days is written first.
async fn observe(
    transaction: &mut DbConnection,
    person: PersonId,
    (days, mut news): (BTreeSet<Day>, BTreeSet<Day>),
    said: Vec<Draft>,
    now: Timestamp,
) -> Result<Vec<Observation>, StoreError> {
    let mut held = observations::of_days(&mut *transaction, person, list(&days)).await?;
    let here: HashSet<Uuid> = held.iter().map(|observation| observation.says.id).collect();
    let elsewhere: Vec<Uuid> =
        said.iter().map(|draft| draft.id).filter(|id| !here.contains(id)).collect();
    if !elsewhere.is_empty() {
        held.append(&mut observations::by_ids(&mut *transaction, person, &elsewhere).await?);
    }
    let changes = difference(&held, said, now);
    news.extend(changes.iter().map(|change| (change.says.metric, change.says.date)));
    if news.is_empty() {
        return Ok(changes);
    }
    let revision = revise(&mut *transaction, person).await?;
    observations::write(&mut *transaction, person, revision, &changes).await?;
    coverage::stamp(&mut *transaction, person, revision, list(&news)).await?;
    deliveries::note(&mut *transaction, person, revision, now).await?;
    if changes.is_empty() {
        return Ok(changes);
    }
    let moved_from =
        held.iter().map(|observation| (observation.says.metric, observation.says.date));
    let touched = days.into_iter().chain(moved_from).collect();
    count(transaction, person, &touched).await?;
    Ok(changes)
}

async fn revise(transaction: &mut DbConnection, person: PersonId) -> Result<i64, StoreError> {
    let revise = sqlx::query(REVISE).bind(person.0);
    let row = revise.fetch_one(transaction).await.map_err(in_database)?;
    Columns::of(&row, "person").get("revision")
}

async fn count(
    transaction: &mut DbConnection,
    person: PersonId,
    days: &BTreeSet<Day>,
) -> Result<(), StoreError> {
    let count = sqlx::query(COUNT).bind(person.0).bind(list(days).to_string());
    count.execute(transaction).await.map(|_| ()).map_err(in_database)
}

fn list(days: &BTreeSet<Day>) -> Value {
    days.iter().map(|(metric, date)| json!([metric.key(), date.to_string()])).collect()
}
