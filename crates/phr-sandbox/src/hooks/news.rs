//! What there is to tell, and how Google words it.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde_json::{Value, json};

use crate::data_type::{DataType, Kind};
use crate::person::{Person, civil_date, instant};
use crate::point::{Family, MINUTE};
use crate::timeline::{LONGEST, Timeline};
use crate::world::World;

/// Types that notify, of those emulated (page "Webhooks").
pub(super) const NOTIFYING: [DataType; 15] = [
    DataType::HeartRate,
    DataType::DailyRestingHeartRate,
    DataType::DailyOxygenSaturation,
    DataType::Weight,
    DataType::Steps,
    DataType::Distance,
    DataType::TotalCalories,
    DataType::Floors,
    DataType::BodyFat,
    DataType::Height,
    DataType::DailyHeartRateVariability,
    DataType::DailyRespiratoryRate,
    DataType::DailySleepTemperature,
    DataType::Sleep,
    DataType::Exercise,
];

/// A change that somebody may want to hear of.
#[derive(Debug, Clone)]
pub(super) struct News {
    pub(super) person: usize,
    pub(super) data_type: DataType,
    pub(super) operation: &'static str,
    /// Microseconds; none when the whole account is concerned.
    span: Option<Range<i64>>,
    /// Not told before this instant (microseconds).
    pub(super) ripe_at: i64,
}

impl World {
    /// Something of a person's data was changed or added.
    pub(crate) fn tell_change(&self, person: &Person, data_type: DataType, span: Range<i64>) {
        self.tell(person, data_type, "UPSERT", Some(span), self.now_micros());
    }

    /// Something of a person's data was deleted.
    pub(crate) fn tell_deletion(&self, person: &Person, data_type: DataType, span: Range<i64>) {
        self.tell(person, data_type, "DELETE", Some(span), self.now_micros());
    }

    /// Data of the past that arrives only at `until`.
    pub(crate) fn tell_later(
        &self,
        person: &Person,
        data_type: DataType,
        span: Range<i64>,
        until: i64,
    ) {
        self.tell(person, data_type, "UPSERT", Some(span), until);
    }

    /// The vendor's figure of a day was changed.
    pub(crate) fn tell_day(&self, person: &Person, data_type: DataType, date: Date) {
        if let Some(start) = person.whereabouts.instant(date.at(0, 0, 0, 0)) {
            let start = start.as_microsecond();
            self.tell_change(person, data_type, start..start + MINUTE);
        }
    }

    /// The person withdrew the consent: all that was shared is to be forgotten.
    pub(crate) fn tell_revocation(&self, person: &Person) {
        for data_type in NOTIFYING {
            self.tell(person, data_type, "DELETE", None, self.now_micros());
        }
    }

    fn tell(
        &self,
        person: &Person,
        data_type: DataType,
        operation: &'static str,
        span: Option<Range<i64>>,
        ripe_at: i64,
    ) {
        if let Some(span) = &span {
            self.tell_subscriptions(person, data_type, span.clone(), ripe_at);
        }
        let person = person.index;
        self.webhooks().news.push(News { person, data_type, operation, span, ripe_at });
    }

    /// What has been recorded since the last time, of everybody who consented.
    pub(super) fn growth(&self, subscribed: Timestamp) -> Vec<News> {
        let now = self.now_micros();
        let mut news = Vec::new();
        for person in self.residents() {
            for data_type in NOTIFYING.into_iter().filter(|of| self.shares(person.index, *of)) {
                let from = self.told_from(subscribed, person.index, data_type);
                let span = self.grown(person, data_type, from..now);
                news.extend(span.map(|span| News {
                    person: person.index,
                    data_type,
                    operation: "UPSERT",
                    span: Some(span),
                    ripe_at: now,
                }));
                self.webhooks().told_until.insert((person.index, data_type), now);
            }
        }
        news
    }

    /// Whether the person lets the client read this type.
    pub(super) fn shares(&self, person: usize, data_type: DataType) -> bool {
        let accounts = self.accounts();
        let consent = accounts.consent(person);
        consent.is_some_and(|scopes| scopes.reads(data_type.scope_family()))
    }

    /// What of a type became known within `time`, from its first instant to its last.
    pub(crate) fn grown(
        &self,
        person: &Person,
        data_type: DataType,
        time: Range<i64>,
    ) -> Option<Range<i64>> {
        if data_type.kind() == Kind::Daily {
            return dawned(person, &time);
        }
        let mut span: Option<Range<i64>> = None;
        // An interval that was still running then has ended by now.
        let longest = if data_type.kind() == Kind::Session { LONGEST } else { MINUTE };
        let reached = time.start - longest..time.end;
        Timeline::listed(self, person, data_type, Family::All).visit(&reached, |point| {
            if point.end() > time.start && point.end() <= time.end {
                let start = span.as_ref().map_or(point.at, |span| span.start.min(point.at));
                span = Some(start..point.end());
            }
        });
        span
    }
}

/// The night before a morning is summed up when it is over.
fn dawned(person: &Person, time: &Range<i64>) -> Option<Range<i64>> {
    let civil = |micros| person.whereabouts.offsets(micros, micros).civil(micros);
    let date = civil_date(civil(time.end));
    let (known_at, _) = person.morning(date)?;
    time.contains(&known_at).then_some(known_at..known_at + MINUTE)
}

impl News {
    /// Whether the person withdrew everything: told although nothing is shared any more.
    pub(super) fn is_an_end(&self) -> bool {
        self.span.is_none()
    }

    /// The notification, without any measurement.
    pub(super) fn item(&self, person: &Person) -> Value {
        let mut data = json!({
            "version": "1",
            "clientProvidedSubscriptionName": "5b0d6c9e-64f1-4d0e-8a57-1f5a3d0c7a11",
            "healthUserId": person.summary.health_user_id,
            "operation": self.operation,
            "dataType": self.data_type.id(),
        });
        if let Some(span) = &self.span {
            data["intervals"] = json!([interval(person, span)]);
        }
        json!({ "data": data })
    }
}

fn interval(person: &Person, span: &Range<i64>) -> Value {
    let offsets = person.whereabouts.offsets(span.start, span.end);
    let civil = |at: i64| {
        let offset = Offset::from_seconds(offsets.at(at)).unwrap_or(Offset::UTC);
        offset.to_datetime(instant(at))
    };
    let (start, end) = (civil(span.start), civil(span.end));
    json!({
        "physicalTimeInterval": { "startTime": instant(span.start), "endTime": instant(span.end) },
        "civilDateTimeInterval": { "startDateTime": parts(start), "endDateTime": parts(end) },
        "civilIso8601TimeInterval": { "startTime": start, "endTime": end },
    })
}

/// `google.type.DateTime` as Google prints it: members that are zero are missing.
fn parts(civil: DateTime) -> Value {
    let mut time = json!({});
    let members =
        [("hours", civil.hour()), ("minutes", civil.minute()), ("seconds", civil.second())];
    for (name, value) in members.into_iter().filter(|(_, value)| *value != 0) {
        time[name] = json!(value);
    }
    let date = json!({ "year": civil.year(), "month": civil.month(), "day": civil.day() });
    json!({ "date": date, "time": time })
}
