//! Connecting a vendor: what works, what must not, and what is left when it ends.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{NOON, Stage};
use jiff::{SignedDuration, civil::date};
use phr_model::{CoverageState, DateRange, FITBIT, Metric, Reason};
use phr_sandbox::Fault;
use phr_store::connection::ConnectionState;
use phr_sync::{Callback, ConnectError, Finished, Outcome, SyncError};
use secrecy::{ExposeSecret, SecretString};

fn fault(text: &str) -> Fault {
    text.parse().unwrap()
}

#[tokio::test]
async fn consent_makes_the_connection_active_and_due() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    let connection = stage.connection(&person).await;
    assert_eq!(connection.state, ConnectionState::Active);
    assert_eq!(connection.due_at, Some(stage.clock.now()));
    assert_eq!(connection.zone.as_deref(), Some(stage.world().people()[0].time_zone.as_str()));
    assert_eq!(
        connection.vendor_user.as_deref(),
        Some(stage.world().people()[0].health_user_id.as_str())
    );
}

#[tokio::test]
async fn vk_01_tokens_are_nowhere_in_the_database() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    let connection = stage.connection(&person).await;
    let (sealed, _) = stage.store.tokens(connection.id).await.unwrap().unwrap();
    assert!(!sealed.envelope.contains("ya29") && !sealed.envelope.contains("1//"));
    let bytes = stage.bed.contents().await;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(&sealed.envelope));
    assert!(!text.contains("ya29.") && !text.contains("1//0"), "a token lies in the open");
}

#[tokio::test]
async fn vk_03_after_a_rotation_nothing_needs_the_former_key() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    let new = phr_store::Vault::generate_key();
    let ring = format!("{},{}", new.expose_secret(), common::KEY);
    let both = phr_store::Vault::new(&SecretString::from(ring)).unwrap();
    assert_eq!(phr_sync::reseal::reseal(&stage.store, &both).await.unwrap(), 1);
    assert_eq!(phr_sync::reseal::reseal(&stage.store, &both).await.unwrap(), 0);
    let alone = phr_store::Vault::new(&new).unwrap();
    assert_eq!(stage.store.sealing_keys().await.unwrap(), alone.key_ids());
    let mut sync = stage.sync.clone();
    sync.vault = std::sync::Arc::new(alone);
    let report = sync.sync_now(person.id, FITBIT, None, None).await.unwrap();
    assert_eq!(report.outcome, Outcome::Complete);
}

#[tokio::test]
async fn oa_05_a_callback_works_once() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let person = stage.register(&email).await;
    let begun = stage.connector.begin(person, FITBIT, None).await.unwrap();
    let callback = stage.answer(&begun.url, &email, |_| true).await;
    let copy = Callback {
        code: callback.code.clone(),
        state: callback.state.clone(),
        error: None,
        issuer: callback.issuer.clone(),
    };
    stage.connector.finish(FITBIT, callback, Some(&begun.browser)).await.unwrap();
    let replayed = stage.connector.finish(FITBIT, copy, Some(&begun.browser)).await;
    assert!(matches!(replayed, Err(ConnectError::Expired)), "{replayed:?}");
}

#[tokio::test]
async fn oa_05_of_twenty_parallel_callbacks_one_wins() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let person = stage.register(&email).await;
    let begun = stage.connector.begin(person, FITBIT, None).await.unwrap();
    let callback = stage.answer(&begun.url, &email, |_| true).await;
    let attempts = (0..20).map(|_| {
        let copy = Callback {
            code: callback.code.clone(),
            state: callback.state.clone(),
            error: None,
            issuer: callback.issuer.clone(),
        };
        stage.connector.finish(FITBIT, copy, Some(&begun.browser))
    });
    let results = futures_util::future::join_all(attempts).await;
    let won = results.iter().filter(|result| matches!(result, Ok(Finished::Connected { .. })));
    assert_eq!(won.count(), 1);
}

#[tokio::test]
async fn oa_05_a_state_works_for_ten_minutes() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let person = stage.register(&email).await;
    let begun = stage.connector.begin(person, FITBIT, None).await.unwrap();
    let callback = stage.answer(&begun.url, &email, |_| true).await;
    stage.advance(SignedDuration::from_mins(11));
    let late = stage.connector.finish(FITBIT, callback, Some(&begun.browser)).await;
    assert!(matches!(late, Err(ConnectError::Expired)), "{late:?}");
}

