//! E-mail to people, by SMTP.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};
use phr_store::notice::Delivery;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::{Refusal, text};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Why no mail can be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server's address cannot be used.
    #[error("must be smtps://user:password@host or smtp://user:password@host:587?tls=required")]
    Server,
    /// Passwords and addresses travel encrypted, except on this machine.
    #[error("must be smtps:// or have ?tls=required, except on localhost")]
    NotEncrypted,
    /// The sender's address cannot be used.
    #[error("must be an address such as PHR <phr@example.org>")]
    Sender,
}

/// The way to people.
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    public_url: Url,
}

impl Mail {
    /// Sends through `server` in the name of `from`; mails link to `public_url`.
    ///
    /// # Errors
    /// [`MailError`] says what is wrong with which, and quotes nothing.
    pub fn new(server: &SecretString, from: &str, public_url: Url) -> Result<Self, MailError> {
        let from = sender(from)?;
        let url = encrypted(server)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str());
        let transport = transport.map_err(|_| MailError::Server)?.timeout(Some(TIMEOUT)).build();
        Ok(Self { transport, from, public_url })
    }

    /// Sends a notice.
    pub(crate) async fn send(&self, delivery: &Delivery, now: Timestamp) -> Result<(), Refusal> {
        let message = self.message(delivery, now)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Refusal::Never { code: "refused" }),
            Err(error) if error.is_timeout() => Err(Refusal::Later { code: "timeout", wait: None }),
            Err(_) => Err(Refusal::Later { code: "unreachable", wait: None }),
        }
    }

    fn message(&self, delivery: &Delivery, now: Timestamp) -> Result<Message, Refusal> {
        let never = |code| Refusal::Never { code };
        let told = text::mail(delivery.kind, &delivery.facts, &self.public_url);
        let (subject, body) = told.ok_or(never("untold"))?;
        let to = delivery.email.parse().map_err(|_| never("address"))?;
        let host = self.public_url.host_str().unwrap_or("localhost");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .date(SystemTime::from(now))
            // The same at every attempt: a mail that arrives twice is known as one.
            .message_id(Some(format!("<{}@{host}>", delivery.id)))
            .header(ContentType::TEXT_PLAIN)
            .header(AutoSubmitted)
            .body(body)
            .map_err(|_| never("message"))
    }
}

/// Whether `server` can be used.
fn encrypted(server: &SecretString) -> Result<Url, MailError> {
    let url: Url = server.expose_secret().parse().map_err(|_| MailError::Server)?;
    let local = match url.host() {
        // Hosts of schemes that the URL standard does not know are names, whatever they look like.
        Some(Host::Domain(name)) => ["localhost", "127.0.0.1"].contains(&name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(MailError::Server),
    };
    let required = url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    match url.scheme() {
        "smtps" => Ok(url),
        "smtp" if required || local => Ok(url),
        "smtp" => Err(MailError::NotEncrypted),
        _ => Err(MailError::Server),
    }
}

fn sender(from: &str) -> Result<Mailbox, MailError> {
    from.parse().map_err(|_| MailError::Sender)
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mail")
    }
}

/// Tells mail programs not to answer by themselves (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn mail(server: &str, from: &str) -> Result<Mail, MailError> {
        Mail::new(&server.into(), from, "https://phr.example/".parse().unwrap())
    }

    #[rstest]
    #[case("smtps://user:password@mail.example")]
    #[case("smtp://user:password@mail.example:587?tls=required")]
    #[case("smtp://127.0.0.1:2525")]
    #[case("smtp://localhost")]
    fn encrypted_or_local_servers_are_fine(#[case] server: &str) {
        assert!(mail(server, "PHR <phr@phr.example>").is_ok());
    }

    #[rstest]
    #[case("smtp://user:hunter2@mail.example", "phr@phr.example")]
    #[case("smtp://user:hunter2@mail.example?tls=opportunistic", "phr@phr.example")]
    #[case("https://user:hunter2@mail.example", "phr@phr.example")]
    #[case("mail.example:hunter2", "phr@phr.example")]
    #[case("smtps://user:hunter2@mail.example", "hunter2")]
    fn what_cannot_be_used_is_refused_and_not_quoted(#[case] server: &str, #[case] from: &str) {
        let error = mail(server, from).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
