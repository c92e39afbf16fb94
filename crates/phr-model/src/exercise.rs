//! Kinds of workouts. Samples and Observations hold the place in the list, so it only grows at its end.

/// What people call each kind (Google's `exerciseType`, discovery document of 2026-10-30).
#[rustfmt::skip]
pub const KINDS: [&str; 181] = [
    "other", "aerobic workout", "archery", "assault bike", "backpacking", "badminton", "ballet",
    "ballroom dance", "barre class", "baseball", "basketball", "biking", "billiards",
    "body weight", "bootcamp", "bowling", "boxing", "breakdancing", "calisthenics", "canoeing",
    "cardio sculpt", "cardio workout", "carpentry", "cheerleading", "circuit training",
    "cleaning", "climbing", "core training", "cricket", "croquet", "cross country ski",
    "cross training", "crossfit", "curling", "dancing", "diving", "electric bike",
    "electric scooter", "elliptical", "equestrian sports", "exercise class", "fencing",
    "field hockey", "fishing", "fitness gaming", "foiling", "football american",
    "football australian", "free weights", "frisbee playing general",
    "functional strength training", "gardening", "golf", "gymnastics", "handball",
    "hand cycling", "hiit", "hiking", "hip hop", "hockey", "hoeing", "household chores",
    "hunting", "ice skating", "incline run", "incline walk", "indoor climbing",
    "interval workout", "jazz dance", "jiu jitsu", "jumping rope", "karate", "kayaking",
    "kickboxing", "kitesurfing", "lacrosse", "martial arts", "meditate", "modern dance",
    "motocross", "motorcycle", "mountain bike", "mowing lawn", "muay thai", "multisport",
    "musical performance", "nordic walking", "orienteering", "outdoor bike", "outdoor workout",
    "paddleboarding", "padel", "painting", "paragliding", "parkour", "pickelball", "pilates",
    "polo", "powerlifting", "power walking", "racket sports", "racquetball", "resistance bands",
    "rock climbing", "rollerblading", "roller skating", "rowing", "rowing machine", "rucking",
    "rugby", "running", "sailing", "scootering", "scuba diving", "shooting", "shoveling",
    "skateboarding", "skating", "skiing", "skydiving", "snorkeling", "snowboarding",
    "snowmobiling", "snowshoeing", "snow sport", "soccer", "softball", "speed skating",
    "spinning", "sport", "squash", "stairclimber", "stationary bike", "step training",
    "strength training", "stretching", "stroller walk", "surfing", "swimming",
    "swimming open water", "swimming pool", "synchronized swimming", "tabata workout",
    "table tennis", "taekwondo", "tai chi", "tango", "tennis", "track and field", "trail run",
    "trampoline", "treadmill", "treadmill walk", "trx", "ultimate frisbee", "unicycling",
    "volleyball", "volleyball beach", "wakeboarding", "walking", "walk with weights",
    "water aerobics", "water jogging", "water polo", "water skiing", "water sport",
    "water volleyball", "weeding", "weightlifting", "weight machines", "weights", "wheelchair",
    "windsurfing", "workout", "wrestling", "yoga", "yoga bikram", "yoga hatha", "yoga power",
    "yoga vinyasa", "zumba",
];

/// The place of `name` (`running`, `RUNNING`); that of `other` if it is not in the list.
pub fn place(name: &str) -> i64 {
    let name = name.to_ascii_lowercase().replace('_', " ");
    let place = KINDS.iter().position(|kind| *kind == name).unwrap_or(0);
    i64::try_from(place).unwrap_or(0)
}

/// The kind at `place`.
pub fn name(place: i64) -> &'static str {
    let place = usize::try_from(place).unwrap_or(0);
    KINDS.get(place).copied().unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_in_either_spelling_and_an_unknown_one_is_other() {
        assert_eq!(name(place("RUNNING")), "running");
        assert_eq!(name(place("STRENGTH_TRAINING")), "strength training");
        assert_eq!((name(place("QUIDDITCH")), name(9_999), name(-1)), ("other", "other", "other"));
    }

    #[test]
    fn no_kind_is_there_twice() {
        let mut kinds = KINDS.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), KINDS.len());
    }
}
