//! Consents and tokens: who granted what, and until when.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::Scopes;
use super::rotation::Spent;
use crate::options::Rotation;

/// Access tokens live 3599 seconds, as Google's `expires_in` says.
pub(crate) const ACCESS_SECONDS: i64 = 3_599;
/// Codes are short-lived; RFC 6749 section 4.1.2 recommends at most ten minutes.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// "Refresh token expiration": status Testing.
pub(crate) const TESTING_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// "Refresh token expiration": not used for six months.
const UNUSED_LIFE: SignedDuration = SignedDuration::from_hours(183 * 24);
/// "Refresh token expiration": live refresh tokens of one account and client.
const LIVE_REFRESH_TOKENS: usize = 100;

/// All consents and tokens of the one client.
#[derive(Debug)]
pub(crate) struct Accounts {
    seed: u64,
    issued: u64,
    testing: bool,
    pub(super) rotation: Option<Rotation>,
    /// Refresh tokens that were exchanged for others.
    pub(super) spent: HashMap<String, Spent>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    /// Oldest first.
    pub(super) refresh: Vec<Refresh>,
    consents: BTreeMap<usize, Scopes>,
}

/// What an authorization code stands for.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) person: usize,
    pub(crate) scopes: Scopes,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<Challenge>,
    /// Whether a refresh token comes with it.
    pub(crate) lasting: bool,
    pub(crate) issued: Timestamp,
}

/// A PKCE challenge (RFC 7636).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    S256(String),
    Plain(String),
}

impl Challenge {
    pub(crate) fn accepts(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(challenge) => challenge == verifier,
            Self::S256(challenge) => *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
        }
    }
}

/// What an access token stands for.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) person: usize,
    pub(crate) scopes: Scopes,
    pub(crate) expires: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct Refresh {
    pub(super) token: String,
    pub(super) person: usize,
    scopes: Scopes,
    expires: Option<Timestamp>,
    used: Timestamp,
}

/// Tokens as the token endpoint hands them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    /// Life of the refresh token in seconds, in testing mode.
    pub(crate) refresh_life: Option<i64>,
    pub(crate) scopes: Scopes,
}

impl Accounts {
    pub(crate) fn new(seed: u64, testing: bool) -> Self {
        Self {
            seed,
            issued: 0,
            testing,
            rotation: None,
            spent: HashMap::new(),
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: Vec::new(),
            consents: BTreeMap::new(),
        }
    }

    /// What the person granted so far.
    pub(crate) fn consent(&self, person: usize) -> Option<&Scopes> {
        self.consents.get(&person)
    }

    /// Remembers the consent and issues a code for it.
    pub(crate) fn grant(&mut self, code: Code) -> String {
        let earlier = self.consents.entry(code.person).or_default();
        *earlier = earlier.union(&code.scopes);
        let name = format!("4/0{}", self.secret("code"));
        self.codes.insert(name.clone(), code);
        name
    }

    /// Takes a code out of circulation; `None` when unknown, used or too old.
    pub(crate) fn redeem(&mut self, code: &str, now: Timestamp) -> Option<Code> {
        let code = self.codes.remove(code)?;
        (now.duration_since(code.issued) <= CODE_LIFE).then_some(code)
    }

    /// Issues the tokens of a redeemed code.
    pub(crate) fn issue(&mut self, code: &Code, now: Timestamp) -> Issued {
        let refresh = code.lasting.then(|| format!("1//0{}", self.secret("refresh")));
        let life = self.testing.then_some(TESTING_LIFE);
        if let Some(token) = refresh.clone() {
            self.drop_oldest(code.person);
            let expires = life.and_then(|life| now.checked_add(life).ok());
            let (person, scopes) = (code.person, code.scopes.clone());
            self.refresh.push(Refresh { token, person, scopes, expires, used: now });
        }
        let refresh_life = life.filter(|_| refresh.is_some()).map(|life| life.as_secs() - 1);
        let access = self.access_token(code.person, code.scopes.clone(), now);
        Issued { access, refresh, refresh_life, scopes: code.scopes.clone() }
    }

