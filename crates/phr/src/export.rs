//! `phr export`: a person's record as FHIR R4, one resource a line.

use std::io::Write;

use anyhow::Context;
use jiff::civil::Date;
use phr_fhir::Chart;
use phr_model::{DateRange, FITBIT, Metric};
use phr_store::Store;

/// Exports; whoever reads may have enough before the end (`| head`), which is no failure.
pub(crate) async fn run(
    store: &dyn Store,
    email: &str,
    base: &str,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    match write(store, email, base, out).await {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        ended => ended,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

/// Writes the Patient, the Device, then every Observation that stands, metric by metric, oldest first.
async fn write(
    store: &dyn Store,
    email: &str,
    base: &str,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let person = store.person_by_email(email).await?.context("no account has this address")?;
    let patient = person.patient.context("User does not have a FHIR patient record")?;
    let chart = Chart::new(base, patient, FITBIT);
    line(out, &chart.patient())?;
    line(out, &chart.device())?;
    let always = DateRange { first: Date::constant(1900, 1, 1), last: Date::constant(9999, 1, 1) };
    for metric in Metric::ALL {
        for observation in store.observations_between(person.id, metric, always).await? {
            line(out, &chart.observation(&observation))?;
        }
    }
    Ok(out.flush()?)
}

fn line(out: &mut impl Write, resource: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(resource)?;
    line.push(b'\n');
    Ok(out.write_all(&line)?)
}
