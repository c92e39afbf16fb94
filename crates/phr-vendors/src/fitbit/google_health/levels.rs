//! Minutes by level of activity: one point tells of up to three levels. On their way they are packed
//! into one number, so that a point stays a point.

use phr_model::{Part, Sample};
use serde::Deserialize;

use super::json::{Listed, Maybe, Number};

/// A level of a point, or of a roll-up.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are Google's")]
pub(super) struct Level {
    activity_level: Maybe<String>,
    active_minutes: Maybe<Number>,
    active_minutes_sum: Maybe<Number>,
}

/// The levels with Google's names for them.
const LEVELS: [(&str, Part); 3] = [
    ("LIGHT", Part::LightActivity),
    ("MODERATE", Part::ModerateActivity),
    ("VIGOROUS", Part::VigorousActivity),
];
/// Minutes of a level that have room: more than any point is long.
const ROOM: i64 = 1 << 20;
/// Base units in a minute.
const MINUTE: i64 = 100;

/// Minutes of each level, light first. Levels that are not known are left out.
pub(super) fn minutes(levels: &Listed<Level>) -> [i64; 3] {
    LEVELS.map(|(name, _)| {
        let of_name = |level: &&Level| level.activity_level.0.as_deref() == Some(name);
        let of_level = levels.0.iter().filter(of_name);
        let minutes = of_level
            .filter_map(|level| level.active_minutes.0.or(level.active_minutes_sum.0)?.to_base(1));
        minutes.fold(0, i64::saturating_add).clamp(0, ROOM - 1)
    })
}

/// All levels in one number.
pub(super) fn packed(levels: &Listed<Level>) -> i64 {
    minutes(levels).into_iter().rev().fold(0, |packed, minutes| packed * ROOM + minutes)
}

/// A sample for each level that a packed one tells of.
pub(super) fn unpacked(sample: Sample) -> impl Iterator<Item = Sample> {
    let minutes = [sample.value % ROOM, sample.value / ROOM % ROOM, sample.value / ROOM / ROOM];
    let of_levels = LEVELS.into_iter().zip(minutes).filter(|(_, minutes)| *minutes > 0);
    of_levels
        .map(move |((_, part), minutes)| Sample { value: part.value(minutes * MINUTE), ..sample })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fitbit::google_health::json::read;

    #[test]
    fn levels_survive_being_packed_and_unknown_ones_are_left_out() {
        let json = r#"[{"activityLevel":"VIGOROUS","activeMinutes":"3"},
            {"activityLevel":"LIGHT","activeMinutes":40},
            {"activityLevel":"HEROIC","activeMinutes":"9"}, 7]"#;
        let levels = read::<Listed<Level>>(json.as_bytes()).unwrap();
        assert_eq!(minutes(&levels), [40, 0, 3]);
        let at = "2026-11-20T08:00:00Z".parse().unwrap();
        let sample = Sample { at, seconds: 3_600, offset_seconds: 0, value: packed(&levels) };
        let values: Vec<i64> = unpacked(sample).map(|sample| sample.value).collect();
        let expected = [Part::LightActivity.value(4_000), Part::VigorousActivity.value(300)];
        assert_eq!(values, expected);
    }
}
