//! What a run answers to the hints that made it due, and what is done so that hints come.

use std::sync::Arc;

use phr_store::{
    StoreError,
    connection::{Connection, Lease},
    hook::Answered,
};
use phr_vendors::{Urgency, Vendor};

use crate::{
    hooks,
    report::{Outcome, RunReport},
    run::{Ended, vendor_error},
    service::SyncService,
    session::{Failure, Session},
};

impl SyncService {
    /// What the run did about the vendor's notifications, and whether one was missing.
    pub(crate) async fn answer_hints(
        &self,
        connection: &mut Connection,
        lease: Lease,
        ended: &Ended,
        one_day: bool,
    ) -> Result<(), StoreError> {
        let (hooked, first) = (connection.hooked, ended.report.days.first);
        let reached =
            !one_day && matches!(ended.report.outcome, Outcome::Complete | Outcome::NotPermitted);
        let covered = reached.then(|| hooked.from.map_or(first, |from| from.min(first)));
        let changes = self.announced_changes(connection, &ended.report);
        let missed = hooks::is_silent(hooked, connection.last_run_at, changes, self.clock.now());
        if missed {
            connection.hooked.missed += 1;
            let in_a_row = connection.hooked.missed;
            tracing::warn!(connection = %connection.id, in_a_row, "no webhook announced changes");
        }
        if missed || (covered.is_some() && hooked.from.is_some()) {
            self.store.answer_hints(lease, Answered { covered, missed }).await?;
        }
        Ok(())
    }

    /// Subscribes the person (again), where vendors notify person by person: those who connected
    /// before the operator asked for notifications, and those whose subscription got lost. That it
    /// cannot be done today is no failure; it comes again every night.
    pub(crate) async fn resubscribe(
        &self,
        vendor: &Arc<dyn Vendor>,
        connection: &Connection,
        lease: Lease,
    ) -> Result<(), StoreError> {
        if !vendor.subscribes_people() || connection.upstream != vendor.upstream() {
            return Ok(());
        }
        if let Err(failure) = self.subscribe(vendor, connection, lease).await {
            let code = vendor_error(failure)?.code();
            tracing::info!(code, "a person could not be subscribed yet");
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        vendor: &Arc<dyn Vendor>,
        connection: &Connection,
        lease: Lease,
    ) -> Result<(), Failure> {
        let mut session = Session::open(self, vendor.clone(), lease, Urgency::Audit).await?;
        let asked = session.ask(|access| async move {
            vendor.subscribe(&access, connection.id, &connection.scopes).await
        });
        asked.await
    }

    /// Days that changed of metrics whose changes the vendor announces.
    fn announced_changes(&self, connection: &Connection, report: &RunReport) -> u32 {
        let Ok(vendor) = self.vendor(&connection.vendor) else { return 0 };
        let announced =
            report.metrics.iter().filter(|row| vendor.announces(&connection.scopes, row.metric));
        announced.map(|row| row.days_changed).sum()
    }
}
