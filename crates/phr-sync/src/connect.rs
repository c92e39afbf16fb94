//! Connecting a vendor: the OAuth dance, told as a story of one-time secrets (RFC 9700, OA-01 to
//! OA-14).

mod secrets;
mod types;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use phr_model::{Clock, ConnectionId, PersonId};
use phr_store::{
    SharedStore, Vault,
    connection::{Consent, Linking},
    one_time::Purpose,
};
use phr_vendors::{
    Access, AuthorizationRequest, Grant, ScopeFacts, Urgency, Vendor, registry::Vendors,
};
use secrecy::SecretString;
use url::Url;

use self::secrets::{ConfirmationPayload, LinkPayload, Redeemable, StatePayload, unpack};
pub use self::types::{Begun, Callback, ConnectError, Finished, Link, LinkPage};
use crate::{
    entropy::{Entropy, hash, uuid},
    tokens::Tokens,
};

/// How long a consent page may take.
const STATE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How long a link for the system browser works (OA-01).
const LINK_LIFETIME: SignedDuration = SignedDuration::from_secs(120);

/// Makes and ends connections.
#[derive(Clone)]
pub struct Connector {
    /// The store.
    pub store: SharedStore,
    /// The vault.
    pub vault: Arc<Vault>,
    /// The vendors.
    pub vendors: Arc<Vendors>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Return targets that apps may name (exact prefixes up to path; query is ours).
    pub return_targets: Arc<Vec<Url>>,
}

impl Connector {
    /// Starts a flow for a signed-in person whose browser we answer directly.
    pub async fn begin(
        &self,
        person: PersonId,
        vendor: &str,
        return_to: Option<&str>,
    ) -> Result<Begun, ConnectError> {
        let vendor = self.vendor(vendor)?;
        let return_to = self.allowed(return_to)?;
        let now = self.clock.now();
        let connection = self.store.select_vendor(person, vendor.name(), now).await?;
        let (state, browser, verifier) = (self.secret(), self.secret(), self.secret());
        let payload = StatePayload {
            vendor: vendor.name().to_owned(),
            connection: connection.id,
            verifier: self.seal("verifier", connection.id, &verifier),
            browser: hash(&browser),
            return_to: return_to.map(Into::into),
        };
        self.put(Purpose::OAuthState, person, &state, &payload, STATE_LIFETIME).await?;
        let challenge = URL_SAFE_NO_PAD.encode(hash(&verifier));
        let request = AuthorizationRequest { state: &state, challenge: &challenge };
        Ok(Begun { url: vendor.authorization_url(&request), browser })
    }

    /// Makes a one-time link for the system browser.
    pub async fn issue_link(
        &self,
        person: PersonId,
        vendor: &str,
        return_to: Option<&str>,
    ) -> Result<Link, ConnectError> {
        let vendor = self.vendor(vendor)?.name().to_owned();
        let return_to = self.allowed(return_to)?.map(Into::into);
        let ticket = self.secret();
        let payload = LinkPayload { vendor, return_to };
        let expires_at =
            self.put(Purpose::ConnectLink, person, &ticket, &payload, LINK_LIFETIME).await?;
        Ok(Link { ticket, expires_at })
    }

    /// What the page behind a link says. Looking does not consume the link.
    pub async fn look_at_link(&self, ticket: &SecretString) -> Result<LinkPage, ConnectError> {
        let found =
            self.store.peek_one_time(Purpose::ConnectLink, hash(ticket), self.clock.now()).await?;
        let (person, payload): (_, LinkPayload) = unpack(found)?;
        self.page(person, &payload.vendor).await
    }

    /// The person pressed the button of the link's page: consumes the link and starts the flow.
    pub async fn follow_link(&self, ticket: &SecretString) -> Result<Begun, ConnectError> {
        let (person, payload): (_, LinkPayload) =
            self.take(Purpose::ConnectLink, hash(ticket)).await?;
        self.begin(person, &payload.vendor, payload.return_to.as_deref()).await
    }

