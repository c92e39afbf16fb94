//! What there is to tell: a collection changed on a local date, never a value.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Value, json};

use super::Subscription;
use crate::data_type::DataType;
use crate::person::{Person, date_of_day};
use crate::point::DAY;
use crate::sessions::PROCESSING;
use crate::world::World;

/// A change that somebody may want to hear of.
#[derive(Debug, Clone)]
pub(super) struct News {
    pub(super) person: usize,
    collection: &'static str,
    /// Microseconds.
    span: Range<i64>,
    /// Not told before this instant (microseconds).
    ripe_at: i64,
}

/// The data types by whose growth each collection is noticed.
const GROWING: [DataType; 6] = [
    DataType::Steps,
    DataType::Exercise,
    DataType::Weight,
    DataType::BodyFat,
    DataType::DailyOxygenSaturation,
    DataType::Sleep,
];

/// There is no collection of heart rate: a sync of the tracker is told as activities.
fn collection_of(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Weight | DataType::BodyFat | DataType::Height => "body",
        DataType::Sleep
        | DataType::OxygenSaturation
        | DataType::DailyOxygenSaturation
        | DataType::DailyHeartRateVariability
        | DataType::DailyRespiratoryRate
        | DataType::DailySleepTemperature => "sleep",
        _ => "activities",
    }
}

/// How long after its end something can be read: a night is summed up first.
fn delay_of(data_type: DataType) -> i64 {
    if data_type == DataType::Sleep { PROCESSING } else { 0 }
}

/// Ordered, so that each day of a subscription is told once.
type Items = BTreeSet<(String, i64, &'static str, usize)>;

impl World {
    /// Notes a change of the data, for those who subscribed.
    pub(crate) fn tell_subscriptions(
        &self,
        person: &Person,
        data_type: DataType,
        span: Range<i64>,
        ripe_at: i64,
    ) {
        let collection = collection_of(data_type);
        let ripe_at = match delay_of(data_type) {
            0 => ripe_at,
            delay => ripe_at.max(span.end.saturating_add(delay)),
        };
        let news = News { person: person.index, collection, span, ripe_at };
        let mut state = self.web_api();
        if state.subscriptions.rows.iter().any(|row| row.person == person.index) {
            state.subscriptions.news.push(news);
        }
    }

    /// The person ended the grant: one message, and the subscriptions are gone.
    pub(in crate::web_api) fn tell_end_of_grant(&self, person: usize) {
        let date = self.today_of(person);
        let mut state = self.web_api();
        let told = state
            .subscriptions
            .rows
            .iter()
            .any(|row| row.person == person && row.covers("userRevokedAccess"));
        if let (true, Some(owner)) = (told, self.person_at(person)) {
            state.subscriptions.items.push(json!({
                "collectionType": "userRevokedAccess",
                "date": date,
                "ownerId": owner.summary.legacy_user_id,
                "ownerType": "user",
            }));
        }
        state.subscriptions.forget(person);
    }

    /// The account was deleted: one message for each subscription.
    pub(in crate::web_api) fn tell_end_of_account(&self, person: usize) {
        let date = self.today_of(person);
        let Some(owner) = self.person_at(person) else { return };
        let mut state = self.web_api();
        let rows = state.subscriptions.rows.iter().filter(|row| row.person == person);
        let items = rows.map(|row| {
            json!({
                "collectionType": "deleteUser",
                "date": date,
                "ownerId": owner.summary.legacy_user_id,
                "ownerType": "user",
                "subscriptionId": row.id,
            })
        });
        let items: Vec<Value> = items.collect();
        state.subscriptions.items.extend(items);
        state.subscriptions.forget(person);
    }

    fn today_of(&self, person: usize) -> Option<jiff::civil::Date> {
        let day = |person| super::super::dates::today(person, self.now_micros());
        self.person_at(person).map(day).map(date_of_day)
    }

    /// Everything that is to be told now, in items of notifications.
    pub(super) fn fresh_items(&self) -> Vec<Value> {
        let rows = self.web_api().subscriptions.rows.clone();
        let mut news = self.growth_of_subscribed(&rows);
        let mut state = self.web_api();
        let now = self.now_micros();
        let (ripe, green) =
            state.subscriptions.news.drain(..).partition(|news| news.ripe_at <= now);
        state.subscriptions.news = green;
        let ends = std::mem::take(&mut state.subscriptions.items);
        drop(state);
        let ripe: Vec<News> = ripe;
        news.extend(ripe);
        let mut items = Items::new();
        for news in &news {
            for row in rows.iter().filter(|row| row.person == news.person) {
                if row.covers(news.collection) {
                    items.extend(
                        self.days_of(news)
                            .map(|day| (row.id.clone(), day, news.collection, row.person)),
                    );
                }
            }
        }
        items.into_iter().filter_map(|item| self.item(item)).chain(ends).collect()
    }

    /// The local dates that a change touches.
    fn days_of(&self, news: &News) -> Range<i64> {
        let Some(person) = self.person_at(news.person) else { return 0..0 };
        let last = news.span.end.max(news.span.start + 1) - 1;
        let offsets = person.whereabouts.offsets(news.span.start, last);
        let day = |at| offsets.civil(at).div_euclid(DAY);
        day(news.span.start)..day(last) + 1
    }

    fn item(&self, (id, day, collection, person): (String, i64, &str, usize)) -> Option<Value> {
        Some(json!({
            "collectionType": collection,
            "date": date_of_day(day),
            "ownerId": self.person_at(person)?.summary.legacy_user_id,
            "ownerType": "user",
            "subscriptionId": id,
        }))
    }

    /// What has been recorded since the last time, of everybody who is subscribed.
    fn growth_of_subscribed(&self, rows: &[Subscription]) -> Vec<News> {
        let now = self.now_micros();
        let mut news = Vec::new();
        for data_type in GROWING {
            let collection = collection_of(data_type);
            let interested = rows.iter().filter(|row| row.covers(collection));
            let people: BTreeSet<usize> = interested.map(|row| row.person).collect();
            for person in people.iter().filter_map(|index| self.person_at(*index)) {
                let since = rows.iter().filter(|row| row.person == person.index);
                let since = since.map(|row| row.since.as_microsecond()).min().unwrap_or(now);
                let key = (person.index, data_type);
                let told = self.web_api().subscriptions.told_until.insert(key, now);
                let from = told.unwrap_or(since);
                let delay = delay_of(data_type);
                let time = from - delay..now - delay;
                news.extend(self.grown(person, data_type, time).map(|span| News {
                    person: person.index,
                    collection,
                    span,
                    ripe_at: now,
                }));
            }
        }
        news
    }
}
