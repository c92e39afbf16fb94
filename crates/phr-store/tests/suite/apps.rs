use phr_model::PersonId;
use phr_store::{
    Store, StoreError,
    app::{App, Approval, Exchange, Granted, NextTokens, PresentedCode, PresentedRefresh},
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_person, at, hash},
};

const ADDRESS: &str = "https://app.example.com/callback";
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

pub(crate) async fn an_app(store: &dyn Store) -> App {
    let app = App {
        id: Uuid::new_v4(),
        name: "Growth Chart".to_owned(),
        redirect_uris: vec![ADDRESS.to_owned(), "com.example.app:/\"callback\"".to_owned()],
        scopes: Some("patient/*.rs offline_access".to_owned()),
        secret: Some(hash(200)),
        created_at: at(0),
    };
    store.register_app(app.clone()).await.unwrap();
    app
}

/// A person lets `app` in: the code is `hash(code)`, its verifier's `hash(99)`, it works for a minute.
pub(crate) async fn let_in(
    store: &dyn Store,
    person: PersonId,
    app: Uuid,
    code: u8,
    lasting: bool,
) -> Approval {
    let approval = Approval {
        grant: Uuid::new_v4(),
        person,
        app,
        scopes: "patient/Observation.rs".to_owned(),
        redirect_uri: ADDRESS.to_owned(),
        challenge: hash(99),
        code: hash(code),
        code_expires_at: at(60),
        lasts_until: lasting.then(|| at(90 * DAY)),
    };
    store.approve(approval.clone(), at(0)).await.unwrap();
    approval
}

fn next(access: u8, refresh: u8) -> NextTokens {
    let (access, refresh) = (hash(access), hash(refresh));
    NextTokens { access, access_seconds: HOUR, refresh, idle_seconds: 30 * DAY }
}

fn presented(code: u8, app: Uuid) -> PresentedCode {
    let redirect_uri = ADDRESS.to_owned();
    PresentedCode { code: hash(code), app, redirect_uri, verifier: hash(99) }
}

/// Exchanges the code for the access token `hash(access)` and the refresh token `hash(access + 1)`.
pub(crate) async fn redeem(
    store: &dyn Store,
    code: u8,
    app: Uuid,
    access: u8,
    second: i64,
) -> Exchange {
    store.redeem(presented(code, app), next(access, access + 1), at(second)).await.unwrap()
}

async fn renew(store: &dyn Store, refresh: u8, app: Uuid, access: u8, second: i64) -> Exchange {
    let presented = PresentedRefresh { refresh: hash(refresh), app, scopes: None };
    store.renew(presented, next(access, access + 1), at(second)).await.unwrap()
}

async fn opens(store: &dyn Store, access: u8, second: i64) -> bool {
    store.app_access(hash(access), at(second)).await.unwrap().is_some()
}

#[track_caller]
fn granted(exchange: Exchange) -> Granted {
    let Exchange::Granted(granted) = exchange else { panic!("{exchange:?}") };
    granted
}

pub(crate) async fn an_app_comes_back_as_it_was_registered(bed: &dyn Bed) {
    let app = an_app(bed.store()).await;
    let public = App { id: Uuid::new_v4(), scopes: None, secret: None, ..app.clone() };
    bed.store().register_app(public.clone()).await.unwrap();
    for app in [&app, &public] {
        assert_eq!(bed.store().app(app.id).await.unwrap().as_ref(), Some(app));
    }
    let again = bed.store().register_app(app).await.unwrap_err();
    assert!(matches!(again, StoreError::Refused(_)), "{again:?}");
    assert_eq!(bed.store().apps(at(0)).await.unwrap().len(), 2);
    assert!(bed.store().app(Uuid::new_v4()).await.unwrap().is_none());
}

pub(crate) async fn a_code_is_exchanged_once_and_a_copy_ends_everything(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let person = a_person(store).await;
    let_in(store, person, app, 1, true).await;
    let granted = granted(redeem(store, 1, app, 10, 59).await);
    assert_eq!((granted.person, granted.patient), (person, Some(person.patient())));
    assert_eq!(granted.expires_at, at(59 + HOUR));
    assert!(granted.renewable && opens(store, 10, 60).await);
    assert_eq!(redeem(store, 1, app, 20, 3_000).await, Exchange::Replayed(person));
    assert!(!opens(store, 10, 3_000).await);
    assert_eq!(renew(store, 11, app, 30, 3_000).await, Exchange::Refused);
}

pub(crate) async fn a_code_lives_a_minute(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let_in(store, a_person(store).await, app, 1, false).await;
    assert_eq!(redeem(store, 1, app, 10, 60).await, Exchange::Refused);
    assert!(!opens(store, 10, 60).await);
}