    /// The vendor sent the browser back. `browser` is the cookie's value, if it came. The state is
    /// consumed before anything else happens, so that a callback works once.
    pub async fn finish(
        &self,
        vendor: &str,
        callback: Callback,
        browser: Option<&SecretString>,
    ) -> Result<Finished, ConnectError> {
        let vendor = self.vendor(vendor)?;
        let (state, answer) = callback.check()?;
        let (person, payload): (_, StatePayload) =
            self.take(Purpose::OAuthState, hash(&state)).await?;
        let foreign = callback.issuer.as_deref().is_some_and(|issuer| !vendor.issued_by(issuer));
        if payload.vendor != vendor.name() || foreign {
            return Err(ConnectError::Mismatch);
        }
        let code = match answer {
            Ok(code) => code,
            Err(error) => {
                let by_person = error == "access_denied";
                return Ok(Finished::Declined {
                    by_person,
                    return_to: self.target(payload.return_to.as_deref()),
                });
            }
        };
        if browser.map(hash) != Some(payload.browser) {
            return self.ask(person, payload, &code).await;
        }
        let verifier = self.open("verifier", payload.connection, &payload.verifier)?;
        let return_to = self.target(payload.return_to.as_deref());
        let connection = payload.connection;
        self.redeem(&*vendor, Redeemable { person, connection, code, verifier, return_to }).await
    }

    /// The person pressed the button of the confirmation page.
    pub async fn confirm(&self, confirmation: &SecretString) -> Result<Finished, ConnectError> {
        let (person, payload): (_, ConfirmationPayload) =
            self.take(Purpose::Confirmation, hash(confirmation)).await?;
        let vendor = self.vendor(&payload.vendor)?;
        let connection = payload.connection;
        let redeemable = Redeemable {
            person,
            connection,
            code: self.open("code", connection, &payload.code)?,
            verifier: self.open("verifier", connection, &payload.verifier)?,
            return_to: self.target(payload.return_to.as_deref()),
        };
        self.redeem(&*vendor, redeemable).await
    }

    /// Keeps the code until the person has seen which account would receive the readings: whoever
    /// sent them a foreign link gains nothing (login CSRF, RFC 9700 section 4.7).
    async fn ask(
        &self,
        person: PersonId,
        state: StatePayload,
        code: &SecretString,
    ) -> Result<Finished, ConnectError> {
        let confirmation = self.secret();
        let page = self.page(person, &state.vendor).await?;
        let payload = ConfirmationPayload {
            vendor: state.vendor,
            connection: state.connection,
            verifier: state.verifier,
            code: self.seal("code", state.connection, code),
            return_to: state.return_to,
        };
        self.put(Purpose::Confirmation, person, &confirmation, &payload, STATE_LIFETIME).await?;
        Ok(Finished::Ask { confirmation, page })
    }

    /// Exchanges the code and links the account. Nothing is kept unless all of it worked, and a
    /// grant that cannot be used is withdrawn again.
    async fn redeem(
        &self,
        vendor: &dyn Vendor,
        redeemable: Redeemable,
    ) -> Result<Finished, ConnectError> {
        let grant = vendor.exchange(&redeemable.code, &redeemable.verifier).await?;
        let token = grant.access.clone();
        let linked = self.link(vendor, redeemable, grant).await;
        match &linked {
            // Withdrawing it would end the other account's grant too.
            Ok(_) | Err(ConnectError::LinkedElsewhere) => {}
            Err(error) => {
                tracing::warn!(code = code_of(error), "a consent could not be used");
                if let Err(error) = vendor.revoke(&token).await {
                    tracing::warn!(code = error.code(), "an unused grant was not withdrawn");
                }
            }
        }
        linked
    }

    async fn link(
        &self,
        vendor: &dyn Vendor,
        redeemable: Redeemable,
        grant: Grant,
    ) -> Result<Finished, ConnectError> {
        let missing = missing_scopes(vendor, &grant.scopes);
        if vendor.metrics().iter().all(|metric| !vendor.permits(&grant.scopes, *metric)) {
            return Err(ConnectError::NothingGranted);
        }
        let (access, granted) = (self.access(&grant), grant.scopes.clone());
        let consent = self.consent(vendor, redeemable.connection, &access, grant).await?;
        match self.store.link(redeemable.connection, consent, self.clock.now()).await? {
            Linking::LinkedElsewhere => return Err(ConnectError::LinkedElsewhere),
            Linking::OtherAccount => return Err(ConnectError::OtherAccount),
            Linking::Linked => {}
        }
        self.learn_membership(vendor, redeemable.connection, &access).await?;
        if let Err(error) = vendor.subscribe(&access, redeemable.connection, &granted).await {
            tracing::info!(code = error.code(), "a person could not be subscribed yet");
        }
        let connection = self.store.connection_of(redeemable.person, vendor.name()).await?;
        let connection = Box::new(connection.ok_or(ConnectError::Expired)?);
        Ok(Finished::Connected { connection, missing, return_to: redeemable.return_to })
    }

