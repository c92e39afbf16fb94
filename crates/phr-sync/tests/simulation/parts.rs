//! What samples of parted metrics are made up of: levels of activity, the stages of a night, what a
//! workout took.

use jiff::SignedDuration;
use phr_model::{Metric, Part, Sample};

use crate::dice::Dice;

const MINUTE: i64 = 60;
/// Base units in a minute.
const BASE: i64 = 100;

/// Makes `sample` one of the whole, if `metric` is parted; returns those of its parts.
pub(crate) fn of(dice: &mut Dice, metric: Metric, sample: &mut Sample) -> Vec<Sample> {
    match metric {
        Metric::ActiveMinutes => levels(dice, sample),
        Metric::Sleep => night(dice, sample),
        Metric::Exercise => workout(dice, sample),
        _ => Vec::new(),
    }
}

/// There is no whole but what the levels come to.
fn levels(dice: &mut Dice, sample: &mut Sample) -> Vec<Sample> {
    sample.seconds = 3_600;
    let mut amount = |part: Part| part.value(dice.between(1, 60 * BASE));
    sample.value = amount(Part::LightActivity);
    let others = [Part::ModerateActivity, Part::VigorousActivity];
    others.map(|part| Sample { value: amount(part), ..*sample }).into()
}

/// A night is its stages, one after the other.
fn night(dice: &mut Dice, sample: &mut Sample) -> Vec<Sample> {
    const STAGES: [(Part, Part); 4] = [
        (Part::StageLight, Part::LightSleep),
        (Part::StageDeep, Part::DeepSleep),
        (Part::StageRem, Part::RemSleep),
        (Part::StageAwake, Part::Awake),
    ];
    let mut at = sample.at;
    let (mut stretches, mut totals) = (Vec::new(), [0; 4]);
    for _ in 0..dice.between(4, 12) {
        let (stage, minutes) = (dice.index(STAGES.len()), dice.between(1, 60));
        let seconds = u32::try_from(minutes * MINUTE).unwrap();
        let value = STAGES[stage].0.value(minutes * BASE);
        stretches.push(Sample { at, seconds, value, ..*sample });
        totals[stage] += minutes * BASE;
        at += SignedDuration::from_mins(minutes);
    }
    sample.seconds = u32::try_from(at.duration_since(sample.at).as_secs()).unwrap();
    sample.value = Part::whole(totals[..3].iter().sum());
    let whole = *sample;
    let of_stage = |((_, part), amount): ((Part, Part), i64)| (part, amount);
    let told = STAGES.into_iter().zip(totals).map(of_stage).filter(|(_, amount)| *amount > 0);
    let told = told.map(|(part, amount)| Sample { value: part.value(amount), ..whole });
    told.chain(stretches).collect()
}

fn workout(dice: &mut Dice, sample: &mut Sample) -> Vec<Sample> {
    let minutes = dice.between(10, 120);
    sample.seconds = u32::try_from(minutes * MINUTE).unwrap();
    sample.value = Part::whole(minutes * BASE);
    let parts = [
        (Part::Energy, dice.between(50_000, 900_000)),
        (Part::Distance, dice.between(500_000, 20_000_000)),
        (Part::MeanHeartRate, dice.between(900, 1_800)),
        (Part::ExerciseType, dice.between(0, 9)),
    ];
    parts.map(|(part, amount)| Sample { value: part.value(amount), ..*sample }).into()
}
