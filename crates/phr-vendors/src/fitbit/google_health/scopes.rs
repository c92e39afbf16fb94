//! The scopes we ask for (Google page "Scopes"): as few as the metrics need that are switched on.
//! Google's consent page has a tick box for each, so each may be missing.

use phr_model::Metric;

use crate::{fitbit::scope_family::Family, vendor::ScopeFacts};

macro_rules! scope {
    ($name:literal) => {
        concat!("https://www.googleapis.com/auth/googlehealth.", $name, ".readonly")
    };
}

const FAMILIES: [Family; 3] = [
    Family {
        scope: scope!("activity_and_fitness"),
        begins: "Your activity: ",
        metrics: &[
            (Metric::Steps, "steps"),
            (Metric::Distance, "distance"),
            (Metric::Calories, "calories burned"),
            (Metric::ActiveEnergy, "active energy"),
            (Metric::Floors, "floors climbed"),
            (Metric::ActiveMinutes, "active minutes"),
            (Metric::Exercise, "workouts"),
            (Metric::Vo2max, "cardio fitness"),
        ],
    },
    Family {
        scope: scope!("health_metrics_and_measurements"),
        begins: "Your measurements: ",
        metrics: &[
            (Metric::HeartRate, PULSE),
            (Metric::RestingHeartRate, PULSE),
            (Metric::Hrv, "heart rate variability"),
            (Metric::RespiratoryRate, "breathing rate"),
            (Metric::Spo2, "oxygen saturation"),
            (Metric::SkinTemperatureVariation, "skin temperature"),
            (Metric::BodyWeight, "weight"),
            (Metric::BodyFat, "body fat"),
            (Metric::Height, "height"),
        ],
    },
    Family {
        scope: scope!("sleep"),
        begins: "Your sleep: ",
        metrics: &[(Metric::Sleep, "nights and naps with their stages")],
    },
];

/// Of the whole day and at rest: for people one thing.
const PULSE: &str = "heart rate";

/// Asked for with any metric.
const ALWAYS: [ScopeFacts; 2] = [
    ScopeFacts::fixed(scope!("settings"), "Your settings: time zone and paired devices", &[]),
    ScopeFacts::fixed(scope!("profile"), "Your profile: since when you have the account", &[]),
];

/// The scopes that `metrics` need, in the order people see them.
pub(super) fn asked_for(metrics: &[Metric]) -> Vec<ScopeFacts> {
    FAMILIES.iter().filter_map(|family| family.facts(metrics)).chain(ALWAYS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_scope() {
        let scopes = asked_for(&Metric::ALL);
        for metric in Metric::ALL {
            let opening = scopes.iter().filter(|facts| facts.metrics.contains(&metric));
            assert_eq!(opening.count(), 1, "{metric}");
        }
    }

    #[test]
    fn the_usual_metrics_ask_for_no_more_than_they_need() {
        let scopes = asked_for(&Metric::USUAL);
        let reads: Vec<_> = scopes.iter().map(|facts| facts.reads.as_ref()).collect();
        insta::assert_snapshot!(reads.join("\n"), @r"
        Your activity: steps, distance and calories burned
        Your measurements: heart rate, oxygen saturation and weight
        Your settings: time zone and paired devices
        Your profile: since when you have the account
        ");
    }

    #[test]
    fn a_scope_that_nothing_needs_is_not_asked_for() {
        let scopes = asked_for(&[Metric::Floors]);
        let reads: Vec<_> = scopes.iter().map(|facts| facts.reads.as_ref()).collect();
        insta::assert_snapshot!(reads.join("\n"), @r"
        Your activity: floors climbed
        Your settings: time zone and paired devices
        Your profile: since when you have the account
        ");
    }
}
