//! Who may notify us: everything about a notification except what it does.

use std::sync::Arc;

use jiff::SignedDuration;
use phr_model::StoppedClock;
use phr_sandbox::Sandbox;
use phr_vendors::{
    HookEvent, HookReceiver, HookRefusal, HookRequest,
    fitbit::google_health::hooks::{Authorization, Check, GoogleHooks},
    http_client,
};
use secrecy::SecretString;
use url::Url;

use crate::support::{NOW, options, settings};

const SECRET: &str = "Bearer present";
const FORMER: &str = "Bearer former";
const BODY: &str = r#"[{"data":{"healthUserId":"4127750963318820541","operation":"UPSERT"}}]"#;
const HELLO: &str = r#"{"type":"verification"}"#;

struct Door {
    sandbox: Sandbox,
    hooks: Arc<GoogleHooks>,
    clock: Arc<StoppedClock>,
}

impl Door {
    async fn open() -> Self {
        Self::that_checks(Check::Always).await
    }

    async fn that_checks(check: Check) -> Self {
        let sandbox = Sandbox::start(options()).await.unwrap();
        let clock = Arc::new(StoppedClock::at(NOW.parse().unwrap()));
        let keyset = settings(&sandbox).keyset_url;
        let hooks = Arc::new(receiver(keyset, check, &clock));
        Self { sandbox, hooks, clock }
    }

    fn sign(&self) -> String {
        self.sandbox.world().sign_webhook(BODY.as_bytes())
    }

    async fn judge(&self, secret: &str, signature: &str) -> Result<HookEvent, HookRefusal> {
        judge(&self.hooks, Some(secret), Some(signature), BODY.as_bytes()).await
    }

