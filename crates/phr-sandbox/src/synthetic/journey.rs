//! Who the invented people are, and where they travelled.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Synthetic;
use crate::dice::Dice;
use crate::person::{Life, Person, PersonSummary, Whereabouts};

const NAMES: [(&str, &str); 8] = [
    ("Inés Valdelomar", "ines"),
    ("Jonas Brandhoff", "jonas"),
    ("Mira Castellane", "mira"),
    ("Ruben Achterveld", "ruben"),
    ("Selma Lindqvarn", "selma"),
    ("Tariq Belhassim", "tariq"),
    ("Oona Kestrel", "oona"),
    ("Davi Montenegro", "davi"),
];

const HOMES: [&str; 4] = ["Europe/Madrid", "Europe/Berlin", "America/Chicago", "Asia/Kolkata"];

/// `count` people whose data begins `days_of_history` days before `now`.
pub(crate) fn invent_people(
    seed: u64,
    count: u32,
    days_of_history: u32,
    now: Timestamp,
) -> Vec<Person> {
    let begins = days_before(now, i64::from(days_of_history)).as_microsecond();
    (0..count as usize).map(|index| invent(seed, index, begins, now)).collect()
}

fn invent(seed: u64, index: usize, begins: i64, now: Timestamp) -> Person {
    let (name, handle) = NAMES[index % NAMES.len()];
    let (name, email) = match index / NAMES.len() {
        0 => (name.to_owned(), format!("{handle}@example.com")),
        round => (format!("{name} {}", round + 1), format!("{handle}{}@example.com", round + 1)),
    };
    let home = HOMES[index % HOMES.len()];
    Person {
        index,
        summary: PersonSummary::invent(seed, &name, &email, home),
        device: if index.is_multiple_of(2) { "Charge 6" } else { "Sense 2" },
        whereabouts: journey(index, home, now),
        life: Life::Invented(Synthetic::invent(seed, index)),
        begins,
    }
}

impl Synthetic {
    fn invent(seed: u64, index: usize) -> Self {
        let mut dice = Dice::new(&[seed, 0xB0D7, index as u64]);
        let mut body = Dice::new(&[seed, 0xFA7, index as u64]);
        Self {
            seed: dice.roll(),
            resting: dice.between(51, 64),
            basal: dice.between(9_900, 12_900),
            stride: dice.between(680, 790),
            weight: dice.between(61_000, 84_000) * 1_000,
            fat: body.between(160, 310) * 10,
            height: body.between(1_560, 1_920),
        }
    }
}

/// The first person went round the Pacific 30 to 20 days ago, crossing the date line both ways;
/// the second spent three days in New York within the last fortnight.
fn journey(index: usize, home: &str, now: Timestamp) -> Whereabouts {
    let start = Whereabouts::at_home(zone(home));
    let legs: &[(i64, &str)] = match index {
        0 => &[
            (30, "America/New_York"),
            (28, "America/Los_Angeles"),
            (26, "Asia/Tokyo"),
            (22, "America/Los_Angeles"),
            (20, "Europe/Madrid"),
        ],
        1 => &[(9, "America/New_York"), (6, "Europe/Berlin")],
        _ => &[],
    };
    legs.iter().fold(start, |path, (days, name)| path.then(days_before(now, *days), zone(name)))
}

/// 20:00 UTC some days ago: nobody lands in the middle of a minute.
fn days_before(now: Timestamp, days: i64) -> Timestamp {
    const DAY: i64 = 86_400;
    let midnight = now.as_second().div_euclid(DAY) * DAY;
    let past = Timestamp::from_second(midnight).unwrap_or(now);
    past.saturating_add(SignedDuration::from_hours(20 - 24 * days)).unwrap_or(past)
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(count: u32) -> Vec<Person> {
        invent_people(1, count, 90, "2026-11-22T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn everybody_has_an_address_of_their_own() {
        let mut emails: Vec<String> =
            people(20).into_iter().map(|person| person.summary.email).collect();
        emails.sort();
        emails.dedup();
        assert_eq!(emails.len(), 20);
    }

    #[test]
    fn every_zone_of_the_journeys_exists() {
        let journeys = ["America/New_York", "America/Los_Angeles", "Asia/Tokyo"];
        for name in HOMES.iter().chain(&journeys) {
            assert!(TimeZone::get(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_first_person_lost_a_day_and_got_one_twice() {
        let [traveller] = &people(1)[..] else { panic!("one person") };
        let from = "2026-10-20T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        let to = "2026-11-10T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        let offsets = traveller.whereabouts.offsets(from, to);
        let hours: Vec<i32> =
            (0..21).map(|day| offsets.at(from + day * crate::point::DAY) / 3600).collect();
        assert!(hours.windows(2).any(|pair| pair[1] - pair[0] > 12), "{hours:?}");
        assert!(hours.windows(2).any(|pair| pair[0] - pair[1] > 12), "{hours:?}");
    }
}