pub(crate) async fn a_code_that_does_not_fit_is_spent(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let person = a_person(store).await;
    let wrong_verifier = PresentedCode { verifier: hash(98), ..presented(1, app) };
    let other = "https://app.example.com/other".to_owned();
    let wrong_address = PresentedCode { redirect_uri: other, ..presented(2, app) };
    for (code, wrong) in [(1, wrong_verifier), (2, wrong_address)] {
        let_in(store, person, app, code, true).await;
        let refused = store.redeem(wrong, next(10, 11), at(10)).await.unwrap();
        assert_eq!(refused, Exchange::Refused);
        assert_eq!(redeem(store, code, app, 10, 11).await, Exchange::Refused);
    }
    assert!(!opens(store, 10, 12).await);
}

pub(crate) async fn another_app_can_do_nothing_with_a_token(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let thief = an_app(store).await.id;
    let_in(store, a_person(store).await, app, 1, true).await;
    assert_eq!(redeem(store, 1, thief, 50, 1).await, Exchange::Refused);
    granted(redeem(store, 1, app, 10, 2).await);
    assert_eq!(renew(store, 11, thief, 50, 3).await, Exchange::Refused);
    for token in [10, 11] {
        assert!(store.app_token(hash(token), thief, at(3)).await.unwrap().is_none());
        store.end_app_token(hash(token), thief).await.unwrap();
        assert!(store.app_token(hash(token), app, at(3)).await.unwrap().is_some());
    }
    assert!(opens(store, 10, 3).await);
}

pub(crate) async fn without_lasting_access_there_is_nothing_to_renew(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let_in(store, a_person(store).await, app, 1, false).await;
    assert!(!granted(redeem(store, 1, app, 10, 0).await).renewable);
    assert_eq!(renew(store, 11, app, 20, 1).await, Exchange::Refused);
    assert!(opens(store, 10, HOUR - 1).await);
    assert!(!opens(store, 10, HOUR).await);
}

pub(crate) async fn a_refresh_token_is_exchanged_once_and_a_copy_ends_everything(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let person = a_person(store).await;
    let_in(store, person, app, 1, true).await;
    granted(redeem(store, 1, app, 10, 0).await);
    granted(renew(store, 11, app, 20, 100).await);
    granted(renew(store, 21, app, 30, 200).await);
    assert!(opens(store, 10, 201).await && opens(store, 30, 201).await);
    assert_eq!(renew(store, 11, app, 40, 300).await, Exchange::Replayed(person));
    for access in [10, 20, 30, 40] {
        assert!(!opens(store, access, 301).await);
    }
    assert_eq!(renew(store, 31, app, 50, 302).await, Exchange::Refused);
}

pub(crate) async fn lasting_access_ends_when_idle_and_in_any_case(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let person = a_person(store).await;
    let_in(store, person, app, 1, true).await;
    granted(redeem(store, 1, app, 10, 0).await);
    granted(renew(store, 11, app, 20, 30 * DAY - 1).await);
    assert_eq!(renew(store, 21, app, 30, 60 * DAY - 1).await, Exchange::Refused);
    let_in(store, person, app, 2, true).await;
    granted(redeem(store, 2, app, 50, 0).await);
    let mut token = 51;
    for day in [29, 58, 87] {
        granted(renew(store, token, app, token + 1, day * DAY).await);
        token += 2;
    }
    let last = granted(renew(store, token, app, 90, 90 * DAY - 60).await);
    assert_eq!(last.expires_at, at(90 * DAY));
    assert_eq!(renew(store, 91, app, 100, 90 * DAY).await, Exchange::Refused);
}

pub(crate) async fn an_access_token_may_read_less_than_was_granted(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let_in(store, a_person(store).await, app, 1, true).await;
    granted(redeem(store, 1, app, 10, 0).await);
    let less = "patient/Observation.r".to_owned();
    let presented = PresentedRefresh { refresh: hash(11), app, scopes: Some(less.clone()) };
    let narrow = granted(store.renew(presented, next(20, 21), at(1)).await.unwrap());
    assert_eq!(narrow.scopes, less);
    assert_eq!(store.app_access(hash(20), at(2)).await.unwrap().unwrap().scopes, less);
    let seen = store.app_token(hash(21), app, at(2)).await.unwrap().unwrap();
    assert_eq!((seen.is_refresh, &*seen.scopes), (true, "patient/Observation.rs"));
}

