//! What happens in each minute of an invented life.

use std::collections::HashMap;

use super::plan::Plan;
use super::{Synthetic, epoch_minute};
use crate::dice::Dice;
use crate::person::Offsets;
use crate::point::MINUTE;

/// One minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) worn: bool,
    pub(super) asleep: bool,
    /// Steps actually taken, whoever counted them.
    pub(super) steps: i32,
    /// Whether the phone was carried.
    pub(super) phone: bool,
    /// 0 at rest to 1 at the utmost.
    pub(super) effort: f64,
}

/// Invents minutes in order, keeping the plans of the civil days it meets.
pub(super) struct Minutes<'a> {
    life: &'a Synthetic,
    offsets: &'a Offsets,
    plans: HashMap<i64, Plan>,
}

impl<'a> Minutes<'a> {
    pub(super) fn new(life: &'a Synthetic, offsets: &'a Offsets) -> Self {
        Self { life, offsets, plans: HashMap::new() }
    }

    /// The minute that starts at `start` (microseconds).
    pub(super) fn at(&mut self, start: i64) -> Moment {
        let local = epoch_minute(self.offsets.civil(start));
        let day = local.div_euclid(1440);
        let minute = i32::try_from(local.rem_euclid(1440)).unwrap_or(0);
        let yesterday_bed = self.plan(day - 1).bed;
        let plan = self.plan(day);
        let up_late = minute + 1440 < yesterday_bed;
        let asleep = !up_late && (minute < plan.wake || minute >= plan.bed);
        let worn = plan.worn && !plan.is_charging(minute);
        let still = Moment { worn, asleep, steps: 0, phone: false, effort: 0.0 };
        if asleep {
            return still;
        }
        let outing = plan.outing_at(minute).copied();
        let mut dice = Dice::new(&[self.life.seed, 0x517E, (start / MINUTE).cast_unsigned()]);
        match outing {
            Some(outing) if dice.chance(0.93) => Moment {
                steps: outing.cadence + dice.between(-9, 9),
                phone: outing.phone,
                effort: outing.effort,
                ..still
            },
            Some(outing) => Moment { phone: outing.phone, effort: outing.effort * 0.6, ..still },
            None if dice.chance(0.13) => {
                Moment { steps: dice.between(4, 46), effort: 0.12, ..still }
            }
            None => Moment { effort: 0.05, ..still },
        }
    }

    fn plan(&mut self, day: i64) -> &Plan {
        self.plans.entry(day).or_insert_with(|| Plan::of(self.life.seed, day))
    }
}
