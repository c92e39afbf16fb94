//! Subscribing people. A request per collection, which may be repeated and changes nothing then (200):
//! so nobody needs to remember who is subscribed, and what was lost comes back by itself.

use phr_model::ConnectionId;
use reqwest::Method;

use super::collection::Collection;
use crate::{
    error::VendorError,
    fitbit::{
        failure::Failure,
        web_api::asking::{Asking, Topic},
    },
};

/// Subscribes the person of `connection`. What is refused for good is told the operator and does not
/// keep the others from being subscribed.
pub(crate) async fn subscribe(
    asking: Asking<'_>,
    connection: ConnectionId,
    wanted: &[Collection],
) -> Result<(), VendorError> {
    for collection in wanted {
        match asking.order(TOPIC, Method::POST, &path(connection, *collection)).await {
            Ok(()) | Err(Failure::Vendor(VendorError::ScopeMissing)) => {}
            Err(Failure::Conflict) => tracing::warn!(
                collection = collection.name(),
                "another subscription stands in the way of ours"
            ),
            Err(Failure::Vendor(VendorError::Rejected)) => tracing::warn!(
                collection = collection.name(),
                "a subscription was refused; is a subscriber registered? See docs/webhooks.md"
            ),
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(())
}

/// Ends all subscriptions of the person of `connection`. Which there are is not known any more when a
/// connection has ended.
pub(crate) async fn unsubscribe(
    asking: Asking<'_>,
    connection: ConnectionId,
) -> Result<(), VendorError> {
    for collection in Collection::ALL {
        match asking.order(TOPIC, Method::DELETE, &path(connection, collection)).await {
            // There is none, or may be none.
            Ok(())
            | Err(
                Failure::Conflict
                | Failure::Vendor(VendorError::Rejected | VendorError::ScopeMissing),
            ) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(())
}

const TOPIC: Topic = Topic { endpoint: "subscriptions", data_type: "" };

/// The id is the connection's with the collection: unique in the application, the same each time, and
/// within Fitbit's 50 characters.
fn path(connection: ConnectionId, collection: Collection) -> String {
    let (name, connection) = (collection.name(), connection.0.simple());
    format!("{name}/apiSubscriptions/{connection}-{name}.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_connections_own_and_not_too_long() {
        let connection = "0198c5a2-0000-4000-8000-00000000beef".parse().unwrap();
        let activities = path(connection, Collection::Activities);
        insta::assert_snapshot!(activities, @"activities/apiSubscriptions/0198c5a200004000800000000000beef-activities.json");
        for collection in Collection::ALL {
            let path = path(connection, collection);
            let id = path.rsplit('/').next().unwrap().trim_end_matches(".json");
            assert!(id.len() <= 50, "{id}");
        }
    }
}
