//! Which requests a fault befalls.

use super::{Fault, FaultKind};
use crate::data_type::DataType;
use crate::dice::Dice;

/// A request as faults see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) path: &'a str,
    pub(crate) data_type: Option<DataType>,
    pub(crate) person: Option<&'a str>,
}

/// The faults in force and how often each was met.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    seed: u64,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    met: u32,
    hit: u32,
}

impl Faults {
    pub(crate) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        let mut all = Self { rules: Vec::new(), seed };
        for fault in faults {
            all.inject(fault);
        }
        all
    }

    pub(crate) fn inject(&mut self, fault: Fault) {
        self.rules.push(Rule { fault, met: 0, hit: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn in_force(&self) -> Vec<Fault> {
        self.rules.iter().map(|rule| rule.fault.clone()).collect()
    }

    /// The faults that befall a request; counts it.
    pub(crate) fn befalling(&mut self, occasion: &Occasion<'_>) -> Vec<Fault> {
        let seed = self.seed;
        let befalling = self.rules.iter_mut().enumerate().filter_map(|(index, rule)| {
            rule.meets(occasion, seed, index as u64).then(|| rule.fault.clone())
        });
        befalling.collect()
    }
}

impl Rule {
    fn meets(&mut self, occasion: &Occasion<'_>, seed: u64, index: u64) -> bool {
        let spent = self.fault.times.is_some_and(|times| self.hit >= times);
        if spent || !self.fault.matches(occasion) {
            return false;
        }
        self.met += 1;
        let Some(turn) = self.met.checked_sub(self.fault.after.unwrap_or(0) + 1) else {
            return false;
        };
        let due = turn.is_multiple_of(self.fault.every.unwrap_or(1).max(1));
        let mut dice = Dice::new(&[seed, index, u64::from(self.met)]);
        let hit = due && dice.chance(self.fault.probability.unwrap_or(1.0));
        self.hit += u32::from(hit);
        hit
    }
}

impl Fault {
    fn matches(&self, occasion: &Occasion<'_>) -> bool {
        let place = if of_token_endpoint(self.kind) {
            matches!(occasion.path, "/token" | "/oauth2/token")
        } else {
            match &self.path {
                Some(part) => occasion.path.contains(part.as_str()),
                None => ["/v4/", "/1/", "/1.2/"].iter().any(|api| occasion.path.starts_with(api)),
            }
        };
        place
            && self.data_type.is_none_or(|wanted| occasion.data_type == Some(wanted))
            && self.person.as_deref().is_none_or(|wanted| occasion.person == Some(wanted))
    }
}

fn of_token_endpoint(kind: FaultKind) -> bool {
    use FaultKind::{InvalidClient, InvalidGrant, LostToken, RefreshConflict};
    matches!(kind, InvalidClient | InvalidGrant | LostToken | RefreshConflict)
}
