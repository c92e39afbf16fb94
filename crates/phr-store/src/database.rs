//! Which database: the one place that chooses.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use sqlx::postgres::PgConnectOptions;
use url::Url;

use crate::{PostgresStore, SharedStore, SqliteStore, error::StoreError};

/// Connections to a server unless something else is said.
const CONNECTIONS: u32 = 16;

/// Parameters of a PostgreSQL URL that are understood. Any other is refused: it may be a slip of
/// the pen in `password`.
const PARAMETERS: [&str; 17] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "statement-cache-capacity",
    "user",
];

/// Where a database is. Shows its place, never a password.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Server),
}

/// A database on a PostgreSQL server.
#[derive(Clone)]
pub struct Server {
    options: Box<PgConnectOptions>,
    connections: u32,
}

/// Why a text names no database. Does not quote it: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDatabase {
    /// Neither of the two kinds.
    #[error("must be sqlite:<path> or postgres://user:password@host/database")]
    Kind,
    /// A server, but not one that can be found.
    #[error(
        "is not understood: postgres://user:password@host:port/database is (percent-encode special \
         characters in the password)"
    )]
    Server,
    /// A parameter behind the question mark that PostgreSQL does not know.
    #[error("has a parameter behind the question mark that is not known")]
    Parameter,
}

impl FromStr for DatabaseUrl {
    type Err = NoDatabase;

    fn from_str(text: &str) -> Result<Self, NoDatabase> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.trim_start_matches("//");
            return if path.is_empty() {
                Err(NoDatabase::Kind)
            } else {
                Ok(Self::Sqlite(path.into()))
            };
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(NoDatabase::Kind);
        }
        let url = Url::parse(text).map_err(|_| NoDatabase::Server)?;
        let known = |name: &str| PARAMETERS.contains(&name) || name.starts_with("options[");
        if !url.query_pairs().all(|(name, _)| known(&name)) {
            return Err(NoDatabase::Parameter);
        }
        let options = text.parse().map(Box::new).map_err(|_| NoDatabase::Server)?;
        Ok(Self::Postgres(Server { options, connections: CONNECTIONS }))
    }
}

impl DatabaseUrl {
    /// The same with at most so many connections at once. A file does not heed it.
    #[must_use]
    pub fn with_connections(self, connections: u32) -> Self {
        match self {
            Self::Sqlite(path) => Self::Sqlite(path),
            Self::Postgres(server) => Self::Postgres(Server { connections, ..server }),
        }
    }
}

impl Server {
    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    pub(crate) fn connections(&self) -> u32 {
        self.connections
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(server) => {
                let (host, port) = (server.options.get_host(), server.options.get_port());
                let database = server.options.get_database().unwrap_or_default();
                write!(f, "postgres://{host}:{port}/{database}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Opens the database that `url` names and brings its schema up to date.
///
/// # Errors
/// [`StoreError::Schema`] if the schema is newer than this program, [`StoreError::Unavailable`] if
/// the database cannot be reached.
pub async fn open(url: &DatabaseUrl) -> Result<SharedStore, StoreError> {
    Ok(match url {
        DatabaseUrl::Sqlite(path) => Arc::new(SqliteStore::open(path).await?),
        DatabaseUrl::Postgres(server) => Arc::new(PostgresStore::open(server).await?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses() {
        for (text, shown) in [
            ("sqlite:phr.sqlite", "sqlite:phr.sqlite"),
            ("sqlite:///var/lib/phr.sqlite", "sqlite:/var/lib/phr.sqlite"),
            ("postgres://phr:s3cret@db.example/phr", "postgres://db.example:5432/phr"),
            ("postgresql://phr@db:6000/phr?sslmode=require", "postgres://db:6000/phr"),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in ["postgres://u:hunter2@h/d", "postgres://u@h/d?password=hunter2"] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert!(!format!("{url} {url:?}").contains("hunter2"));
        }
    }

    #[test]
    fn what_is_no_database_is_refused_without_quoting_it() {
        for (text, why) in [
            ("mysql://u:hunter2@h/d", NoDatabase::Kind),
            ("sqlite:", NoDatabase::Kind),
            ("postgres://u:hunter2@h:port/d", NoDatabase::Server),
            ("postgres://u@h/d?passwort=hunter2", NoDatabase::Parameter),
        ] {
            let refused = text.parse::<DatabaseUrl>().unwrap_err();
            assert_eq!(refused, why);
            assert!(!format!("{refused} {refused:?}").contains("hunter2"));
        }
    }
}