#[tokio::test]
async fn oa_04_a_foreign_link_asks_before_it_connects() {
    let stage = Stage::at(NOON, 20).await;
    let victim = stage.world().people()[0].email.clone();
    let attacker = stage.register("mallory@example.org").await;
    let begun = stage.connector.begin(attacker, FITBIT, None).await.unwrap();
    let callback = stage.answer(&begun.url, &victim, |_| true).await;
    let finished = stage.connector.finish(FITBIT, callback, None).await.unwrap();
    let Finished::Ask { confirmation, page } = finished else {
        panic!("connected without asking: {finished:?}")
    };
    assert_eq!(page.account, "m•••@example.org");
    assert!(!page.reads.is_empty());
    let connection = stage.store.connection_of(attacker, FITBIT).await.unwrap().unwrap();
    assert_eq!(connection.state, ConnectionState::Selected);
    // Somebody who really owns both goes on; once.
    let confirmed = stage.connector.confirm(&confirmation).await.unwrap();
    assert!(matches!(confirmed, Finished::Connected { .. }));
    let again = stage.connector.confirm(&confirmation).await;
    assert!(matches!(again, Err(ConnectError::Expired)));
}

#[tokio::test]
async fn oa_04_a_wrong_cookie_counts_as_none() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let person = stage.register(&email).await;
    let begun = stage.connector.begin(person, FITBIT, None).await.unwrap();
    let callback = stage.answer(&begun.url, &email, |_| true).await;
    let wrong = SecretString::from("somebody else's");
    let finished = stage.connector.finish(FITBIT, callback, Some(&wrong)).await.unwrap();
    assert!(matches!(finished, Finished::Ask { .. }));
}

#[tokio::test]
async fn oa_03_looking_at_a_link_leaves_it_alive_and_pressing_consumes_it() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.register("ada@example.org").await;
    let link = stage.connector.issue_link(person, FITBIT, None).await.unwrap();
    for _ in 0..10 {
        let page = stage.connector.look_at_link(&link.ticket).await.unwrap();
        assert_eq!(page.account, "a•••@example.org");
    }
    stage.connector.follow_link(&link.ticket).await.unwrap();
    let again = stage.connector.follow_link(&link.ticket).await;
    assert!(matches!(again, Err(ConnectError::Expired)));
}

#[tokio::test]
async fn oa_01_a_link_works_for_two_minutes() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.register("ada@example.org").await;
    let link = stage.connector.issue_link(person, FITBIT, None).await.unwrap();
    stage.advance(SignedDuration::from_secs(121));
    let late = stage.connector.look_at_link(&link.ticket).await;
    assert!(matches!(late, Err(ConnectError::Expired)));
}

#[tokio::test]
async fn oa_06_the_verifier_never_leaves_in_the_open() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.register("ada@example.org").await;
    let begun = stage.connector.begin(person, FITBIT, None).await.unwrap();
    let query: Vec<_> = begun.url.query_pairs().into_owned().collect();
    let find = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    assert_eq!(find("code_challenge_method").unwrap(), "S256");
    assert_eq!(find("code_challenge").unwrap().len(), 43);
    assert_eq!(find("state").unwrap().len(), 43);
    assert_eq!(find("access_type").unwrap(), "offline");
    assert!(find("include_granted_scopes").is_none());
    assert!(!begun.url.as_str().contains(begun.browser.expose_secret()));
}

#[tokio::test]
async fn oa_08_a_callback_that_does_not_fit_is_refused() {
    let stage = Stage::at(NOON, 20).await;
    let secret = |text: &str| Some(SecretString::from(text));
    let table = [
        Callback::default(),
        Callback { code: secret("c"), ..Callback::default() },
        Callback { state: secret("s"), ..Callback::default() },
        Callback {
            code: secret("c"),
            error: Some("access_denied".into()),
            state: secret("s"),
            issuer: None,
        },
        Callback { code: secret(&"c".repeat(2_049)), state: secret("s"), ..Callback::default() },
    ];
    for callback in table {
        let refused = stage.connector.finish(FITBIT, callback, None).await;
        assert!(matches!(refused, Err(ConnectError::Mismatch)), "{refused:?}");
    }
}

#[tokio::test]
async fn oa_08_an_answer_from_another_issuer_is_refused() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let person = stage.register(&email).await;
    let begun = stage.connector.begin(person, FITBIT, None).await.unwrap();
    let mut callback = stage.answer(&begun.url, &email, |_| true).await;
    callback.issuer = Some("https://accounts.evil.example".into());
    let refused = stage.connector.finish(FITBIT, callback, Some(&begun.browser)).await;
    assert!(matches!(refused, Err(ConnectError::Mismatch)), "{refused:?}");
}

