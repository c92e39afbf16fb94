//! In which units an answer came. No answer says so: they follow the request's `Accept-Language`, and a
//! proxy or library that adds one turns kilometres into miles without a word. So the same is asked for
//! twice, once without the header and once in the units of the United States, and the two must relate
//! as the units do. An answer that fails this is unreadable: no value is taken from it.

use crate::error::VendorError;

/// How two answers about the same must relate: what the metric one may be for 1,000 of the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ratio {
    least: i64,
    most: i64,
    /// Below this (base units) rounding alone may be the difference.
    little: i64,
}

/// 1.609 kilometres are a mile; data that arrive between the two requests move it a little.
pub(super) const KILOMETRES_IN_A_MILE: Ratio = Ratio { least: 1_500, most: 1_720, little: 20_000 };
/// 2.54 centimetres are an inch.
pub(super) const CENTIMETRES_IN_AN_INCH: Ratio = Ratio { least: 2_400, most: 2_700, little: 0 };
/// 0.454 kilograms are a pound.
pub(super) const KILOGRAMS_IN_A_POUND: Ratio = Ratio { least: 430, most: 477, little: 0 };

impl Ratio {
    /// Whether `metric` is metric, if `foreign` is the same in units of the United States (both as if
    /// they were base units).
    pub(super) fn check(self, metric: i64, foreign: i64) -> Result<(), VendorError> {
        let Self { least, most, little } = self;
        let scaled = metric.saturating_mul(1_000);
        let fits =
            scaled >= foreign.saturating_mul(least) && scaled <= foreign.saturating_mul(most);
        if fits || (metric <= little && foreign <= little) {
            return Ok(());
        }
        tracing::warn!("an answer came in units that were not asked for");
        Err(VendorError::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::kilometres(6_712_345, 4_170_858, true)]
    #[case::miles_both_times(4_170_858, 4_170_858, false)]
    #[case::the_wrong_way_round(4_170_858, 6_712_345, false)]
    #[case::synced_in_between(6_712_345, 4_300_000, true)]
    #[case::nothing_walked(0, 0, true)]
    #[case::a_few_steps(20_000, 12_427, true)]
    fn distances_must_be_kilometres(#[case] metric: i64, #[case] foreign: i64, #[case] fits: bool) {
        assert_eq!(KILOMETRES_IN_A_MILE.check(metric, foreign).is_ok(), fits);
    }

    #[rstest]
    #[case::centimetres(1_748, 688, true)]
    #[case::inches_both_times(688, 688, false)]
    #[case::centimetres_both_times(1_748, 1_748, false)]
    fn heights_must_be_centimetres(#[case] metric: i64, #[case] foreign: i64, #[case] fits: bool) {
        assert_eq!(CENTIMETRES_IN_AN_INCH.check(metric, foreign).is_ok(), fits);
    }

    #[rstest]
    #[case::kilograms(74_300_000, 163_800_000, true)]
    #[case::pounds_both_times(163_800_000, 163_800_000, false)]
    #[case::stones(11_700_000, 163_800_000, false)]
    #[case::kilograms_both_times(74_300_000, 74_300_000, false)]
    fn weights_must_be_kilograms(#[case] metric: i64, #[case] foreign: i64, #[case] fits: bool) {
        assert_eq!(KILOGRAMS_IN_A_POUND.check(metric, foreign).is_ok(), fits);
    }
}
