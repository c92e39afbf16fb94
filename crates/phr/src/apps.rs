//! `phr apps`: other people's apps, for operators.

use anyhow::{Context, ensure};
use clap::Subcommand;
use jiff::Timestamp;
use phr_api::oauth::{redirect, registrable_scope};
use phr_store::{Store, app::App};
use phr_sync::{OsEntropy, entropy};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use uuid::Uuid;

/// Longest name: people must be able to read it.
const LONGEST_NAME: usize = 80;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register an app that people may let read their records
    Register(Registration),
    /// List registered apps
    List,
    /// Remove an app; all its access ends at once
    Remove {
        /// The app's id
        id: Uuid,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Registration {
    /// What people know the app by
    #[arg(long)]
    name: String,
    /// Where codes may be sent: https, http on 127.0.0.1 or [::1] (any port) or localhost, or a scheme
    /// of the app's own such as com.example.app:/callback; may be given several times
    #[arg(long, value_name = "URL", required = true)]
    redirect_uri: Vec<String>,
    /// Give it a secret, which is shown once: for apps that run on a server of their own
    #[arg(long)]
    confidential: bool,
    /// What it may ask for at most, such as patient/Observation.rs or offline_access; may be given
    /// several times; without it, whatever is offered
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
}

/// Runs a command and says what came of it.
pub(crate) async fn run(
    command: Command,
    store: &dyn Store,
    public_url: &Url,
    now: Timestamp,
) -> anyhow::Result<String> {
    match command {
        Command::Register(registration) => register(registration, store, public_url, now).await,
        Command::List => list(store, now).await,
        Command::Remove { id } => {
            ensure!(store.remove_app(id).await?, "there is no app {id}; `phr apps list` shows all");
            Ok("Removed. Nothing of its access works any more.\n".to_owned())
        }
    }
}

async fn register(
    registration: Registration,
    store: &dyn Store,
    public_url: &Url,
    now: Timestamp,
) -> anyhow::Result<String> {
    let secret = registration.confidential.then(|| entropy::secret(&OsEntropy));
    let app = App {
        id: entropy::uuid(&OsEntropy),
        name: name(&registration.name)?,
        redirect_uris: registration.redirect_uri,
        scopes: scopes(&registration.scope)?,
        secret: secret.as_ref().map(entropy::hash),
        created_at: now,
    };
    for address in &app.redirect_uris {
        redirect::check(address).with_context(|| format!("--redirect-uri {address}"))?;
    }
    let id = app.id;
    store.register_app(app).await?;
    Ok(registered(id, secret.as_ref(), public_url))
}

fn registered(id: Uuid, secret: Option<&SecretString>, public_url: &Url) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    let secret = secret.map_or_else(String::new, |secret| {
        format!("  client_secret  {}   (shown this once)\n", secret.expose_secret())
    });
    format!(
        "Registered. What the app's developer needs:\n\n  client_id      {id}\n{secret}  \
         FHIR base      {base}/fhir\n\nThe app finds everything else at \
         {base}/fhir/.well-known/smart-configuration\n"
    )
}

fn name(text: &str) -> anyhow::Result<String> {
    let name = text.trim();
    let odd =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    ensure!(
        !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(odd),
        "--name: 1 to {LONGEST_NAME} characters, none that cannot be seen"
    );
    Ok(name.to_owned())
}

fn scopes(asked: &[String]) -> anyhow::Result<Option<String>> {
    let scope = |scope: &String| {
        registrable_scope(scope).with_context(|| format!("--scope {scope}: not offered here"))
    };
    let scopes = asked.iter().map(scope).collect::<anyhow::Result<Vec<_>>>()?;
    Ok((!scopes.is_empty()).then(|| scopes.join(" ")))
}

