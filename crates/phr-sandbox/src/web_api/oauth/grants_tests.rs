use super::*;
use crate::web_api::mood::Grace;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn start() -> Timestamp {
    at("2026-03-14T08:00:00Z")
}

fn code() -> Code {
    let scopes = Scopes::parse("heartrate profile");
    Code { person: 0, scopes, redirect_uri: None, challenge: None, issued: start() }
}

fn connected() -> (Grants, Issued) {
    let mut grants = Grants::new(1);
    let issued = grants.issue(&code(), "B7QX2K", start());
    (grants, issued)
}

#[test]
fn a_code_works_once_and_for_ten_minutes() {
    let mut grants = Grants::new(1);
    let name = grants.grant(code());
    assert_eq!(name.len(), 40);
    assert!(grants.redeem(&name, start()).is_some());
    assert!(grants.redeem(&name, start()).is_none());
    let late = grants.grant(code());
    assert!(grants.redeem(&late, at("2026-03-14T08:10:01Z")).is_none());
}

#[test]
fn an_access_token_looks_like_a_jwt_and_lives_eight_hours() {
    let (mut grants, issued) = connected();
    assert_eq!(issued.access.split('.').count(), 3);
    assert!(matches!(
        grants.present(&issued.access, at("2026-03-14T15:59:59Z")),
        Standing::Live(_)
    ));
    assert!(matches!(
        grants.present(&issued.access, at("2026-03-14T16:00:00Z")),
        Standing::Expired
    ));
    assert!(matches!(grants.present("made up", start()), Standing::Unknown));
}

#[test]
fn a_refresh_token_works_once_and_the_former_access_token_lives_on() {
    let (mut grants, first) = connected();
    let second = grants.exchange(&first.refresh, "B7QX2K", Grace::None, start()).unwrap();
    assert_eq!((second.refresh.len(), first.refresh == second.refresh), (64, false));
    assert_eq!(grants.exchange(&first.refresh, "B7QX2K", Grace::None, start()), None);
    assert!(matches!(grants.present(&first.access, start()), Standing::Live(_)));
    assert!(grants.exchange(&second.refresh, "B7QX2K", Grace::None, start()).is_some());
}

#[test]
fn a_lost_answer_is_given_again_for_two_minutes() {
    let (mut grants, first) = connected();
    let mut exchange = |now| grants.exchange(&first.refresh, "B7QX2K", Grace::TwoMinutes, at(now));
    let second = exchange("2026-03-14T08:00:00Z");
    assert!(second.is_some());
    assert_eq!(exchange("2026-03-14T08:02:00Z"), second);
    assert_eq!(exchange("2026-03-14T08:02:01Z"), None);
}

#[test]
fn a_lost_answer_is_given_again_until_one_of_its_tokens_is_used() {
    let grace = Grace::UntilUsed;
    for uses_access in [true, false] {
        let (mut grants, first) = connected();
        let second = grants.exchange(&first.refresh, "B7QX2K", grace, start()).unwrap();
        let later = at("2026-03-14T12:00:00Z");
        assert_eq!(grants.exchange(&first.refresh, "B7QX2K", grace, later), Some(second.clone()));
        if uses_access {
            grants.present(&second.access, later);
        } else {
            grants.exchange(&second.refresh, "B7QX2K", grace, later).unwrap();
        }
        assert_eq!(grants.exchange(&first.refresh, "B7QX2K", grace, later), None);
    }
}

#[test]
fn a_new_consent_ends_the_former_refresh_token_but_no_access_token() {
    let (mut grants, first) = connected();
    grants.issue(&code(), "B7QX2K", start());
    assert_eq!(grants.exchange(&first.refresh, "B7QX2K", Grace::UntilUsed, start()), None);
    assert!(matches!(grants.present(&first.access, start()), Standing::Live(_)));
}

#[test]
fn revoking_ends_every_token_of_the_person() {
    let (mut grants, first) = connected();
    let second = grants.exchange(&first.refresh, "B7QX2K", Grace::UntilUsed, start()).unwrap();
    assert!(grants.revoke_person(0));
    for token in [&first.access, &second.access] {
        assert!(matches!(grants.present(token, start()), Standing::Unknown));
    }
    assert_eq!(grants.exchange(&second.refresh, "B7QX2K", Grace::UntilUsed, start()), None);
    assert_eq!(grants.exchange(&first.refresh, "B7QX2K", Grace::UntilUsed, start()), None);
    assert!(!grants.revoke_person(0));
}

#[test]
fn a_scope_taken_away_is_missing_at_once_and_in_the_next_token() {
    let (mut grants, first) = connected();
    grants.withdraw_scope(0, "heartrate");
    let Standing::Live(access) = grants.present(&first.access, start()) else { panic!("alive") };
    assert_eq!(access.scopes.to_string(), "profile");
    let next = grants.exchange(&first.refresh, "B7QX2K", Grace::None, start()).unwrap();
    assert_eq!(next.scopes.to_string(), "profile");
}
