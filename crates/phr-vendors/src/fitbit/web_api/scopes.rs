//! The scopes we ask for (page "Application Design"): as few as our metrics need. The consent page
//! has a tick box for each, so each may be missing.

use phr_model::Metric;

use crate::vendor::ScopeFacts;

/// Without the time zone, no wall-clock time can be placed in time.
pub(super) const PROFILE: &str = "profile";

/// Asked for, in the order people see them.
pub(super) static SCOPES: [ScopeFacts; 6] = [
    ScopeFacts {
        scope: "activity",
        reads: "Your activity: steps, distance and calories burned",
        metrics: &[Metric::Steps, Metric::Calories, Metric::Distance],
    },
    ScopeFacts {
        scope: "heartrate",
        reads: "Your heart rate",
        metrics: &[Metric::HeartRate, Metric::RestingHeartRate],
    },
    ScopeFacts {
        scope: "oxygen_saturation",
        reads: "Your oxygen saturation",
        metrics: &[Metric::Spo2],
    },
    ScopeFacts { scope: "weight", reads: "Your weight", metrics: &[Metric::BodyWeight] },
    ScopeFacts {
        scope: PROFILE,
        reads: "Your profile: the time zone, without which no reading can be placed in time",
        metrics: &[],
    },
    ScopeFacts { scope: "settings", reads: "Your paired devices", metrics: &[] },
];

/// Every metric of this upstream.
pub(super) static METRICS: [Metric; 7] = [
    Metric::HeartRate,
    Metric::Spo2,
    Metric::BodyWeight,
    Metric::Steps,
    Metric::Calories,
    Metric::Distance,
    Metric::RestingHeartRate,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_scope() {
        for metric in METRICS {
            let scopes = SCOPES.iter().filter(|facts| facts.metrics.contains(&metric));
            assert_eq!(scopes.count(), 1, "{metric}");
        }
    }

    #[test]
    fn the_five_scopes_of_the_contract_are_asked_for() {
        for wanted in ["activity", "heartrate", "oxygen_saturation", "weight", "profile"] {
            assert!(SCOPES.iter().any(|facts| facts.scope == wanted), "{wanted}");
        }
    }
}
