//! Units by `Accept-Language`: the person's own settings do not matter (page "Units").

use axum::http::{HeaderMap, header};

/// Millimetres of a mile.
const MILE: f64 = 1_609_344.0;
/// Milligrams of a pound.
const POUND: f64 = 453_592.37;

/// A unit system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    /// Kilograms, kilometres, centimetres.
    Metric,
    /// `en_US`: pounds, miles, inches.
    Us,
    /// `en_GB`: stones, kilometres, centimetres.
    Uk,
}

impl Units {
    /// The spelling has an underscore; any other value is metric.
    pub(super) fn asked(headers: &HeaderMap) -> Self {
        match headers.get(header::ACCEPT_LANGUAGE).map(axum::http::HeaderValue::as_bytes) {
            Some(b"en_US") => Self::Us,
            Some(b"en_GB") => Self::Uk,
            _ => Self::Metric,
        }
    }

    /// Of milligrams.
    #[expect(clippy::cast_precision_loss, reason = "a body's weight")]
    pub(super) fn weight(self, milligrams: i64, decimals: u8) -> f64 {
        let unit = match self {
            Self::Metric => 1e6,
            Self::Us => POUND,
            Self::Uk => POUND * 14.0,
        };
        rounded(milligrams as f64 / unit, decimals)
    }

    /// Of millimetres, to a thousandth of a metre or of a foot about.
    #[expect(clippy::cast_precision_loss, reason = "a day's way")]
    pub(super) fn distance(self, millimetres: i64) -> f64 {
        let unit = if self == Self::Us { MILE } else { 1e6 };
        rounded(millimetres as f64 / unit, 6)
    }

    /// Metres or feet, of millimetres.
    #[expect(clippy::cast_precision_loss, reason = "a day's stairs")]
    pub(super) fn elevation(self, millimetres: i64) -> f64 {
        let unit = if self == Self::Us { 304.8 } else { 1e3 };
        rounded(millimetres as f64 / unit, 3)
    }

    /// Of centimetres.
    pub(super) fn height(self, centimetres: f64) -> f64 {
        let unit = if self == Self::Us { 2.54 } else { 1.0 };
        rounded(centimetres / unit, 1)
    }
}

/// To so many decimals.
pub(super) fn rounded(value: f64, decimals: u8) -> f64 {
    let factor = 10f64.powi(i32::from(decimals));
    (value * factor).round() / factor
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "rounded values are compared with what they are rounded to")]
mod tests {
    use super::*;

    #[test]
    fn weights_are_rounded_to_a_tenth_of_the_unit() {
        let weights =
            [Units::Metric, Units::Us, Units::Uk].map(|units| units.weight(74_321_000, 1));
        assert_eq!(weights, [74.3, 163.8, 11.7]);
    }

    #[test]
    fn the_british_measure_ways_in_kilometres() {
        let ways = [Units::Metric, Units::Us, Units::Uk].map(|units| units.distance(6_712_345));
        assert_eq!(ways, [6.712_345, 4.170_858, 6.712_345]);
    }

    #[test]
    fn only_the_underscore_spelling_counts() {
        let asked = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            Units::asked(&headers)
        };
        assert_eq!(
            ["en_US", "en_GB", "en-US", "de_DE"].map(asked),
            [Units::Us, Units::Uk, Units::Metric, Units::Metric]
        );
        assert_eq!(Units::asked(&HeaderMap::new()), Units::Metric);
    }
}
