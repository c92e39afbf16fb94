//! Registering and signing in (security requirements AC).

use phr_api::{
    Registration, Settings, SettingsError,
    auth::hashing::{Hasher, HashingCost},
};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{Actor, PASSWORD, Reply, TestApp, settings};

async fn register(app: &TestApp, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "name": "Ada Lovelace", "password": password});
    app.nobody().post("/auth/register", &body).await
}

async fn login(app: &TestApp, email: &str, password: &str) -> Reply {
    app.nobody().post("/auth/login", &json!({"email": email, "password": password})).await
}

#[tokio::test]
async fn who_registers_can_sign_in_and_has_a_patient_record() {
    let app = TestApp::start().await;
    register(&app, "ada@example.com", PASSWORD).await.expect(201);
    let ada = Actor::signed_in(&app, "ada@example.com").await;
    let me = ada.get("/auth/me").await.expect(200);
    assert_eq!(me["email"], "ada@example.com");
    assert_eq!(me["name"], "Ada Lovelace");
    assert!(me["patient_id"].is_string());
    assert_ne!(me["patient_id"], me["id"]);
}

#[tokio::test]
async fn ac_01_passwords_are_stored_as_argon2id_with_a_salt() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let stored = app.store.person(ada.id().await).await.unwrap().unwrap().password_hash;
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    let parts: Vec<_> = stored.split('$').collect();
    assert_eq!(parts[4].len(), 22, "16 bytes of salt");
    assert_eq!(parts[5].len(), 43, "32 bytes of tag");
}

#[rstest]
#[case(HashingCost { memory_kib: 19 * 1024 - 1, passes: 2 })]
#[case(HashingCost { memory_kib: 64 * 1024, passes: 1 })]
#[case(HashingCost { memory_kib: 8, passes: 1 })]
fn ac_01_hashing_below_the_floor_is_refused_at_start(#[case] cost: HashingCost) {
    assert_eq!(Hasher::new(cost).err(), Some(SettingsError::WeakHashing));
}

#[test]
fn ac_01_the_default_cost_is_64_mib_and_3_passes() {
    assert_eq!(HashingCost::default(), HashingCost { memory_kib: 65_536, passes: 3 });
}

#[tokio::test]
async fn ac_02_a_password_hashed_in_another_way_is_hashed_again_at_sign_in() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let id = ada.id().await;
    let stored = || async { app.store.person(id).await.unwrap().unwrap().password_hash };
    let today = stored().await;
    let entropy = phr_sync::OsEntropy;
    let cost = HashingCost { memory_kib: 20 * 1024, passes: 2 };
    let old = std::sync::Arc::new(Hasher::new(cost).unwrap())
        .hash(&entropy, PASSWORD.into())
        .await
        .unwrap();
    app.store.rehash(id, &today, &old).await.unwrap();
    login(&app, &ada.email, PASSWORD).await.expect(200);
    assert!(stored().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ac_03_many_sign_ins_at_once_neither_stop_the_server_nor_pile_up() {
    let app = TestApp::start().await;
    let attempt = |n: i32| login_owned(&app, format!("nobody{n}@example.com"));
    let attempts = futures_util::future::join_all((0..90).map(attempt));
    let nobody = app.nobody();
    let (replies, live) = tokio::join!(attempts, nobody.get("/livez"));
    live.expect(200);
    for reply in replies {
        match reply.status.as_u16() {
            401 | 429 => {}
            503 => assert!(!reply.header("retry-after").is_empty()),
            other => panic!("{other}"),
        }
    }
}

async fn login_owned(app: &TestApp, email: String) -> Reply {
    login(app, &email, "not the password").await
}

#[tokio::test]
async fn ac_04_an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let wrong = login(&app, "ada@example.com", "not the password").await;
    let unknown = login(&app, "eve@example.com", "not the password").await;
    assert_eq!(wrong.problem(401), unknown.problem(401));
    assert_eq!(without_ids(&wrong), without_ids(&unknown));
}

/// What takes the time is the hash, and each case computes exactly one. (Measured: `cargo bench -p
/// phr-api --bench sign_in`.)
#[tokio::test]
async fn ac_04_an_unknown_address_costs_the_same_work_as_a_wrong_password() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let long = "x".repeat(1_000);
    for (email, password) in [
        ("ada@example.com", "not the password"),
        ("eve@example.com", "not the password"),
        ("ada@example.com", "too short"),
        ("eve@example.com", "too short"),
        ("eve@example.com", &long),
    ] {
        let before = app.state.hashes_computed();
        login(&app, email, password).await.problem(401);
        assert_eq!(app.state.hashes_computed() - before, 1, "{email} {password}");
    }
}

