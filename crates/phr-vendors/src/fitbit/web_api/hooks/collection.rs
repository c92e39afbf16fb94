//! What can be subscribed to, and what each tells of (page "Using Subscriptions").

use phr_model::Metric;

/// What a subscription is about. There is none of heart rate or oxygen saturation. Foods are not read
/// here, and the end of a grant shows at the next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collection {
    /// A sync of the tracker: everything of the day, and so the best hint of the pulse there is.
    Activities,
    /// Weigh-ins.
    Body,
    /// Nights, and what is measured in them.
    Sleep,
}

impl Collection {
    /// Every one that is subscribed to.
    pub(super) const ALL: [Self; 3] = [Self::Activities, Self::Body, Self::Sleep];

    /// As paths and notifications name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Activities => "activities",
            Self::Body => "body",
            Self::Sleep => "sleep",
        }
    }

    /// The scope without which it cannot be subscribed to.
    fn scope(self) -> &'static str {
        match self {
            Self::Activities => "activity",
            Self::Body => "weight",
            Self::Sleep => "sleep",
        }
    }

    /// The collection that tells of changes of `metric`, if one does.
    fn telling(metric: Metric) -> Option<Self> {
        Some(match metric {
            Metric::HeartRate
            | Metric::RestingHeartRate
            | Metric::Steps
            | Metric::Calories
            | Metric::Distance
            | Metric::ActiveEnergy
            | Metric::Floors
            | Metric::ActiveMinutes
            | Metric::Exercise => Self::Activities,
            Metric::BodyWeight | Metric::BodyFat => Self::Body,
            Metric::Sleep
            | Metric::Spo2
            | Metric::Hrv
            | Metric::RespiratoryRate
            | Metric::SkinTemperatureVariation => Self::Sleep,
            Metric::Height | Metric::Vo2max => return None,
        })
    }

    fn is_open(self, granted: &[String]) -> bool {
        granted.iter().any(|scope| scope == self.scope())
    }
}

/// Whether changes of `metric` are announced to whoever has these scopes.
pub(crate) fn announces(granted: &[String], metric: Metric) -> bool {
    Collection::telling(metric).is_some_and(|collection| collection.is_open(granted))
}

/// The collections that tell of one of `metrics` and that the scopes open.
pub(crate) fn wanted(metrics: &[Metric], granted: &[String]) -> Vec<Collection> {
    let tells = |collection: &Collection| {
        metrics.iter().any(|metric| Collection::telling(*metric) == Some(*collection))
    };
    let all = Collection::ALL.into_iter().filter(tells);
    all.filter(|collection| collection.is_open(granted)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_is_announced_depends_on_what_was_granted() {
        let day = scopes(&["activity", "heartrate", "oxygen_saturation"]);
        for metric in [Metric::Steps, Metric::HeartRate, Metric::RestingHeartRate] {
            assert!(announces(&day, metric), "{metric}");
        }
        for metric in [Metric::Spo2, Metric::BodyWeight, Metric::Height] {
            assert!(!announces(&day, metric), "{metric}");
        }
        assert!(announces(&scopes(&["sleep"]), Metric::Spo2));
        assert!(!announces(&scopes(&["heartrate"]), Metric::HeartRate));
    }

    #[test]
    fn nothing_is_subscribed_to_that_is_not_permitted_or_tells_of_nothing_fetched() {
        let all = scopes(&["activity", "weight", "sleep"]);
        assert_eq!(wanted(&Metric::ALL, &all), Collection::ALL);
        assert_eq!(wanted(&[Metric::BodyFat], &all), [Collection::Body]);
        let awake = scopes(&["weight", "activity", "profile"]);
        assert_eq!(wanted(&Metric::USUAL, &awake), [Collection::Activities, Collection::Body]);
        assert_eq!(wanted(&Metric::ALL, &scopes(&["profile"])), []);
    }
}
