//! Subscriptions (page "Using Subscriptions"): who wants to hear of what, and telling them.
//!
//! Nothing is sent by itself: [`World::deliver_webhooks`] sends what has happened since.

mod delivery;
mod news;
mod signature;
mod subscriber;

use std::collections::HashMap;

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

pub use subscriber::SubscriberError;

use super::errors::{Outcome, Refusal, length_required};
use crate::data_type::DataType;
use crate::errors::json_text;
use crate::person::Person;
use crate::world::World;
use delivery::Delivery;
use news::News;
use subscriber::Subscriber;

/// Everything about subscriptions.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    subscriber: Option<Subscriber>,
    rows: Vec<Subscription>,
    news: Vec<News>,
    /// Items that need no news: what is told of an end.
    items: Vec<Value>,
    pending: Vec<Delivery>,
    /// Up to which instant the growth of a person's data was told.
    told_until: HashMap<(usize, DataType), i64>,
}

/// A person's collection that is told of.
#[derive(Debug, Clone)]
struct Subscription {
    person: usize,
    /// None is everything.
    collection: Option<String>,
    id: String,
    since: Timestamp,
}

/// The id of the one subscriber.
const SUBSCRIBER: &str = "1";
/// Longer ids are refused.
const LONGEST_ID: usize = 50;

impl Subscriptions {
    /// The person's subscriptions end with the grant.
    pub(super) fn forget(&mut self, person: usize) {
        self.rows.retain(|row| row.person != person);
        self.news.retain(|news| news.person != person);
    }

    fn add(&mut self, row: Subscription) -> Outcome<StatusCode> {
        let same = |other: &&Subscription| {
            other.person == row.person && other.collection == row.collection
        };
        let by_id = self.rows.iter().find(|other| other.id == row.id);
        match (by_id, self.rows.iter().find(same)) {
            (Some(other), _) if same(&other) => Ok(StatusCode::OK),
            (Some(_), _) => Err(Refusal::conflict("The subscription id is already used.")),
            (None, Some(_)) => {
                Err(Refusal::conflict("The collection is subscribed by another id."))
            }
            (None, None) => {
                self.rows.push(row);
                Ok(StatusCode::CREATED)
            }
        }
    }

    fn remove(&mut self, person: usize, collection: Option<&str>, id: &str) -> bool {
        let before = self.rows.len();
        self.rows.retain(|row| {
            (row.person, row.collection.as_deref(), row.id.as_str()) != (person, collection, id)
        });
        self.rows.len() < before
    }
}

impl Subscription {
    /// Everything is called `user`.
    fn document(&self, owner: &Person) -> Value {
        json!({
            "collectionType": self.collection.as_deref().unwrap_or("user"),
            "ownerId": owner.summary.legacy_user_id,
            "ownerType": "user",
            "subscriberId": SUBSCRIBER,
            "subscriptionId": self.id,
        })
    }

    fn covers(&self, collection: &str) -> bool {
        self.collection.as_deref().is_none_or(|own| own == collection)
    }
}

/// `POST` and `DELETE` of one subscription.
pub(super) fn change(
    world: &World,
    method: &Method,
    headers: &HeaderMap,
    (person, collection, id): (&Person, Option<&str>, &str),
) -> Response {
    if method == Method::DELETE {
        let removed = world.web_api().subscriptions.remove(person.index, collection, id);
        return if removed {
            StatusCode::NO_CONTENT.into_response()
        } else {
            Refusal::not_found().into_response()
        };
    }
    if method != Method::POST {
        return Refusal::not_found().into_response();
    }
    if !headers.contains_key(header::CONTENT_LENGTH) {
        return length_required();
    }
    let since = world.clock().now();
    let collection = collection.map(str::to_owned);
    let row = Subscription { person: person.index, collection, id: id.to_owned(), since };
    match created(world, headers, row.clone()) {
        Ok(status) => json_text(status.as_u16(), row.document(person).to_string()),
        Err(refusal) => refusal.into_response(),
    }
}

fn created(world: &World, headers: &HeaderMap, row: Subscription) -> Outcome<StatusCode> {
    let named = headers.get("x-fitbit-subscriber-id");
    let mut state = world.web_api();
    if state.subscriptions.subscriber.is_none() || named.is_some_and(|id| id != SUBSCRIBER) {
        return Err(Refusal::validation("subscriberId", "The subscriber does not exist."));
    }
    if row.id.is_empty() || row.id.len() > LONGEST_ID {
        return Err(Refusal::validation("subscriptionId", "Invalid subscription id."));
    }
    state.subscriptions.add(row)
}

/// The person's subscriptions, of one collection or of everything.
pub(super) fn list(world: &World, person: &Person, collection: Option<&str>) -> Response {
    let state = world.web_api();
    let own = state.subscriptions.rows.iter().filter(|row| {
        row.person == person.index
            && collection.is_none_or(|wanted| row.collection.as_deref() == Some(wanted))
    });
    let rows: Vec<Value> = own.map(|row| row.document(person)).collect();
    json_text(200, json!({ "apiSubscriptions": rows }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(person: usize, collection: Option<&str>, id: &str) -> Subscription {
        let collection = collection.map(str::to_owned);
        Subscription { person, collection, id: id.to_owned(), since: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn an_id_and_a_collection_belong_together() {
        let mut all = Subscriptions::default();
        let mut add = |person, collection, id| {
            let status = all.add(row(person, collection, id));
            status.map_or_else(|refusal| refusal.status, |status| status.as_u16())
        };
        assert_eq!(add(0, Some("body"), "a"), 201);
        assert_eq!(add(0, Some("body"), "a"), 200);
        assert_eq!(add(0, Some("body"), "b"), 409);
        assert_eq!(add(0, Some("sleep"), "a"), 409);
        assert_eq!(add(1, Some("body"), "a"), 409);
        assert_eq!(add(0, None, "b"), 201);
    }

    #[test]
    fn everything_covers_each_collection() {
        assert!(row(0, None, "a").covers("body"));
        assert!(!row(0, Some("sleep"), "a").covers("body"));
    }
}
