//! A fresh store for each test: in a temporary file, or, if `PHR_TEST_POSTGRES` names a PostgreSQL
//! server (`postgres://user@host/database`), in a schema of its own there. For tests only.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, SqliteConnection,
    postgres::PgConnectOptions,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{DatabaseUrl, SharedStore};

/// Connections of each store: tests run in parallel and share one server.
const CONNECTIONS: u32 = 8;

/// What a test's store stands on. Goes away with it.
#[derive(Debug)]
pub struct Bed {
    address: String,
    url: DatabaseUrl,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Schema { server: Box<PgConnectOptions>, name: String },
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.path().display()),
            Self::Schema { name, .. } => f.write_str(name),
        }
    }
}

/// A fresh, empty store.
///
/// # Panics
/// If there cannot be one: the server that is named does not answer, say.
pub async fn open() -> (SharedStore, Bed) {
    let bed = Bed::make().await;
    (bed.another().await, bed)
}

/// A fresh, empty store in a temporary file, whatever the others stand on: for tests that damage it.
///
/// # Panics
/// If the file cannot be made.
pub async fn open_file() -> (SharedStore, Bed) {
    let bed = Bed::file();
    (bed.another().await, bed)
}

#[expect(clippy::disallowed_methods, reason = "which database tests run on is not configuration")]
fn server() -> Option<String> {
    std::env::var("PHR_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

impl Bed {
    /// An empty place without a schema: what a new installation finds.
    ///
    /// # Panics
    /// As [`open`].
    pub async fn make() -> Self {
        let Some(server) = server() else { return Self::file() };
        let name = format!("test_{}", Uuid::new_v4().simple());
        let options: PgConnectOptions = server.parse().unwrap();
        let create = format!("create schema {name}");
        execute(&options, create).await.unwrap();
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-csearch_path={name}");
        Self::at(url, Place::Schema { server: Box::new(options), name })
    }

    fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("phr.sqlite").display());
        Self::at(address, Place::Folder(folder))
    }

    fn at(address: String, place: Place) -> Self {
        let url = address.parse::<DatabaseUrl>().unwrap().with_connections(CONNECTIONS);
        Self { address, url, place }
    }

    /// Where it is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The same, to be given to another process (`DATABASE_URL`).
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether it is on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Schema { .. })
    }

    /// One more store on the same database, as another process would open it.
    ///
    /// # Panics
    /// If it does not open.
    pub async fn another(&self) -> SharedStore {
        crate::open(&self.url).await.unwrap()
    }

    /// Executes SQL behind the store's back. Blobs are written as SQLite does: `x'01ff'`.
    ///
    /// # Panics
    /// If the database refuses it.
    pub async fn execute(&self, sql: &str) {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let sql = AssertSqlSafe(sql.to_owned());
                sqlx::raw_sql(sql).execute(&mut sqlite(path).await).await.unwrap();
            }
            DatabaseUrl::Postgres(server) => {
                execute(server.options(), sql.replace(" x'", r" '\x")).await.unwrap();
            }
        }
    }

    /// The first column of what a query finds: blobs.
    ///
    /// # Panics
    /// If the database refuses the query.
    pub async fn blobs(&self, sql: &'static str) -> Vec<Vec<u8>> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let rows = sqlx::query(sql).fetch_all(&mut sqlite(path).await).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            DatabaseUrl::Postgres(server) => {
                let mut connection = server.options().connect().await.unwrap();
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// The names of all tables of the product, in order.
    ///
    /// # Panics
    /// If the database does not tell.
    pub async fn tables(&self) -> Vec<String> {
        let (sqlite, postgres) = (
            "select cast(name as blob) from sqlite_schema
             where type = 'table' and name not like 'sqlite_%' and name <> '_sqlx_migrations'
             order by name",
            "select convert_to(cast(table_name as text), 'UTF8') from information_schema.tables
             where table_schema = current_schema() and table_name <> '_sqlx_migrations'
             order by cast(table_name as text) collate \"C\"",
        );
        let names = self.blobs(if self.is_postgres() { postgres } else { sqlite }).await;
        names.into_iter().map(|name| String::from_utf8(name).unwrap()).collect()
    }

    /// Everything that lies in the database, to look for what must not.
    ///
    /// # Panics
    /// If it cannot be read.
    pub async fn contents(&self) -> Vec<u8> {
        let mut contents = Vec::new();
        match &self.place {
            Place::Folder(folder) => {
                for entry in std::fs::read_dir(folder.path()).unwrap() {
                    contents.append(&mut std::fs::read(entry.unwrap().path()).unwrap());
                }
            }
            Place::Schema { name, .. } => {
                let DatabaseUrl::Postgres(server) = &self.url else { return contents };
                let mut connection = server.options().connect().await.unwrap();
                for table in self.tables().await {
                    let sql = format!("select cast(t as text) from {name}.{table} t");
                    let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql));
                    for row in rows.fetch_all(&mut connection).await.unwrap() {
                        contents.extend(row.into_bytes());
                        contents.push(b'\n');
                    }
                }
            }
        }
        contents
    }

    /// Destroys the database under the store's feet.
    ///
    /// # Panics
    /// If it cannot be destroyed.
    pub async fn ruin(&self) {
        match (&self.url, &self.place) {
            (DatabaseUrl::Sqlite(path), _) => {
                for file in [path.clone(), path.with_extension("sqlite-wal")] {
                    std::fs::write(file, b"this is no database at all, not any more").unwrap();
                }
            }
            (_, Place::Schema { server, name }) => drop_schema(server, name).await.unwrap(),
            _ => {}
        }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let Place::Schema { server, name } = &self.place else { return };
        let (server, name) = (server.clone(), name.clone());
        // A runtime of its own, because the test's is on its way out. A schema that stays behind is
        // no failure.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(drop_schema(&server, &name)))
        });
        let _ = dropping.join();
    }
}

async fn drop_schema(server: &PgConnectOptions, name: &str) -> Result<(), sqlx::Error> {
    let drop = format!("set client_min_messages = warning; drop schema {name} cascade");
    execute(&server.clone().options([("lock_timeout", "2s")]), drop).await
}

async fn execute(server: &PgConnectOptions, sql: String) -> Result<(), sqlx::Error> {
    let mut connection: PgConnection = server.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}

async fn sqlite(path: &std::path::Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    SqliteConnection::connect_with(&options).await.unwrap()
}
