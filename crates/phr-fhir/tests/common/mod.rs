//! Statements that a person in Zurich would have on 20 November.

#![allow(dead_code, clippy::allow_attributes, reason = "each test uses a part of it")]

use jiff::civil::date;
use phr_fhir::Chart;
use phr_model::{
    Draft, Effective, FITBIT, Form, HeartRateForm, Metric, Moment, Observation, Part, PatientId,
    Status,
};
use serde_json::Value;
use uuid::Uuid;

pub(crate) const BASE: &str = "https://phr.example/";

pub(crate) fn chart() -> Chart {
    Chart::new(BASE, PatientId(Uuid::from_u128(7)), FITBIT)
}

/// What is said about 20 November in Zurich, or a part of it.
pub(crate) fn during(form: Form) -> Effective {
    let moment = |at: &str| Moment { at: at.parse().unwrap(), offset_seconds: 3_600 };
    let period = |start, end| Effective::Period(moment(start), moment(end));
    match form {
        Form::Daily => period("2026-11-19T23:00:00Z", "2026-11-20T22:59:59Z"),
        Form::Hourly => period("2026-11-20T07:00:00Z", "2026-11-20T07:59:59Z"),
        Form::Minute => period("2026-11-20T07:00:00Z", "2026-11-20T07:00:59Z"),
        Form::Session => period("2026-11-19T21:41:00Z", "2026-11-20T05:12:30Z"),
        Form::Sample => Effective::Instant(moment("2026-11-20T07:00:05Z")),
    }
}

/// Something of each part that the metric has.
pub(crate) fn parts_of(metric: Metric) -> Vec<(Part, i64)> {
    let parts = match metric {
        Metric::ActiveMinutes => 0..3,
        Metric::Sleep => 3..7,
        Metric::Exercise => 7..11,
        _ => 0..0,
    };
    Part::ALL[parts].iter().map(|part| (*part, 6_200)).collect()
}

pub(crate) fn in_form(
    metric: Metric,
    form: Form,
    value: i64,
    bounds: Option<(i64, i64)>,
) -> Observation {
    let says = Draft {
        id: Uuid::from_u128(1),
        metric,
        date: date(2026, 11, 20),
        effective: during(form),
        value,
        low: bounds.map(|(low, _)| low),
        high: bounds.map(|(_, high)| high),
        parts: parts_of(metric),
        preliminary: false,
    };
    let issued = "2026-11-20T09:00:00Z".parse().unwrap();
    Observation { says, status: Status::Final, version: 1, issued }
}

/// In the form that is kept.
pub(crate) fn statement(metric: Metric, value: i64, bounds: Option<(i64, i64)>) -> Observation {
    let form = Form::kept(metric, HeartRateForm::Hourly);
    in_form(metric, form, value, bounds)
}

pub(crate) fn rendered(statement: &Observation) -> Value {
    serde_json::to_value(chart().observation(statement)).unwrap()
}