async fn list(store: &dyn Store, now: Timestamp) -> anyhow::Result<String> {
    let apps = store.apps(now).await?;
    if apps.is_empty() {
        return Ok("No app is registered. `phr apps register` registers one.\n".to_owned());
    }
    let entry = |(app, people): (App, u64)| {
        let kind = if app.secret.is_some() { "with a secret" } else { "public" };
        let (id, since) = (app.id, app.created_at.strftime("%F"));
        let scopes = app.scopes.as_deref().unwrap_or("whatever is offered");
        let addresses = app.redirect_uris.join("\n  ");
        format!(
            "{id}  {since}  {name}\n  {kind}, let in by {people}; may ask for {scopes}\n  {addresses}\n",
            name = app.name,
        )
    };
    Ok(apps.into_iter().map(|seen| entry((seen.app, seen.people))).collect())
}

#[cfg(test)]
mod tests {
    use phr_store::SharedStore;

    use super::*;

    async fn a_store() -> (tempfile::TempDir, SharedStore) {
        let folder = tempfile::tempdir().unwrap();
        let url = phr_store::DatabaseUrl::Sqlite(folder.path().join("phr.sqlite"));
        (folder, phr_store::open(&url).await.unwrap())
    }

    fn registration(redirect_uri: &str, confidential: bool, scope: &[&str]) -> Command {
        Command::Register(Registration {
            name: " Growth Chart ".to_owned(),
            redirect_uri: vec![redirect_uri.to_owned()],
            confidential,
            scope: scope.iter().map(|&scope| scope.to_owned()).collect(),
        })
    }

    async fn said(command: Command, store: &SharedStore) -> Result<String, String> {
        let base = "https://phr.example.com/".parse().unwrap();
        let now = "2026-11-20T11:00:00Z".parse().unwrap();
        run(command, &**store, &base, now).await.map_err(|error| format!("{error:#}"))
    }

    #[tokio::test]
    async fn an_app_is_registered_listed_and_removed() {
        let (_folder, store) = a_store().await;
        assert!(said(Command::List, &store).await.unwrap().starts_with("No app"));
        let address = "https://app.example.com/callback";
        let public = said(registration(address, false, &[]), &store).await.unwrap();
        assert!(!public.contains("client_secret"), "{public}");
        let own = said(registration(address, true, &["patient/*.cruds"]), &store).await.unwrap();
        let word = |label: &str| {
            let line = own.lines().find_map(|line| line.trim().strip_prefix(label)).unwrap();
            line.split_whitespace().next().unwrap().to_owned()
        };
        let id: Uuid = word("client_id").parse().unwrap();
        let kept = store.app(id).await.unwrap().unwrap();
        assert_eq!(kept.name, "Growth Chart");
        assert_eq!(kept.scopes.as_deref(), Some("patient/*.rs"));
        assert_eq!(kept.secret, Some(entropy::hash_text(&word("client_secret"))));
        let listed = said(Command::List, &store).await.unwrap();
        assert!(
            listed.contains("with a secret, let in by 0; may ask for patient/*.rs"),
            "{listed}"
        );
        assert!(
            listed.contains("public, let in by 0; may ask for whatever is offered"),
            "{listed}"
        );
        assert!(!listed.contains(&word("client_secret")), "{listed}");
        said(Command::Remove { id }, &store).await.unwrap();
        assert!(said(Command::Remove { id }, &store).await.is_err());
    }

    #[tokio::test]
    async fn what_cannot_be_registered_is_named() {
        let (_folder, store) = a_store().await;
        let insecure = registration("http://app.example.com/callback", false, &[]);
        let refused = said(insecure, &store).await.unwrap_err();
        assert!(
            refused.contains("--redirect-uri http://app") && refused.contains("https"),
            "{refused}"
        );
        for scope in ["openid", "patient/Medication.rs", "patient/*.rs offline_access"] {
            let refused = said(registration("https://a.example/", false, &[scope]), &store).await;
            assert!(refused.unwrap_err().contains("not offered"), "{scope}");
        }
        for text in ["", "a\nb", "evil\u{202e}eman", &"x".repeat(81)] {
            assert!(name(text).is_err(), "{text:?}");
        }
    }
}
