//! `phr user`: accounts, for operators.

use anyhow::Context;
use jiff::SignedDuration;
use phr_model::{Clock, SystemClock};
use phr_store::{
    Store,
    one_time::{OneTime, Purpose},
};
use phr_sync::{OsEntropy, entropy};
use secrecy::ExposeSecret;
use url::Url;

/// Makes an invitation and says how to use it.
pub(crate) async fn invite(
    store: &dyn Store,
    public_url: &Url,
    days: u16,
) -> anyhow::Result<String> {
    let secret = entropy::secret(&OsEntropy);
    let now = SystemClock.now();
    let lifetime = SignedDuration::from_hours(24 * i64::from(days));
    let invitation = OneTime {
        hash: entropy::hash(&secret),
        purpose: Purpose::Invitation,
        person: None,
        payload: "{}".to_owned(),
        expires_at: now.checked_add(lifetime).context("too many days")?,
    };
    store.put_one_time(invitation, now).await?;
    Ok(format!(
        "Invitation (works once, {days} days):\n\n  {code}\n\nUse it to register:\n\n  \
         curl -X POST {base}/auth/register -H 'Content-Type: application/json' \\\n    \
         -d '{{\"email\": \"...\", \"password\": \"...\", \"name\": \"...\", \"invitation\": \"{code}\"}}'\n",
        code = secret.expose_secret(),
        base = public_url.as_str().trim_end_matches('/'),
    ))
}

/// Lists accounts: id, since when, whether there is a patient record. No addresses on the screen
/// of an operator who did not ask for one person.
pub(crate) async fn list(store: &dyn Store) -> anyhow::Result<String> {
    let people = store.people().await?;
    let rows: Vec<_> = people
        .iter()
        .map(|person| {
            let patient =
                person.patient.map_or("no patient record".to_owned(), |id| id.to_string());
            format!("{}  {}  {patient}\n", person.id, person.created_at.strftime("%F"))
        })
        .collect();
    Ok(if rows.is_empty() {
        "Nobody has registered yet. `phr user invite` makes an invitation.\n".to_owned()
    } else {
        rows.concat()
    })
}
