//! The scopes we ask for (Google page "Scopes"): as few as our metrics need. Google's consent page
//! has a tick box for each, so each may be missing.

use phr_model::Metric;

use crate::vendor::ScopeFacts;

macro_rules! scope {
    ($name:literal) => {
        concat!("https://www.googleapis.com/auth/googlehealth.", $name, ".readonly")
    };
}

/// Asked for, in the order people see them.
pub(super) static SCOPES: [ScopeFacts; 4] = [
    ScopeFacts {
        scope: scope!("activity_and_fitness"),
        reads: "Your activity: steps, distance and calories burned",
        metrics: &[Metric::Steps, Metric::Calories, Metric::Distance],
    },
    ScopeFacts {
        scope: scope!("health_metrics_and_measurements"),
        reads: "Your measurements: heart rate, oxygen saturation and weight",
        metrics: &[Metric::HeartRate, Metric::Spo2, Metric::BodyWeight, Metric::RestingHeartRate],
    },
    ScopeFacts {
        scope: scope!("settings"),
        reads: "Your settings: time zone and paired devices",
        metrics: &[],
    },
    ScopeFacts {
        scope: scope!("profile"),
        reads: "Your profile: since when you have the account",
        metrics: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_scope() {
        for metric in Metric::ALL {
            let scopes = SCOPES.iter().filter(|facts| facts.metrics.contains(&metric));
            assert_eq!(scopes.count(), 1, "{metric}");
        }
    }
}
