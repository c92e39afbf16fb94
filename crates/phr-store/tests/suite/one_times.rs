use phr_store::one_time::{OneTime, Purpose};

use crate::{
    bed::Bed,
    given::{a_person, at, hash},
};

async fn a_state(bed: &dyn Bed) -> OneTime {
    let secret = OneTime {
        hash: hash(1),
        purpose: Purpose::OAuthState,
        person: Some(a_person(bed.store()).await),
        payload: r#"{"verifier":"sealed"}"#.to_owned(),
        expires_at: at(600),
    };
    bed.store().put_one_time(secret.clone(), at(0)).await.unwrap();
    secret
}

async fn take(bed: &dyn Bed, purpose: Purpose, second: i64) -> Option<OneTime> {
    bed.store().take_one_time(purpose, hash(1), at(second)).await.unwrap()
}

pub(crate) async fn a_secret_works_once(bed: &dyn Bed) {
    let secret = a_state(bed).await;
    assert_eq!(take(bed, Purpose::OAuthState, 10).await, Some(secret));
    assert_eq!(take(bed, Purpose::OAuthState, 10).await, None);
}

pub(crate) async fn a_secret_works_for_its_purpose_only(bed: &dyn Bed) {
    let secret = a_state(bed).await;
    for other in [Purpose::ConnectLink, Purpose::Confirmation, Purpose::Invitation] {
        assert_eq!(take(bed, other, 10).await, None);
        assert_eq!(bed.store().peek_one_time(other, hash(1), at(10)).await.unwrap(), None);
    }
    assert_eq!(take(bed, Purpose::OAuthState, 10).await, Some(secret));
}

pub(crate) async fn looking_does_not_consume(bed: &dyn Bed) {
    let secret = a_state(bed).await;
    for _ in 0..2 {
        let seen = bed.store().peek_one_time(Purpose::OAuthState, hash(1), at(10)).await;
        assert_eq!(seen.unwrap().as_ref(), Some(&secret));
    }
    assert_eq!(take(bed, Purpose::OAuthState, 10).await, Some(secret));
}

pub(crate) async fn an_expired_secret_does_not_work(bed: &dyn Bed) {
    let secret = a_state(bed).await;
    let seen = bed.store().peek_one_time(Purpose::OAuthState, hash(1), at(600)).await;
    assert_eq!(seen.unwrap(), None);
    assert_eq!(take(bed, Purpose::OAuthState, 600).await, None);
    // The next one sweeps it away.
    let next = OneTime { hash: hash(2), expires_at: at(1_200), ..secret };
    bed.store().put_one_time(next, at(600)).await.unwrap();
    assert_eq!(take(bed, Purpose::OAuthState, 10).await, None);
}

pub(crate) async fn of_many_takers_one_wins(bed: &dyn Bed) {
    a_state(bed).await;
    let other_process = bed.another().await;
    let takers = (0..20).map(|n| {
        let store = if n % 2 == 0 { bed.shared() } else { other_process.clone() };
        tokio::spawn(async move {
            store.take_one_time(Purpose::OAuthState, hash(1), at(10)).await.unwrap()
        })
    });
    let answers = futures_util::future::join_all(takers).await;
    assert_eq!(answers.into_iter().filter(|answer| answer.as_ref().unwrap().is_some()).count(), 1);
}
