//! What a metric is.

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instrument {
    /// Its name, by Prometheus' conventions (page "Metric and label naming").
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// For people; also the `# HELP` line.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [Label],
}

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets; these are their upper bounds in seconds.
    Histogram(&'static [f64]),
}

/// A label and what it may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// What a label may say. Every set is bounded, whatever people or vendors send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// One of these.
    Of(&'static [&'static str]),
    /// A name from our own source: of a route (`/health/samples`, `/connect/{ticket}`), of a method
    /// of the store (`replace_days`).
    OfSource,
    /// A name from the operator's configuration: of a FHIR server.
    Named,
    /// The version of this program.
    Version,
}

/// Characters of a configured name, at most.
const LONGEST_NAME: usize = 32;

impl Values {
    /// Whether a label may say `value`.
    pub fn allow(self, value: &str) -> bool {
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        match self {
            Self::Of(values) => values.contains(&value),
            // Routes and methods are spelled in lower-case letters. Ids, dates, numbers, addresses
            // and tokens all have something else in them.
            Self::OfSource => {
                value == "-" || value.chars().all(|c| plain(c) || "/-{}*.".contains(c))
            }
            Self::Named => (1..=LONGEST_NAME).contains(&value.len()) && value.chars().all(plain),
            Self::Version => value.chars().all(|c| c.is_ascii_alphanumeric() || ".-+".contains(c)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_and_use_cases_are_taken() {
        for name in ["/connect/{ticket}", "/assets/style.css", "/docs/{*rest}", "-", "put_one_time"]
        {
            assert!(Values::OfSource.allow(name), "{name}");
        }
    }
}
