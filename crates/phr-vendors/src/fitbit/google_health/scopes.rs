//! The scopes we ask for (Google page "Scopes"): as few as the metrics need that are switched on.
//! Google's consent page has a tick box for each, so each may be missing.

use std::borrow::Cow;

use phr_model::Metric;

use crate::vendor::ScopeFacts;

macro_rules! scope {
    ($name:literal) => {
        concat!("https://www.googleapis.com/auth/googlehealth.", $name, ".readonly")
    };
}

/// A scope that opens metrics.
struct Family {
    scope: &'static str,
    /// What people read before the names of the metrics.
    begins: &'static str,
    /// Metrics and what people call them, in the order people see them.
    metrics: &'static [(Metric, &'static str)],
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

impl Family {
    /// None if nothing of it is switched on.
    fn facts(&self, switched_on: &[Metric]) -> Option<ScopeFacts> {
        let on = self.metrics.iter().filter(|(metric, _)| switched_on.contains(metric));
        let mut names: Vec<&str> = on.map(|(_, name)| *name).collect();
        names.dedup();
        // In the catalogue's order, as everywhere.
        let opens = |metric: &Metric| self.metrics.iter().any(|(known, _)| known == metric);
        let on = Metric::ALL.into_iter().filter(|metric| switched_on.contains(metric));
        let metrics: Vec<Metric> = on.filter(opens).collect();
        let reads = format!("{}{}", self.begins, enumerated(&names)?);
        Some(ScopeFacts { scope: self.scope, reads: reads.into(), metrics: Cow::Owned(metrics) })
    }
}

/// `a`, `a and b`, `a, b and c`; none of nothing.
fn enumerated(names: &[&str]) -> Option<String> {
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => (*last).to_owned(),
        _ => format!("{} and {last}", others.join(", ")),
    })
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