    /// Counted as a connection of its own: a person at a page does not wait until the background's
    /// requests of the last minute are forgotten.
    fn access(&self, grant: &Grant) -> Access {
        let aside = ConnectionId(uuid(&*self.entropy));
        Access { connection: aside, token: grant.access.clone(), urgency: Urgency::Person }
    }

    /// Learns since when the account exists, so that no history is looked for before it. A vendor
    /// that does not say is no reason not to connect.
    async fn learn_membership(
        &self,
        vendor: &dyn Vendor,
        connection: ConnectionId,
        access: &Access,
    ) -> Result<(), ConnectError> {
        match vendor.member_since(access).await {
            Ok(Some(since)) => self.store.remember_membership(connection, since).await?,
            Ok(None) => {}
            Err(error) => tracing::info!(code = error.code(), "the profile could not be read"),
        }
        Ok(())
    }

    async fn consent(
        &self,
        vendor: &dyn Vendor,
        connection: ConnectionId,
        access: &Access,
        grant: Grant,
    ) -> Result<Consent, ConnectError> {
        let account = vendor.account(access).await?;
        let refresh = grant.refresh.ok_or(ConnectError::NotLasting)?;
        let now = self.clock.now();
        let ends = |lifetime| now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let tokens = Tokens { access: grant.access, refresh };
        Ok(Consent {
            upstream: vendor.upstream().to_owned(),
            vendor_user: account.user,
            legacy_user: account.legacy_user,
            scopes: grant.scopes,
            zone: account.zone,
            tokens: tokens.seal(&self.vault, connection, ends(grant.access_lifetime)),
            reconnect_by: grant.grant_lifetime.map(ends),
        })
    }

    async fn page(&self, person: PersonId, vendor: &str) -> Result<LinkPage, ConnectError> {
        let vendor = self.vendor(vendor)?;
        let person = self.store.person(person).await?.ok_or(ConnectError::Expired)?;
        Ok(LinkPage {
            account: masked(&person.email),
            vendor: vendor.title(),
            reads: vendor.scopes().iter().map(|facts| facts.reads.to_string()).collect(),
        })
    }

    fn vendor(&self, name: &str) -> Result<Arc<dyn Vendor>, ConnectError> {
        match self.vendors.get(name) {
            Some(vendor) => Ok(vendor),
            None if Vendors::known().contains(&name) => Err(ConnectError::NotConfigured),
            None => Err(ConnectError::UnknownVendor),
        }
    }

    fn allowed(&self, return_to: Option<&str>) -> Result<Option<Url>, ConnectError> {
        let Some(text) = return_to else { return Ok(None) };
        let target = self.return_targets.iter().find(|target| target.as_str() == text);
        target.cloned().map(Some).ok_or(ConnectError::ReturnNotAllowed)
    }

    /// A stored target, if it is still on the allow-list.
    fn target(&self, return_to: Option<&str>) -> Option<Url> {
        self.allowed(return_to).ok().flatten()
    }
}

/// A stable code for the log.
fn code_of(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Vendor(error) => error.code(),
        ConnectError::NothingGranted => "nothing_granted",
        ConnectError::NotLasting => "not_lasting",
        ConnectError::OtherAccount => "other_account",
        _ => "here",
    }
}

/// The scopes asked for but not granted.
pub fn missing_scopes(vendor: &dyn Vendor, granted: &[String]) -> Vec<ScopeFacts> {
    let is_missing = |facts: &&ScopeFacts| !granted.iter().any(|scope| scope == facts.scope);
    vendor.scopes().iter().filter(is_missing).cloned().collect()
}

/// `ada@example.com` as `a•••@example.com`: enough to recognise one's own address.
pub fn masked(email: &str) -> String {
    match email.split_once('@') {
        Some((local, domain)) => {
            format!("{}•••@{domain}", local.chars().next().unwrap_or('•'))
        }
        None => "•••".to_owned(),
    }
}