pub(crate) async fn a_person_sees_and_ends_what_an_app_may_read(bed: &dyn Bed) {
    let store = bed.store();
    let (app, other) = (an_app(store).await.id, an_app(store).await.id);
    let (person, stranger) = (a_person(store).await, a_person(store).await);
    for (code, person, app) in
        [(1, person, app), (2, person, app), (3, person, other), (4, stranger, app)]
    {
        let_in(store, person, app, code, true).await;
        granted(redeem(store, code, app, code * 10, 0).await);
    }
    // One that was never exchanged is not seen.
    let_in(store, person, app, 5, true).await;
    assert_eq!(store.grants_of(person, at(1)).await.unwrap().len(), 3);
    let people = |id| async move {
        let apps = store.apps(at(1)).await.unwrap();
        apps.into_iter().find(|seen| seen.app.id == id).unwrap().people
    };
    assert_eq!((people(app).await, people(other).await), (2, 1));
    let grant = store.app_access(hash(10), at(1)).await.unwrap().unwrap().grant;
    store.note_use(grant, at(500)).await.unwrap();
    store.note_use(grant, at(400)).await.unwrap();
    assert_eq!(store.app_access(hash(10), at(501)).await.unwrap().unwrap().used_at, Some(at(500)));
    assert!(store.end_grants(person, app).await.unwrap());
    assert!(!store.end_grants(person, app).await.unwrap());
    assert!(!opens(store, 10, 501).await && !opens(store, 20, 501).await);
    assert_eq!(redeem(store, 5, app, 60, 10).await, Exchange::Refused);
    assert!(opens(store, 30, 501).await && opens(store, 40, 501).await);
    assert!(store.remove_app(app).await.unwrap());
    assert!(!store.remove_app(app).await.unwrap());
    assert!(opens(store, 30, 501).await && !opens(store, 40, 501).await);
}

pub(crate) async fn another_password_ends_what_apps_may_read(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let (person, stranger) = (a_person(store).await, a_person(store).await);
    for (code, person) in [(1, person), (2, stranger)] {
        let_in(store, person, app, code, true).await;
        granted(redeem(store, code, app, code * 10, 0).await);
    }
    let old = store.person(person).await.unwrap().unwrap().password_hash;
    assert!(!store.change_password(person, "wrong", "new", Uuid::new_v4()).await.unwrap());
    assert!(opens(store, 10, 1).await);
    assert!(store.change_password(person, &old, "new", Uuid::new_v4()).await.unwrap());
    assert!(!opens(store, 10, 1).await && opens(store, 20, 1).await);
}

pub(crate) async fn an_app_gives_its_tokens_back(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let_in(store, a_person(store).await, app, 1, true).await;
    granted(redeem(store, 1, app, 10, 0).await);
    granted(renew(store, 11, app, 20, 1).await);
    store.end_app_token(hash(10), app).await.unwrap();
    assert!(!opens(store, 10, 2).await && opens(store, 20, 2).await);
    store.end_app_token(hash(21), app).await.unwrap();
    store.end_app_token(hash(21), app).await.unwrap();
    assert!(!opens(store, 20, 2).await);
}

pub(crate) async fn of_many_exchanges_of_one_code_none_outlives_the_second(bed: &dyn Bed) {
    let app = an_app(bed.store()).await.id;
    let person = a_person(bed.store()).await;
    let_in(bed.store(), person, app, 1, true).await;
    let other_process = bed.another().await;
    let callers = (0..20).map(|n: u8| {
        let store = if n.is_multiple_of(2) { bed.shared() } else { other_process.clone() };
        tokio::spawn(async move { redeem(&*store, 1, app, 10 + 2 * n, 10).await })
    });
    let answers = futures_util::future::join_all(callers).await;
    let granted = answers.into_iter().map(Result::unwrap);
    let granted = granted.filter(|answer| matches!(answer, Exchange::Granted(_))).count();
    assert_eq!(granted, 1);
    for n in 0..20 {
        assert!(!opens(bed.store(), 10 + 2 * n, 11).await);
    }
}

pub(crate) async fn ending_access_never_waits_in_a_circle(bed: &dyn Bed) {
    let (store, person) = (bed.shared(), a_person(bed.store()).await);
    let (app, other) = (an_app(&*store).await.id, an_app(&*store).await.id);
    let other_process = bed.another().await;
    for code in 1..20_u8 {
        let_in(&*store, person, if code.is_multiple_of(2) { app } else { other }, code, true).await;
    }
    let mut tasks = Vec::new();
    for code in 1..20_u8 {
        let (store, app) = (store.clone(), if code.is_multiple_of(2) { app } else { other });
        tasks.push(tokio::spawn(async move {
            redeem(&*store, code, app, 100 + 2 * code, 1).await;
        }));
    }
    for app in [app, other] {
        let store = other_process.clone();
        tasks.push(tokio::spawn(async move {
            store.end_grants(person, app).await.unwrap();
        }));
    }
    let store = other_process.clone();
    tasks.push(tokio::spawn(async move {
        store.remove_app(other).await.unwrap();
    }));
    for task in futures_util::future::join_all(tasks).await {
        task.unwrap();
    }
}

pub(crate) async fn what_has_ended_is_swept_away(bed: &dyn Bed) {
    let (store, app) = (bed.store(), an_app(bed.store()).await.id);
    let person = a_person(store).await;
    let_in(store, person, app, 1, false).await;
    granted(redeem(store, 1, app, 10, 0).await);
    let later = Approval {
        code: hash(2),
        grant: Uuid::new_v4(),
        code_expires_at: at(2 * HOUR),
        ..let_in(store, person, app, 3, false).await
    };
    store.approve(later, at(HOUR)).await.unwrap();
    // Swept: even in the past it opens nothing.
    assert!(!opens(store, 10, 1).await);
}
