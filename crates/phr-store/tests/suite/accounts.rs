use phr_store::{
    account::{NewPerson, Registration},
    one_time::{OneTime, Purpose},
};

use crate::{
    bed::Bed,
    given::{a_person, account, at, hash},
};

fn invited(email: &str) -> NewPerson {
    NewPerson { person: account(email), invitation: Some(hash(7)) }
}

async fn an_invitation(bed: &dyn Bed) {
    let invitation = OneTime {
        hash: hash(7),
        purpose: Purpose::Invitation,
        person: None,
        payload: "{}".to_owned(),
        expires_at: at(60),
    };
    bed.store().put_one_time(invitation, at(0)).await.unwrap();
}

pub(crate) async fn an_account_is_found_by_id_and_by_address_in_any_case(bed: &dyn Bed) {
    let person = account("  Ada.Straße@Example.org ");
    let new = NewPerson { person: person.clone(), invitation: None };
    assert_eq!(bed.store().register(new, at(0)).await.unwrap(), Registration::Created);
    let found = bed.store().person_by_email("ada.STRASSE@example.ORG").await.unwrap().unwrap();
    assert_eq!((found.id, found.email.as_str()), (person.id, "Ada.Straße@Example.org"));
    assert_eq!((found.patient, found.created_at), (person.patient, at(0)));
    let found = bed.store().person(person.id).await.unwrap().unwrap();
    assert_eq!((found.name, found.password_hash), (person.name, person.password_hash));
    assert!(bed.store().person_by_email("ada@example.org").await.unwrap().is_none());
}

pub(crate) async fn an_address_is_taken_once_whatever_its_case(bed: &dyn Bed) {
    for (email, expected) in
        [("ada@example.org", Registration::Created), ("ADA@example.org", Registration::EmailTaken)]
    {
        let new = NewPerson { person: account(email), invitation: None };
        assert_eq!(bed.store().register(new, at(0)).await.unwrap(), expected);
    }
    assert_eq!(bed.store().people().await.unwrap().len(), 1);
}

pub(crate) async fn people_are_listed_oldest_first(bed: &dyn Bed) {
    for (email, since) in [("b@example.org", 20), ("a@example.org", 10)] {
        let mut person = account(email);
        person.created_at = at(since);
        person.patient = None;
        bed.store().register(NewPerson { person, invitation: None }, at(since)).await.unwrap();
    }
    let people = bed.store().people().await.unwrap();
    let emails: Vec<_> = people.iter().map(|person| person.email.as_str()).collect();
    assert_eq!(emails, ["a@example.org", "b@example.org"]);
}

pub(crate) async fn an_invitation_works_once(bed: &dyn Bed) {
    an_invitation(bed).await;
    let first = bed.store().register(invited("a@example.org"), at(1)).await.unwrap();
    let second = bed.store().register(invited("b@example.org"), at(1)).await.unwrap();
    assert_eq!((first, second), (Registration::Created, Registration::InvitationInvalid));
}

pub(crate) async fn a_taken_address_leaves_the_invitation_standing(bed: &dyn Bed) {
    an_invitation(bed).await;
    let new = NewPerson { person: account("a@example.org"), invitation: None };
    bed.store().register(new, at(0)).await.unwrap();
    let taken = bed.store().register(invited("A@example.org"), at(1)).await.unwrap();
    let other = bed.store().register(invited("b@example.org"), at(1)).await.unwrap();
    assert_eq!((taken, other), (Registration::EmailTaken, Registration::Created));
}

pub(crate) async fn without_a_valid_invitation_nobody_learns_about_addresses(bed: &dyn Bed) {
    an_invitation(bed).await;
    let new = NewPerson { person: account("a@example.org"), invitation: None };
    bed.store().register(new, at(0)).await.unwrap();
    let expired = bed.store().register(invited("a@example.org"), at(60)).await.unwrap();
    assert_eq!(expired, Registration::InvitationInvalid);
}

pub(crate) async fn one_invitation_lets_one_of_many_in(bed: &dyn Bed) {
    an_invitation(bed).await;
    let callers = (0..10).map(|n| {
        let store = bed.shared();
        tokio::spawn(async move {
            store.register(invited(&format!("{n}@example.org")), at(1)).await.unwrap()
        })
    });
    let answers = futures_util::future::join_all(callers).await;
    let created = answers.into_iter().filter(|a| *a.as_ref().unwrap() == Registration::Created);
    assert_eq!(created.count(), 1);
    assert_eq!(bed.store().people().await.unwrap().len(), 1);
}

pub(crate) async fn a_password_is_rehashed_only_if_it_is_still_the_old_one(bed: &dyn Bed) {
    let id = a_person(bed.store()).await;
    bed.store().rehash(id, "$argon2id$other", "$argon2id$never").await.unwrap();
    bed.store().rehash(id, "$argon2id$old", "$argon2id$new").await.unwrap();
    let person = bed.store().person(id).await.unwrap().unwrap();
    assert_eq!(person.password_hash, "$argon2id$new");
}

pub(crate) async fn failures_are_counted_in_a_row_and_by_the_hour(bed: &dyn Bed) {
    let store = bed.store();
    assert!(store.throttle(hash(1)).await.unwrap().is_none());
    for second in 0..3 {
        store.count_failure(hash(1), at(second)).await.unwrap();
    }
    store.clear_failures(hash(1)).await.unwrap();
    store.count_failure(hash(1), at(10)).await.unwrap();
    let known = store.throttle(hash(1)).await.unwrap().unwrap();
    assert_eq!((known.failures_in_a_row, known.failures_this_hour), (1, 4));
    assert_eq!(known.last_failure_at, at(10));
    assert_eq!((known.failures_in_hour_of(at(20)), known.failures_in_hour_of(at(3_600))), (4, 0));

    store.count_failure(hash(1), at(3_600)).await.unwrap();
    let known = store.throttle(hash(1)).await.unwrap().unwrap();
    assert_eq!((known.failures_in_a_row, known.failures_this_hour), (2, 1));

    store.count_failure(hash(2), at(3_600 + 86_400)).await.unwrap();
    assert!(store.throttle(hash(1)).await.unwrap().is_none(), "forgotten after a quiet day");
}
