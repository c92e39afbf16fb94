//! The record against the vendor: what the vendor holds, we hold, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;
use phr_model::{DateRange, Figure, Metric, PersonId, Sample, metric::Kind, time::runs};
use phr_store::{
    StoreError,
    connection::{Connection, ConnectionState, Lease},
};
use phr_vendors::{DayReading, Urgency, Vendor, VendorError};

use super::{
    Listener, against,
    finding::{Findings, Unchecked, Verified},
};
use crate::{
    compare::is_settled,
    run::{TELLS_WHERE, offsets, vendor_error, zone_of},
    service::SyncService,
    session::{Failure, Session},
};

/// How much to compare.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Days back from today that are compared although nothing of them may be held, and whose
    /// samples are compared if `samples` says so, as far as the connection is kept complete. All days
    /// that are held are compared anyway; history that is still to be fetched is not missing.
    pub days: i32,
    /// Compare every sample of these days, not only the figures.
    pub samples: bool,
    /// Compare today too. It changes all the time: only for a vendor that stands still.
    pub today: bool,
}

/// Compares a person's record with the vendor's. The connection is leased meanwhile, so that no sync
/// changes what is compared; afterwards it is as it was.
///
/// # Errors
/// [`StoreError`] if the store fails. A vendor that does not answer is noted in the result.
pub async fn verify(
    service: &SyncService,
    person: PersonId,
    extent: Extent,
    listener: Listener<'_>,
) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    for connection in service.store.connections_of(person).await? {
        let unchecked = |reason, expected| Unchecked { person, reason, expected };
        if connection.state != ConnectionState::Active {
            verified.unchecked.push(unchecked("not_connected", true));
            continue;
        }
        let Some(vendor) = service.vendors.get(&connection.vendor) else {
            verified.unchecked.push(unchecked("not_configured", false));
            continue;
        };
        if connection.upstream != vendor.upstream() {
            verified.unchecked.push(unchecked(VendorError::OtherUpstream.code(), true));
            continue;
        }
        // Work on older days gives way; a sync of the recent ones is left alone.
        let Ok((connection, lease)) = service.claim_for_person(connection.id).await else {
            verified.unchecked.push(unchecked("busy", false));
            continue;
        };
        let work =
            async { Ok(compare(service, vendor, &connection, lease, extent, listener).await) };
        let compared = service.kept_alive(lease, work).await;
        service.store.release(lease).await?;
        match compared {
            Ok(Ok(compared)) => verified.append(compared),
            Err(_) | Ok(Err(Failure::Store(StoreError::LeaseLost))) => {
                verified.unchecked.push(unchecked("busy", false));
            }
            Ok(Err(failure)) => {
                verified.unchecked.push(unchecked(vendor_error(failure)?.code(), false));
            }
        }
    }
    Ok(verified)
}

async fn compare(
    service: &SyncService,
    vendor: Arc<dyn Vendor>,
    connection: &Connection,
    lease: Lease,
    extent: Extent,
    listener: Listener<'_>,
) -> Result<Verified, Failure> {
    let session = Session::open(service, vendor.clone(), lease, Urgency::Audit).await?;
    let today = zone_of(connection).to_datetime(service.clock.now()).date();
    let last = if extent.today { today } else { today.yesterday().unwrap_or(today) };
    let findings = Findings::about(connection.person);
    let mut auditor = Auditor {
        service,
        vendor: vendor.clone(),
        person: connection.person,
        kept_from: connection.kept_from.unwrap_or(Date::MIN),
        session,
        connection,
        findings,
        verified: Verified::default(),
    };
    for metric in vendor.metrics() {
        if vendor.permits(&connection.scopes, *metric) {
            auditor.metric(*metric, last, extent).await?;
            listener(*metric, auditor.verified.days_at_vendor);
        }
    }
    Ok(Verified { findings: auditor.findings.found, ..auditor.verified })
}

