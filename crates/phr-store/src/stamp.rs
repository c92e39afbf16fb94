//! What the database said, for as long as it has not changed.
//!
//! A request of a signed-in person begins by asking the database who that is. Where the database can
//! tell without being asked that nothing was committed since, the answer of last time is still right.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

/// Answers that are kept at most; then all go, and those still wanted come back.
const MOST: usize = 10_000;

/// Stands for one state of the database: equal stamps, equal content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp(pub(crate) [u8; 48]);

/// Answers of the database in one state.
#[derive(Debug)]
pub(crate) struct Said<K, V>(Mutex<Option<(Stamp, HashMap<K, V>)>>);

impl<K, V> Default for Said<K, V> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: Eq + Hash, V: Clone> Said<K, V> {
    /// What was said about `key` in the state that `now` stands for.
    pub(crate) fn about(&self, key: &K, now: &Stamp) -> Option<V> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (stamp, answers) = held.as_ref()?;
        (stamp == now).then(|| answers.get(key).cloned()).flatten()
    }

    /// Keeps an answer that was asked for after `before` was taken: if something was committed
    /// between the two, the stamp is another one by now and the answer is never given out.
    pub(crate) fn keep(&self, key: K, answer: V, before: Stamp) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut().filter(|(stamp, answers)| *stamp == before && answers.len() < MOST) {
            Some((_, answers)) => drop(answers.insert(key, answer)),
            None => *held = Some((before, HashMap::from([(key, answer)]))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLIER: Stamp = Stamp([1; 48]);
    const LATER: Stamp = Stamp([2; 48]);

    #[test]
    fn an_answer_is_given_out_for_its_own_state_only() {
        let said = Said::default();
        said.keep("ada", 1, EARLIER);
        assert_eq!(said.about(&"ada", &EARLIER), Some(1));
        assert_eq!(said.about(&"ada", &LATER), None);
        assert_eq!(said.about(&"eve", &EARLIER), None);
    }

    #[test]
    fn a_new_state_takes_the_place_of_all_that_was_said_before() {
        let said = Said::default();
        said.keep("ada", 1, EARLIER);
        said.keep("eve", 2, LATER);
        assert_eq!(said.about(&"ada", &EARLIER), None);
        assert_eq!(said.about(&"eve", &LATER), Some(2));
    }

    #[test]
    fn room_is_bounded() {
        let said = Said::default();
        for key in 0..3 * MOST {
            said.keep(key, (), EARLIER);
            assert!(said.0.lock().unwrap().as_ref().unwrap().1.len() <= MOST);
        }
    }
}
