//! The vendor's side: time, people, tokens and troubles.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard},
};

use jiff::{SignedDuration, Timestamp};
use phr_model::Metric;
use phr_vendors::VendorError;

use crate::{
    dice::Dice,
    people::{Grant, Person},
};

const DAY: i64 = 86_400;
/// How long access tokens live.
pub(crate) const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// What metrics the people of a seed record. Steps are always there: they bear witness.
const RECORDED: [&[Metric]; 3] = [
    &[Metric::Steps, Metric::HeartRate],
    &[Metric::Steps, Metric::BodyWeight],
    &[Metric::Steps, Metric::RestingHeartRate],
];

/// Everything outside the product.
pub(crate) struct World {
    inner: Mutex<Inner>,
    pub(crate) metrics: &'static [Metric],
}

struct Inner {
    now: Timestamp,
    people: Vec<Person>,
    troubles: Vec<Trouble>,
    dice: Dice,
    rotates: bool,
    tokens: u64,
    /// Whose refresh token was refused.
    refused: BTreeSet<usize>,
}

/// A time during which the vendor misbehaves.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    from: Timestamp,
    to: Timestamp,
    /// How many requests of a thousand fail.
    per_mille: i64,
}

impl World {
    pub(crate) fn invent(
        seed: u64,
        (people, everything): (usize, bool),
        from: Timestamp,
        to: Timestamp,
    ) -> Self {
        let mut dice = Dice::new(seed, 1);
        let usual = *dice.pick(&RECORDED);
        let metrics = if everything { &Metric::ALL } else { usual };
        let begin = from - SignedDuration::from_hours(24 * 10);
        let invent = |n| Person::invent(&mut Dice::new(seed, 1_000 + n), metrics, begin, to);
        let inner = Inner {
            now: from,
            people: (0..people as u64).map(invent).collect(),
            troubles: troubles(&mut dice, from, to),
            rotates: dice.per_mille(500),
            dice,
            tokens: 0,
            refused: BTreeSet::new(),
        };
        Self { inner: Mutex::new(inner), metrics }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner().now
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.inner().now += SignedDuration::from_secs(seconds);
    }

    /// From here on the vendor answers everything.
    pub(crate) fn calm(&self) {
        self.inner().troubles.clear();
    }

    /// Changes somebody's data.
    pub(crate) fn change<T>(&self, person: usize, change: impl FnOnce(&mut Person) -> T) -> T {
        change(&mut self.inner().people[person])
    }

    /// The person consents; what came before is dead. Returns the code.
    pub(crate) fn consent(&self, person: usize) -> String {
        let mut inner = self.inner();
        inner.tokens += 1;
        let code = format!("code-{person}-{}", inner.tokens);
        inner.people[person].code = Some(code.clone());
        code
    }

    pub(crate) fn revoke(&self, person: usize) {
        self.inner().people[person].grant = None;
    }

    /// Whose grant turned out to be dead.
    pub(crate) fn refused(&self) -> BTreeSet<usize> {
        self.inner().refused.clone()
    }

    pub(crate) fn forget_refusal(&self, person: usize) {
        self.inner().refused.remove(&person);
    }

    pub(crate) fn expire_all_access(&self) {
        let mut inner = self.inner();
        let now = inner.now;
        for grant in inner.people.iter_mut().filter_map(|person| person.grant.as_mut()) {
            grant.access_ends = grant.access_ends.min(now);
        }
    }

    /// A trouble that befalls a request now, if any.
    pub(crate) fn trouble(&self) -> Option<VendorError> {
        let mut inner = self.inner();
        let now = inner.now;
        let trouble =
            inner.troubles.iter().find(|trouble| (trouble.from..trouble.to).contains(&now));
        let per_mille = trouble?.per_mille;
        let wait = std::time::Duration::from_secs(inner.dice.roll() % 900);
        let strikes = inner.dice.per_mille(per_mille);
        let errors = [
            VendorError::Unavailable,
            VendorError::Unavailable,
            VendorError::Unreadable,
            VendorError::Throttled { wait: Some(wait) },
            VendorError::Throttled { wait: None },
            VendorError::BudgetSpent { wait },
            VendorError::AccessRefused,
            VendorError::Refused,
            VendorError::Misconfigured("invalid_client"),
        ];
        strikes.then(|| inner.dice.pick(&errors).clone())
    }

    /// Redeems a code, once.
    pub(crate) fn exchange(&self, code: &str) -> Result<Grant, VendorError> {
        let mut inner = self.inner();
        let holds = |person: &Person| person.code.as_deref() == Some(code);
        let person = inner.people.iter().position(holds).ok_or(VendorError::GrantWithdrawn)?;
        inner.people[person].code = None;
        let refresh = inner.token("refresh", person);
        Ok(inner.grant(person, refresh))
    }

    /// Renews access. A vendor that rotates wants the newest refresh token only.
    pub(crate) fn refresh(&self, refresh: &str) -> Result<Grant, VendorError> {
        let mut inner = self.inner();
        let holds =
            |person: &Person| person.grant.as_ref().is_some_and(|grant| grant.refresh == refresh);
        let Some(person) = inner.people.iter().position(holds) else {
            inner
                .refused
                .extend(refresh.split('-').nth(1).map(|index| index.parse::<usize>().unwrap()));
            return Err(VendorError::GrantWithdrawn);
        };
        let refresh =
            if inner.rotates { inner.token("refresh", person) } else { refresh.to_owned() };
        Ok(inner.grant(person, refresh))
    }

    /// Answers a question about whoever `access` belongs to.
    pub(crate) fn ask<T>(
        &self,
        access: &str,
        answer: impl FnOnce(usize, &Person, Timestamp) -> T,
    ) -> Result<T, VendorError> {
        let inner = self.inner();
        let holds = |person: &Person| {
            let grant = person.grant.as_ref();
            grant.is_some_and(|grant| grant.access == access && grant.access_ends > inner.now)
        };
        let person = inner.people.iter().position(holds).ok_or(VendorError::AccessRefused)?;
        Ok(answer(person, &inner.people[person], inner.now))
    }
}

impl Inner {
    fn token(&mut self, kind: &str, person: usize) -> String {
        self.tokens += 1;
        format!("{kind}-{person}-{}", self.tokens)
    }

    fn grant(&mut self, person: usize, refresh: String) -> Grant {
        let access = self.token("access", person);
        let grant = Grant { access, access_ends: self.now + ACCESS_LIFETIME, refresh };
        self.people[person].grant = Some(grant.clone());
        grant
    }
}

/// Outages of up to three days with days of rest between them, and bad days on which much fails.
fn troubles(dice: &mut Dice, from: Timestamp, to: Timestamp) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut at = from;
    loop {
        at += SignedDuration::from_secs(dice.between(DAY / 2, 6 * DAY));
        let is_outage = dice.per_mille(500);
        let longest = if is_outage { 2 * DAY } else { 3 * DAY };
        let to_trouble = at + SignedDuration::from_secs(dice.between(3_600, longest));
        if to_trouble >= to {
            return troubles;
        }
        let per_mille = if is_outage { 1_000 } else { dice.between(20, 400) };
        troubles.push(Trouble { from: at, to: to_trouble, per_mille });
        at = to_trouble + SignedDuration::from_secs(3 * DAY);
    }
}
