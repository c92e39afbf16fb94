//! Where notices go.

use phr_notify::{Mail, Notifier, Webhook, sign::Secrets};
use phr_store::SharedStore;
use secrecy::SecretString;
use url::Url;

use super::reader::Reader;

/// The receivers that are configured, each checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notify {
    /// SMTP server and sender.
    mail: Option<(SecretString, String)>,
    /// Address and secrets of the operator's backend, and whether private addresses are fine.
    webhook: Option<(Url, SecretString, bool)>,
}

impl Notify {
    /// A notifier for these receivers.
    pub(crate) fn notifier(
        &self,
        store: SharedStore,
        clock: std::sync::Arc<dyn phr_model::Clock>,
        public_url: &Url,
    ) -> anyhow::Result<Notifier> {
        let mail = self.mail.as_ref().map(|(url, from)| Mail::new(url, from, public_url.clone()));
        let webhook = self.webhook.as_ref().map(|(url, secrets, private)| {
            anyhow::Ok(Webhook::new(url.clone(), Secrets::parse(secrets)?, *private)?)
        });
        let silent = Notifier::silent(store, clock);
        Ok(Notifier { mail: mail.transpose()?, webhook: webhook.transpose()?, ..silent })
    }
}

impl Reader<'_> {
    pub(super) fn notify(&mut self, public_url: Option<&Url>) -> Notify {
        Notify { mail: self.mail(public_url), webhook: self.receiver() }
    }

    fn mail(&mut self, public_url: Option<&Url>) -> Option<(SecretString, String)> {
        let (server, from) = (self.text("SMTP_URL"), self.text("MAIL_FROM"));
        let (server, from) = match (server, from) {
            (Some(server), Some(from)) => (SecretString::from(server), from),
            (None, None) => return None,
            (None, Some(_)) => return self.lacking("SMTP_URL", "MAIL_FROM"),
            (Some(_), None) => return self.lacking("MAIL_FROM", "SMTP_URL"),
        };
        match Mail::new(&server, &from, public_url?.clone()) {
            Ok(_) => return Some((server, from)),
            Err(error @ phr_notify::MailError::Sender) => {
                self.mistake("MAIL_FROM", error.to_string());
            }
            Err(error) => self.mistake("SMTP_URL", error.to_string()),
        }
        None
    }

    fn receiver(&mut self) -> Option<(Url, SecretString, bool)> {
        let words = [("false", false), ("true", true)];
        let private = self.one_of("NOTIFY_ALLOW_PRIVATE", &words);
        let (url, secrets) = (self.text("NOTIFY_URL"), self.text("NOTIFY_SECRET"));
        let (url, secrets) = match (url, secrets) {
            (Some(url), Some(secrets)) => (url, SecretString::from(secrets)),
            (None, None) => return None,
            (None, Some(_)) => return self.lacking("NOTIFY_URL", "NOTIFY_SECRET"),
            (Some(_), None) => return self.lacking("NOTIFY_SECRET", "NOTIFY_URL"),
        };
        let parsed = Secrets::parse(&secrets).map_err(|error| ("NOTIFY_SECRET", error.to_string()));
        let checked = parsed.and_then(|parsed| {
            let url: Url = url.parse().map_err(|_| ("NOTIFY_URL", "must be a URL".to_owned()))?;
            let webhook = Webhook::new(url.clone(), parsed, private);
            let remedy = "or set NOTIFY_ALLOW_PRIVATE=true";
            webhook.map_err(|error| ("NOTIFY_URL", format!("{error}, {remedy}")))?;
            Ok(url)
        });
        match checked {
            Ok(url) => Some((url, secrets, private)),
            Err((variable, problem)) => {
                self.mistake(variable, problem);
                None
            }
        }
    }

    fn lacking<T>(&mut self, missing: &'static str, present: &'static str) -> Option<T> {
        self.mistake(missing, format!("is missing; {present} is set and needs it"));
        None
    }
}