#[tokio::test]
async fn oa_09_saying_no_connects_nothing_and_is_no_error() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.register("ada@example.org").await;
    let begun = stage.connector.begin(person, FITBIT, None).await.unwrap();
    let sent = begun.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let callback = Callback {
        error: Some("access_denied".into()),
        state: Some(sent.into()),
        ..Callback::default()
    };
    let finished = stage.connector.finish(FITBIT, callback, None).await.unwrap();
    assert!(matches!(finished, Finished::Declined { by_person: true, .. }));
}

#[tokio::test]
async fn oa_11_only_listed_return_targets_are_taken() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.register("ada@example.org").await;
    let long = "x".repeat(600);
    for target in
        ["//host", "javascript:alert(1)", "phrapp://connected\r\nX: y", "https://evil", &long]
    {
        let refused = stage.connector.issue_link(person, FITBIT, Some(target)).await;
        assert!(matches!(refused, Err(ConnectError::ReturnNotAllowed)), "{target}");
    }
    stage.connector.issue_link(person, FITBIT, Some("phrapp://connected")).await.unwrap();
}

#[tokio::test]
async fn oa_12_partial_consent_keeps_what_was_granted_and_says_what_was_not() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let id = stage.register(&email).await;
    let finished =
        stage.consent(id, &email, |scope| !scope.contains("activity_and_fitness")).await.unwrap();
    let Finished::Connected { missing, .. } = finished else { panic!("{finished:?}") };
    assert_eq!(missing.len(), 1);
    let person = common::Connected { id, email };
    let report = stage.sync(&person).await;
    assert_eq!(report.outcome, Outcome::Complete, "what is permitted is complete");
    for metric in report.metrics {
        let activity = matches!(metric.metric, Metric::Steps | Metric::Calories | Metric::Distance);
        assert_eq!(metric.outcome == Outcome::NotPermitted, activity, "{metric:?}");
    }
    let days = DateRange::ending(date(2026, 11, 20), common::LOOK_BACK);
    let rows = stage.store.coverage(id, Some(Metric::Steps), days).await.unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        assert_eq!(row.state, CoverageState::NotPermitted);
        assert_eq!(row.reason, Some(Reason::ScopeMissing));
    }
}

#[tokio::test]
async fn oa_12_a_scope_granted_later_fills_the_gap() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let id = stage.register(&email).await;
    stage.consent(id, &email, |scope| !scope.contains("activity")).await.unwrap();
    let person = common::Connected { id, email: email.clone() };
    stage.sync(&person).await;
    stage.consent(id, &email, |_| true).await.unwrap();
    let report = stage.sync(&person).await;
    assert!(report.metrics.iter().all(|metric| metric.outcome == Outcome::Complete));
    stage.assert_equals_vendor(&person, date(2026, 11, 18)).await;
}

#[tokio::test]
async fn a_scope_taken_away_later_stops_only_its_metrics() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let connection = stage.connection(&person).await;
    let scope = connection.scopes.iter().find(|scope| scope.contains("activity")).unwrap();
    stage.world().withdraw_scope(&person.email, scope).unwrap();
    stage.advance(SignedDuration::from_hours(24));
    let report = stage.sync(&person).await;
    let stopped = report.metrics.iter().filter(|m| m.outcome == Outcome::NotPermitted).count();
    assert_eq!(stopped, 3, "{report:?}");
    assert_eq!(stage.connection(&person).await.state, ConnectionState::Active);
}

#[tokio::test]
async fn oa_13_one_google_account_belongs_to_one_person_here() {
    let stage = Stage::at(NOON, 20).await;
    let first = stage.connect(0).await;
    let second = stage.register("second@example.org").await;
    let refused = stage.consent(second, &first.email, |_| true).await;
    assert!(matches!(refused, Err(ConnectError::LinkedElsewhere)), "{refused:?}");
    let report = stage.sync(&first).await;
    assert_eq!(report.outcome, Outcome::Complete, "the owner's grant still works");
}

#[tokio::test]
async fn another_google_account_is_refused_instead_of_mixed_in() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let digest = stage.store.digest(person.id).await.unwrap();
    let other = stage.world().people()[1].email.clone();
    let refused = stage.consent(person.id, &other, |_| true).await;
    assert!(matches!(refused, Err(ConnectError::OtherAccount)), "{refused:?}");
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    assert_eq!(stage.store.digest(person.id).await.unwrap(), digest);
}

#[tokio::test]
async fn a_grant_that_cannot_be_used_is_withdrawn() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let id = stage.register(&email).await;
    stage.world().set_unlinked(&email, true).unwrap();
    assert!(stage.consent(id, &email, |_| true).await.is_err());
    assert_eq!(stage.world().request_counts().get("revoke"), Some(&1));
}

