//! A SQLite file as an end of a transfer.

use std::path::Path;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, QueryBuilder, Row, Sqlite, SqliteConnection,
    TypeInfo, ValueRef,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

use super::{Column, End, Side, Value, count, insert, select};
use crate::{error::StoreError, sqlite::error::in_database};

/// With the triggers that rest while rows are copied as they are.
pub(super) struct SqliteEnd(SqliteConnection, Vec<String>);

impl SqliteEnd {
    pub(super) async fn open(path: &Path, side: Side) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
        let options = options.read_only(side == Side::Source).disable_statement_logging();
        let mut connection = options.connect().await.map_err(in_database)?;
        let begin = if side == Side::Source { "begin" } else { "begin immediate" };
        sqlx::raw_sql(begin).execute(&mut connection).await.map_err(in_database)?;
        let mut end = Self(connection, Vec::new());
        if side == Side::Target {
            end.rest_triggers().await.map_err(in_database)?;
        }
        Ok(end)
    }

    async fn rest_triggers(&mut self) -> Result<(), sqlx::Error> {
        let triggers = "select name, sql from sqlite_schema where type = 'trigger'";
        let triggers: Vec<(String, String)> =
            sqlx::query_as(triggers).fetch_all(&mut self.0).await?;
        for (name, sql) in triggers {
            let drop = AssertSqlSafe(format!("drop trigger {name}"));
            sqlx::raw_sql(drop).execute(&mut self.0).await?;
            self.1.push(sql);
        }
        Ok(())
    }
}

fn read(row: &SqliteRow) -> Result<Vec<Value>, sqlx::Error> {
    (0..row.len())
        .map(|column| {
            let raw = row.try_get_raw(column)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            match raw.type_info().name() {
                "INTEGER" => row.try_get(column).map(Value::Whole),
                "TEXT" => row.try_get(column).map(Value::Text),
                _ => row.try_get(column).map(Value::Bytes),
            }
        })
        .collect()
}

#[async_trait]
impl End for SqliteEnd {
    async fn columns(&mut self, table: &'static str) -> Result<Vec<Column>, StoreError> {
        let query = sqlx::query_scalar("select name from pragma_table_info($1) order by name");
        query.bind(table).fetch_all(&mut self.0).await.map_err(in_database)
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
        let mut query = QueryBuilder::<Sqlite>::new(insert(table, columns));
        query.push_values(rows, |mut row, values| {
            for value in values {
                match value {
                    Value::Null => row.push_bind(None::<i64>),
                    Value::Whole(number) => row.push_bind(number),
                    Value::Text(text) => row.push_bind(text),
                    Value::Bytes(bytes) => row.push_bind(bytes),
                };
            }
        });
        let put = query.build().persistent(false).execute(&mut self.0).await;
        put.map(|_| ()).map_err(in_database)
    }

    async fn last_numbers(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        let query = sqlx::query_as("select name, seq from sqlite_sequence order by name");
        query.fetch_all(&mut self.0).await.map_err(in_database)
    }

    async fn set_last_numbers(&mut self, numbers: &[(String, i64)]) -> Result<(), StoreError> {
        for (table, last) in numbers {
            let forget = sqlx::query("delete from sqlite_sequence where name = $1").bind(table);
            forget.execute(&mut self.0).await.map_err(in_database)?;
            let set = sqlx::query("insert into sqlite_sequence (name, seq) values ($1, $2)");
            set.bind(table).bind(last).execute(&mut self.0).await.map_err(in_database)?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        for trigger in std::mem::take(&mut self.1) {
            let create = sqlx::raw_sql(AssertSqlSafe(trigger)).execute(&mut self.0).await;
            create.map_err(in_database)?;
        }
        sqlx::raw_sql("commit").execute(&mut self.0).await.map_err(in_database)?;
        self.0.close().await.map_err(in_database)
    }
}
