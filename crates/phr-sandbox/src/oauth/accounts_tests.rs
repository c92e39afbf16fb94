use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn start() -> Timestamp {
    at("2026-11-22T08:00:00Z")
}

fn code(lasting: bool) -> Code {
    Code {
        person: 0,
        scopes: Scopes::parse("openid email"),
        redirect_uri: "http://127.0.0.1:8000/callback".to_owned(),
        challenge: None,
        lasting,
        issued: start(),
    }
}

fn connected(testing: bool) -> (Accounts, String) {
    let mut accounts = Accounts::new(1, testing);
    let issued = accounts.issue(&code(true), start());
    (accounts, issued.refresh.unwrap())
}

#[test]
fn a_code_works_once_and_for_ten_minutes() {
    let mut accounts = Accounts::new(1, false);
    let name = accounts.grant(code(true));
    assert!(accounts.redeem(&name, start()).is_some());
    assert!(accounts.redeem(&name, start()).is_none());
    let late = accounts.grant(code(true));
    assert!(accounts.redeem(&late, at("2026-11-22T08:10:01Z")).is_none());
}

#[test]
fn an_access_token_lives_an_hour_less_a_second() {
    let mut accounts = Accounts::new(1, false);
    let issued = accounts.issue(&code(false), start());
    assert_eq!(issued.refresh, None);
    assert!(accounts.access(&issued.access, at("2026-11-22T08:59:58Z")).is_some());
    assert!(accounts.access(&issued.access, at("2026-11-22T08:59:59Z")).is_none());
}

#[test]
fn refreshing_gives_no_new_refresh_token_and_can_only_narrow() {
    let (mut accounts, refresh) = connected(false);
    let wider = Scopes::parse("email profile");
    let again = accounts.refresh(&refresh, Some(&wider), start()).unwrap();
    assert_eq!((again.refresh, again.refresh_life), (None, None));
    assert_eq!(again.scopes.to_string(), "email");
}

#[test]
fn in_testing_mode_a_refresh_token_dies_after_seven_days() {
    let (mut accounts, refresh) = connected(true);
    assert!(accounts.refresh(&refresh, None, at("2026-11-29T07:59:59Z")).is_some());
    assert!(accounts.refresh(&refresh, None, at("2026-11-29T08:00:00Z")).is_none());
}

#[test]
fn a_refresh_token_unused_for_half_a_year_dies() {
    let (mut accounts, refresh) = connected(false);
    assert!(accounts.refresh(&refresh, None, at("2027-04-01T08:00:00Z")).is_some());
    assert!(accounts.refresh(&refresh, None, at("2027-12-01T08:00:00Z")).is_none());
}

#[test]
fn the_hundred_and_first_refresh_token_ends_the_first() {
    let (mut accounts, first) = connected(false);
    for _ in 0..99 {
        accounts.issue(&code(true), start());
    }
    assert!(accounts.refresh(&first, None, start()).is_some());
    let last = accounts.issue(&code(true), start()).refresh.unwrap();
    assert!(accounts.refresh(&first, None, start()).is_none());
    assert!(accounts.refresh(&last, None, start()).is_some());
}

#[test]
fn revoking_ends_every_token_of_the_person_and_the_consent() {
    let (mut accounts, refresh) = connected(false);
    accounts.grant(code(true));
    let access = accounts.refresh(&refresh, None, start()).unwrap().access;
    accounts.revoke_person(0);
    assert!(accounts.access(&access, start()).is_none());
    assert!(accounts.refresh(&refresh, None, start()).is_none());
    assert_eq!(accounts.consent(0), None);
}

#[test]
fn a_scope_taken_away_is_missing_from_the_next_token() {
    let (mut accounts, refresh) = connected(false);
    accounts.withdraw_scope(0, "email");
    let issued = accounts.refresh(&refresh, None, start()).unwrap();
    assert_eq!(issued.scopes.to_string(), "openid");
}

#[test]
fn the_challenge_of_rfc_7636_accepts_its_verifier_only() {
    let challenge = Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
    assert!(challenge.accepts("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    assert!(!challenge.accepts("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"));
}

fn rotating(grace_seconds: u32) -> (Accounts, String) {
    let (accounts, refresh) = connected(false);
    (accounts.rotating(Some(Rotation { grace_seconds })), refresh)
}

#[test]
fn a_rotated_token_is_exchanged_once_and_its_successor_goes_on() {
    let (mut accounts, first) = rotating(0);
    let second = accounts.refresh(&first, None, start()).unwrap().refresh.unwrap();
    assert_ne!(first, second);
    assert!(accounts.refresh(&second, None, start()).is_some());
}

#[test]
fn a_rotated_token_used_again_ends_the_whole_grant() {
    let (mut accounts, first) = rotating(0);
    let issued = accounts.refresh(&first, None, start()).unwrap();
    assert_eq!(accounts.refresh(&first, None, start()), None);
    assert!(accounts.access(&issued.access, start()).is_none());
    assert_eq!(accounts.refresh(&issued.refresh.unwrap(), None, start()), None);
}

#[test]
fn in_the_grace_a_lost_answer_is_given_again_until_the_new_token_is_used() {
    let (mut accounts, first) = rotating(120);
    let issued = accounts.refresh(&first, None, start()).unwrap();
    assert_eq!(accounts.refresh(&first, None, at("2026-11-22T08:02:00Z")), Some(issued.clone()));
    assert!(accounts.refresh(&issued.refresh.unwrap(), None, start()).is_some());
    assert_eq!(accounts.refresh(&first, None, start()), None);
}

#[test]
fn the_grace_ends() {
    let (mut accounts, first) = rotating(120);
    accounts.refresh(&first, None, start()).unwrap();
    assert_eq!(accounts.refresh(&first, None, at("2026-11-22T08:02:01Z")), None);
}
