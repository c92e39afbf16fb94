//! What a person is told about their connections: state, last and next sync, backlog.

use std::collections::HashMap;

use jiff::Timestamp;
use phr_model::{Coverage, DateRange, Metric, PersonId};
use phr_store::{StoreError, connection::Connection, run::SyncRun};

use crate::{
    compare::unsettled,
    devices::KnownDevices,
    doctor::{Diagnosis, Signs, diagnose},
    run::zone_of,
    service::SyncService,
};

/// A connection as its person sees it.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The connection.
    pub connection: Connection,
    /// Whether a run works on it right now.
    pub running: bool,
    /// Its newest run.
    pub last_run: Option<SyncRun>,
    /// Metric by metric; nothing of a vendor without credentials.
    pub metrics: Vec<MetricState>,
    /// What the vendor said about the devices.
    pub devices: Option<KnownDevices>,
    /// What it lacks.
    pub diagnosis: Diagnosis,
}

/// One metric of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricState {
    /// Which.
    pub metric: Metric,
    /// Whether the person permitted it.
    pub permitted: bool,
    /// Days of the look-back that are still to be read; none of a metric that is not permitted.
    pub days_unsettled: u32,
}

impl SyncService {
    /// All connections of a person.
    pub async fn overviews(&self, person: PersonId) -> Result<Vec<Overview>, StoreError> {
        let mut overviews = Vec::new();
        for connection in self.store.connections_of(person).await? {
            let last_run = self.store.last_run(person, connection.id).await?;
            overviews.push(self.overview(connection, last_run).await?);
        }
        Ok(overviews)
    }

    /// What a connection lacks.
    pub fn diagnose(&self, connection: &Connection) -> Diagnosis {
        let vendor = self.vendors.get(&connection.vendor);
        diagnose(Signs { connection, vendor: vendor.as_deref(), now: self.clock.now() })
    }

    async fn overview(
        &self,
        connection: Connection,
        last_run: Option<SyncRun>,
    ) -> Result<Overview, StoreError> {
        let now = self.clock.now();
        Ok(Overview {
            running: is_running(&connection, now),
            last_run,
            metrics: self.metric_states(&connection, now).await?,
            devices: KnownDevices::of(&connection),
            diagnosis: self.diagnose(&connection),
            connection,
        })
    }

    async fn metric_states(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<Vec<MetricState>, StoreError> {
        let Some(vendor) = self.vendors.get(&connection.vendor) else { return Ok(Vec::new()) };
        let today = zone_of(connection).to_datetime(now).date();
        let days = DateRange::ending(today, self.settings.look_back_days);
        let rows = self.store.coverage(connection.person, None, days).await?;
        let state = |metric: &Metric| {
            let permitted = vendor.permits(&connection.scopes, *metric);
            let held = held(&rows, *metric);
            let open = if permitted { unsettled(days, &held).len() } else { 0 };
            let days_unsettled = u32::try_from(open).unwrap_or(u32::MAX);
            MetricState { metric: *metric, permitted, days_unsettled }
        };
        Ok(vendor.metrics().iter().map(state).collect())
    }
}

/// Whether a run holds the connection.
pub fn is_running(connection: &Connection, now: Timestamp) -> bool {
    connection.leased_until.is_some_and(|until| until > now)
}

fn held(rows: &[Coverage], metric: Metric) -> HashMap<jiff::civil::Date, Coverage> {
    let of_metric = rows.iter().filter(|row| row.metric == metric);
    of_metric.map(|row| (row.date, row.clone())).collect()
}
