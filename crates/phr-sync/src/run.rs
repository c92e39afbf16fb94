//! One run over one connection: metric after metric, compare, fetch, replace, observe, cover.

mod dependents;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use phr_model::{
    Coverage, CoverageState, DateRange, Day, Figure, Metric, Offsets, Reason, Sample, observe,
    time::runs,
};
use phr_store::{
    StoreError,
    connection::{Connection, Lease, Priority},
    reading::DayWrite,
};
use phr_vendors::{DayReading, Urgency, Vendor, VendorError};

use crate::{
    compare::{Comparison, Work, judge, unsettled},
    devices::KnownDevices,
    history::Chunk,
    hooks,
    report::{MetricReport, Outcome, Progress, RunReport},
    service::{Listener, SyncService},
    session::{Failure, Session},
};

/// How long a turn of history may last, give or take a window.
const LONGEST_TURN: SignedDuration = SignedDuration::from_secs(20);

/// What a run is to do. Also says how urgent its requests are.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// Keep the look-back in step, or one day of it.
    Recent(Option<Date>),
    /// Compare days that are held; with `again`, read those anew that are known to differ.
    Audit {
        /// The days.
        days: DateRange,
        /// Whether to read days again whose figure differs from their samples.
        again: bool,
    },
    /// Fetch days that are not held yet.
    History {
        /// The days.
        chunk: Chunk,
        /// What the claim left on the row: when it changes, history that is wanted has changed.
        claimed_due_at: Option<Timestamp>,
    },
}

impl Task {
    /// Work on older days stops as soon as something recent is due.
    fn is_aside(&self) -> bool {
        !matches!(self, Self::Recent(_))
    }

