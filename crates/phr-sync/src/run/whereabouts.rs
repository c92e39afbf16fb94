//! Where the person was. Steps bear witness, so when they change, the days of other metrics next to
//! them may begin and end otherwise than was said, and must be derived again.

use std::sync::Arc;

use jiff::tz::TimeZone;
use phr_model::{Coverage, DateRange, Day, Metric, Offsets, Sample, metric::Forming, observe};
use phr_store::{StoreError, connection::Connection, reading::DayWrite};

use phr_vendors::{Vendor, VendorError};

use super::Run;
use crate::{
    service::SyncService,
    session::{Failure, Session},
    zones::Zones,
};

/// A day more on both sides: whoever was somewhere else by then has witnesses in between.
pub(crate) fn around(days: DateRange) -> DateRange {
    DateRange { first: days.first.yesterday().unwrap_or(days.first), last: days.end() }
}

/// Metrics sampled all day long with the offset of where the person was: their own samples say it.
pub(crate) const TELLS_WHERE: [Metric; 3] = [Metric::Steps, Metric::HeartRate, Metric::Distance];

/// The zone set in the vendor account; UTC until it is known.
pub(crate) fn zone_of(connection: &Connection) -> TimeZone {
    let name = connection.zone.as_deref().unwrap_or("UTC");
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Asks where the account is, and remembers it if it is news. A vendor that says nothing about the
/// account leaves it where it was.
pub(super) async fn learn(
    service: &SyncService,
    vendor: &Arc<dyn Vendor>,
    session: &mut Session<'_>,
    connection: &mut Connection,
) -> Result<(), Failure> {
    let asked = session.ask(|access| {
        let vendor = vendor.clone();
        async move { vendor.account(&access).await }
    });
    let zone = match asked.await {
        Ok(account) => account.zone,
        Err(Failure::Vendor(VendorError::NothingSaid)) if connection.zone.is_some() => None,
        Err(failure) => return Err(failure),
    };
    if zone.is_some() && zone != connection.zone {
        let (store, scopes) = (&service.store, &connection.scopes);
        store.remember_account(connection.id, scopes, zone.as_deref()).await?;
        connection.zone = zone;
    }
    if vendor.keeps_wall_time() {
        // Without it every instant would be wrong.
        let zone = connection.zone.as_deref().ok_or(VendorError::Unreadable)?;
        if let Some(zones) = Zones::of(connection).with(zone, service.clock.now()) {
            let json = zones.json();
            service.store.remember_zones(connection.id, &json).await?;
            connection.zones = Some(json);
        }
    }
    Ok(())
}

/// The offsets by which `vendor`'s data of `days` are read: `witnesses` tell where the person was, unless
/// they were themselves read by the zones of the account.
pub(crate) fn offsets(
    vendor: &dyn Vendor,
    connection: &Connection,
    days: DateRange,
    witnesses: &[Sample],
) -> Offsets {
    if vendor.keeps_wall_time() {
        Offsets::new(zone_of(connection), &Zones::of(connection).witnesses(days))
    } else {
        Offsets::new(zone_of(connection), witnesses)
    }
}

impl Run<'_> {
    pub(super) fn offsets(&self, window: DateRange, witnesses: &[Sample]) -> Offsets {
        offsets(&*self.vendor, &self.connection, window, witnesses)
    }

    /// Steps around `window` bear witness to where the person was, because every tracker counts
    /// them: for data that comes without civil time, and for days without samples of their own.
    pub(super) async fn witnesses(
        &self,
        metric: Metric,
        window: DateRange,
    ) -> Result<Vec<Sample>, StoreError> {
        let mut witnesses = Vec::new();
        if !TELLS_WHERE.contains(&metric) {
            for date in around(window).days() {
                let (store, person) = (&self.service.store, self.connection.person);
                witnesses.extend(store.samples(person, Metric::Steps, date).await?);
            }
        }
        Ok(witnesses)
    }

    /// Days of other metrics, derived again from what is held of them and from the steps that are
    /// about to be written: they go into the same transaction, so that no crash comes between.
    /// Samples keep the offset they were read with, and at home the account's zone agrees with it; a
    /// vendor's daily value has none, and may have been read when the zone was another.
    pub(super) async fn dependents(
        &self,
        metric: Metric,
        window: DateRange,
        steps: &[DayWrite],
    ) -> Result<Vec<DayWrite>, StoreError> {
        if metric != Metric::Steps {
            return Ok(Vec::new());
        }
        let (store, person) = (&self.service.store, self.connection.person);
        let next_to_it = around(window);
        let mut held = store.coverage(person, None, next_to_it).await?;
        held.retain(|row| !TELLS_WHERE.contains(&row.metric) && row.read_at.is_some());
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let mut witnesses: Vec<Sample> =
            steps.iter().flat_map(|day| &day.samples).copied().collect();
        let mut travelled = witnesses.iter().any(|step| self.is_abroad(step));
        for date in around(next_to_it).days() {
            let before = store.samples(person, Metric::Steps, date).await?;
            travelled |= before.iter().any(|step| self.is_abroad(step));
            if !steps.iter().any(|day| day.coverage.date == date) {
                witnesses.extend(before);
            }
        }
        held.retain(|row| travelled || row.metric.facts().forming == Forming::DailyValue);
        let mut days = Vec::new();
        for known in held {
            days.push(self.derived_again(known, &witnesses).await?);
        }
        Ok(days)
    }

    fn is_abroad(&self, step: &Sample) -> bool {
        self.zone.to_offset(step.at) != step.offset()
    }

    /// The same samples and the same knowledge, said with other witnesses.
    async fn derived_again(
        &self,
        known: Coverage,
        witnesses: &[Sample],
    ) -> Result<DayWrite, StoreError> {
        let person = self.connection.person;
        let samples = self.service.store.samples(person, known.metric, known.date).await?;
        let near = around(DateRange::day(known.date));
        let witnesses = witnesses.iter().filter(|step| near.contains(step.date()));
        let offsets = Offsets::new(self.zone.clone(), witnesses.chain(&samples));
        let day = Day {
            person,
            vendor: &self.connection.vendor,
            metric: known.metric,
            date: known.date,
            samples: &samples,
            figure: known.vendor.as_ref(),
            offsets: &offsets,
            closed: known.read_closed,
        };
        let drafts = observe(&day, self.service.settings.heart_rate);
        Ok(DayWrite { samples, drafts, coverage: known })
    }
}
