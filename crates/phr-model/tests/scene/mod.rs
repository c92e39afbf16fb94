//! A day set up for a test.

#![allow(dead_code, clippy::allow_attributes, reason = "each test uses a part of it")]

use std::collections::HashSet;

use jiff::{civil::Date, tz::TimeZone};
use phr_model::{
    Day, Draft, FITBIT, Figure, Form, HeartRateForm, Metric, Offsets, PersonId, Sample,
};
use uuid::Uuid;

pub(crate) fn sample(at: &str, hours: i32, value: i64) -> Sample {
    Sample { at: at.parse().unwrap(), seconds: 0, offset_seconds: hours * 3600, value }
}

/// A day as a test changes it; closed, in Madrid, without figure.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) person: PersonId,
    pub(crate) metric: Metric,
    pub(crate) date: Date,
    pub(crate) zone: &'static str,
    pub(crate) samples: Vec<Sample>,
    pub(crate) figure: Option<Figure>,
    pub(crate) closed: bool,
    pub(crate) form: HeartRateForm,
}

pub(crate) fn scene(metric: Metric, date: &str, samples: &[Sample]) -> Scene {
    Scene {
        person: PersonId(Uuid::from_u128(7)),
        metric,
        date: date.parse().unwrap(),
        zone: "Europe/Madrid",
        samples: samples.to_vec(),
        figure: None,
        closed: true,
        form: HeartRateForm::Hourly,
    }
}

impl Scene {
    pub(crate) fn said(&self) -> Vec<Draft> {
        self.of_day(|day| phr_model::observe(day, self.form))
    }

    pub(crate) fn said_as(&self, form: Form) -> Vec<Draft> {
        self.of_day(|day| phr_model::observe_as(day, form))
    }

    fn of_day(&self, say: impl FnOnce(&Day<'_>) -> Vec<Draft>) -> Vec<Draft> {
        let offsets = Offsets::new(TimeZone::get(self.zone).unwrap(), &self.samples);
        let day = Day {
            person: self.person,
            vendor: FITBIT,
            metric: self.metric,
            date: self.date,
            samples: &self.samples,
            figure: self.figure.as_ref(),
            offsets: &offsets,
            closed: self.closed,
        };
        say(&day)
    }

    pub(crate) fn with_total(self, value: i64) -> Self {
        Self { figure: Some(Figure::Total { value }), ..self }
    }
}

/// The distinct ids of what was said.
pub(crate) fn ids(said: &[Draft]) -> HashSet<Uuid> {
    said.iter().map(|draft| draft.id).collect()
}
