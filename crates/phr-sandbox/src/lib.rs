//! Google OAuth, the Google Health API v4 and the former Fitbit Web API, emulated, with faults on
//! demand.
//!
//! An independent stand-in for `accounts.google.com`, `oauth2.googleapis.com` and
//! `health.googleapis.com`, and for `www.fitbit.com` and `api.fitbit.com` (see [`WebApiMood`]): all
//! of their paths are served by one host, so that a client with
//! configurable base URLs can be pointed at it. It shares no code with any client.
//!
//! ```no_run
//! # async fn demo() -> Result<(), phr_sandbox::StartError> {
//! use phr_sandbox::{Options, Sandbox};
//!
//! let sandbox = Sandbox::start(Options::default()).await?;
//! for person in sandbox.world().people() {
//!     println!("{} <{}> at {}", person.name, person.email, sandbox.base_url());
//! }
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Connecting without a human
//!
//! `GET /o/oauth2/v2/auth` shows the consent page, `POST` to the same path decides. The form holds
//! the parameters of the authorization request, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `account` | e-mail address of the person who consents |
//! | `scopes` | once for each scope that is ticked |
//! | `decision` | `allow` or `deny` |
//!
//! The answer is a 302 to the redirect URI with `state`, `iss` (the [base
//! URL](Sandbox::base_url)), `code`, `scope`, `authuser` and `prompt`.
//!
//! # Remote control
//!
//! | request | effect |
//! | --- | --- |
//! | `GET`, `PUT /sandbox/clock` | `{"now": "..."}` stands still, `{"follow": true}` follows |
//! | `POST /sandbox/clock/advance` | `{"seconds": 60}` |
//! | `GET /sandbox/people` | who lives here |
//! | `GET`, `DELETE /sandbox/people/{email}/samples?data_type=&from=&to=` | the truth; deletes |
//! | `POST`, `PUT .../samples` | adds or changes: `{"data_type", "instant", "value", "source"?}` |
//! | `POST .../late` | `{"data_types", "from", "to", "until"}`: syncs days later |
//! | `PUT .../daily` | `{"data_type", "date", "value"}`: the vendor's own daily figure |
//! | `DELETE .../grant`, `DELETE .../scopes?scope=` | revokes all, takes one scope away |
//! | `PUT .../unlinked`, `PUT .../no-profile` | `true` or `false`: 400 and 412 |
//! | `GET`, `POST`, `DELETE /sandbox/faults` | a [`Fault`] as object or as string |
//! | `POST /sandbox/access-tokens/expire` | ends all access tokens |
//! | `GET`, `DELETE /sandbox/requests` | counts by endpoint and status |
//! | `POST /sandbox/webhooks/deliver` | sends what happened since, and again what was not taken |
//! | `GET`, `PUT /sandbox/web-api` | how the Fitbit Web API behaves, see [`WebApiMood`] |
//! | `PUT /sandbox/web-api/subscriber` | `{"endpoint", "verify"}`: who is told of changes |
//! | `DELETE .../fitbit-account` | the Fitbit account is deleted |
//! | `PUT /sandbox/webhooks/mood` | faults of deliveries, see [`WebhookMood`] |
//! | `POST /sandbox/webhooks/rotate` | a new key signs; `{"retire": true}` unpublishes the former |
//!
//! What is where: [`World`] is everything the emulator knows and the typed remote control for
//! tests; the same operations are reachable as JSON under `/sandbox/*`. [`Fault`] describes a
//! misbehaviour. [`recordings`] explains the CSV files that can be served instead of invented
//! people.

mod admin;
mod clock;
mod control;
mod daily;
mod data_type;
mod dice;
mod errors;
mod faults;
mod fhir;
mod health;
mod hooks;
mod levels;
mod oauth;
mod options;
mod overlay;
mod person;
mod point;
mod quota;
pub mod recordings;
mod requests;
mod server;
mod sessions;
mod synthetic;
mod tally;
mod timeline;
mod tracker;
mod truth;
mod web_api;
mod world;

pub use clock::Clock;
pub use data_type::{DataType, Kind, Operation};
pub use faults::{Fault, FaultError, FaultKind};
pub use fhir::{FhirFault, FhirIds, FhirServer, FhirWorld};
pub use hooks::{ADMIN_TOKEN, Delivered, PROJECT_NUMBER, Sending, WebhookMood};
pub use options::{Options, People, Rotation};
pub use person::PersonSummary;
pub use point::Source;
pub use server::{Sandbox, StartError, run_until};
pub use truth::Reading;
pub use web_api::{
    Application, Emptiness, Grace, Intraday, RepeatedHour, Retired, RetryAfter, SubscriberError,
    WebApiMood,
};
pub use world::{World, WorldError};
