//! Minutes of three levels of activity in one number, so that adding numbers adds each level.

/// Light, moderate, vigorous, as Google names them.
pub(crate) const NAMES: [&str; 3] = ["LIGHT", "MODERATE", "VIGOROUS"];

/// More minutes than a day has.
const ROOM: i64 = 4_096;

/// A minute of the level with this place among the names.
pub(crate) fn minute_of(level: u32) -> i32 {
    i32::try_from(ROOM.pow(level)).unwrap_or(1)
}

/// The minutes of each level that a sum holds.
pub(crate) fn unpacked(sum: i64) -> [i64; 3] {
    [sum % ROOM, sum / ROOM % ROOM, sum / ROOM / ROOM]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_minutes_keep_their_levels_apart() {
        let sum = 700 * i64::from(minute_of(0)) + 30 * i64::from(minute_of(1));
        assert_eq!(unpacked(sum + 1_440 * i64::from(minute_of(2))), [700, 30, 1_440]);
    }
}
