//! Who granted what, and the tokens of it.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::refreshing::Spent;
use super::scopes;
use crate::oauth::{Challenge, Scopes};

/// Access tokens live eight hours.
pub(super) const ACCESS_SECONDS: i64 = 28_800;
/// Codes live ten minutes.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Dead access tokens are remembered so long as *expired*; after that they are *invalid*.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// All consents and tokens of the one application.
#[derive(Debug)]
pub(crate) struct Grants {
    seed: u64,
    issued: u64,
    codes: HashMap<String, Code>,
    pub(super) access: HashMap<String, Access>,
    /// The one live refresh token of each person.
    pub(super) refresh: HashMap<usize, Refresh>,
    pub(super) spent: HashMap<String, Spent>,
    /// Refresh tokens whose exchange is under way.
    pub(super) busy: HashSet<String>,
}

/// What an authorization code stands for.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) person: usize,
    pub(super) scopes: Scopes,
    /// As it was sent, if it was.
    pub(super) redirect_uri: Option<String>,
    pub(super) challenge: Option<Challenge>,
    pub(super) issued: Timestamp,
}

/// What an access token stands for.
#[derive(Debug, Clone)]
pub(in crate::web_api) struct Access {
    pub(in crate::web_api) person: usize,
    pub(in crate::web_api) scopes: Scopes,
    pub(super) issued: Timestamp,
    pub(super) expires: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct Refresh {
    pub(super) token: String,
    pub(super) scopes: Scopes,
}

/// How an access token stands.
#[derive(Debug)]
pub(in crate::web_api) enum Standing {
    Live(Access),
    Expired,
    /// Never issued, or revoked.
    Unknown,
}

/// Tokens as the token endpoint hands them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issued {
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) scopes: Scopes,
    pub(super) person: usize,
}

impl Grants {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            issued: 0,
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            spent: HashMap::new(),
            busy: HashSet::new(),
        }
    }

    /// Issues a code: 40 hexadecimal digits.
    pub(super) fn grant(&mut self, code: Code) -> String {
        let mut name = self.secret("code");
        name.truncate(40);
        self.codes.insert(name.clone(), code);
        name
    }

    /// Takes a code out of circulation; `None` when unknown, used or too old.
    pub(super) fn redeem(&mut self, code: &str, now: Timestamp) -> Option<Code> {
        let code = self.codes.remove(code)?;
        (now.duration_since(code.issued) <= CODE_LIFE).then_some(code)
    }

    /// Issues the tokens of a redeemed code. Only one refresh token of a person is live, so an
    /// earlier one dies; earlier access tokens live on.
    pub(super) fn issue(&mut self, code: &Code, user: &str, now: Timestamp) -> Issued {
        let (person, scopes) = (code.person, code.scopes.clone());
        self.spent.retain(|_, spent| spent.issued.person != person);
        self.issue_pair(person, scopes, user, now)
    }

    /// A new access token and a new refresh token in the place of the former.
    pub(super) fn issue_pair(
        &mut self,
        person: usize,
        scopes: Scopes,
        user: &str,
        now: Timestamp,
    ) -> Issued {
        let access = self.access_token(person, scopes.clone(), user, now);
        let refresh = self.secret("refresh");
        let live = Refresh { token: refresh.clone(), scopes: scopes.clone() };
        self.refresh.insert(person, live);
        Issued { access, refresh, scopes, person }
    }

    /// How a token stands; using a live one ends the grace of the refresh that brought it.
    pub(in crate::web_api) fn present(&mut self, token: &str, now: Timestamp) -> Standing {
        match self.access.get(token) {
            None => Standing::Unknown,
            Some(access) if now >= access.expires => Standing::Expired,
            Some(access) => {
                let access = access.clone();
                self.end_grace(token);
                Standing::Live(access)
            }
        }
    }

    /// What a token would open, without using it.
    pub(super) fn peek(&self, token: &str, now: Timestamp) -> Option<&Access> {
        self.access.get(token).filter(|access| now < access.expires)
    }

    /// The person of a token of either kind, dead or alive.
    pub(super) fn owner(&self, token: &str) -> Option<usize> {
        let refresh = self.refresh.iter().find(|(_, live)| live.token == token);
        let access = || self.access.get(token).map(|access| access.person);
        refresh.map(|(person, _)| *person).or_else(access)
    }

    /// Who has consented to all of these scopes.
    pub(super) fn consented(&self, scopes: &Scopes) -> Vec<usize> {
        let all = |live: &Refresh| live.scopes.intersection(scopes) == *scopes;
        self.refresh.iter().filter(|(_, live)| all(live)).map(|(person, _)| *person).collect()
    }

    /// Ends all tokens that the person gave the application; whether there were any.
    pub(crate) fn revoke_person(&mut self, person: usize) -> bool {
        self.codes.retain(|_, code| code.person != person);
        self.access.retain(|_, access| access.person != person);
        self.spent.retain(|_, spent| spent.issued.person != person);
        self.refresh.remove(&person).is_some()
    }

    pub(crate) fn withdraw_scope(&mut self, person: usize, scope: &str) {
        let access = self.access.values_mut().filter(|access| access.person == person);
        access.for_each(|access| access.scopes.remove(scope));
        if let Some(live) = self.refresh.get_mut(&person) {
            live.scopes.remove(scope);
        }
    }

    pub(crate) fn expire_access_tokens(&mut self, now: Timestamp) {
        for access in self.access.values_mut() {
            access.expires = access.expires.min(now);
        }
    }

    pub(in crate::web_api) fn expire_access(&mut self, token: &str, now: Timestamp) {
        if let Some(access) = self.access.get_mut(token) {
            access.expires = access.expires.min(now);
        }
    }

    /// Looks like the original: a JWT signed with HS256, whose signature nobody checks.
    fn access_token(
        &mut self,
        person: usize,
        scopes: Scopes,
        user: &str,
        now: Timestamp,
    ) -> String {
        self.access.retain(|_, access| now.duration_since(access.expires) < REMEMBERED);
        let life = SignedDuration::from_secs(ACCESS_SECONDS);
        let expires = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        let codes: Vec<&str> = scopes.iter().map(scopes::code).collect();
        let claims = json!({
            "aud": "23SBOX", "sub": user, "iss": "Fitbit", "typ": "access_token",
            "scopes": codes.join(" "), "exp": expires.as_second(), "iat": now.as_second(),
        });
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        let token = format!("{head}.{body}.{}", &self.secret("access")[..43]);
        self.access.insert(token.clone(), Access { person, scopes, issued: now, expires });
        token
    }

    /// 64 hexadecimal digits; unguessable enough for an emulator: it follows from the seed.
    fn secret(&mut self, purpose: &str) -> String {
        self.issued += 1;
        let digest = Sha256::digest(format!("fitbit {purpose} {} {}", self.seed, self.issued));
        digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