#[tokio::test]
async fn ac_04_registering_costs_the_same_work_whether_or_not_the_address_is_taken() {
    let app = TestApp::start().await;
    for email in ["ada@example.com", "ada@example.com"] {
        let before = app.state.hashes_computed();
        register(&app, email, PASSWORD).await.expect(201);
        assert_eq!(app.state.hashes_computed() - before, 1);
    }
}

fn without_ids(reply: &Reply) -> (Value, Vec<String>) {
    let mut document = reply.json();
    document["instance"] = Value::Null;
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    (document, headers.map(|(name, value)| format!("{name}: {value:?}")).collect())
}

#[tokio::test]
async fn ac_05_where_anybody_may_register_nobody_learns_who_has() {
    let app = TestApp::start().await;
    let first = register(&app, "ada@example.com", PASSWORD).await;
    let second = register(&app, "Ada@Example.com", "granite teapot swallows a comet").await;
    assert_eq!(first.expect(201), second.expect(201));
    login(&app, "ada@example.com", PASSWORD).await.expect(200);
    login(&app, "ada@example.com", "granite teapot swallows a comet").await.problem(401);
}

#[tokio::test]
async fn ac_05_by_default_an_invitation_is_needed() {
    let registration =
        Settings::new("https://phr.example.com".parse().unwrap(), phr_api::SigningKeys(Vec::new()))
            .registration;
    assert_eq!(registration, Registration::Invite);
    let app = TestApp::with(Settings { registration, ..settings() }).await;
    let reply = register(&app, "ada@example.com", PASSWORD).await;
    reply.problem(422);
    assert_eq!(reply.complaints(), ["invitation"]);
}

#[tokio::test]
async fn an_invitation_works_once_and_for_a_week() {
    let invite = Settings { registration: Registration::Invite, ..settings() };
    let app = TestApp::with(invite).await;
    let invitation = app.invite().await;
    let register = |email: &'static str| {
        let body = json!({"email": email, "name": "Ada", "password": PASSWORD,
            "invitation": invitation.expose_secret()});
        let app = &app;
        async move { app.nobody().post("/auth/register", &body).await }
    };
    register("ada@example.com").await.expect(201);
    let again = register("eve@example.com").await;
    again.problem(422);
    assert_eq!(again.complaints(), ["invitation"]);
    let late = app.invite().await;
    app.advance(7 * 86_400 + 1);
    let body = json!({"email": "late@example.com", "name": "Late", "password": PASSWORD,
        "invitation": late.expose_secret()});
    assert_eq!(app.nobody().post("/auth/register", &body).await.complaints(), ["invitation"]);
}

#[tokio::test]
async fn an_invitation_survives_an_address_that_is_taken() {
    let invite = Settings { registration: Registration::Invite, ..settings() };
    let app = TestApp::with(invite).await;
    let mut last = 0;
    for (email, invited) in [("ada@example.com", true), ("ada@example.com", true)] {
        let invitation = app.invite().await;
        let body = json!({"email": email, "name": "Ada", "password": PASSWORD,
            "invitation": invited.then(|| invitation.expose_secret())});
        last = app.nobody().post("/auth/register", &body).await.status.as_u16();
        if last == 409 {
            let other = json!({"email": "other@example.com", "name": "Ada", "password": PASSWORD,
                "invitation": invitation.expose_secret()});
            app.nobody().post("/auth/register", &other).await.expect(201);
        }
    }
    assert_eq!(last, 409);
}

#[tokio::test]
async fn closed_registration_is_closed() {
    let app = TestApp::with(Settings { registration: Registration::Closed, ..settings() }).await;
    register(&app, "ada@example.com", PASSWORD).await.problem(403);
}

#[rstest]
#[case::fourteen("qzx vjk pwm tr", false)]
#[case::fifteen("qzx vjk pwm trb", true)]
#[case::sixty_four(&"pear Wolf 9 anvil; ".repeat(4)[..64], true)]
#[case::longest(&"0Ab xyz? ink-quill ".repeat(60)[..1_024], true)]
#[case::too_long(&"0Ab xyz? ink-quill ".repeat(60)[..1_025], false)]
#[case::emoji("🍐🐺⚒️🪶🌊🏔️🎻🧭🪁🥁🦉🫖🪴🧵🐚", true)]
#[tokio::test]
async fn ac_06_length_is_what_counts(#[case] password: &str, #[case] good: bool) {
    let app = TestApp::start().await;
    let reply = register(&app, "zed@mailbox.example", password).await;
    if good {
        reply.expect(201);
        login(&app, "zed@mailbox.example", password).await.expect(200);
    } else {
        reply.problem(422);
        assert_eq!(reply.complaints(), ["password"]);
    }
}

