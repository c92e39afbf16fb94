//! What it takes to be notified by the vendor.

use phr_vendors::fitbit::google_health::hooks::{Authorization, Check};
use secrecy::SecretString;

use super::{
    UPSTREAMS, Upstream, WebhookAdmin, Webhooks,
    reader::{Reader, has_low_entropy, is_sample},
};

/// Guessing the code gains nobody anything; shorter ones are slips of the pen.
const SHORTEST_CODE: usize = 16;

impl Reader<'_> {
    /// The values that Google sends along with notifications, the present one first.
    pub(super) fn webhook(&mut self) -> Option<Authorization> {
        const RING: &str = "FITBIT_WEBHOOK_AUTHORIZATION";
        let check = [("always", Check::Always), ("handshake", Check::Handshake)];
        let check = self.one_of("FITBIT_WEBHOOK_CHECK", &check);
        let values = self.list(RING);
        let weak = |value: &String| {
            let secret = value.split_once(' ').map_or("", |(_, secret)| secret);
            secret.len() < 32 || has_low_entropy(secret) || is_sample(value)
        };
        if values.iter().any(weak) {
            let problem = "must be a scheme and at least 32 random characters, such as \
                           `Bearer ...`; to rotate, put the new value first: new,old";
            self.mistake(RING, problem);
        }
        if values.len() > 2 {
            self.mistake(RING, "may have two values at most: new,old");
        }
        let ring: Vec<_> = values.into_iter().map(SecretString::from).collect();
        (!ring.is_empty()).then_some(Authorization { ring, check })
    }

    /// The code by which Fitbit makes sure that the subscriber's address is ours: 64 characters that
    /// dev.fitbit.com draws.
    pub(super) fn subscriber(&mut self) -> Option<SecretString> {
        const CODE: &str = "FITBIT_SUBSCRIBER_CODE";
        let code = self.text(CODE)?;
        if code.len() < SHORTEST_CODE || code.contains(char::is_whitespace) || is_sample(&code) {
            let problem =
                "must be the verification code of the subscriber, as dev.fitbit.com shows it";
            self.mistake(CODE, problem);
        }
        Some(SecretString::from(code))
    }

    /// What `phr webhooks` needs.
    pub(super) fn webhooks(&mut self) -> Option<Webhooks> {
        match self.one_of("FITBIT_UPSTREAM", &UPSTREAMS) {
            Upstream::GoogleHealth => self.webhook_admin().map(Webhooks::Project),
            Upstream::WebApi => {
                let (public_url, has_code) = (self.public_url()?, self.subscriber().is_some());
                Some(Webhooks::PerPerson { public_url, has_code })
            }
        }
    }

    fn webhook_admin(&mut self) -> Option<WebhookAdmin> {
        let (public_url, base_url, webhook) = (self.public_url(), self.emulator(), self.webhook());
        let remedy = "see docs/webhooks.md";
        let token = self.secret("FITBIT_ADMIN_TOKEN", remedy);
        let project = self.text("FITBIT_PROJECT_NUMBER").unwrap_or_default();
        if project.is_empty() || !project.bytes().all(|byte| byte.is_ascii_digit()) {
            let problem = "must be the number of the Google Cloud project, not its id";
            self.mistake("FITBIT_PROJECT_NUMBER", problem);
        }
        let authorization = webhook.and_then(|webhook| webhook.ring.into_iter().next());
        if authorization.is_none() {
            let problem = "is missing; choose a value such as `Bearer ` and 32 random characters";
            self.mistake("FITBIT_WEBHOOK_AUTHORIZATION", problem);
        }
        Some(WebhookAdmin {
            public_url: public_url?,
            base_url,
            project,
            token: token?,
            authorization: authorization?,
            metrics: self.fetched(),
        })
    }
}
