//! A person's record, walked through the rules.

use jiff::{SignedDuration, Timestamp};
use phr_model::{DateRange, FITBIT, HeartRateForm, Metric, PersonId, Sample};
use phr_store::{
    Inspection, StoreError,
    inspection::{HeldDay, Inspected, Job},
};

use super::{
    Listener,
    day::{self, Circumstances},
    finding::{Findings, Verified, What},
    schedule,
};
use crate::run::{TELLS_WHERE, around, zone_of};

/// Days that are opened at once: bounds the memory that a person with ten years of data takes.
const AT_ONCE: i32 = 14;

/// How strict to be.
#[derive(Debug, Clone, Copy)]
pub struct Strictness {
    /// What heart-rate samples become.
    pub heart_rate: HeartRateForm,
    /// How long something may be due before it counts as stuck.
    pub patience: SignedDuration,
}

impl Default for Strictness {
    fn default() -> Self {
        Self { heart_rate: HeartRateForm::default(), patience: SignedDuration::from_hours(24) }
    }
}

/// Checks everything that is held about a person against itself.
///
/// # Errors
/// [`StoreError`] if the store fails; what cannot be read is a finding.
pub async fn verify(
    store: &(impl Inspection + ?Sized),
    person: PersonId,
    now: Timestamp,
    strictness: Strictness,
    listener: Listener<'_>,
) -> Result<Verified, StoreError> {
    let mut findings = Findings::about(person);
    let jobs = store.jobs(person).await?;
    for job in &jobs {
        schedule::check(job, now, strictness.patience, &mut findings);
    }
    let ahead = store.ahead_of_feed(person).await?;
    if ahead > 0 {
        findings.add(What::FeedAhead, Some(format!("{ahead} Observations")), None);
    }
    let mut days = 0;
    for metric in Metric::ALL {
        let Some(span) = store.held_span(person, metric).await? else { continue };
        for range in span.chunks(AT_ONCE) {
            let whose = Whose { person, jobs: &jobs, heart_rate: strictness.heart_rate };
            days += check_range(store, whose, metric, range, &mut findings).await?;
            listener(metric, days);
        }
    }
    Ok(Verified { findings: findings.found, people: 1, days, ..Verified::default() })
}

/// Rows that belong to nobody: what a walk over people cannot find.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn strays(store: &(impl Inspection + ?Sized)) -> Result<Verified, StoreError> {
    let mut findings = Findings::new();
    for strays in store.strays().await? {
        let held = format!("{} rows in {}", strays.rows, strays.table);
        findings.add(What::Stray, Some(held), None);
    }
    Ok(Verified { findings: findings.found, ..Verified::default() })
}

#[derive(Clone, Copy)]
struct Whose<'a> {
    person: PersonId,
    jobs: &'a [Job],
    heart_rate: HeartRateForm,
}

/// Checks a stretch of days; how many there were.
async fn check_range(
    store: &(impl Inspection + ?Sized),
    whose: Whose<'_>,
    metric: Metric,
    range: DateRange,
    findings: &mut Findings,
) -> Result<u64, StoreError> {
    let Inspected { days, unreadable } = store.inspect(whose.person, metric, range).await?;
    for row in &unreadable {
        findings.turn_to(metric, row.date);
        findings.add(What::Unreadable, Some(format!("{}.{}", row.table, row.column)), None);
    }
    let witnesses = witnesses(store, whose.person, metric, range).await?;
    let connection = whose.jobs.first().map(|job| &job.connection);
    let zone = connection.map_or(jiff::tz::TimeZone::UTC, zone_of);
    let circumstances = Circumstances {
        person: whose.person,
        vendor: connection.map_or(FITBIT, |connection| &connection.vendor),
        zone: &zone,
        witnesses: &witnesses,
        heart_rate: whose.heart_rate,
    };
    for day in &days {
        // Without its samples, or what is known of it, nothing about a day can be derived.
        if unreadable.iter().any(|row| row.date == Some(day.date)) {
            continue;
        }
        day::check(day, &circumstances, findings);
    }
    Ok(days.len() as u64)
}

/// The steps of the days and of those next to them.
async fn witnesses(
    store: &(impl Inspection + ?Sized),
    person: PersonId,
    metric: Metric,
    range: DateRange,
) -> Result<Vec<Sample>, StoreError> {
    if TELLS_WHERE.contains(&metric) {
        return Ok(Vec::new());
    }
    let steps = store.inspect(person, Metric::Steps, around(range)).await?;
    let samples = |day: HeldDay| day.samples.into_iter().flat_map(|row| row.samples);
    Ok(steps.days.into_iter().flat_map(samples).collect())
}
