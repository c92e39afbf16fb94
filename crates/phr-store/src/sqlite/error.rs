//! SQLite's errors in the store's words.

use sqlx::error::ErrorKind;

use crate::error::StoreError;

/// Primary result codes <https://www.sqlite.org/rescode.html>: the file is damaged, or is no
/// database at all.
const DAMAGED: [i32; 2] = [11, 26];
/// `SQLITE_ERROR` (no such table or column), `SQLITE_SCHEMA`, `SQLITE_MISMATCH`.
const MISFIT: [i32; 3] = [1, 17, 20];

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

fn by_code(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // The low byte of an extended code is its primary code.
    match code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff) {
        Some(code) if DAMAGED.contains(&code) => {
            StoreError::Corrupt { table: "database", column: "file" }
        }
        Some(code) if MISFIT.contains(&code) => StoreError::Schema(Box::new(error)),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}
