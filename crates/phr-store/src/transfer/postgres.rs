//! A PostgreSQL database as an end of a transfer.

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, Postgres, QueryBuilder, Row, TypeInfo,
    ValueRef, postgres::PgRow,
};
use uuid::Uuid;

use super::{Column, End, Side, Value, count, insert, select};
use crate::{database::Server, error::StoreError, postgres::error::in_database};

/// Copying takes as long as it takes.
const UNHURRIED: [(&str, &str); 2] =
    [("statement_timeout", "0"), ("application_name", "phr migrate")];

const COLUMNS: &str = "select cast(column_name as text) from information_schema.columns
    where table_schema = current_schema() and table_name = $1
    order by cast(column_name as text) collate \"C\"";
/// Columns that hold ids, which travel as their 16 bytes.
const IDS: &str = "select cast(column_name as text) from information_schema.columns
    where table_schema = current_schema() and table_name = $1 and data_type = 'uuid'";
/// Columns that number their rows, with the sequences that do.
const NUMBERED: &str = "select cast(table_name as text), cast(pg_get_serial_sequence(
        quote_ident(table_name), column_name) as text)
    from information_schema.columns
    where table_schema = current_schema() and is_identity = 'YES'
    order by cast(table_name as text) collate \"C\"";

pub(super) struct PostgresEnd(PgConnection);

impl PostgresEnd {
    pub(super) async fn open(server: &Server, side: Side) -> Result<Self, StoreError> {
        let options = server.options().clone().options(UNHURRIED).disable_statement_logging();
        let mut connection = options.connect().await.map_err(in_database)?;
        let begin = match side {
            Side::Source => "begin isolation level repeatable read read only",
            Side::Target => "begin isolation level read committed read write",
        };
        sqlx::raw_sql(begin).execute(&mut connection).await.map_err(in_database)?;
        Ok(Self(connection))
    }

    async fn numbered(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        sqlx::query_as(NUMBERED).fetch_all(&mut self.0).await.map_err(in_database)
    }
}

fn read(row: &PgRow) -> Result<Vec<Value>, sqlx::Error> {
    (0..row.len())
        .map(|column| {
            let raw = row.try_get_raw(column)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            match raw.type_info().name() {
                "INT8" => row.try_get(column).map(Value::Whole),
                "TEXT" => row.try_get(column).map(Value::Text),
                "UUID" => row.try_get(column).map(|id: Uuid| Value::Bytes(id.into_bytes().into())),
                _ => row.try_get(column).map(Value::Bytes),
            }
        })
        .collect()
}

#[async_trait]
impl End for PostgresEnd {
    async fn columns(&mut self, table: &'static str) -> Result<Vec<Column>, StoreError> {
        let query = sqlx::query_scalar(COLUMNS).bind(table);
        query.fetch_all(&mut self.0).await.map_err(in_database)
    }

    async fn count(&mut self, table: &'static str) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        let rows = sqlx::query_scalar(sql).fetch_one(&mut self.0).await;
        rows.map(count).map_err(in_database)
    }

    fn rows<'a>(
        &'a mut self,
        table: &'static str,
        columns: &'a [Column],
    ) -> BoxStream<'a, Result<Vec<Value>, StoreError>> {
        let rows = sqlx::query(AssertSqlSafe(select(table, columns))).fetch(&mut self.0);
        rows.and_then(async |row| read(&row)).map_err(in_database).boxed()
    }

    async fn put(
        &mut self,
        table: &'static str,
        columns: &[Column],
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let ids: Vec<String> = sqlx::query_scalar(IDS)
            .bind(table)
            .fetch_all(&mut self.0)
            .await
            .map_err(in_database)?;
        let mut query = QueryBuilder::<Postgres>::new(insert(table, columns));
        query.push_values(rows, |mut row, values| {
            for (column, value) in columns.iter().zip(values) {
                match value {
                    // Typed by nobody: it fits a column of any type.
                    Value::Null => row.push("null"),
                    Value::Whole(number) => row.push_bind(number),
                    Value::Text(text) => row.push_bind(text),
                    Value::Bytes(bytes) => match Uuid::from_slice(&bytes) {
                        Ok(id) if ids.contains(column) => row.push_bind(id),
                        _ => row.push_bind(bytes),
                    },
                };
            }
        });
        let put = query.build().persistent(false).execute(&mut self.0).await;
        put.map(|_| ()).map_err(in_database)
    }

    async fn last_numbers(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        let mut numbers = Vec::new();
        for (table, sequence) in self.numbered().await? {
            let sql = AssertSqlSafe(format!("select last_value from {sequence} where is_called"));
            let last = sqlx::query_scalar(sql).fetch_optional(&mut self.0).await;
            numbers.extend(last.map_err(in_database)?.map(|last| (table, last)));
        }
        Ok(numbers)
    }

    async fn set_last_numbers(&mut self, numbers: &[(String, i64)]) -> Result<(), StoreError> {
        for (table, sequence) in self.numbered().await? {
            let Some((_, last)) = numbers.iter().find(|(name, _)| *name == table) else { continue };
            let set = sqlx::query("select setval(cast($1 as regclass), $2)").bind(sequence);
            set.bind(last).execute(&mut self.0).await.map_err(in_database)?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        sqlx::raw_sql("commit").execute(&mut self.0).await.map_err(in_database)?;
        self.0.close().await.map_err(in_database)
    }
}
