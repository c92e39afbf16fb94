//! One run over one connection: metric after metric, compare, fetch, replace, observe, cover.

mod asking;
mod task;
mod whereabouts;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use phr_model::{
    Coverage, CoverageState, DateRange, Day, Figure, Metric, Offsets, Reason, Sample, observe,
    time::runs,
};
use phr_store::{
    StoreError,
    connection::{Connection, Lease},
    reading::DayWrite,
};
use phr_vendors::{DayReading, Vendor, VendorError};

pub(crate) use self::task::Task;
pub(crate) use whereabouts::{TELLS_WHERE, around, offsets, zone_of};

use crate::{
    compare::{Comparison, Work, judge},
    devices,
    report::{MetricReport, Outcome, Progress, RunReport},
    service::{Listener, SyncService},
    session::{Failure, Session},
};

/// Everything a run needs.
pub(crate) struct Run<'a> {
    service: &'a SyncService,
    vendor: Arc<dyn Vendor>,
    connection: Connection,
    lease: Lease,
    session: Session<'a>,
    zone: TimeZone,
    task: Task,
    days: DateRange,
    today: Date,
    listener: Option<Listener>,
    /// Days of the present metric that are known to lack something and were not read yet.
    outstanding: Vec<Date>,
    began: Timestamp,
    /// Whether something more urgent came in.
    interrupted: bool,
}

/// What a run leaves behind.
pub(crate) struct Ended {
    /// For people.
    pub(crate) report: RunReport,
    /// What stopped the run, or else what failed its first metric; a scope that was not granted is
    /// no failure.
    pub(crate) error: Option<VendorError>,
    /// Whether it stopped because something more urgent came in.
    pub(crate) interrupted: bool,
}

impl Ended {
    /// A run that could not even begin.
    pub(crate) fn failed(now: Timestamp, error: VendorError) -> Self {
        let days = DateRange::day(TimeZone::UTC.to_datetime(now).date());
        let report = RunReport { days, outcome: Outcome::Failed, metrics: Vec::new() };
        Self { report, error: Some(error), interrupted: false }
    }
}

impl<'a> Run<'a> {
    /// Opens the session and learns where the person is.
    pub(crate) async fn start(
        service: &'a SyncService,
        vendor: Arc<dyn Vendor>,
        mut connection: Connection,
        lease: Lease,
        task: Task,
        listener: Option<Listener>,
    ) -> Result<Self, Failure> {
        let urgency = task.urgency(connection.priority);
        let mut session = Session::open(service, vendor.clone(), lease, urgency).await?;
        whereabouts::learn(service, &vendor, &mut session, &mut connection).await?;
        devices::learn(service, &vendor, &mut session, &mut connection).await?;
        let zone = zone_of(&connection);
        let today = zone.to_datetime(service.clock.now()).date();
        let days = task.days(today, service.settings.look_back_days, connection.hooked.from);
        Ok(Self {
            service,
            vendor,
            connection,
            lease,
            session,
            zone,
            task,
            days,
            today,
            listener,
            outstanding: Vec::new(),
            began: service.clock.now(),
            interrupted: false,
        })
    }

    /// Keeps every metric in step. A metric that fails does not stop the others, unless what failed
    /// is the connection itself.
    pub(crate) async fn all(mut self) -> Result<Ended, StoreError> {
        let mut metrics = Vec::new();
        let mut first_error = None;
        let mut stopped: Option<VendorError> = None;
        for metric in task::in_order(self.vendor.metrics()) {
            let mut report = MetricReport::new(metric);
            let held = self.held(metric).await?;
            let permitted = self.vendor.permits(&self.connection.scopes, metric);
            if !self.task.concerns(metric, permitted, &held) {
                continue;
            }
            if self.give_way().await? {
                break;
            }
            self.outstanding = self.task.lacking(metric, self.days, &held);
            let result = match &stopped {
                Some(error) => Err(Failure::Vendor(error.clone())),
                None => self.metric(metric, &held, &mut report).await,
            };
            if let Err(failure) = result {
                let error = vendor_error(failure)?;
                self.note_failure(&mut report, &error).await?;
                if error.concerns_connection() {
                    stopped.get_or_insert(error.clone());
                }
                if error != VendorError::ScopeMissing {
                    first_error.get_or_insert(error);
                }
            }
            metrics.push(report);
        }
        let report = RunReport { days: self.days, outcome: Outcome::of(&metrics), metrics };
        Ok(Ended { report, error: stopped.or(first_error), interrupted: self.interrupted })
    }

    /// Whether work on older days must stop here, because something more urgent came in.
    async fn give_way(&mut self) -> Result<bool, StoreError> {
        if self.task.is_aside() && !self.interrupted {
            let claimed = match &self.task {
                Task::History { claimed_due_at, .. } => *claimed_due_at,
                _ => None,
            };
            let (store, now) = (&self.service.store, self.service.clock.now());
            self.interrupted = !store.may_go_on(self.lease, claimed, now).await?;
        }
        Ok(self.interrupted)
    }

    async fn metric(
        &mut self,
        metric: Metric,
        held: &HashMap<Date, Coverage>,
        report: &mut MetricReport,
    ) -> Result<(), Failure> {
        if !self.vendor.permits(&self.connection.scopes, metric) {
            return Err(VendorError::ScopeMissing.into());
        }
        let figures = self.figures(metric, held).await?;
        let (days, today) = (self.days, self.today);
        let comparison = Comparison { metric, days, figures: &figures, held, today };
        let work = self.task.narrowed(&comparison);
        self.outstanding.clone_from(&work.read);
        report.days_compared = count(usize::try_from(days.len()).unwrap_or(0));
        self.settle_empty(metric, &work, &figures).await?;
        self.read(metric, held, (&work, &figures), report).await?;
        report.outcome = if self.interrupted { Outcome::Partial } else { Outcome::Complete };
        Ok(())
    }

