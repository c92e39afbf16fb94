//! Refresh tokens that work once, and the grace in which a lost answer is given again.

use jiff::{SignedDuration, Timestamp};

use super::grants::{Grants, Issued};
use crate::web_api::mood::Grace;

/// A refresh token that was exchanged.
#[derive(Debug)]
pub(super) struct Spent {
    at: Timestamp,
    /// What it was exchanged for.
    pub(super) issued: Issued,
    /// One of the new tokens was used: the answer arrived.
    arrived: bool,
}

/// Older documentation: "within 2 minutes".
const TWO_MINUTES: SignedDuration = SignedDuration::from_mins(2);

impl Grants {
    /// The person whose refresh token this is or, in the grace, was.
    pub(super) fn bearer_of(&self, token: &str) -> Option<usize> {
        let live = self.refresh.iter().find(|(_, live)| live.token == token);
        let spent = || self.spent.get(token).map(|spent| spent.issued.person);
        live.map(|(person, _)| *person).or_else(spent)
    }

    /// New tokens for a refresh token, which dies; the former access token lives on. A spent one
    /// gets the same answer again as long as the grace lasts. `None` when it is dead.
    pub(super) fn exchange(
        &mut self,
        token: &str,
        user: &str,
        grace: Grace,
        now: Timestamp,
    ) -> Option<Issued> {
        let live = self.refresh.iter().find(|(_, live)| live.token == token);
        let Some((person, scopes)) = live.map(|(person, live)| (*person, live.scopes.clone()))
        else {
            return self.again(token, grace, now);
        };
        self.end_grace(token);
        let issued = self.issue_pair(person, scopes, user, now);
        let spent = Spent { at: now, issued: issued.clone(), arrived: false };
        self.spent.insert(token.to_owned(), spent);
        Some(issued)
    }

    fn again(&self, token: &str, grace: Grace, now: Timestamp) -> Option<Issued> {
        let spent = self.spent.get(token)?;
        let lasts = match grace {
            Grace::TwoMinutes => now.duration_since(spent.at) <= TWO_MINUTES,
            Grace::UntilUsed => !spent.arrived,
            Grace::None => false,
        };
        lasts.then(|| spent.issued.clone())
    }

    /// A token that is used proves that the answer which brought it has arrived.
    pub(super) fn end_grace(&mut self, token: &str) {
        for spent in self.spent.values_mut() {
            spent.arrived |= spent.issued.access == token || spent.issued.refresh == token;
        }
    }

    /// Marks an exchange as under way; `false` if one of the same token is already.
    pub(super) fn begin(&mut self, token: &str) -> bool {
        self.busy.insert(token.to_owned())
    }

    pub(super) fn end(&mut self, token: &str) {
        self.busy.remove(token);
    }
}
