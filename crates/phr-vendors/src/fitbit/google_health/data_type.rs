//! Google's data types behind our metrics (page "Data types"). One type wears three spellings:
//! kebab-case in paths, snake_case in filters, camelCase in JSON.

use phr_model::Metric;

/// A type whose points are read one by one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PointType {
    /// In paths (`heart-rate`).
    pub(super) id: &'static str,
    /// In filters (`heart_rate`).
    pub(super) filter: &'static str,
    /// In JSON (`heartRate`).
    pub(super) member: &'static str,
    /// The value's name inside of it.
    pub(super) value: &'static str,
    /// Base units of the catalogue per unit of the value.
    pub(super) scale: i64,
    /// How its points sit in time.
    pub(super) time: PointTime,
    /// The value is a list of minutes by level of activity instead of a number.
    pub(super) levels: bool,
    /// A point without a value means 0: the device was worn and nothing happened.
    pub(super) true_zero: bool,
    /// How much one page is sure to hold.
    pub(super) window: PointWindow,
}

/// How points sit in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PointTime {
    /// At `sampleTime`.
    Sample,
    /// From the start to the end of `interval`.
    Interval,
}

/// Civil time that one page of at most 5,000 points holds, whatever page size is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PointWindow {
    /// So many hours of a day.
    Hours(i8),
    /// A day.
    Day,
    /// As many days as one likes.
    Any,
}

static HEART_RATE: PointType = PointType {
    id: "heart-rate",
    filter: "heart_rate",
    member: "heartRate",
    value: "beatsPerMinute",
    scale: 10,
    time: PointTime::Sample,
    levels: false,
    true_zero: false,
    // A sample every two seconds: 3,600 points.
    window: PointWindow::Hours(2),
};

static OXYGEN_SATURATION: PointType = PointType {
    id: "oxygen-saturation",
    filter: "oxygen_saturation",
    member: "oxygenSaturation",
    value: "percentage",
    scale: 100,
    time: PointTime::Sample,
    levels: false,
    true_zero: false,
    window: PointWindow::Day,
};

static WEIGHT: PointType = PointType {
    id: "weight",
    filter: "weight",
    member: "weight",
    value: "weightGrams",
    scale: 1_000,
    time: PointTime::Sample,
    levels: false,
    true_zero: false,
    window: PointWindow::Any,
};

static STEPS: PointType = PointType {
    id: "steps",
    filter: "steps",
    member: "steps",
    value: "count",
    scale: 1,
    time: PointTime::Interval,
    levels: false,
    true_zero: true,
    window: PointWindow::Day,
};

static DISTANCE: PointType = PointType {
    id: "distance",
    filter: "distance",
    member: "distance",
    value: "millimeters",
    scale: 1,
    time: PointTime::Interval,
    levels: false,
    true_zero: true,
    window: PointWindow::Day,
};

static ACTIVE_ENERGY: PointType = PointType {
    id: "active-energy-burned",
    filter: "active_energy_burned",
    member: "activeEnergyBurned",
    value: "kcal",
    scale: 1_000,
    time: PointTime::Interval,
    levels: false,
    true_zero: false,
    window: PointWindow::Day,
};

static FLOORS: PointType = PointType {
    id: "floors",
    filter: "floors",
    member: "floors",
    value: "count",
    scale: 1,
    time: PointTime::Interval,
    levels: false,
    true_zero: true,
    window: PointWindow::Day,
};

static BODY_FAT: PointType = PointType {
    id: "body-fat",
    filter: "body_fat",
    member: "bodyFat",
    value: "percentage",
    scale: 100,
    time: PointTime::Sample,
    levels: false,
    true_zero: false,
    window: PointWindow::Any,
};

static HEIGHT: PointType = PointType {
    id: "height",
    filter: "height",
    member: "height",
    value: "heightMillimeters",
    scale: 1,
    time: PointTime::Sample,
    levels: false,
    true_zero: false,
    window: PointWindow::Any,
};

static ACTIVE_MINUTES: PointType = PointType {
    id: "active-minutes",
    filter: "active_minutes",
    member: "activeMinutes",
    value: "activeMinutesByActivityLevel",
    scale: 100,
    time: PointTime::Interval,
    levels: true,
    true_zero: false,
    window: PointWindow::Day,
};

impl PointType {
    /// The type that holds the samples of `metric`; none for metrics that Google only sums up.
    pub(super) fn of(metric: Metric) -> Option<&'static Self> {
        match metric {
            Metric::HeartRate => Some(&HEART_RATE),
            Metric::Spo2 => Some(&OXYGEN_SATURATION),
            Metric::BodyWeight => Some(&WEIGHT),
            Metric::Steps => Some(&STEPS),
            Metric::Distance => Some(&DISTANCE),
            Metric::ActiveEnergy => Some(&ACTIVE_ENERGY),
            Metric::Floors => Some(&FLOORS),
            Metric::BodyFat => Some(&BODY_FAT),
            Metric::Height => Some(&HEIGHT),
            Metric::ActiveMinutes => Some(&ACTIVE_MINUTES),
            Metric::Sleep
            | Metric::Exercise
            | Metric::Calories
            | Metric::RestingHeartRate
            | Metric::Hrv
            | Metric::RespiratoryRate
            | Metric::SkinTemperatureVariation
            | Metric::Vo2max => None,
        }
    }
}

/// The type whose notifications tell of every change of a metric (page "Webhooks"). Samples of oxygen
/// saturation, energy and minutes of activity, and VO2max come without any.
pub(super) fn announced_as(metric: Metric) -> Option<&'static str> {
    match metric {
        Metric::HeartRate => Some("heart-rate"),
        Metric::BodyWeight => Some("weight"),
        Metric::Steps => Some("steps"),
        Metric::Distance => Some("distance"),
        Metric::Calories => Some("total-calories"),
        Metric::RestingHeartRate => Some("daily-resting-heart-rate"),
        Metric::Floors => Some("floors"),
        Metric::BodyFat => Some("body-fat"),
        Metric::Height => Some("height"),
        Metric::Hrv => Some("daily-heart-rate-variability"),
        Metric::RespiratoryRate => Some("daily-respiratory-rate"),
        Metric::SkinTemperatureVariation => Some("daily-sleep-temperature-derivations"),
        Metric::Sleep => Some("sleep"),
        Metric::Exercise => Some("exercise"),
        Metric::Spo2 | Metric::ActiveEnergy | Metric::Vo2max | Metric::ActiveMinutes => None,
    }
}

/// The types to be notified of: what announces one of `metrics`, and the night's oxygen saturation,
/// which says that there are new samples of it.
pub(super) fn notifying_types(metrics: &[Metric]) -> Vec<&'static str> {
    let announced = metrics.iter().copied().filter_map(announced_as);
    let night = metrics.contains(&Metric::Spo2).then_some("daily-oxygen-saturation");
    announced.chain(night).collect()
}
