use phr_model::PersonId;
use phr_store::{
    StoreError,
    account::{RefreshPolicy, Rotation, Session},
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_person, a_session, at, hash},
};

const POLICY: RefreshPolicy = RefreshPolicy { idle_seconds: 30 * 86_400, grace_seconds: 60 };

async fn rotate(bed: &dyn Bed, presented: u8, new: u8, second: i64) -> Rotation {
    bed.store().rotate(hash(presented), hash(new), POLICY, at(second)).await.unwrap()
}

async fn lives(bed: &dyn Bed, session: &Session) -> bool {
    bed.store().session(session.id, at(1_000)).await.unwrap().is_some()
}

pub(crate) async fn a_session_lives_until_its_absolute_end(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    let last = bed.store().session(session.id, at(90 * 86_400 - 1)).await.unwrap();
    assert_eq!(last.as_ref(), Some(&session));
    assert!(bed.store().session(session.id, at(90 * 86_400)).await.unwrap().is_none());
    assert_eq!(rotate(bed, 1, 2, 90 * 86_400).await, Rotation::Refused);
}

pub(crate) async fn a_session_needs_its_person(bed: &dyn Bed) {
    let nobody = PersonId(Uuid::new_v4());
    let session = Session { id: Uuid::new_v4(), person: nobody, expires_at: at(60) };
    let refused = bed.store().open_session(session, hash(1), at(0)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
}

pub(crate) async fn a_session_ends_for_its_person_only(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    let stranger = a_person(bed.store()).await;
    bed.store().end_session(stranger, session.id).await.unwrap();
    assert!(lives(bed, &session).await);
    for _ in 0..2 {
        bed.store().end_session(session.person, session.id).await.unwrap();
    }
    assert!(!lives(bed, &session).await);
}

pub(crate) async fn a_refresh_token_is_exchanged_once(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    assert_eq!(rotate(bed, 1, 2, 10).await, Rotation::Rotated(session.clone()));
    assert_eq!(rotate(bed, 2, 3, 20).await, Rotation::Rotated(session));
}

pub(crate) async fn an_unknown_token_is_refused(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    assert_eq!(rotate(bed, 9, 2, 10).await, Rotation::Refused);
    assert!(lives(bed, &session).await);
}

pub(crate) async fn a_token_of_an_ended_session_is_refused(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    bed.store().end_session(session.person, session.id).await.unwrap();
    assert_eq!(rotate(bed, 1, 2, 10).await, Rotation::Refused);
}

pub(crate) async fn an_idle_session_ends(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    let month = 30 * 86_400;
    assert!(matches!(rotate(bed, 1, 2, month - 1).await, Rotation::Rotated(_)));
    assert_eq!(rotate(bed, 2, 3, month - 1 + month).await, Rotation::Refused);
    assert!(!lives(bed, &session).await);
}

pub(crate) async fn a_replay_after_use_ends_the_whole_session(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    rotate(bed, 1, 2, 10).await;
    rotate(bed, 2, 3, 11).await;
    assert_eq!(rotate(bed, 1, 4, 12).await, Rotation::Replayed(session.person));
    assert!(!lives(bed, &session).await);
    for dead in 1..=4 {
        assert_eq!(rotate(bed, dead, 5, 13).await, Rotation::Refused);
    }
}

pub(crate) async fn a_lost_answer_is_given_again(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    rotate(bed, 1, 2, 10).await;
    assert_eq!(rotate(bed, 1, 3, 69).await, Rotation::Rotated(session.clone()));
    assert_eq!(rotate(bed, 3, 4, 70).await, Rotation::Rotated(session));
}

pub(crate) async fn the_grace_ends(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    rotate(bed, 1, 2, 10).await;
    rotate(bed, 1, 3, 40).await;
    assert_eq!(rotate(bed, 1, 4, 70).await, Rotation::Replayed(session.person));
}

pub(crate) async fn a_superseded_token_ends_the_session(bed: &dyn Bed) {
    // Whoever replayed 1 got 3; whoever holds 2 got it from us as well. One of them is a thief.
    let session = a_session(bed.store()).await;
    rotate(bed, 1, 2, 10).await;
    rotate(bed, 1, 3, 11).await;
    assert_eq!(rotate(bed, 2, 4, 12).await, Rotation::Replayed(session.person));
    assert!(!lives(bed, &session).await);
}

pub(crate) async fn of_fifty_parallel_calls_one_leaf_lives(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    let other_process = bed.another().await;
    let callers = (10..60).map(|n| {
        let store = if n % 2 == 0 { bed.shared() } else { other_process.clone() };
        tokio::spawn(async move { store.rotate(hash(1), hash(n), POLICY, at(10)).await.unwrap() })
    });
    let answers = futures_util::future::join_all(callers).await;
    for answer in answers {
        assert_eq!(answer.unwrap(), Rotation::Rotated(session.clone()));
    }
    let living = bed.live_tokens().await;
    assert_eq!(living.len(), 1);
    let [leaf] = living.try_into().unwrap();
    let next = bed.store().rotate(leaf, hash(99), POLICY, at(20)).await.unwrap();
    assert_eq!(next, Rotation::Rotated(session));
}

pub(crate) async fn sessions_survive_a_restart(bed: &dyn Bed) {
    let session = a_session(bed.store()).await;
    rotate(bed, 1, 2, 10).await;
    let after = bed.another().await;
    assert_eq!(after.session(session.id, at(20)).await.unwrap(), Some(session.clone()));
    let next = after.rotate(hash(2), hash(3), POLICY, at(20)).await.unwrap();
    assert_eq!(next, Rotation::Rotated(session));
}
