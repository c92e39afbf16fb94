//! Where Fitbit is and who we are to it.

use phr_model::Metric;
use secrecy::SecretString;
use url::Url;

use crate::fitbit::host;

/// How to reach Fitbit's authorization server and Web API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret (application type *Server*).
    pub client_secret: SecretString,
    /// Our callback, character by character as it is registered.
    pub redirect_uri: Url,
    /// Where the browser is sent.
    pub authorization_url: Url,
    /// The host of the API and of the token endpoint.
    pub api_base_url: Url,
    /// What is fetched, and so what the person is asked for, as far as this upstream has it.
    pub metrics: Vec<Metric>,
    /// Whether people are subscribed: Fitbit then notifies the address that is registered for the
    /// application.
    pub subscribe: bool,
}

impl Settings {
    /// The hosts as they were documented (page "Authorization"). Switched off on 2 November 2026.
    pub fn fitbit(client_id: String, client_secret: SecretString, redirect_uri: Url) -> Self {
        Self {
            client_id,
            client_secret,
            redirect_uri,
            authorization_url: host::fixed("https://www.fitbit.com/oauth2/authorize"),
            api_base_url: host::fixed("https://api.fitbit.com/"),
            metrics: Metric::USUAL.to_vec(),
            subscribe: false,
        }
    }

    /// An emulator or a proxy that serves everything from `base`, whose path is ignored.
    pub fn at(
        base: &Url,
        client_id: String,
        client_secret: SecretString,
        redirect_uri: Url,
    ) -> Self {
        let at = |path| host::at(base, path);
        let (authorization_url, api_base_url) = (at("/oauth2/authorize"), at("/"));
        let fitbit = Self::fitbit(client_id, client_secret, redirect_uri);
        Self { authorization_url, api_base_url, ..fitbit }
    }

    /// The same with other metrics than usual.
    #[must_use]
    pub fn with_metrics(self, metrics: impl IntoIterator<Item = Metric>) -> Self {
        Self { metrics: metrics.into_iter().collect(), ..self }
    }

    /// The same with people subscribed, or not.
    #[must_use]
    pub fn with_subscriptions(self, subscribe: bool) -> Self {
        Self { subscribe, ..self }
    }

    /// An endpoint beside the data.
    pub(super) fn endpoint(&self, path: &str) -> Url {
        host::at(&self.api_base_url, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let redirect = "https://phr.example/integrations/fitbit/callback".parse().unwrap();
        Settings::fitbit("23ABCD".into(), "hush".into(), redirect)
    }

    #[test]
    fn the_documented_hosts_are_https() {
        let fitbit = settings();
        let urls = [&fitbit.authorization_url, &fitbit.endpoint("/oauth2/token")];
        assert!(urls.iter().all(|url| url.scheme() == "https"));
        assert_eq!(urls[1].as_str(), "https://api.fitbit.com/oauth2/token");
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert!(!format!("{:?}", settings()).contains("hush"));
    }
}