    /// How often the keyset was asked for.
    fn fetches(&self) -> u64 {
        self.sandbox.world().request_counts().get("keyset").copied().unwrap_or_default()
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    fn break_keyset(&self, fault: &str) {
        self.sandbox
            .world()
            .inject(format!("{fault},path=webhooks_public_keyset").parse().unwrap());
    }
}

fn receiver(keyset: Url, check: Check, clock: &Arc<StoppedClock>) -> GoogleHooks {
    let ring = [SECRET, FORMER].map(SecretString::from).to_vec();
    GoogleHooks::new(Authorization { ring, check }, keyset, http_client().unwrap(), clock.clone())
}

async fn judge(
    hooks: &GoogleHooks,
    authorization: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
) -> Result<HookEvent, HookRefusal> {
    let authorization = authorization.map(str::as_bytes);
    let signature = signature.map(str::as_bytes);
    hooks.judge(HookRequest { authorization, signature, body }).await
}

#[tokio::test]
async fn wh_01_a_genuine_notification_is_heard() {
    let door = Door::open().await;
    let event = door.judge(SECRET, &door.sign()).await.unwrap();
    let HookEvent::News { notes, unreadable: 0 } = event else { panic!("{event:?}") };
    assert_eq!(notes[0].user, "4127750963318820541");
}

#[tokio::test]
async fn wh_01_any_flipped_bit_of_the_body_is_noticed() {
    let door = Door::open().await;
    let signature = door.sign();
    for at in 0..BODY.len() {
        let mut body = BODY.as_bytes().to_vec();
        body[at] ^= 1;
        let judged = judge(&door.hooks, Some(SECRET), Some(&signature), &body).await;
        assert_eq!(judged, Err(HookRefusal::Forged), "byte {at}");
    }
}

#[tokio::test]
async fn wh_01_any_altered_character_of_the_signature_is_noticed() {
    let door = Door::open().await;
    let signature = door.sign();
    for at in 0..signature.trim_end_matches('=').len() - 1 {
        let mut altered = signature.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(door.judge(SECRET, &altered).await, Err(HookRefusal::Forged), "place {at}");
        // Otherwise an unknown key id would be looked up once for all of them.
        door.pass(60);
    }
}

#[tokio::test]
async fn wh_01_a_key_that_google_does_not_publish_signs_in_vain() {
    let (door, stranger) = (Door::open().await, Door::open().await);
    assert_eq!(door.judge(SECRET, &stranger.sign()).await, Err(HookRefusal::Forged));
}

#[tokio::test]
async fn wh_01_a_missing_or_senseless_signature_is_refused_without_asking_for_keys() {
    let door = Door::open().await;
    let signature = door.sign();
    let wrong_prefix = format!("BA{}", &signature[2..]);
    for senseless in ["", "%%%", "AQ==", "AAAAAAAA", &wrong_prefix, &signature.repeat(9)] {
        assert_eq!(door.judge(SECRET, senseless).await, Err(HookRefusal::Forged), "{senseless}");
    }
    let absent = judge(&door.hooks, Some(SECRET), None, BODY.as_bytes()).await;
    assert_eq!(absent, Err(HookRefusal::Forged));
    assert_eq!(door.fetches(), 0);
}

#[tokio::test]
async fn wh_02_the_shared_value_is_demanded_beside_the_signature() {
    let door = Door::open().await;
    let signature = door.sign();
    let body = BODY.as_bytes();
    for ours in [SECRET, FORMER] {
        assert!(door.judge(ours, &signature).await.is_ok(), "{ours}");
    }
    for foreign in [None, Some("Bearer guessed"), Some("")] {
        let judged = judge(&door.hooks, foreign, Some(&signature), body).await;
        assert_eq!(judged, Err(HookRefusal::Unauthorized), "{foreign:?}");
    }
    assert_eq!(door.judge(SECRET, "AAAA").await, Err(HookRefusal::Forged), "it does not suffice");
}

#[tokio::test]
async fn wh_02_the_switch_demands_it_of_the_handshake_only() {
    let door = Door::that_checks(Check::Handshake).await;
    let signature = door.sign();
    for any in [None, Some("Bearer guessed"), Some(SECRET)] {
        assert!(judge(&door.hooks, any, Some(&signature), BODY.as_bytes()).await.is_ok());
        let unsigned = judge(&door.hooks, any, None, BODY.as_bytes()).await;
        assert_eq!(unsigned, Err(HookRefusal::Forged), "the signature is always needed");
    }
    let hello = judge(&door.hooks, None, None, HELLO.as_bytes()).await;
    assert_eq!(hello, Err(HookRefusal::Unauthorized));
}

#[tokio::test]
async fn wh_03_the_handshake_needs_the_value_and_no_signature() {
    let door = Door::open().await;
    let hello = |secret| judge(&door.hooks, secret, None, HELLO.as_bytes());
    assert_eq!(hello(Some(SECRET)).await, Ok(HookEvent::Handshake));
    assert_eq!(hello(None).await, Err(HookRefusal::Unauthorized));
    assert_eq!(hello(Some("Bearer guessed")).await, Err(HookRefusal::Unauthorized));
    assert_eq!(door.fetches(), 0);
}

#[tokio::test]
async fn wh_04_keys_are_fetched_once_in_six_hours() {
    let door = Door::open().await;
    for _ in 0..20 {
        door.judge(SECRET, &door.sign()).await.unwrap();
    }
    door.pass(6 * 3_600 - 1);
    door.judge(SECRET, &door.sign()).await.unwrap();
    assert_eq!(door.fetches(), 1);
    door.pass(1);
    door.judge(SECRET, &door.sign()).await.unwrap();
    assert_eq!(door.fetches(), 2);
}

#[tokio::test]
async fn wh_04_a_new_key_is_fetched_when_it_is_first_used() {
    let door = Door::open().await;
    let old = door.sign();
    door.judge(SECRET, &old).await.unwrap();
    door.pass(30);
    door.sandbox.world().rotate_webhook_key();
    door.judge(SECRET, &door.sign()).await.unwrap();
    door.judge(SECRET, &old).await.unwrap();
    assert_eq!(door.fetches(), 2);
}

#[tokio::test]
async fn wh_04_unknown_keys_make_us_ask_every_thirty_seconds_at_most() {
    let door = Door::open().await;
    door.judge(SECRET, &door.sign()).await.unwrap();
    // The prefix names a key that nobody has.
    let unknown = format!("Af////8{}", &door.sign()[7..]);
    for _ in 0..=30 {
        assert_eq!(door.judge(SECRET, &unknown).await, Err(HookRefusal::Forged));
        door.pass(2);
    }
    assert_eq!(door.fetches(), 1 + 2, "at 30 s and again at 60 s");
}

#[tokio::test]
async fn wh_04_many_at_once_fetch_once() {
    let door = Door::open().await;
    let signature = door.sign();
    let all = (0..50).map(|_| {
        let (hooks, signature) = (door.hooks.clone(), signature.clone());
        tokio::spawn(async move {
            judge(&hooks, Some(SECRET), Some(&signature), BODY.as_bytes()).await.is_ok()
        })
    });
    let heard = futures_util::future::join_all(all).await;
    assert!(heard.into_iter().all(Result::unwrap));
    assert_eq!(door.fetches(), 1);
}

#[tokio::test]
async fn wh_04_without_keys_google_is_asked_to_send_it_again() {
    for fault in ["kind=status,status=503", "kind=html-error", "kind=garbage-body", "kind=cut-body"]
    {
        let door = Door::open().await;
        door.break_keyset(fault);
        for _ in 0..3 {
            let judged = door.judge(SECRET, &door.sign()).await;
            assert!(matches!(judged, Err(HookRefusal::NoKeys { .. })), "{fault}: {judged:?}");
        }
        assert_eq!(door.fetches(), 1, "{fault}");
        door.sandbox.world().clear_faults();
        door.pass(30);
        assert!(door.judge(SECRET, &door.sign()).await.is_ok(), "{fault}");
    }
}

#[tokio::test]
async fn wh_04_a_host_that_is_down_is_no_reason_to_believe_anybody() {
    let clock = Arc::new(StoppedClock::at(NOW.parse().unwrap()));
    let hooks = receiver("http://127.0.0.1:1/keys".parse().unwrap(), Check::Always, &clock);
    let door = Door::open().await;
    let judged = judge(&hooks, Some(SECRET), Some(&door.sign()), BODY.as_bytes()).await;
    assert!(matches!(judged, Err(HookRefusal::NoKeys { .. })), "{judged:?}");
}

#[tokio::test]
async fn wh_04_held_keys_outlive_an_outage_of_a_day() {
    let door = Door::open().await;
    door.judge(SECRET, &door.sign()).await.unwrap();
    door.break_keyset("kind=status,status=500");
    door.pass(24 * 3_600 - 1);
    assert!(door.judge(SECRET, &door.sign()).await.is_ok());
    door.pass(60);
    let judged = door.judge(SECRET, &door.sign()).await;
    assert!(matches!(judged, Err(HookRefusal::NoKeys { .. })), "{judged:?}");
}

#[tokio::test]
async fn a_signed_body_that_is_no_notification_is_malformed() {
    let door = Door::open().await;
    for body in ["", "7", "\"text\"", "null", "<html>", "[{]"] {
        let signature = door.sandbox.world().sign_webhook(body.as_bytes());
        let judged = judge(&door.hooks, Some(SECRET), Some(&signature), body.as_bytes()).await;
        assert_eq!(judged, Err(HookRefusal::Malformed), "{body}");
    }
}
