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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64, value: i64) -> Sample {
        let at = jiff::Timestamp::from_second(second).unwrap();
        Sample { at, seconds: 0, offset_seconds: 0, value }
    }

    fn found(ours: &[Sample], theirs: &[Sample]) -> Vec<What> {
        let mut findings = Findings::new();
        samples(ours, theirs, &mut findings);
        findings.found.iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn the_same_samples_in_any_order_are_equal() {
        let twins = [at(1, 5), at(1, 5), at(2, 6)];
        assert_eq!(found(&twins, &[at(2, 6), at(1, 5), at(1, 5)]), []);
    }

    #[test]
    fn a_lack_a_surplus_and_a_change_are_told_apart() {
        assert_eq!(found(&[], &[at(1, 5)]), [What::SampleLost]);
        assert_eq!(found(&[at(1, 5)], &[]), [What::SampleForeign]);
        assert_eq!(found(&[at(1, 5)], &[at(1, 6)]), [What::SampleDiffers]);
        assert_eq!(found(&[at(1, 5), at(1, 5)], &[at(1, 5)]), [What::SampleDoubled]);
        assert_eq!(found(&[at(1, 5)], &[at(1, 5), at(1, 5)]), [What::SampleLost]);
    }

    #[test]
    fn a_change_beside_a_lack_is_both() {
        let theirs = [at(1, 6), at(1, 7), at(3, 1)];
        let expected = [What::SampleDiffers, What::SampleLost, What::SampleLost];
        assert_eq!(found(&[at(1, 5)], &theirs), expected);
    }

    #[test]
    fn figures_are_compared_on_every_day_of_the_range_and_no_other() {
        let day = |n| Date::constant(2026, 11, n);
        let total = |value| Figure::Total { value };
        let days = DateRange { first: day(1), last: day(3) };
        let held = BTreeMap::from([(day(1), total(1)), (day(2), total(2)), (day(9), total(9))]);
        let now = BTreeMap::from([(day(2), total(3)), (day(3), total(4)), (day(8), total(8))]);
        let mut findings = Findings::new();
        figures(Metric::Steps, days, &held, &now, &mut findings);
        let found: Vec<_> = findings.found.iter().map(|found| (found.date, found.what)).collect();
        let expected = [
            (Some(day(1)), What::FigureForeign),
            (Some(day(2)), What::FigureDiffers),
            (Some(day(3)), What::FigureLost),
        ];
        assert_eq!(found, expected);
    }
}
