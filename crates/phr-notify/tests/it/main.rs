//! Notices on their way to receivers that are well, slow, broken, gone or not what they seem.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod example;
mod receiver;
mod stage;

use jiff::SignedDuration;
use phr_notify::{Webhook, WebhookError, sign::Secrets};
use phr_store::notice::{Channel, DeliveryState};
use receiver::{Receiver, SmtpServer};
use rstest::rstest;
use serde_json::Value;
use stage::{NEW, OLD, Stage, secrets};

#[tokio::test]
async fn a_webhook_is_signed_delivered_once_and_holds_no_reading() {
    let receiver = Receiver::answering("204 No Content").await;
    let stage = Stage::with_webhook(receiver.url("/notices"), OLD).await;
    stage.somebody_connects("ada@example.org").await;
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 1);
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 0);
    let requests = receiver.requests();
    let [request] = &requests[..] else { panic!("{} requests", requests.len()) };
    assert!(request.head.starts_with("POST /notices HTTP/1.1"));
    assert!(request.verifies(&secrets(OLD), stage.now()));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["type"], "connection.connected");
    assert_eq!(body["data"]["vendor"], "fitbit");
    assert!(!request.body.contains("ada"), "no address: {body}");
    assert!(stage.store.open_deliveries(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_failed_webhook_comes_again_under_the_same_id_with_the_same_body() {
    let receiver = Receiver::answering("503 Service Unavailable\r\nRetry-After: 900").await;
    let stage = Stage::with_webhook(receiver.url("/"), OLD).await;
    stage.somebody_connects("ada@example.org").await;
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 1);
    stage.advance(SignedDuration::from_secs(899));
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 0, "as the receiver asked");
    receiver.answer("200 OK");
    stage.advance(SignedDuration::from_mins(10));
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 1);
    let requests = receiver.requests();
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    assert_eq!(requests[0].body, requests[1].body);
    assert!(requests[1].verifies(&secrets(OLD), stage.now()), "signed at the time it is sent");
}

#[tokio::test]
async fn a_receiver_that_stays_broken_is_given_up_after_sixteen_attempts() {
    let receiver = Receiver::answering("500 Internal Server Error").await;
    let stage = Stage::with_webhook(receiver.url("/"), OLD).await;
    stage.somebody_connects("ada@example.org").await;
    for _ in 0..30 {
        stage.notifier.deliver_due().await.unwrap();
        stage.advance(SignedDuration::from_hours(7));
    }
    assert_eq!(receiver.requests().len(), 16);
    let failed = stage.store.open_deliveries(10).await.unwrap();
    assert_eq!(
        (failed[0].state, failed[0].error.as_deref()),
        (DeliveryState::Failed, Some("answer"))
    );
}

#[rstest]
#[case::refused("400 Bad Request", "refused")]
#[case::unauthorized("401 Unauthorized", "refused")]
#[case::redirect("302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/", "redirected")]
#[tokio::test]
async fn what_trying_again_cannot_cure_is_given_up_at_once(
    #[case] answer: &str,
    #[case] error: &str,
) {
    let receiver = Receiver::answering(answer).await;
    let stage = Stage::with_webhook(receiver.url("/"), OLD).await;
    stage.somebody_connects("ada@example.org").await;
    stage.notifier.deliver_due().await.unwrap();
    stage.advance(SignedDuration::from_hours(24));
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 0);
    assert_eq!(receiver.requests().len(), 1, "and no redirect is followed");
    assert_eq!(stage.store.open_deliveries(9).await.unwrap()[0].error.as_deref(), Some(error));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_nothing_more_until_the_next_start() {
    let receiver = Receiver::answering("410 Gone").await;
    let stage = Stage::with_webhook(receiver.url("/"), OLD).await;
    stage.somebody_connects("ada@example.org").await;
    stage.notifier.deliver_due().await.unwrap();
    stage.somebody_connects("bob@example.org").await;
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 0);
    assert_eq!(receiver.requests().len(), 1);
    stage.notifier.open().await.unwrap();
    stage.somebody_connects("cleo@example.org").await;
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 1);
}