    /// How urgent its requests are, if the connection is due with `priority`.
    fn urgency(&self, priority: Priority) -> Urgency {
        match (self, priority) {
            (Self::Recent(_), Priority::PersonWaiting) => Urgency::Person,
            (Self::Recent(_), _) => Urgency::Routine,
            (Self::Audit { .. }, _) => Urgency::Audit,
            (Self::History { .. }, _) => Urgency::History,
        }
    }
}

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
        let account = session
            .ask(|access| {
                let vendor = vendor.clone();
                async move { vendor.account(&access).await }
            })
            .await?;
        if account.zone.is_some() && account.zone != connection.zone {
            let zone = account.zone.as_deref();
            service.store.remember_account(connection.id, &connection.scopes, zone).await?;
            connection.zone = account.zone;
        }
        learn_devices(service, &vendor, &mut session, &mut connection).await?;
        let zone = zone_of(&connection);
        let today = zone.to_datetime(service.clock.now()).date();
        let days = match &task {
            Task::Recent(Some(date)) => DateRange { first: *date, last: today.min(*date) },
            Task::Recent(None) => {
                let look_back = DateRange::ending(today, service.settings.look_back_days);
                hooks::days(look_back, connection.hooked.from)
            }
            Task::Audit { days, .. } => *days,
            Task::History { chunk, .. } => chunk.days,
        };
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
        for metric in in_order(self.vendor.metrics()) {
            let mut report = MetricReport::new(metric);
            let held = self.held(metric).await?;
            if !self.concerns(metric, &held) {
                continue;
            }
            if self.give_way().await? {
                break;
            }
            self.outstanding = self.lacking(metric, &held);
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

    /// Whether the task has anything to do with `metric`. Recent days without permission are noted;
    /// older ones are left alone.
    fn concerns(&self, metric: Metric, held: &HashMap<Date, Coverage>) -> bool {
        let permitted = self.vendor.permits(&self.connection.scopes, metric);
        match &self.task {
            Task::Recent(_) => true,
            Task::Audit { .. } => permitted && held.values().any(|row| row.read_at.is_some()),
            Task::History { chunk, .. } => permitted && chunk.wanted.contains_key(&metric),
        }
    }

    /// Days that lack something before anything is compared.
    fn lacking(&self, metric: Metric, held: &HashMap<Date, Coverage>) -> Vec<Date> {
        match &self.task {
            Task::Recent(_) => unsettled(self.days, held),
            Task::Audit { .. } => Vec::new(),
            Task::History { chunk, .. } => {
                chunk.wanted.get(&metric).into_iter().flatten().copied().collect()
            }
        }
    }

    /// Whether a turn of history has lasted long enough: where there is one worker only, other
    /// people's recent days wait for its end. Only asked when a window is done, so that every turn
    /// brings something.
    fn is_long_enough(&self) -> bool {
        let lasted = self.service.clock.now().duration_since(self.began);
        matches!(self.task, Task::History { .. }) && lasted >= LONGEST_TURN
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
        let figures = self.figures(metric).await?;
        let (days, today) = (self.days, self.today);
        let comparison = Comparison { metric, days, figures: &figures, held, today };
        let work = self.narrowed(&comparison);
        self.outstanding.clone_from(&work.read);
        report.days_compared = count(usize::try_from(days.len()).unwrap_or(0));
        self.settle_empty(metric, &work, &figures).await?;
        self.read(metric, &work, &figures, report).await?;
        report.outcome = if self.interrupted { Outcome::Partial } else { Outcome::Complete };
        Ok(())
    }

    /// What the comparison found, as far as it is the task's.
    fn narrowed(&self, comparison: &Comparison<'_>) -> Work {
        let mut work = comparison.work();
        match &self.task {
            Task::Recent(_) => {}
            Task::Audit { again, .. } => work.keep_changed(comparison, *again),
            Task::History { chunk, .. } => match chunk.wanted.get(&comparison.metric) {
                Some(wanted) => work.keep_wanted(wanted),
                None => work = Work::default(),
            },
        }
        work
    }

    async fn figures(&mut self, metric: Metric) -> Result<BTreeMap<Date, Figure>, Failure> {
        let (vendor, days) = (self.vendor.clone(), self.days);
        self.session
            .ask(|access| {
                let vendor = vendor.clone();
                async move { vendor.daily_figures(&access, metric, days).await }
            })
            .await
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
        work: &Work,
        figures: &BTreeMap<Date, Figure>,
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
            let offsets = Offsets::new(self.zone.clone(), &witnesses);
            let vendor = self.vendor.clone();
            let readings = self
                .session
                .ask(|access| {
                    let (vendor, offsets) = (vendor.clone(), offsets.clone());
                    async move { vendor.read_days(&access, metric, window, &offsets).await }
                })
                .await?;
            let mut days: Vec<_> = readings
                .into_iter()
                .map(|day| self.day_write(metric, day, &witnesses, figures))
                .collect();
            days.extend(self.dependents(metric, window, &days).await?);
            let changes = self.replace(days).await?;
            self.outstanding.retain(|date| !window.contains(*date));
            report.add(window, &changes);
            self.interrupted |= self.is_long_enough();
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

    /// Steps around `window` bear witness to where the person was, because every tracker counts
    /// them: for data that comes without civil time, and for days without samples of their own.
    async fn witnesses(
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

/// Asks what became of the person's devices, if nobody has for a while. That the vendor does not tell
/// is no failure of a run.
async fn learn_devices(
    service: &SyncService,
    vendor: &Arc<dyn Vendor>,
    session: &mut Session<'_>,
    connection: &mut Connection,
) -> Result<(), Failure> {
    let asked_at = service.clock.now();
    if !KnownDevices::are_due(connection, asked_at) {
        return Ok(());
    }
    let asked = session.ask(|access| {
        let vendor = vendor.clone();
        async move { vendor.devices(&access).await }
    });
    let devices = match asked.await {
        Ok(devices) => devices,
        Err(Failure::Vendor(VendorError::ScopeMissing)) => Vec::new(),
        Err(Failure::Vendor(_)) => return Ok(()),
        Err(failure) => return Err(failure),
    };
    let known = serde_json::to_string(&KnownDevices { asked_at, devices }).unwrap_or_default();
    service.store.remember_devices(connection.id, &known).await?;
    connection.devices = Some(known);
    Ok(())
}

/// A day more on both sides: whoever was somewhere else by then has witnesses in between.
pub(crate) fn around(days: DateRange) -> DateRange {
    DateRange { first: days.first.yesterday().unwrap_or(days.first), last: days.end() }
}

/// Metrics sampled all day long with the offset of where the person was: their own samples say it.
pub(crate) const TELLS_WHERE: [Metric; 3] = [Metric::Steps, Metric::HeartRate, Metric::Distance];

/// Steps first, because they bear witness for the others; heart rate last, because it takes ten
/// times the requests of all others together and must not use up the budget before them.
fn in_order(metrics: &[Metric]) -> Vec<Metric> {
    let mut metrics = metrics.to_vec();
    metrics.sort_by_key(|metric| match metric {
        Metric::Steps => 0,
        Metric::HeartRate => 2,
        _ => 1,
    });
    metrics
}

/// Vendor errors are part of a run; storage errors end it.
pub(crate) fn vendor_error(failure: Failure) -> Result<VendorError, StoreError> {
    match failure {
        Failure::Vendor(error) => Ok(error),
        Failure::Store(error) => Err(error),
        Failure::Vault(_) => Err(StoreError::Corrupt { table: "connection", column: "tokens" }),
    }
}

/// The zone set in the vendor account; UTC until it is known.
pub(crate) fn zone_of(connection: &Connection) -> TimeZone {
    let name = connection.zone.as_deref().unwrap_or("UTC");
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
