//! PostgreSQL's errors in the store's words.

use sqlx::error::ErrorKind;

use crate::error::StoreError;

/// What went wrong in the database.
pub(crate) fn in_database(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) => match database.kind() {
            ErrorKind::Other => by_code(error),
            _ => StoreError::Refused(Box::new(error)),
        },
        sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_) => StoreError::Schema(Box::new(error)),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// By class (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn by_code(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match code.as_deref().and_then(|code| code.get(..2)) {
        // Data and integrity: what was asked cannot be kept.
        Some("22" | "23") => StoreError::Refused(Box::new(error)),
        // No such table or column, or no right to it.
        Some("42") => StoreError::Schema(Box::new(error)),
        Some("XX") if code.as_deref() != Some("XX000") => {
            StoreError::Corrupt { table: "database", column: "file" }
        }
        // Connection, resources, shutdown, time-outs, a standby that only reads.
        _ => StoreError::Unavailable(Box::new(error)),
    }
}