    /// A new access token for a refresh token, which stays the same unless tokens rotate. `None`
    /// when it is dead; scopes can be narrowed but not widened.
    pub(crate) fn refresh(
        &mut self,
        token: &str,
        narrowed: Option<&Scopes>,
        now: Timestamp,
    ) -> Option<Issued> {
        if self.spent.contains_key(token) {
            return self.replay(token, now);
        }
        let live = self.refresh.iter_mut().find(|live| live.token == token)?;
        let overdue = live.expires.is_some_and(|expires| now >= expires)
            || now.duration_since(live.used) > UNUSED_LIFE;
        if overdue {
            return None;
        }
        live.used = now;
        let left = live.expires.map(|expires| expires.duration_since(now).as_secs());
        let scopes = narrowed.map_or(live.scopes.clone(), |only| live.scopes.intersection(only));
        let person = live.person;
        let access = self.access_token(person, scopes.clone(), now);
        let issued = Issued { access, refresh: None, refresh_life: left, scopes };
        Some(self.rotate(token, issued, now))
    }

    /// What a live access token stands for.
    pub(crate) fn access(&self, token: &str, now: Timestamp) -> Option<Access> {
        self.access.get(token).filter(|access| now < access.expires).cloned()
    }

    /// The person of a token, dead or alive.
    pub(crate) fn owner(&self, token: &str) -> Option<usize> {
        let refresh = self.refresh.iter().find(|live| live.token == token);
        refresh
            .map(|live| live.person)
            .or_else(|| self.access.get(token).map(|access| access.person))
    }

    /// Ends the whole grant of a person: every token and the consent itself.
    pub(crate) fn revoke_person(&mut self, person: usize) {
        self.codes.retain(|_, code| code.person != person);
        self.access.retain(|_, access| access.person != person);
        self.refresh.retain(|live| live.person != person);
        self.spent.retain(|_, spent| spent.person != person);
        self.consents.remove(&person);
    }

    pub(crate) fn withdraw_scope(&mut self, person: usize, scope: &str) {
        if let Some(consent) = self.consents.get_mut(&person) {
            consent.remove(scope);
        }
        let access = self.access.values_mut().filter(|access| access.person == person);
        access.for_each(|access| access.scopes.remove(scope));
        let refresh = self.refresh.iter_mut().filter(|live| live.person == person);
        refresh.for_each(|live| live.scopes.remove(scope));
    }

    pub(crate) fn expire_access_tokens(&mut self) {
        self.access.clear();
    }

    pub(crate) fn expire_access(&mut self, token: &str) {
        self.access.remove(token);
    }

    /// The hundred-and-first refresh token of an account silently ends the oldest.
    fn drop_oldest(&mut self, person: usize) {
        let live = self.refresh.iter().filter(|live| live.person == person).count();
        let oldest = self.refresh.iter().position(|live| live.person == person);
        if let Some(oldest) = oldest.filter(|_| live >= LIVE_REFRESH_TOKENS) {
            self.refresh.remove(oldest);
        }
    }

    fn access_token(&mut self, person: usize, scopes: Scopes, now: Timestamp) -> String {
        self.access.retain(|_, access| now < access.expires);
        let token = format!("ya29.a0{}", self.secret("access"));
        let life = SignedDuration::from_secs(ACCESS_SECONDS);
        let expires = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        self.access.insert(token.clone(), Access { person, scopes, expires });
        token
    }

    /// Unguessable enough for an emulator: it follows from the seed.
    pub(super) fn secret(&mut self, purpose: &str) -> String {
        self.issued += 1;
        let digest = Sha256::digest(format!("{purpose} {} {}", self.seed, self.issued));
        URL_SAFE_NO_PAD.encode(digest)
    }
}

#[cfg(test)]
#[path = "accounts_tests.rs"]
mod tests;
