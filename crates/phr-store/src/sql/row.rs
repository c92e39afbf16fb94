//! Reading columns: whatever a column should not hold becomes [`StoreError::Corrupt`] with its
//! place, never a panic and never its content.

use jiff::{Timestamp, civil::Date};
use phr_model::{Metric, PersonId};
use sqlx::{Decode, Row, Type};
use uuid::Uuid;

use super::{Db, DbRow};
use crate::{account::SecretHash, error::StoreError};

/// A row of a table.
#[derive(Clone, Copy)]
pub(super) struct Columns<'r> {
    row: &'r DbRow,
    table: &'static str,
}

impl<'r> Columns<'r> {
    /// The columns of `row`, which is said to be of `table`.
    pub(super) fn of(row: &'r DbRow, table: &'static str) -> Self {
        Self { row, table }
    }

    fn corrupt(self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column }
    }

    /// A value as the database types it.
    pub(super) fn get<T>(self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Db> + Type<Db>,
    {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    /// A value made of what the database holds.
    pub(super) fn made<R, T>(
        self,
        column: &'static str,
        make: impl FnOnce(R) -> Option<T>,
    ) -> Result<T, StoreError>
    where
        R: Decode<'r, Db> + Type<Db>,
    {
        make(self.get(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// The same, of a column that may be null.
    pub(super) fn made_if_any<R, T>(
        self,
        column: &'static str,
        make: impl FnOnce(R) -> Option<T>,
    ) -> Result<Option<T>, StoreError>
    where
        R: Decode<'r, Db> + Type<Db>,
    {
        match self.get::<Option<R>>(column)? {
            None => Ok(None),
            Some(raw) => make(raw).map(Some).ok_or_else(|| self.corrupt(column)),
        }
    }

    pub(super) fn whole<T: TryFrom<i64>>(self, column: &'static str) -> Result<T, StoreError> {
        self.made(column, |number: i64| T::try_from(number).ok())
    }

    /// Yes or no, kept as 1 or 0.
    pub(super) fn flag(self, column: &'static str) -> Result<bool, StoreError> {
        self.made(column, |flag: i64| Some(flag != 0))
    }

    pub(super) fn instant(self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.made(column, |micros: i64| Timestamp::from_microsecond(micros).ok())
    }

    pub(super) fn instant_if_any(
        self,
        column: &'static str,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.made_if_any(column, |micros: i64| Timestamp::from_microsecond(micros).ok())
    }

    pub(super) fn date(self, column: &'static str) -> Result<Date, StoreError> {
        self.made(column, |date: &str| date.parse().ok())
    }

    pub(super) fn date_if_any(self, column: &'static str) -> Result<Option<Date>, StoreError> {
        self.made_if_any(column, |date: &str| date.parse().ok())
    }

    pub(super) fn metric(self, column: &'static str) -> Result<Metric, StoreError> {
        self.made(column, Metric::parse)
    }

    pub(super) fn person(self, column: &'static str) -> Result<PersonId, StoreError> {
        self.get::<Uuid>(column).map(PersonId)
    }

    pub(super) fn hash(self, column: &'static str) -> Result<SecretHash, StoreError> {
        self.made(column, |hash: &[u8]| hash.try_into().ok())
    }
}

/// An instant as it is stored: microseconds.
pub(super) fn micros(instant: Option<jiff::Timestamp>) -> Option<i64> {
    instant.map(Timestamp::as_microsecond)
}