#[tokio::test]
async fn oa_15_a_revoked_grant_asks_to_reconnect_and_keeps_the_data() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let before = stage.store.totals(person.id).await.unwrap();
    stage.world().revoke_grant(&person.email).unwrap();
    let result = stage.try_sync(&person).await;
    assert!(matches!(result, Err(SyncError::ReconnectNeeded)), "{result:?}");
    let connection = stage.connection(&person).await;
    assert_eq!(connection.state, ConnectionState::ReconnectNeeded);
    assert_eq!(connection.due_at, None, "nothing is tried again by itself");
    assert_eq!(stage.store.totals(person.id).await.unwrap(), before);
    stage.world().clear_request_counts();
    assert!(stage.try_sync(&person).await.is_err());
    assert!(stage.world().request_counts().values().all(|count| *count == 0));
    stage.consent(person.id, &person.email, |_| true).await.unwrap();
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
}

#[tokio::test]
async fn oa_17_t7_trouble_at_the_token_endpoint_disconnects_nobody() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    for trouble in ["kind=invalid-client", "kind=status,path=/token", "kind=html-error,path=/token"]
    {
        stage.world().expire_access_tokens();
        stage.advance(SignedDuration::from_hours(2));
        stage.world().inject(fault(trouble));
        assert!(stage.try_sync(&person).await.is_err(), "{trouble}");
        assert_eq!(stage.connection(&person).await.state, ConnectionState::Active, "{trouble}");
        stage.world().clear_faults();
    }
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
}

#[tokio::test]
async fn an_access_token_that_ends_in_the_middle_of_a_run_is_renewed() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    stage.world().inject(fault("kind=expired-token,times=1,after=20"));
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    stage.assert_equals_vendor(&person, date(2026, 11, 18)).await;
}

#[tokio::test]
async fn access_that_is_refused_although_the_grant_lives_disconnects_nobody() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    for trouble in ["kind=expired-token", "kind=permission-denied", "kind=unlinked"] {
        stage.world().inject(fault(trouble));
        assert!(stage.try_sync(&person).await.is_err(), "{trouble}");
        stage.world().clear_faults();
        assert_eq!(stage.connection(&person).await.state, ConnectionState::Active, "{trouble}");
    }
}

#[tokio::test]
async fn a_failed_exchange_leaves_nothing_behind() {
    let stage = Stage::at(NOON, 20).await;
    let email = stage.world().people()[0].email.clone();
    let id = stage.register(&email).await;
    stage.world().inject(fault("kind=status,path=/token"));
    assert!(matches!(stage.consent(id, &email, |_| true).await, Err(ConnectError::Vendor(_))));
    let connection = stage.store.connection_of(id, FITBIT).await.unwrap().unwrap();
    assert_eq!(connection.state, ConnectionState::Selected);
    assert!(stage.store.tokens(connection.id).await.unwrap().is_none());
}

#[tokio::test]
async fn oa_16_disconnecting_wipes_tokens_at_once_and_revokes_when_the_vendor_is_back() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.connect(0).await;
    let connection = stage.connection(&person).await;
    stage.world().inject(fault("kind=status,status=503,path=/revoke"));
    assert!(stage.connector.disconnect(person.id, FITBIT).await.unwrap());
    assert!(stage.store.tokens(connection.id).await.unwrap().is_none());
    assert_eq!(stage.connection(&person).await.state, ConnectionState::Disconnected);
    stage.world().clear_faults();
    assert_eq!(stage.connector.withdraw_due().await.unwrap(), 0, "not before its time");
    stage.advance(SignedDuration::from_hours(1));
    assert_eq!(stage.connector.withdraw_due().await.unwrap(), 1);
    assert_eq!(stage.connector.withdraw_due().await.unwrap(), 0);
    assert!(!stage.connector.disconnect(person.id, FITBIT).await.unwrap());
}

#[tokio::test]
async fn an_unknown_vendor_is_not_taken_for_one_without_credentials() {
    let stage = Stage::at(NOON, 20).await;
    let person = stage.register("ada@example.org").await;
    let unknown = stage.connector.begin(person, "garmin", None).await;
    assert!(matches!(unknown, Err(ConnectError::UnknownVendor)));
    let mut bare = stage.connector.clone();
    bare.vendors = std::sync::Arc::default();
    let bare = bare.begin(person, FITBIT, None).await;
    assert!(matches!(bare, Err(ConnectError::NotConfigured)));
}