/// Asks the vendor about one person.
struct Auditor<'a> {
    service: &'a SyncService,
    vendor: Arc<dyn Vendor>,
    person: PersonId,
    /// From here on there must be nothing that the vendor has and we do not.
    kept_from: Date,
    session: Session<'a>,
    connection: &'a Connection,
    findings: Findings,
    verified: Verified,
}

impl Auditor<'_> {
    async fn metric(&mut self, metric: Metric, last: Date, extent: Extent) -> Result<(), Failure> {
        let recent = DateRange::ending(last, extent.days);
        let span = self.service.store.held_span(self.person, metric).await?;
        let first = span.map_or(recent.first, |span| span.first.min(recent.first));
        let days = DateRange { first, last };
        self.figures(metric, days).await?;
        if extent.samples {
            let kept = recent.days().filter(|date| *date >= self.kept_from).collect();
            for window in runs(kept, self.vendor.days_per_read(metric)) {
                self.samples(metric, window).await?;
            }
        }
        Ok(())
    }

    async fn figures(&mut self, metric: Metric, days: DateRange) -> Result<(), Failure> {
        let held = self.service.store.coverage(self.person, Some(metric), days).await?;
        let settled = held.iter().filter(|row| is_settled(row.state)).map(|row| row.date);
        let settled: BTreeSet<Date> = settled.collect();
        let held: BTreeMap<Date, Figure> =
            held.into_iter().filter_map(|row| Some((row.date, row.vendor?))).collect();
        let vendor = self.vendor.clone();
        let mut now = self
            .session
            .ask(|access| {
                let vendor = vendor.clone();
                async move { vendor.daily_figures(&access, metric, days).await }
            })
            .await?;
        now.retain(|date, _| *date >= self.kept_from || settled.contains(date));
        against::figures(metric, days, &held, &now, &mut self.findings);
        self.verified.days_at_vendor += u64::try_from(days.len()).unwrap_or(0);
        Ok(())
    }

    async fn samples(&mut self, metric: Metric, window: DateRange) -> Result<(), Failure> {
        let witnesses = self.witnesses(metric, window).await?;
        let offsets = offsets(&*self.vendor, self.connection, window, &witnesses);
        let vendor = self.vendor.clone();
        let theirs = self
            .session
            .ask(|access| {
                let (vendor, offsets) = (vendor.clone(), offsets.clone());
                async move { vendor.read_days(&access, metric, window, &offsets).await }
            })
            .await?;
        for DayReading { date, mut samples } in theirs {
            self.findings.turn_to(metric, Some(date));
            let mut ours = match self.service.store.samples(self.person, metric, date).await {
                // That the row cannot be read is found by the other check.
                Err(StoreError::Corrupt { .. }) => Vec::new(),
                ours => ours?,
            };
            self.verified.samples_at_vendor += ours.len() as u64;
            if has_guessed_offsets(metric) {
                let forget = |sample: &mut Sample| sample.offset_seconds = 0;
                ours.iter_mut().chain(&mut samples).for_each(forget);
            }
            against::samples(&ours, &samples, &mut self.findings);
        }
        Ok(())
    }

    /// As a sync takes them.
    async fn witnesses(
        &self,
        metric: Metric,
        window: DateRange,
    ) -> Result<Vec<Sample>, StoreError> {
        let first = window.first.yesterday().unwrap_or(window.first);
        let mut witnesses = Vec::new();
        if !TELLS_WHERE.contains(&metric) {
            for date in (DateRange { first, last: window.end() }).days() {
                let (store, person) = (&self.service.store, self.person);
                witnesses.extend(store.samples(person, Metric::Steps, date).await?);
            }
        }
        Ok(witnesses)
    }
}

/// Intervals that the vendor gives without civil time: their offsets are our guess, made from what was
/// known when they were read.
fn has_guessed_offsets(metric: Metric) -> bool {
    metric.facts().kind == Kind::Interval && !TELLS_WHERE.contains(&metric)
}
