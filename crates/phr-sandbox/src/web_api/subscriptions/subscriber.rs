//! The endpoint that is told.

use std::sync::OnceLock;
use std::time::Duration;

use url::Url;

use crate::world::World;

/// Answers later than this count as failures.
const TIMEOUT: Duration = Duration::from_secs(5);
/// So many failures in a row disable a subscriber; how many it really were is not known.
const PATIENCE: u32 = 10;

/// The registered endpoint.
#[derive(Debug, Clone)]
pub(super) struct Subscriber {
    pub(super) endpoint: Url,
    failures: u32,
}

impl Subscriber {
    /// Whether Fitbit has given it up. Registering again helps.
    pub(super) fn is_disabled(&self) -> bool {
        self.failures >= PATIENCE
    }

    pub(super) fn answered(&mut self, status: Option<u16>) {
        self.failures = if status == Some(204) { 0 } else { self.failures + 1 };
    }
}

/// Why an endpoint is not registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscriberError {
    /// Not a URL.
    #[error("the endpoint is not a URL")]
    Url,
    /// It did not prove that it knows the code.
    #[error(
        "the endpoint must answer 204 to the verification code and 404 to any other; it answered \
         {right:?} and {wrong:?}"
    )]
    Unverified {
        /// The answer to the right code, if any.
        right: Option<u16>,
        /// The answer to a wrong code, if any.
        wrong: Option<u16>,
    },
}

impl World {
    /// Registers the endpoint of Fitbit subscriptions, as in the settings of the application, if
    /// it passes the handshake: 204 to `?verify=CODE`, 404 to a wrong code. Replaces a former one.
    ///
    /// # Errors
    /// It does not pass.
    pub async fn register_subscriber(
        &self,
        endpoint: &str,
        code: &str,
    ) -> Result<(), SubscriberError> {
        let endpoint: Url = endpoint.parse().map_err(|_| SubscriberError::Url)?;
        let right = verify(&endpoint, code).await;
        let wrong = verify(&endpoint, &format!("not-{code}")).await;
        if (right, wrong) != (Some(204), Some(404)) {
            return Err(SubscriberError::Unverified { right, wrong });
        }
        let subscriber = Subscriber { endpoint, failures: 0 };
        self.web_api().subscriptions.subscriber = Some(subscriber);
        Ok(())
    }

    /// Whether the subscriber was disabled after failing again and again.
    pub fn is_subscriber_disabled(&self) -> bool {
        let state = self.web_api();
        state.subscriptions.subscriber.as_ref().is_some_and(Subscriber::is_disabled)
    }
}

async fn verify(endpoint: &Url, code: &str) -> Option<u16> {
    let mut url = endpoint.clone();
    url.query_pairs_mut().append_pair("verify", code);
    let answer = client().get(url).timeout(TIMEOUT).send().await.ok()?;
    Some(answer.status().as_u16())
}

/// Posts a notification; the answer's status, if there is one.
pub(super) async fn post(endpoint: &Url, signature: &str, body: &str) -> Option<u16> {
    let mut request = client()
        .post(endpoint.clone())
        .header("Content-Type", "application/json; charset=utf-8")
        .timeout(TIMEOUT);
    if !signature.is_empty() {
        request = request.header("X-Fitbit-Signature", signature);
    }
    let answer = request.body(body.to_owned()).send().await.ok()?;
    Some(answer.status().as_u16())
}

fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let client = reqwest::Client::builder()
            .user_agent("Fitbit")
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0);
        client.build().unwrap_or_default()
    })
}
