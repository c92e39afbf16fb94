//! Every resource that can leave us, one a line (NDJSON): every metric in every form, status and
//! shape, as delivered and as served. For `ci/validate.py`.

#![expect(clippy::unwrap_used, reason = "an example may fail where it stands")]
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{chart, in_form, statement};
use phr_model::{Form, Metric, Observation, Status};
use serde::Serialize;

fn main() {
    let (chart, since) = (chart(), "2026-11-01T09:00:00Z".parse().unwrap());
    print(&chart.patient());
    print(&chart.served_patient("Ada", since));
    print(&chart.device());
    print(&chart.served_device(since));
    print(&chart.provenance(&statement(Metric::Steps, 1, None)));
    for metric in Metric::ALL {
        for observation in Form::of_metric(metric).iter().flat_map(|form| every(metric, *form)) {
            print(&chart.observation(&observation));
            print(&chart.served_observation(&observation));
        }
    }
}

/// With and without bounds, of a day that is over or not, in every status.
fn every(metric: Metric, form: Form) -> Vec<Observation> {
    let one = metric.facts().scale;
    let mut all = Vec::new();
    for bounds in [None, Some((one, one * 100 + 1))] {
        for preliminary in [false, true] {
            for status in Status::ALL {
                let mut observation = in_form(metric, form, one, bounds);
                observation.says.preliminary = preliminary;
                observation.status = status;
                all.push(observation);
            }
        }
    }
    all
}

fn print(resource: &impl Serialize) {
    println!("{}", serde_json::to_string(resource).unwrap());
}
