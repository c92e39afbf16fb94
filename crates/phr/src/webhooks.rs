//! `phr webhooks`: has Google notify this server, for operators.

use anyhow::Context;
use phr_vendors::{
    fitbit::google_health::hooks::subscribers::{Registered, Subscriber, Subscribers},
    http_client,
};
use url::Url;

use crate::config::{WebhookAdmin, Webhooks};

/// Where notifications come in.
const PATH: &str = "webhooks/fitbit";

/// What to do with the Cloud project's subscribers.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Register this server's endpoint, or set its secret and address anew
    Register {
        #[command(flatten)]
        name: Name,
    },
    /// List the project's subscribers
    List,
    /// Stop notifications; polling goes on
    Remove {
        #[command(flatten)]
        name: Name,
    },
}

/// Which subscriber.
#[derive(Debug, clap::Args)]
pub(crate) struct Name {
    /// The subscriber's id: 4 to 36 of a-z, 0-9 and -, beginning with a letter
    #[arg(long, default_value = "phr-backend", value_parser = id)]
    id: String,
}

/// As Google wants ids: `[a-z]([a-z0-9-]{2,34}[a-z0-9])`.
fn id(text: &str) -> Result<String, &'static str> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = (4..=36).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(inner);
    if fits { Ok(text.to_owned()) } else { Err("4 to 36 of a-z, 0-9 and -, such as phr-backend") }
}

/// Does it and says what was done.
pub(crate) async fn run(command: Command, webhooks: &Webhooks) -> anyhow::Result<String> {
    match webhooks {
        Webhooks::Project(admin) => manage(command, admin).await,
        Webhooks::PerPerson { public_url, has_code } => {
            anyhow::bail!(by_hand(&public_url.join(PATH).context("PUBLIC_URL")?, *has_code))
        }
    }
}

/// The Web API has no way to register an address but its website.
fn by_hand(endpoint: &Url, has_code: bool) -> String {
    let code = if has_code { "which is set" } else { "which is not set yet" };
    format!(
        "there is nothing to register, list or remove with FITBIT_UPSTREAM=web-api.\n\
         Once, at dev.fitbit.com, in the settings of the application, add a subscriber:\n  \
           endpoint URL: {endpoint}\n  \
           type: JSON body\n\
         Its verification code belongs into FITBIT_SUBSCRIBER_CODE ({code}). Start the server with it,\n\
         then let dev.fitbit.com verify the subscriber.\n\
         From then on the server subscribes each person by itself: when they connect, and once a night."
    )
}

async fn manage(command: Command, admin: &WebhookAdmin) -> anyhow::Result<String> {
    let google = Url::parse("https://health.googleapis.com/")?;
    let base = admin.base_url.clone().unwrap_or(google);
    let (project, token) = (admin.project.clone(), admin.token.clone());
    let subscribers =
        Subscribers::new(http_client()?, base, project, token).with_metrics(admin.metrics.clone());
    match command {
        Command::Register { name } => register(&subscribers, &name.id, admin).await,
        Command::List => Ok(listed(&subscribers.list().await?)),
        Command::Remove { name: Name { id } } => Ok(if subscribers.remove(&id).await? {
            format!("Removed {id}. Google sends no more notifications; polling goes on.\n")
        } else {
            format!("There is no subscriber called {id}.\n")
        }),
    }
}

async fn register(
    subscribers: &Subscribers,
    id: &str,
    admin: &WebhookAdmin,
) -> anyhow::Result<String> {
    let endpoint = admin.public_url.join(PATH).context("PUBLIC_URL")?;
    let warning = warning(&endpoint);
    let done = subscribers
        .register(id, &endpoint, &admin.authorization)
        .await
        .with_context(|| format!("{warning}cannot register {endpoint} as {id}"))?;
    let what = match done {
        Registered::Created => "Registered",
        Registered::Updated => "Changed",
        Registered::Confirmed => "Confirmed (it was registered already; its secret was set anew)",
    };
    Ok(format!("{warning}{what}: {id} notifies {endpoint}\n"))
}

/// What Google will not accept.
fn warning(endpoint: &Url) -> &'static str {
    if endpoint.scheme() == "https" {
        ""
    } else {
        "Warning: PUBLIC_URL is not https. Google notifies only https addresses; an emulator on \
         this machine takes it.\n"
    }
}

fn listed(subscribers: &[Subscriber]) -> String {
    if subscribers.is_empty() {
        return "The project has no subscribers. `phr webhooks register` makes one.\n".to_owned();
    }
    let line = |subscriber: &Subscriber| {
        let Subscriber { id, endpoint, state, data_types } = subscriber;
        let state = state.as_deref().unwrap_or("state unknown");
        format!("{id}  {state}  {endpoint}  {}\n", data_types.join(", "))
    };
    subscribers.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use phr_sandbox::{ADMIN_TOKEN, Options, PROJECT_NUMBER, Sandbox};

    use super::*;

    fn admin(sandbox: &Sandbox, public_url: &str) -> WebhookAdmin {
        WebhookAdmin {
            public_url: public_url.parse().unwrap(),
            base_url: Some(sandbox.base_url().parse().unwrap()),
            project: PROJECT_NUMBER.to_owned(),
            token: ADMIN_TOKEN.into(),
            authorization: "Bearer b0c8yE1n6Qv2K7Zq4Wf9Xr3Ts5Ua1HdJ".into(),
            metrics: phr_model::Metric::USUAL.to_vec(),
        }
    }

    #[tokio::test]
    async fn a_project_without_subscribers_is_told_how_to_make_one() {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let text = manage(Command::List, &admin(&sandbox, "https://phr.example")).await.unwrap();
        assert!(text.contains("phr webhooks register"), "{text}");
        let remove = Command::Remove { name: Name { id: "phr-backend".to_owned() } };
        let text = manage(remove, &admin(&sandbox, "https://phr.example")).await.unwrap();
        assert_eq!(text, "There is no subscriber called phr-backend.\n");
    }

    #[tokio::test]
    async fn an_endpoint_that_nobody_serves_is_explained() {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let register = Command::Register { name: Name { id: "phr-backend".to_owned() } };
        let error = manage(register, &admin(&sandbox, "http://127.0.0.1:1/")).await.unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("not https") && text.contains("could not verify"), "{text}");
        assert!(!text.contains("b0c8yE1n6Qv2K7"), "{text}");
    }

    #[tokio::test]
    async fn a_project_id_instead_of_its_number_is_explained() {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let wrong =
            WebhookAdmin { project: "7".to_owned(), ..admin(&sandbox, "https://a.example") };
        let error = manage(Command::List, &wrong).await.unwrap_err();
        assert!(format!("{error:#}").contains("NUMBER"), "{error:#}");
    }

    #[tokio::test]
    async fn with_the_web_api_the_operator_is_told_what_to_enter_where() {
        for (has_code, said) in [(true, "which is set)"), (false, "which is not set yet)")] {
            let public_url = "https://phr.example".parse().unwrap();
            let webhooks = Webhooks::PerPerson { public_url, has_code };
            let told = run(Command::List, &webhooks).await.unwrap_err().to_string();
            assert!(told.contains("https://phr.example/webhooks/fitbit"), "{told}");
            assert!(told.contains(said) && told.contains("dev.fitbit.com"), "{told}");
        }
    }

    #[test]
    fn an_id_that_google_would_refuse_is_refused_here() {
        assert!(id("phr-backend").is_ok());
        for wrong in ["abc", "Phr-backend", "phr-", "phr_backend", "1phr"] {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }
}
