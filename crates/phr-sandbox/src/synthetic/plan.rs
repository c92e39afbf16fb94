//! What an invented person does on one civil day.

use crate::dice::Dice;

/// A civil day's plan; times are minutes after local midnight.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Whether the tracker was worn at all.
    pub(super) worn: bool,
    pub(super) wake: i32,
    /// May lie after midnight (over 1440).
    pub(super) bed: i32,
    /// The tracker is on its charger.
    pub(super) charging: (i32, i32),
    pub(super) outings: Vec<Outing>,
    pub(super) weighs: bool,
    /// From when on and for how many minutes, if at all.
    pub(super) nap: Option<(i32, i32)>,
}

/// A walk or a workout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outing {
    pub(super) from: i32,
    pub(super) to: i32,
    /// Steps a minute.
    pub(super) cadence: i32,
    /// 0 at rest to 1 at the utmost.
    pub(super) effort: f64,
    /// Whether the phone came along and counted too.
    pub(super) phone: bool,
}

impl Plan {
    /// The plan of a day numbered since 1970-01-01.
    pub(super) fn of(seed: u64, day: i64) -> Self {
        let mut dice = Dice::new(&[seed, 0x9147, day.cast_unsigned()]);
        let weekend = matches!((day + 4).rem_euclid(7), 0 | 6);
        let wake = if weekend { dice.between(470, 560) } else { dice.between(385, 425) };
        let bed = dice.between(1350, if weekend { 1490 } else { 1425 });
        let charged = dice.between(1200, 1260);
        // Dice of its own, so that everything else stays as it was before there were naps.
        let mut naps = Dice::new(&[seed, 0x0A9, day.cast_unsigned()]);
        let nap =
            (weekend && naps.chance(0.4)).then(|| (naps.between(830, 900), naps.between(25, 55)));
        Self {
            nap,
            worn: !dice.chance(1.0 / 36.0),
            wake,
            bed,
            charging: (charged, charged + dice.between(25, 70)),
            outings: outings(&mut dice, weekend, wake),
            weighs: dice.chance(0.8),
        }
    }

    pub(super) fn outing_at(&self, minute: i32) -> Option<&Outing> {
        self.outings.iter().find(|outing| (outing.from..outing.to).contains(&minute))
    }

    pub(super) fn is_charging(&self, minute: i32) -> bool {
        (self.charging.0..self.charging.1).contains(&minute)
    }
}

fn outings(dice: &mut Dice, weekend: bool, wake: i32) -> Vec<Outing> {
    let mut outings = Vec::new();
    let mut walk = |dice: &mut Dice, from: i32, minutes: i32| {
        let from = from + dice.between(-8, 8);
        let (to, cadence) = (from + minutes + dice.between(-3, 3), dice.between(96, 116));
        outings.push(Outing { from, to, cadence, effort: 0.28, phone: dice.chance(0.8) });
    };
    if weekend {
        walk(dice, 660, 75);
    } else {
        walk(dice, wake + 60, 22);
        walk(dice, 755, 16);
        walk(dice, 1070, 24);
    }
    if dice.chance(0.45) {
        let from = if weekend { 1000 } else { 1125 } + dice.between(0, 15);
        let (to, cadence) = (from + dice.between(32, 52), dice.between(148, 168));
        outings.push(Outing { from, to, cadence, effort: 0.8, phone: dice.chance(0.3) });
    }
    outings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year() -> Vec<Plan> {
        (20_000..20_365).map(|day| Plan::of(1, day)).collect()
    }

    #[test]
    fn a_year_has_days_without_the_tracker_but_not_many() {
        let off = year().iter().filter(|plan| !plan.worn).count();
        assert!((3..30).contains(&off), "{off}");
    }

    #[test]
    fn nobody_is_on_the_way_while_asleep() {
        for plan in year() {
            for outing in &plan.outings {
                assert!(plan.wake <= outing.from && outing.to <= plan.bed, "{plan:?}");
            }
        }
    }
}
