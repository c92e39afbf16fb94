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
    assert!(!bed.store().end_session(stranger, session.id).await.unwrap());
    assert!(lives(bed, &session).await);
    for living in [true, false] {
        let ended = bed.store().end_session(session.person, session.id).await.unwrap();
        assert_eq!(ended, living);
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

/// Another session of the same person.
async fn another(bed: &dyn Bed, person: PersonId, token: u8, second: i64) -> Session {
    let session = Session { id: Uuid::new_v4(), person, expires_at: at(90 * 86_400) };
    bed.store().open_session(session.clone(), hash(token), at(second)).await.unwrap();
    session
}

async fn listed(bed: &dyn Bed, person: PersonId, used_after: i64, now: i64) -> Vec<Session> {
    let seen = bed.store().sessions(person, at(used_after), at(now)).await.unwrap();
    seen.into_iter().map(|seen| seen.session).collect()
}

pub(crate) async fn a_person_s_living_sessions_are_listed_newest_first(bed: &dyn Bed) {
    let first = a_session(bed.store()).await;
    let second = another(bed, first.person, 5, 10).await;
    rotate(bed, 1, 2, 20).await;
    let stranger = a_person(bed.store()).await;
    another(bed, stranger, 6, 30).await;
    let seen = bed.store().sessions(first.person, at(0), at(40)).await.unwrap();
    let times: Vec<_> = seen.iter().map(|seen| (seen.created_at, seen.used_at)).collect();
    assert_eq!(times, [(at(10), at(10)), (at(0), at(20))]);
    assert_eq!(listed(bed, first.person, 0, 40).await, [second, first.clone()]);
    assert_eq!(listed(bed, first.person, 10, 40).await, std::slice::from_ref(&first));
    assert!(listed(bed, first.person, 0, 90 * 86_400).await.is_empty());
}

pub(crate) async fn all_sessions_of_a_person_end_at_once(bed: &dyn Bed) {
    let first = a_session(bed.store()).await;
    let second = another(bed, first.person, 5, 10).await;
    let stranger = a_person(bed.store()).await;
    let theirs = another(bed, stranger, 6, 10).await;
    bed.store().end_all_sessions(first.person).await.unwrap();
    assert!(!lives(bed, &first).await && !lives(bed, &second).await);
    assert!(lives(bed, &theirs).await);
}

pub(crate) async fn another_password_ends_every_other_session(bed: &dyn Bed) {
    let kept = a_session(bed.store()).await;
    let other = another(bed, kept.person, 5, 10).await;
    let stranger = a_person(bed.store()).await;
    let theirs = another(bed, stranger, 6, 10).await;
    let old = bed.store().person(kept.person).await.unwrap().unwrap().password_hash;
    let change = |old: &'static str, new: &'static str| {
        bed.store().change_password(kept.person, old, new, kept.id)
    };
    assert!(!change("not the one", "new").await.unwrap());
    assert!(lives(bed, &other).await, "nothing is written");
    let changed = bed.store().change_password(kept.person, &old, "new", kept.id).await.unwrap();
    assert!(changed);
    assert!(lives(bed, &kept).await && !lives(bed, &other).await);
    assert!(lives(bed, &theirs).await);
    assert_eq!(bed.store().person(kept.person).await.unwrap().unwrap().password_hash, "new");
    assert_ne!(bed.store().person(stranger).await.unwrap().unwrap().password_hash, "new");
}
