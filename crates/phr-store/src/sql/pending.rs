//! What is still to be delivered.

use sqlx::query::Query;

use super::{
    Db, DbArguments, DbRow,
    observations::{self, columns},
    row::Columns,
};
use crate::{
    delivery::{Delivered, DeliveryLease, Pending},
    error::StoreError,
    feed::Position,
};

macro_rules! pending {
    ($from:literal, $where:literal, $order:literal) => {
        concat!(
            "select ",
            columns!("held."),
            ", held.revision, delivered.version as delivered_version, delivered.digest,
                 delivered.place
             from ",
            $from,
            " left join delivered on delivered.person = held.person
                 and delivered.destination = $2 and delivered.observation = held.id
             where ",
            $where,
            " order by ",
            $order,
            " limit $3"
        )
    };
}
const PENDING: &str = pending!(
    "observation held",
    "held.person = $1 and (held.revision, held.id) > ($4, $5)",
    "held.revision, held.id"
);
const PENDING_AGAIN: &str = pending!(
    "parked join observation held on held.person = parked.person and held.id = parked.observation",
    "parked.person = $1 and parked.destination = $2 and parked.retry = 1",
    "held.id"
);

type Statement = Query<'static, Db, DbArguments>;

/// What comes next in the person's feed.
pub(super) fn next(lease: &DeliveryLease, after: Position, limit: u32) -> Statement {
    of(PENDING, lease, limit).bind(after.revision).bind(after.id)
}

/// What is to be tried again.
pub(super) fn again(lease: &DeliveryLease, limit: u32) -> Statement {
    of(PENDING_AGAIN, lease, limit)
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
    Ok(Pending { observation: observations::read(row)?, position, delivered })
}
