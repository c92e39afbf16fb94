//! `phr notices`: what could not be delivered yet.

use std::fmt::Write;

use phr_store::{Notices, notice::Delivery};

/// How many are listed.
const MOST: u32 = 100;

/// Lists what waits and what was given up; with `retry`, the latter is due again first.
pub(crate) async fn list(
    store: &(impl Notices + ?Sized),
    retry: bool,
    now: jiff::Timestamp,
) -> anyhow::Result<String> {
    let mut out = String::new();
    if retry {
        let again = store.retry_deliveries(now).await?;
        writeln!(out, "{again} notices that were given up are tried again.")?;
    }
    let open = store.open_deliveries(MOST).await?;
    if open.is_empty() {
        writeln!(out, "No notice waits.")?;
    }
    for delivery in &open {
        writeln!(out, "{}", line(delivery))?;
    }
    Ok(out)
}

/// Operators see ids, never addresses.
fn line(delivery: &Delivery) -> String {
    let Delivery { id, channel, kind, person, attempts, due_at, .. } = delivery;
    let (state, error) = (delivery.state.key(), delivery.error.as_deref().unwrap_or("-"));
    let (channel, kind, at) = (channel.key(), kind.key(), delivery.created_at);
    format!(
        "{at:.0}  {kind:<17} {channel:<7} {state:<6} attempts {attempts:<2} error {error}  next \
         {due_at:.0}  person {person}  notice {id}"
    )
}
