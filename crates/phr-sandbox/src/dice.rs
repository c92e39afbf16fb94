//! Deterministic chance: numbers that follow from a few integers and nothing else.
//!
//! Any minute of any person's life can be invented without inventing the minutes before it.

/// SplitMix64, seeded by mixing its parts.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(parts: &[u64]) -> Self {
        Self(parts.iter().fold(0x9E37_79B9_7F4A_7C15, |state, part| mix(state ^ mix(*part))))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0 to 1, 1 excluded.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.small()) / f64::from(u32::MAX).next_up()
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = u64::from(high.abs_diff(low)) + 1;
        let offset = (u64::from(self.small()) * width) >> 32;
        low.saturating_add_unsigned(u32::try_from(offset).unwrap_or(0))
    }

    fn small(&mut self) -> u32 {
        u32::try_from(self.roll() >> 32).unwrap_or(u32::MAX)
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_always_fall_the_same() {
        let rolls = |parts: &[u64]| {
            let mut dice = Dice::new(parts);
            (0..4).map(|_| dice.between(1, 6)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(&[1, 2]), rolls(&[1, 2]));
        assert_ne!(Dice::new(&[1, 2]).roll(), Dice::new(&[2, 1]).roll());
    }

    #[test]
    fn both_ends_of_a_range_occur_and_nothing_outside() {
        let mut dice = Dice::new(&[7]);
        let rolls: Vec<i32> = (0..500).map(|_| dice.between(-1, 2)).collect();
        assert_eq!((rolls.iter().min(), rolls.iter().max()), (Some(&-1), Some(&2)));
    }
}
