//! What happened minute by minute, and every heartbeat that was recorded (pages "Intraday"). A request
//! is about one day. Slots have the time that the clock on the wall showed and nothing else.

use jiff::civil::Date;
use phr_model::{DateRange, Offsets, Sample, WallClock};
use serde::de::IgnoredAny;

use super::{
    answer::{Answer, Row, Slot},
    asking::{Asking, Topic},
    heart::PLACE,
    series::Series,
};
use crate::{error::VendorError, vendor::DayReading};

pub(super) const MINUTE: u32 = 60;

impl Series {
    /// The minutes of `days`. Minutes in which nothing happened fill the grid and are no samples.
    pub(super) async fn read_days(
        &'static self,
        asking: Asking<'_>,
        days: DateRange,
        offsets: &Offsets,
    ) -> Result<Vec<DayReading>, VendorError> {
        let (mut readings, mut total) = (Vec::new(), 0_i64);
        for date in days.days() {
            let answer = self.day(asking, date).await?;
            let head = self.head(date, &answer.rows)?;
            let slots = match answer.slots {
                Some(slots) => slots,
                // A total that has no parts: the application may not read them.
                None if head > 0 => return Err(VendorError::Unreadable),
                None if answer.rows.is_empty() => return Err(asking.silence()),
                None => Vec::new(),
            };
            total = total.saturating_add(head.max(sum(&slots)));
            readings.push(DayReading { date, samples: samples(date, &slots, MINUTE, offsets) });
        }
        if total > 0 && self.has_units() {
            self.check_units(asking, days, total).await?;
        }
        Ok(readings)
    }

    async fn day(&self, asking: Asking<'_>, date: Date) -> Result<Answer<Row>, VendorError> {
        let topic = Topic { endpoint: "activity intraday", data_type: self.name };
        let path = format!("activities/{}/date/{date}/1d/1min.json", self.name);
        asking.rooted(topic, &path, self.place()).await
    }
}

/// Every heartbeat rate of `days`; times without a reading are left out by the vendor.
pub(super) async fn read_heart_rate(
    asking: Asking<'_>,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<DayReading>, VendorError> {
    let mut readings = Vec::new();
    for date in days.days() {
        let topic = Topic { endpoint: "heart intraday", data_type: "heart-rate" };
        let path = format!("activities/heart/date/{date}/1d/1sec.json");
        let answer: Answer<IgnoredAny> = asking.rooted(topic, &path, PLACE).await?;
        // Missing where the device has no sensor, the application no right, or the day no data.
        let slots = answer.slots.ok_or(VendorError::NothingSaid)?;
        readings.push(DayReading { date, samples: samples(date, &slots, 0, offsets) });
    }
    Ok(readings)
}

fn sum(slots: &[Slot]) -> i64 {
    slots.iter().map(|slot| slot.value).fold(0, i64::saturating_add)
}

/// Slots of `seconds` each as samples, in order of time. Their order tells which pass of a repeated
/// hour they belong to, so empty ones are looked at too.
pub(super) fn samples(date: Date, slots: &[Slot], seconds: u32, offsets: &Offsets) -> Vec<Sample> {
    let mut clock = WallClock::new(offsets, DateRange::day(date));
    let mut samples: Vec<Sample> = slots
        .iter()
        .filter_map(|slot| {
            let (at, offset) = clock.tell(date.to_datetime(slot.time));
            let offset_seconds = offset.seconds();
            let sample = Sample { at, seconds, offset_seconds, value: slot.value };
            (slot.value > 0).then_some(sample)
        })
        .collect();
    samples.sort_unstable();
    samples
}

#[cfg(test)]
mod tests {
    use jiff::{
        civil::{date, time},
        tz::TimeZone,
    };

    use super::*;

    #[test]
    fn a_repeated_hour_stays_two_hours_even_if_the_first_was_idle() {
        let madrid = Offsets::new(TimeZone::get("Europe/Madrid").unwrap(), []);
        let slot = |hour, value| Slot { time: time(hour, 0, 0, 0), value };
        let slots = [slot(1, 5), slot(2, 0), slot(2, 7), slot(3, 9)];
        let slots = [&slots[..2], &[Slot { time: time(2, 59, 0, 0), value: 0 }], &slots[2..]];
        let samples = samples(date(2026, 10, 25), &slots.concat(), 60, &madrid);
        let told: Vec<_> = samples.iter().map(|it| (it.at.to_string(), it.value)).collect();
        assert_eq!(
            told,
            [
                ("2026-10-24T23:00:00Z".to_owned(), 5),
                ("2026-10-25T01:00:00Z".to_owned(), 7),
                ("2026-10-25T02:00:00Z".to_owned(), 9),
            ]
        );
    }
}
