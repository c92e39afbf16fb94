//! Ours beside the vendor's: figures of days, and samples one by one. Pure rules.

use std::collections::BTreeMap;

use jiff::civil::Date;
use phr_model::{DateRange, Figure, Metric, Sample};

use super::finding::{Findings, What};

/// Compares the vendor's figures as we hold them with those the vendor gives now.
pub fn figures(
    metric: Metric,
    days: DateRange,
    held: &BTreeMap<Date, Figure>,
    now: &BTreeMap<Date, Figure>,
    findings: &mut Findings,
) {
    let shown = |figure: &Figure| Some(format!("{figure:?}"));
    for date in days.days() {
        findings.turn_to(metric, Some(date));
        match (held.get(&date), now.get(&date)) {
            (None, Some(now)) => findings.add(What::FigureLost, None, shown(now)),
            (Some(held), None) => findings.add(What::FigureForeign, shown(held), None),
            (Some(held), Some(now)) => findings.compare(What::FigureDiffers, held, now),
            (None, None) => {}
        }
    }
}

/// Compares the samples of a day, both in order. Every sample counts as often as it occurs.
pub fn samples(ours: &[Sample], theirs: &[Sample], findings: &mut Findings) {
    let (ours, theirs) = (counted(ours), counted(theirs));
    let mut more: BTreeMap<_, Vec<Sample>> = BTreeMap::new();
    let mut less: BTreeMap<_, Vec<Sample>> = BTreeMap::new();
    for (sample, count) in &ours {
        let surplus = count.saturating_sub(theirs.get(sample).copied().unwrap_or(0));
        more.entry(moment(sample)).or_default().extend(std::iter::repeat_n(*sample, surplus));
    }
    for (sample, count) in &theirs {
        let lack = count.saturating_sub(ours.get(sample).copied().unwrap_or(0));
        less.entry(moment(sample)).or_default().extend(std::iter::repeat_n(*sample, lack));
    }
    for (moment, surplus) in more {
        let mut lacking = less.remove(&moment).unwrap_or_default().into_iter();
        for sample in surplus {
            match lacking.next() {
                Some(right) => findings.compare(What::SampleDiffers, &sample, &right),
                None if theirs.contains_key(&sample) => {
                    findings.add(What::SampleDoubled, Some(format!("{sample:?}")), None);
                }
                None => findings.add(What::SampleForeign, Some(format!("{sample:?}")), None),
            }
        }
        less.insert(moment, lacking.collect());
    }
    for sample in less.into_values().flatten() {
        findings.add(What::SampleLost, None, Some(format!("{sample:?}")));
    }
}

fn counted(samples: &[Sample]) -> BTreeMap<Sample, usize> {
    let mut counted = BTreeMap::new();
    for sample in samples {
        *counted.entry(*sample).or_default() += 1;
    }
    counted
}

fn moment(sample: &Sample) -> jiff::Timestamp {
    sample.at
}
