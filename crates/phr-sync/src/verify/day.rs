//! One day of one metric: is what stands beside the samples theirs, and does what is said follow from
//! them? Pure rules.

use jiff::{Timestamp, tz::TimeZone};
use phr_model::{
    Coverage, CoverageState, DateRange, Day, HeartRateForm, Offsets, PersonId, Sample, Status,
    observe, sample::Statistics,
};
use phr_store::inspection::{HeldDay, SampleRow};

use super::{
    finding::{Findings, What},
    observations,
};
use crate::compare::judge;

/// What must be known to derive a day again.
#[derive(Debug, Clone)]
pub struct Circumstances<'a> {
    /// Whose day.
    pub person: PersonId,
    /// The vendor that recorded it.
    pub vendor: &'a str,
    /// The zone of the vendor account.
    pub zone: &'a TimeZone,
    /// Steps of the days around it, oldest first: they bear witness to where the person was.
    pub witnesses: &'a [Sample],
    /// What heart-rate samples become.
    pub heart_rate: HeartRateForm,
}

/// Checks a day.
pub fn check(day: &HeldDay, circumstances: &Circumstances<'_>, findings: &mut Findings) {
    findings.turn_to(day.metric, Some(day.date));
    for row in &day.samples {
        check_row(row, findings);
    }
    let mut samples: Vec<Sample> =
        day.samples.iter().flat_map(|row| &row.samples).copied().collect();
    samples.sort_unstable();
    let Some(row) = &day.coverage else {
        let standing = day.observations.iter().any(|held| held.status != Status::EnteredInError);
        if standing || !samples.is_empty() {
            findings.add(What::CoverageMissing, None, None);
        }
        return;
    };
    check_coverage(&row.known, &samples, findings);
    let standing = day.observations.iter().filter(|held| held.status != Status::EnteredInError);
    findings.compare(
        What::CoverageCounter,
        &u64::from(row.observations),
        &(standing.count() as u64),
    );
    let expected = Expected { day, known: &row.known, samples: &samples, circumstances };
    observations::check(&day.observations, &expected, findings);
}

/// What stands beside a blob.
fn check_row(row: &SampleRow, findings: &mut Findings) {
    if !row.digest_fits {
        findings.add(What::Digest, None, None);
    }
    if !row.samples.is_sorted() {
        findings.add(What::Order, None, None);
    }
    let (first, last) = (row.samples.first(), row.samples.last());
    let held = (Some(row.statistics), Some(row.first_at), Some(row.last_at));
    let at = |sample: &Sample| -> Timestamp { sample.at };
    let right = (Statistics::of(&row.samples), first.map(at), last.map(at));
    findings.compare(What::Statistics, &held, &right);
}

/// Coverage against the samples, by the rule that wrote it.
fn check_coverage(known: &Coverage, samples: &[Sample], findings: &mut Findings) {
    let now = known.read_at.unwrap_or(Timestamp::UNIX_EPOCH);
    let right =
        judge(known.metric, known.date, samples, known.vendor.as_ref(), known.read_closed, now);
    let counts = |known: &Coverage| (known.samples, known.implausible);
    findings.compare(What::CoverageCount, &counts(known), &counts(&right));
    findings.compare(What::CoverageFigure, &known.ours, &right.ours);
    if follows_from_figures(known.state) {
        let state = |known: &Coverage| (known.state, known.reason);
        findings.compare(What::CoverageState, &state(known), &state(&right));
    }
}

/// The other states tell of attempts, and leave figures as they were.
fn follows_from_figures(state: CoverageState) -> bool {
    match state {
        CoverageState::Complete
        | CoverageState::Partial
        | CoverageState::NotWorn
        | CoverageState::Differs => true,
        CoverageState::NotPermitted | CoverageState::Pending | CoverageState::VendorError => false,
    }
}

/// A day as it should be observed.
pub(super) struct Expected<'a> {
    day: &'a HeldDay,
    known: &'a Coverage,
    samples: &'a [Sample],
    circumstances: &'a Circumstances<'a>,
}

impl Expected<'_> {
    /// What is to be said, with the witnesses at hand and in one form of the heart rate.
    pub(super) fn drafts(
        &self,
        witnesses: &[Sample],
        heart_rate: HeartRateForm,
    ) -> Vec<phr_model::Draft> {
        let Circumstances { person, vendor, zone, .. } = *self.circumstances;
        let offsets = Offsets::new(zone.clone(), witnesses.iter().chain(self.samples));
        let day = Day {
            person,
            vendor,
            metric: self.day.metric,
            date: self.day.date,
            samples: self.samples,
            figure: self.known.vendor.as_ref(),
            offsets: &offsets,
            closed: self.known.read_closed,
        };
        observe(&day, heart_rate)
    }

    /// The form that is set, then the other: days read under another setting keep their form.
    pub(super) fn forms(&self) -> [HeartRateForm; 2] {
        match self.circumstances.heart_rate {
            HeartRateForm::Hourly => [HeartRateForm::Hourly, HeartRateForm::Sample],
            HeartRateForm::Sample => [HeartRateForm::Sample, HeartRateForm::Hourly],
        }
    }

    /// The steps of the days next to it, or none: a day at home has none that matter.
    pub(super) fn witnesses(&self) -> [Vec<Sample>; 2] {
        if crate::run::TELLS_WHERE.contains(&self.day.metric) {
            return Default::default();
        }
        let near = crate::run::around(DateRange::day(self.day.date));
        let steps = self.circumstances.witnesses.iter();
        [steps.filter(|step| near.contains(step.date())).copied().collect(), Vec::new()]
    }

    /// Whether nothing tells where the person was: no steps `near` it, and no samples of its own.
    pub(super) fn is_unwitnessed(&self, near: &[Sample]) -> bool {
        near.is_empty() && self.samples.is_empty()
    }
}
