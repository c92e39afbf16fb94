//! What a check can find.

use jiff::civil::Date;
use phr_model::{Metric, PersonId};
use serde::Serialize;

/// What a finding amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Something that should be held is not.
    Lost,
    /// Something is held that should not be.
    Doubled,
    /// Something is held otherwise than it should be.
    Different,
    /// Work that nobody will do.
    Stuck,
}

macro_rules! whats {
    ($($(#[$doc:meta])* $name:ident $class:ident $code:literal,)+) => {
        /// What was found, as a stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum What {
            $($(#[$doc])* $name,)+
        }

        impl What {
            /// Every kind, for documents and checks.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code in tables and JSON.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// What it amounts to.
            pub fn class(self) -> Class {
                match self {
                    $(Self::$name => Class::$class,)+
                }
            }
        }
    };
}

whats! {
    /// A row cannot be read.
    Unreadable Different "unreadable",
    /// Rows that belong to no person, metric or day.
    Stray Doubled "stray_rows",
    /// The digest is not that of the samples.
    Digest Different "samples_digest",
    /// Count, least, greatest, sum, first or last beside the samples is not theirs.
    Statistics Different "samples_statistics",
    /// Samples are not in the order of time.
    Order Different "samples_order",
    /// There are samples or Observations, and nothing is known about the day.
    CoverageMissing Lost "coverage_missing",
    /// The count of samples, or of implausible ones, is wrong.
    CoverageCount Different "coverage_count",
    /// Our figure is not that of the samples.
    CoverageFigure Different "coverage_figure",
    /// The state or its reason does not follow from the figures.
    CoverageState Different "coverage_state",
    /// The number of Observations that stand is wrong.
    CoverageCounter Different "coverage_observations",
    /// The samples say something that no Observation says.
    ObservationMissing Lost "observation_missing",
    /// An Observation stands that nothing says.
    ObservationForeign Doubled "observation_foreign",
    /// An Observation says another value or other bounds.
    ObservationValue Different "observation_value",
    /// An Observation says another time.
    ObservationPeriod Different "observation_period",
    /// An Observation's status, version or "preliminary" contradict each other.
    ObservationStatus Different "observation_status",
    /// Observations are ahead of the change feed: its readers would pass over the next changes.
    FeedAhead Lost "feed_ahead",
    /// Active, and never due.
    NeverDue Stuck "never_due",
    /// Due for longer than it should ever be.
    Overdue Stuck "overdue",
    /// A lease without an end, or an end without a lease.
    LeaseTorn Stuck "lease_torn",
    /// Due although nothing may be asked.
    DueInVain Stuck "due_in_vain",
    /// The vendor has a figure of a day, and we know of none.
    FigureLost Lost "vendor_figure_lost",
    /// We know a figure of a day, and the vendor has none.
    FigureForeign Doubled "vendor_figure_foreign",
    /// The vendor's figure is another one.
    FigureDiffers Different "vendor_figure_differs",
    /// The vendor has a sample that we have not.
    SampleLost Lost "vendor_sample_lost",
    /// We have a sample that the vendor has not.
    SampleForeign Doubled "vendor_sample_foreign",
    /// We have a sample more often than the vendor.
    SampleDoubled Doubled "vendor_sample_doubled",
    /// The vendor's sample of this moment is another one.
    SampleDiffers Different "vendor_sample_differs",
}

impl Serialize for What {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Something that is not as it should be. The two texts hold health data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whose; nobody's for strays.
    pub person: Option<PersonId>,
    /// Of which metric.
    pub metric: Option<Metric>,
    /// Of which civil day.
    pub date: Option<Date>,
    /// What.
    pub what: What,
    /// What it amounts to.
    pub class: Class,
    /// As it is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// As it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

impl Finding {
    /// The same without health data.
    #[must_use]
    pub fn masked(self) -> Self {
        Self { held: None, right: None, ..self }
    }
}

/// Collects what is found about one day, or one person.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    person: Option<PersonId>,
    metric: Option<Metric>,
    date: Option<Date>,
    /// What was found so far.
    pub found: Vec<Finding>,
}

impl Findings {
    /// Nothing yet about nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing yet about a person.
    pub fn about(person: PersonId) -> Self {
        Self { person: Some(person), ..Self::default() }
    }

    /// From here on about this metric and day.
    pub fn turn_to(&mut self, metric: Metric, date: Option<Date>) {
        (self.metric, self.date) = (Some(metric), date);
    }

    /// Adds what was found, as it is here and as it should be.
    pub fn add(&mut self, what: What, held: Option<String>, right: Option<String>) {
        let Self { person, metric, date, .. } = *self;
        self.found.push(Finding { person, metric, date, what, class: what.class(), held, right });
    }

    /// Adds `what` if the two are not the same.
    pub fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: What, held: &T, right: &T) {
        if held != right {
            self.add(what, Some(format!("{held:?}")), Some(format!("{right:?}")));
        }
    }
}

/// Why a person's record could not be compared with the vendor's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// Whose.
    pub person: PersonId,
    /// A stable code: a vendor error's, `busy` or `not_connected`.
    pub reason: &'static str,
    /// Whether that was to be expected: nobody can ask in the name of who is not connected.
    pub expected: bool,
}

/// What a check came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verified {
    /// Everything that is not as it should be.
    pub findings: Vec<Finding>,
    /// People checked.
    pub people: u64,
    /// Days checked: of each metric by itself.
    pub days: u64,
    /// Days that were compared with the vendor's figures.
    pub days_at_vendor: u64,
    /// Samples that were compared with the vendor's, by ours.
    pub samples_at_vendor: u64,
    /// Who could not be compared with the vendor.
    pub unchecked: Vec<Unchecked>,
}

impl Verified {
    /// How many findings amount to `class`.
    pub fn count(&self, class: Class) -> usize {
        self.findings.iter().filter(|finding| finding.class == class).count()
    }

    /// Whether everything is as it should be, as far as it could be checked.
    pub fn is_equal(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether something could not be checked that should have been.
    pub fn is_whole(&self) -> bool {
        self.unchecked.iter().all(|unchecked| unchecked.expected)
    }

    /// Adds the result of another check of other people, or of other things.
    pub fn append(&mut self, mut other: Self) {
        self.findings.append(&mut other.findings);
        self.unchecked.append(&mut other.unchecked);
        self.people += other.people;
        self.days += other.days;
        self.days_at_vendor += other.days_at_vendor;
        self.samples_at_vendor += other.samples_at_vendor;
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        let [lost, doubled, different, stuck] =
            [Class::Lost, Class::Doubled, Class::Different, Class::Stuck]
                .map(|class| self.count(class));
        let Self { people, days, .. } = self;
        format!(
            "{lost} lost, {doubled} doubled, {different} different, {stuck} stuck, \
             {people} people, {days} days checked"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own() {
        let codes: BTreeSet<_> = What::ALL.iter().map(|what| what.code()).collect();
        assert_eq!(codes.len(), What::ALL.len());
    }

    #[test]
    fn the_summary_counts_by_class() {
        let mut findings = Findings::new();
        for what in [What::SampleLost, What::SampleDoubled, What::Digest, What::NeverDue] {
            findings.add(what, None, None);
        }
        let verified = Verified { findings: findings.found, people: 2, ..Verified::default() };
        let line = "1 lost, 1 doubled, 1 different, 1 stuck, 2 people, 0 days checked";
        assert_eq!(verified.summary(), line);
    }
}
