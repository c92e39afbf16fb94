//! What can go wrong in storage, and nothing of the database's own words.

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is locked for too long or is out of space. Try again later.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row does not hold what it must. Names the place, never the content.
    #[error("the database holds something unreadable in {table}.{column}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
    },
    /// The lease on the connection lapsed or was taken over: somebody else works on it now, and
    /// nothing was written.
    #[error("the lease on the connection was lost")]
    LeaseLost,
    /// What was asked breaks a rule of the database: a row it refers to does not exist, or an id
    /// is taken. A mistake of the caller.
    #[error("the database refused what was asked")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The schema is newer than this program, or a migration failed.
    #[error("the database schema does not fit this program")]
    Schema(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Corrupt { .. } | Self::LeaseLost | Self::Refused(_) | Self::Schema(_) => false,
        }
    }
}
