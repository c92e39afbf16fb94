//! What a FHIR server gets of each metric.

use std::collections::{BTreeMap, BTreeSet};

use phr_model::{Form, HeartRateForm, Metric};

use super::Reader;

impl Reader<'_> {
    /// Metrics that stay here, and those that go in a form of their own: `spo2=off,heart_rate=minute`.
    pub(super) fn choices(&mut self) -> (BTreeSet<Metric>, BTreeMap<Metric, Form>) {
        const NAME: &str = "FHIR_METRICS";
        let (mut off, mut forms) = (BTreeSet::new(), BTreeMap::new());
        for item in self.list(NAME) {
            let choice = item.split_once('=');
            let choice = choice.and_then(|(metric, choice)| {
                Some((Metric::parse(metric.trim())?, choice.trim().to_owned()))
            });
            match choice {
                Some((_, choice)) if choice == "on" => {}
                Some((metric, choice)) if choice == "off" => {
                    off.insert(metric);
                }
                Some((metric, choice)) => match form_of(metric, &choice) {
                    Ok(form) => forms.extend(form.map(|form| (metric, form))),
                    Err(problem) => self.mistake(NAME, problem),
                },
                None => {
                    self.mistake(NAME, "must be a list like heart_rate=minute,spo2=off");
                }
            }
        }
        (off, forms)
    }
}

/// The form that `choice` names; none if `metric` is always kept in it.
fn form_of(metric: Metric, choice: &str) -> Result<Option<Form>, String> {
    let known = Form::of_metric(metric);
    let Some(form) = Form::parse(choice).filter(|form| known.contains(form)) else {
        let forms: Vec<&str> = known.iter().map(|form| form.key()).collect();
        return Err(format!("{} must be on, off or {}", metric.key(), forms.join(" or ")));
    };
    let is_kept = [HeartRateForm::Hourly, HeartRateForm::Sample]
        .into_iter()
        .all(|heart_rate| Form::kept(metric, heart_rate) == form);
    Ok((!is_kept).then_some(form))
}