#[tokio::test]
async fn a_receiver_that_hangs_up_or_is_not_there_is_tried_again() {
    let receiver = Receiver::answering("").await;
    let stage = Stage::with_webhook(receiver.url("/"), OLD).await;
    stage.somebody_connects("ada@example.org").await;
    stage.notifier.deliver_due().await.unwrap();
    let waiting = &stage.store.open_deliveries(9).await.unwrap()[0];
    assert_eq!(
        (waiting.state, waiting.error.as_deref()),
        (DeliveryState::Due, Some("unreachable"))
    );
}

#[tokio::test]
async fn during_a_rotation_both_secrets_verify() {
    let receiver = Receiver::answering("200 OK").await;
    let stage = Stage::with_webhook(receiver.url("/"), &format!("{NEW},{OLD}")).await;
    stage.somebody_connects("ada@example.org").await;
    stage.notifier.deliver_due().await.unwrap();
    for secret in [OLD, NEW] {
        assert!(receiver.requests()[0].verifies(&secrets(secret), stage.now()));
    }
}

#[rstest]
#[case("http://hooks.example.com/")]
#[case("https://127.0.0.1/")]
#[case("https://169.254.169.254/")]
#[case("https://[::ffff:10.0.0.1]/")]
fn private_or_unencrypted_receivers_need_the_operators_word(#[case] url: &str) {
    let secrets = || Secrets::parse(&OLD.into()).unwrap();
    let refused = Webhook::new(url.parse().unwrap(), secrets(), false);
    assert!(matches!(refused, Err(WebhookError::NotHttps | WebhookError::NotPublic)));
    assert!(Webhook::new(url.parse().unwrap(), secrets(), true).is_ok());
}

#[tokio::test]
async fn a_public_name_that_leads_to_this_machine_is_not_asked() {
    let url = "https://localhost:9/".parse().unwrap();
    let webhook = Webhook::new(url, secrets(OLD), false).unwrap();
    let stage = Stage::new(None, Some(webhook)).await;
    stage.somebody_connects("ada@example.org").await;
    stage.notifier.deliver_due().await.unwrap();
    let waiting = &stage.store.open_deliveries(9).await.unwrap()[0];
    assert_eq!(waiting.error.as_deref(), Some("unreachable"));
}

#[tokio::test]
async fn a_person_whose_grant_died_gets_one_mail() {
    let server = SmtpServer::start("250 OK").await;
    let stage = Stage::with_mail(&server.url()).await;
    let connection = stage.somebody_connects("ada@example.org").await;
    stage.notifier.deliver_due().await.unwrap();
    stage.grant_dies(connection).await;
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 1);
    assert_eq!(stage.notifier.deliver_due().await.unwrap(), 0);
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "connected, and connect again");
    let id = regex_free_id(&mails[1]);
    insta::assert_snapshot!(mails[1].replace(&id, "[id]").replace("\r\n", "\n"));
}

/// What stands in `Message-ID: <...@`.
fn regex_free_id(mail: &str) -> String {
    let (_, rest) = mail.split_once("Message-ID: <").unwrap();
    rest.split_once('@').unwrap().0.to_owned()
}

#[rstest]
#[case::permanent("550 No such user", DeliveryState::Failed, "refused")]
#[case::transient("451 Try again later", DeliveryState::Due, "unreachable")]
#[tokio::test]
async fn a_mail_server_may_refuse_for_ever_or_for_now(
    #[case] answer: &str,
    #[case] state: DeliveryState,
    #[case] error: &str,
) {
    let server = SmtpServer::start(answer).await;
    let stage = Stage::with_mail(&server.url()).await;
    stage.somebody_connects("ada@example.org").await;
    stage.notifier.deliver_due().await.unwrap();
    let left = &stage.store.open_deliveries(9).await.unwrap()[0];
    assert_eq!((left.channel, left.state), (Channel::Mail, state));
    assert_eq!(left.error.as_deref(), Some(error));
}
