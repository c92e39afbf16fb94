//! What is still to be delivered.

use super::{
    DbRow,
    observations::{self, columns},
    row::Columns,
    statement::Statement,
};
use crate::{
    delivery::{Delivered, DeliveryLease, Origin, Pending},
    error::StoreError,
    feed::Position,
};

macro_rules! pending {
    ($from:literal, $where:literal, $order:literal) => {
        concat!(
            "select ",
            columns!("held."),
            ", held.revision, delivered.version as delivered_version, delivered.digest,
                 delivered.place, case when made.id is null then 'kept' else 'kept_and_made' end
                 as origin
             from ",
            $from,
            " left join delivered on delivered.person = held.person
                 and delivered.destination = $2 and delivered.observation = held.id
             left join made on made.person = held.person
                 and made.destination = $2 and made.id = held.id
             where ",
            $where,
            " order by ",
            $order,
            " limit $3"
        )
    };
}
/// The same of what was made for the destination, which has no place in the feed.
macro_rules! pending_made {
    ($from:literal, $where:literal) => {
        concat!(
            "select ",
            columns!("held."),
            ", cast(0 as bigint) as revision, delivered.version as delivered_version,
                 delivered.digest, delivered.place, 'made' as origin
             from ",
            $from,
            " left join delivered on delivered.person = held.person
                 and delivered.destination = held.destination and delivered.observation = held.id
             where ",
            $where,
            " order by held.id limit $3"
        )
    };
}
const PENDING: &str = pending!(
    "observation held",
    "held.person = $1 and (held.revision, held.id) > ($4, $5)",
    "held.revision, held.id"
);
// A cross join is walked from left to right: from the few that are parked to the many that are held.
pub(in super::super) const PENDING_AGAIN: &str = pending!(
    "parked cross join observation held",
    "parked.person = $1 and parked.destination = $2 and parked.retry = 1
         and held.person = parked.person and held.id = parked.observation",
    "parked.observation"
);
const PENDING_OF_DAY: &str = pending_made!(
    "made held",
    "held.person = $1 and held.destination = $2 and held.id > $4 and held.metric = $5
         and held.civil_date = $6"
);
const PENDING_MADE_AGAIN: &str = pending_made!(
    "parked join made held on held.person = parked.person
         and held.destination = parked.destination and held.id = parked.observation",
    "parked.person = $1 and parked.destination = $2 and parked.retry = 1"
);

/// What comes next in the person's feed.
pub(super) fn next(lease: &DeliveryLease, after: Position, limit: u32) -> Statement {
    of(PENDING, lease, limit).bind(after.revision).bind(after.id)
}

/// What is to be tried again: of what is kept, and of what was made.
pub(super) fn again(lease: &DeliveryLease, limit: u32) -> [Statement; 2] {
    [PENDING_AGAIN, PENDING_MADE_AGAIN].map(|sql| of(sql, lease, limit))
}

/// What was made of a day; an id, a metric and a day are still to be bound.
pub(super) fn of_day(lease: &DeliveryLease, limit: u32) -> Statement {
    of(PENDING_OF_DAY, lease, limit)
}

fn of(sql: &'static str, lease: &DeliveryLease, limit: u32) -> Statement {
    sqlx::query(sql).bind(lease.person.0).bind(lease.destination.clone()).bind(i64::from(limit))
}

pub(super) fn read(row: &DbRow) -> Result<Pending, StoreError> {
    let columns = Columns::of(row, "delivered");
    let version = |version: i64| u32::try_from(version).ok();
    let delivered = match columns.made_if_any("delivered_version", version)? {
        None => None,
        Some(version) => {
            let (digest, place) = (columns.get("digest")?, columns.get("place")?);
            Some(Delivered { version, digest, place })
        }
    };
    let position =
        Position { revision: columns.get("revision")?, id: observations::read(row)?.says.id };
    let origin = columns.made("origin", |origin: &str| match origin {
        "kept" => Some(Origin::Kept),
        "kept_and_made" => Some(Origin::KeptAndMade),
        "made" => Some(Origin::Made),
        _ => None,
    })?;
    Ok(Pending { observation: observations::read(row)?, position, delivered, origin })
}