    async fn held(&self, metric: Metric) -> Result<HashMap<Date, Coverage>, StoreError> {
        let person = self.connection.person;
        let rows = self.service.store.coverage(person, Some(metric), self.days).await?;
        Ok(rows.into_iter().map(|row| (row.date, row)).collect())
    }

    /// Days that the vendor has nothing for and that we hold nothing of.
    async fn settle_empty(
        &self,
        metric: Metric,
        work: &Work,
        figures: &BTreeMap<Date, Figure>,
    ) -> Result<(), StoreError> {
        let nothing = |date: &Date| DayReading { date: *date, samples: Vec::new() };
        let days = work.empty.iter().map(nothing);
        let days: Vec<_> = days.map(|day| self.day_write(metric, day, &[], figures)).collect();
        if !days.is_empty() {
            self.replace(days).await?;
        }
        Ok(())
    }

    /// Reads the days in question, newest first because a person may be waiting for today, and
    /// replaces each window as soon as it is read.
    async fn read(
        &mut self,
        metric: Metric,
        held: &HashMap<Date, Coverage>,
        (work, figures): (&Work, &BTreeMap<Date, Figure>),
        report: &mut MetricReport,
    ) -> Result<(), Failure> {
        let windows = runs(work.read.clone(), self.vendor.days_per_read(metric));
        self.tell(metric, 0, work.read.len());
        for window in windows.into_iter().rev() {
            if self.give_way().await? {
                break;
            }
            self.keep_lease().await?;
            let witnesses = self.witnesses(metric, window).await?;
            let readings = self.readings(metric, window, &witnesses, held).await?;
            let mut days: Vec<_> = readings
                .into_iter()
                .map(|day| self.day_write(metric, day, &witnesses, figures))
                .collect();
            days.extend(self.dependents(metric, window, &days).await?);
            let changes = self.replace(days).await?;
            self.outstanding.retain(|date| !window.contains(*date));
            report.add(window, &changes);
            let lasted = self.service.clock.now().duration_since(self.began);
            self.interrupted |= self.task.is_long_enough(lasted);
            self.tell(metric, report.days_read, work.read.len());
        }
        Ok(())
    }

    fn day_write(
        &self,
        metric: Metric,
        DayReading { date, samples }: DayReading,
        witnesses: &[Sample],
        figures: &BTreeMap<Date, Figure>,
    ) -> DayWrite {
        let (figure, closed) = (figures.get(&date), date < self.today);
        // Only those next to the day, however many days are read at once: when one of them changes,
        // `dependents` knows which days to derive again.
        let near = around(DateRange::day(date));
        let witnesses = witnesses.iter().filter(|step| near.contains(step.date()));
        let offsets = Offsets::new(self.zone.clone(), witnesses.chain(&samples));
        let day = Day {
            person: self.connection.person,
            vendor: &self.connection.vendor,
            metric,
            date,
            samples: &samples,
            figure,
            offsets: &offsets,
            closed,
        };
        let drafts = observe(&day, self.service.settings.heart_rate);
        let now = self.service.clock.now();
        let coverage = judge(metric, date, &samples, figure, closed, now);
        DayWrite { samples, drafts, coverage }
    }

    async fn replace(
        &self,
        days: Vec<DayWrite>,
    ) -> Result<phr_store::reading::Changes, StoreError> {
        let Connection { person, vendor, .. } = &self.connection;
        let now = self.service.clock.now();
        self.service.store.replace_days(self.lease, *person, vendor, days, now).await
    }

    /// Notes on the days that lack something why they could not be read. What was read before and
    /// is not known to have changed stays what it is: a failed fetch changes nothing.
    async fn note_failure(
        &self,
        report: &mut MetricReport,
        error: &VendorError,
    ) -> Result<(), StoreError> {
        report.fail(error.code(), *error != VendorError::ScopeMissing);
        // Older days whose turn did not come are as they were.
        if self.task.is_aside() && matches!(error, VendorError::BudgetSpent { .. }) {
            return Ok(());
        }
        let reason = error.reason();
        let state = match reason {
            Reason::ScopeMissing => CoverageState::NotPermitted,
            _ => CoverageState::VendorError,
        };
        let (store, person) = (&self.service.store, self.connection.person);
        let days = &self.outstanding;
        store.note_days(self.lease, person, report.metric, days, state, reason).await
    }

    async fn keep_lease(&self) -> Result<(), StoreError> {
        let until = self.service.lease_until();
        if self.service.store.extend_lease(self.lease, until).await? {
            Ok(())
        } else {
            Err(StoreError::LeaseLost)
        }
    }

    fn tell(&self, metric: Metric, days_done: u32, days_to_read: usize) {
        if let Some(listener) = &self.listener {
            listener(Progress { metric, days_done, days_to_read: count(days_to_read) });
        }
    }
}

/// Vendor errors are part of a run; storage errors end it.
pub(crate) fn vendor_error(failure: Failure) -> Result<VendorError, StoreError> {
    match failure {
        Failure::Vendor(error) => Ok(error),
        Failure::Store(error) => Err(error),
        Failure::Vault(_) => Err(StoreError::Corrupt { table: "connection", column: "tokens" }),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