#[tokio::test]
async fn ac_06_every_byte_of_a_long_password_counts() {
    let app = TestApp::start().await;
    let password = "0Ab xyz? ink-quill ".repeat(60)[..1_024].to_owned();
    register(&app, "ada@example.com", &password).await.expect(201);
    let mut other = password.clone();
    other.replace_range(1_000..1_001, "~");
    login(&app, "ada@example.com", &other).await.problem(401);
}

#[tokio::test]
async fn ac_07_composed_and_decomposed_letters_are_the_same_password_and_spaces_count() {
    let app = TestApp::start().await;
    register(&app, "ada@example.com", "caf\u{e9} plum orbit kettle ").await.expect(201);
    login(&app, "ada@example.com", "cafe\u{301} plum orbit kettle ").await.expect(200);
    login(&app, "ada@example.com", "caf\u{e9} plum orbit kettle").await.problem(401);
}

#[tokio::test]
async fn ac_09_control_characters_and_huge_passwords_are_refused_politely() {
    let app = TestApp::start().await;
    for password in
        ["a\0bcdefghijklmnopq", "line\nbreak in the middle", "\u{85}\u{9f}zzzzzzzzzzzzz"]
    {
        let reply = register(&app, "ada@example.com", password).await;
        reply.problem(422);
        assert_eq!(reply.complaints(), ["password"]);
        login(&app, "ada@example.com", password).await.problem(422);
    }
    let huge = "x".repeat(1 << 20);
    login(&app, "ada@example.com", &huge).await.problem(413);
}

#[tokio::test]
async fn ac_11_guessing_at_one_account_slows_down_and_then_all_but_stops() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let mut reached = 0;
    for _ in 0..600 {
        let reply = login(&app, "ada@example.com", "not the password").await;
        match reply.status.as_u16() {
            401 => reached += 1,
            429 => app.advance(reply.header("retry-after").parse().unwrap()),
            other => panic!("{other}"),
        }
        if app.now() > "2026-11-20T12:00:00Z".parse().unwrap() {
            break;
        }
    }
    assert!((5..=100).contains(&reached), "{reached} guesses reached the hash in an hour");
}

#[tokio::test]
async fn ac_11_a_restart_forgets_no_failure() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for _ in 0..5 {
        login(&app, "ada@example.com", "not the password").await.problem(401);
    }
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let request = app.nobody().request(&axum::http::Method::POST, "/auth/login", Some(&body));
    let reply = tower::ServiceExt::oneshot(app.restarted(), request).await.unwrap();
    assert_eq!(reply.status(), 429);
}

#[tokio::test]
async fn ac_14_there_is_no_account_but_those_that_were_made() {
    let app = TestApp::start().await;
    assert!(app.store.people().await.unwrap().is_empty());
    for email in ["admin@example.com", "root@localhost", "demo@example.com"] {
        for password in ["admin", "password", ""] {
            let reply = login(&app, email, password).await;
            assert!([401, 422, 429].contains(&reply.status.as_u16()), "{}", reply.text());
        }
    }
}

#[tokio::test]
async fn ac_11_guesses_at_the_same_instant_do_not_slip_through_together() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let guess = |_| login(&app, "ada@example.com", "not the password");
    let replies = futures_util::future::join_all((0..30).map(guess)).await;
    let reached = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(reached, 5);
}

#[tokio::test]
async fn ac_12_guessing_at_many_accounts_from_one_address_slows_down() {
    let app = TestApp::start().await;
    for n in 0..5 {
        login(&app, &format!("nobody{n}@example.com"), "wrong").await.problem(401);
    }
    let sixth = login(&app, "nobody6@example.com", "wrong").await;
    assert_eq!(sixth.problem(429), "Rate limit exceeded. Please try again later.");
    assert_eq!(sixth.header("retry-after"), "20");
    app.advance(20);
    login(&app, "nobody6@example.com", "wrong").await.problem(401);
}

#[tokio::test]
async fn ac_13_an_attacker_neither_locks_the_owner_out_nor_ends_their_session() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for _ in 0..8 {
        login(&app, "ada@example.com", "not the password").await;
    }
    ada.get("/auth/me").await.expect(200);
    ada.try_refresh(&ada.refresh).await.expect(200);
    app.advance(15 * 60);
    login(&app, "ada@example.com", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn ac_16_an_address_is_unique_whatever_its_case() {
    let app = TestApp::start().await;
    app.person("ada").await;
    login(&app, "ADA@EXAMPLE.COM", PASSWORD).await.expect(200);
    register(&app, "ADA@example.com", "granite teapot swallows a comet").await.expect(201);
    login(&app, "ADA@example.com", "granite teapot swallows a comet").await.problem(401);
}
