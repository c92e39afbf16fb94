//! Where Google is and who we are to it.

use phr_model::Metric;
use secrecy::SecretString;
use url::Url;

use crate::fitbit::host;

/// The keyset's path (page "Webhooks").
macro_rules! keyset {
    () => {
        "/googlehealthapi/webhooks/webhooks_public_keyset.json"
    };
}

/// How to reach Google's authorization server and Health API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: SecretString,
    /// Our callback, character by character as it is registered.
    pub redirect_uri: Url,
    /// Where the browser is sent.
    pub authorization_url: Url,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: Url,
    /// Where grants are withdrawn (RFC 7009).
    pub revocation_url: Url,
    /// What `iss` of a callback must say (RFC 9207).
    pub issuer: String,
    /// The Health API's host; paths begin with `/v4`.
    pub api_base_url: Url,
    /// Where the public keys of webhooks are.
    pub keyset_url: Url,
    /// What to fetch; the scopes asked for follow.
    pub metrics: Vec<Metric>,
}

impl Settings {
    /// The real hosts, as in Google's OpenID discovery document.
    pub fn google(client_id: String, client_secret: SecretString, redirect_uri: Url) -> Self {
        Self {
            client_id,
            client_secret,
            redirect_uri,
            authorization_url: host::fixed("https://accounts.google.com/o/oauth2/v2/auth"),
            token_url: host::fixed("https://oauth2.googleapis.com/token"),
            revocation_url: host::fixed("https://oauth2.googleapis.com/revoke"),
            issuer: "https://accounts.google.com".to_owned(),
            api_base_url: host::fixed("https://health.googleapis.com/"),
            keyset_url: host::fixed(concat!("https://www.gstatic.com", keyset!())),
            metrics: Metric::USUAL.to_vec(),
        }
    }

    /// An emulator that serves everything from `base`, whose path is ignored.
    pub fn at(
        base: &Url,
        client_id: String,
        client_secret: SecretString,
        redirect_uri: Url,
    ) -> Self {
        let at = |path| host::at(base, path);
        Self {
            client_id,
            client_secret,
            redirect_uri,
            authorization_url: at("/o/oauth2/v2/auth"),
            token_url: at("/token"),
            revocation_url: at("/revoke"),
            issuer: at("").as_str().trim_end_matches('/').to_owned(),
            api_base_url: at("/"),
            keyset_url: at(keyset!()),
            metrics: Metric::USUAL.to_vec(),
        }
    }

    /// The same with other metrics than usual.
    #[must_use]
    pub fn with_metrics(self, metrics: impl IntoIterator<Item = Metric>) -> Self {
        Self { metrics: metrics.into_iter().collect(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect() -> Url {
        "https://phr.example/integrations/fitbit/callback".parse().unwrap()
    }

    #[test]
    fn the_real_hosts_are_https() {
        let google = Settings::google("id".into(), "secret".into(), redirect());
        let urls = [
            &google.authorization_url,
            &google.token_url,
            &google.revocation_url,
            &google.api_base_url,
            &google.keyset_url,
        ];
        assert!(urls.iter().all(|url| url.scheme() == "https"));
    }

    #[test]
    fn an_emulator_serves_everything_from_one_host() {
        let base = "http://127.0.0.1:9".parse().unwrap();
        let emulated = Settings::at(&base, "id".into(), "secret".into(), redirect());
        assert_eq!(emulated.token_url.as_str(), "http://127.0.0.1:9/token");
        assert_eq!(emulated.issuer, "http://127.0.0.1:9");
    }

    #[test]
    fn the_secret_is_not_printed() {
        let google = Settings::google("id".into(), "hush".into(), redirect());
        assert!(!format!("{google:?}").contains("hush"));
    }
}
