//! The scopes we ask for (page "Application Design"): as few as the metrics need that are switched on.
//! The consent page has a tick box for each, so each may be missing.

use phr_model::Metric;

use crate::{fitbit::scope_family::Family, vendor::ScopeFacts};

/// Without the time zone, no wall-clock time can be placed in time.
pub(super) const PROFILE: &str = "profile";

const FAMILIES: [Family; 8] = [
    Family {
        scope: "activity",
        begins: "Your activity: ",
        metrics: &[
            (Metric::Steps, "steps"),
            (Metric::Distance, "distance"),
            (Metric::Calories, "calories burned"),
            (Metric::ActiveEnergy, "active energy"),
            (Metric::Floors, "floors climbed"),
            (Metric::ActiveMinutes, "active minutes"),
            (Metric::Exercise, "workouts"),
        ],
    },
    Family {
        scope: "heartrate",
        begins: "Your heart: ",
        metrics: &[
            (Metric::HeartRate, PULSE),
            (Metric::RestingHeartRate, PULSE),
            (Metric::Hrv, "heart rate variability"),
        ],
    },
    Family {
        scope: "oxygen_saturation",
        begins: "Your breath: ",
        metrics: &[(Metric::Spo2, "oxygen saturation")],
    },
    Family {
        scope: "weight",
        begins: "Your body: ",
        metrics: &[(Metric::BodyWeight, "weight"), (Metric::BodyFat, "body fat")],
    },
    Family {
        scope: "sleep",
        begins: "Your sleep: ",
        metrics: &[(Metric::Sleep, "nights and naps with their stages")],
    },
    Family {
        scope: "respiratory_rate",
        begins: "Your breath at night: ",
        metrics: &[(Metric::RespiratoryRate, "breathing rate")],
    },
    Family {
        scope: "temperature",
        begins: "Your skin at night: ",
        metrics: &[(Metric::SkinTemperatureVariation, "temperature")],
    },
    Family {
        scope: "cardio_fitness",
        begins: "Your fitness: ",
        metrics: &[(Metric::Vo2max, "cardio fitness")],
    },
];

/// Of the whole day and at rest: for people one thing.
const PULSE: &str = "heart rate";

/// Asked for with any metric.
const ALWAYS: [ScopeFacts; 2] = [
    ScopeFacts::fixed(
        PROFILE,
        "Your profile: the time zone, without which no reading can be placed in time",
        &[],
    ),
    ScopeFacts::fixed("settings", "Your paired devices", &[]),
];

/// Those of `metrics` that this upstream has.
pub(super) fn available(metrics: &[Metric]) -> Vec<Metric> {
    let has = |metric: &Metric| {
        FAMILIES.iter().any(|family| family.metrics.iter().any(|(known, _)| known == metric))
    };
    metrics.iter().copied().filter(has).collect()
}

/// The scopes that `metrics` need, in the order people see them.
pub(super) fn asked_for(metrics: &[Metric]) -> Vec<ScopeFacts> {
    FAMILIES.iter().filter_map(|family| family.facts(metrics)).chain(ALWAYS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_scope() {
        let metrics = available(&Metric::ALL);
        let scopes = asked_for(&metrics);
        for metric in metrics {
            let opening = scopes.iter().filter(|facts| facts.metrics.contains(&metric));
            assert_eq!(opening.count(), 1, "{metric}");
        }
    }

    #[test]
    fn the_usual_metrics_ask_for_the_five_scopes_of_the_contract() {
        assert_eq!(available(&Metric::USUAL), Metric::USUAL);
        let scopes: Vec<_> = asked_for(&Metric::USUAL).iter().map(|facts| facts.scope).collect();
        let contract = ["activity", "heartrate", "oxygen_saturation", "weight", "profile"];
        assert_eq!(scopes, [&contract[..], &["settings"]].concat());
    }

    #[test]
    fn every_metric_but_height_is_there() {
        let lacking = Metric::ALL.into_iter().filter(|it| !available(&Metric::ALL).contains(it));
        assert_eq!(lacking.collect::<Vec<_>>(), [Metric::Height]);
    }

    #[test]
    fn a_scope_that_nothing_needs_is_not_asked_for() {
        let scopes: Vec<_> = asked_for(&[Metric::Steps]).iter().map(|facts| facts.scope).collect();
        assert_eq!(scopes, ["activity", "profile", "settings"]);
    }
}
