//! Refresh tokens that work once.

use jiff::{SignedDuration, Timestamp};

use super::accounts::{Accounts, Issued};
use crate::options::Rotation;

/// A refresh token that was exchanged.
#[derive(Debug)]
pub(super) struct Spent {
    pub(super) person: usize,
    at: Timestamp,
    /// What it was exchanged for.
    issued: Issued,
}

impl Accounts {
    /// The same accounts, whose refresh tokens rotate if so wished.
    pub(crate) fn rotating(mut self, rotation: Option<Rotation>) -> Self {
        self.rotation = rotation;
        self
    }

    /// Puts a new refresh token in the place of `token`, if tokens rotate.
    pub(super) fn rotate(&mut self, token: &str, issued: Issued, now: Timestamp) -> Issued {
        if self.rotation.is_none() {
            return issued;
        }
        let next = format!("1//0{}", self.secret("refresh"));
        let Some(live) = self.refresh.iter_mut().find(|live| live.token == token) else {
            return issued;
        };
        live.token.clone_from(&next);
        let person = live.person;
        let issued = Issued { refresh: Some(next), ..issued };
        self.spent.insert(token.to_owned(), Spent { person, at: now, issued: issued.clone() });
        issued
    }

    /// The same answer again, or the end of the grant: a token used twice may have been stolen.
    pub(super) fn replay(&mut self, token: &str, now: Timestamp) -> Option<Issued> {
        let spent = self.spent.get(token)?;
        let grace = self.rotation.map_or(0, |rotation| rotation.grace_seconds);
        let in_time = now.duration_since(spent.at) <= SignedDuration::from_secs(grace.into());
        let successor = spent.issued.refresh.as_deref();
        let unused = self.refresh.iter().any(|live| Some(live.token.as_str()) == successor);
        if grace > 0 && in_time && unused {
            return Some(spent.issued.clone());
        }
        let person = spent.person;
        self.revoke_person(person);
        None
    }
}
