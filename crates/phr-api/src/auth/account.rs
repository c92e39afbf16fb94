//! Making accounts and proving to be their owner.

use std::net::IpAddr;

use phr_model::PersonId;
use phr_store::account::{NewPerson, Person, Registration as Registered};
use phr_sync::entropy;
use secrecy::SecretString;

use super::{SignedIn, hashing::Verdict, password, throttle::Brakes};
use crate::{error::ApiError, settings::Registration, state::ApiState};

/// Somebody who wants an account.
#[derive(Debug)]
pub struct Applicant {
    /// Their address, checked in form.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Their password, not yet normalised.
    pub password: SecretString,
    /// Their invitation, if they have one.
    pub invitation: Option<SecretString>,
}

/// Makes an account if the mode allows it. In open mode nobody learns whether the address was free
/// (AC-05); in invite mode only who holds an invitation does.
///
/// # Errors
/// What is wrong with the application.
pub async fn register(state: &ApiState, applicant: Applicant) -> Result<(), ApiError> {
    let mode = state.settings.registration;
    let invitation = admit(mode, applicant.invitation)?;
    let person = prepare(state, &applicant.email, applicant.name, &applicant.password).await?;
    let new = NewPerson { person, invitation: invitation.as_ref().map(entropy::hash) };
    match (state.store.register(new, state.clock.now()).await?, mode) {
        (Registered::Created, _) | (Registered::EmailTaken, Registration::Open) => Ok(()),
        (Registered::EmailTaken, _) => Err(ApiError::Conflict(
            "email-taken",
            "There is an account with this address already. Sign in, or use another address.",
        )),
        (Registered::InvitationInvalid, _) => {
            Err(ApiError::body("invitation", "an invitation that is unused and not expired"))
        }
    }
}

fn admit(
    mode: Registration,
    invitation: Option<SecretString>,
) -> Result<Option<SecretString>, ApiError> {
    match (mode, invitation) {
        (Registration::Open, _) => Ok(None),
        (Registration::Invite, Some(invitation)) => Ok(Some(invitation)),
        (Registration::Invite, None) => {
            Err(ApiError::body("invitation", "required: registering needs an invitation"))
        }
        (Registration::Closed, _) => Err(ApiError::Forbidden("Registration is closed")),
    }
}

/// A checked account with its password hashed, not yet written.
///
/// # Errors
/// [`ApiError::Invalid`] naming the password.
async fn prepare(
    state: &ApiState,
    email: &str,
    name: String,
    password: &SecretString,
) -> Result<Person, ApiError> {
    let password = acceptable(password, email, &name, "password")?;
    let id = PersonId(entropy::uuid(&*state.entropy));
    Ok(Person {
        id,
        email: email.to_owned(),
        name,
        password_hash: state.hasher.hash(&*state.entropy, password).await?,
        patient: Some(id.patient()),
        created_at: state.clock.now(),
    })
}

/// A new password in the form in which it is hashed, if it is good enough; `field` is where the
/// request has it.
fn acceptable(
    password: &SecretString,
    email: &str,
    name: &str,
    field: &str,
) -> Result<SecretString, ApiError> {
    let password = password::normalise(password);
    match password::check(&password, email, name) {
        Ok(()) => Ok(password),
        Err(weakness) => Err(ApiError::body(field, weakness.advice())),
    }
}

/// Gives a signed-in person another password, and ends their other sessions (AC-10). Guessing the
/// present one is slowed down as at sign-in: a stolen access token must not be a way around.
///
/// # Errors
/// [`ApiError::Invalid`] naming what is wrong, or [`ApiError::RateLimited`] while a brake is on.
pub async fn change_password(
    state: &ApiState,
    signed_in: &SignedIn,
    current: &SecretString,
    new: &SecretString,
    address: IpAddr,
) -> Result<(), ApiError> {
    let person = &signed_in.person;
    let brakes = Brakes::new(&person.email, address);
    let _gate = state.gates.pass(&brakes.account, &brakes.address).await;
    brakes.check(state).await?;
    let new = acceptable(new, &person.email, &person.name, "new_password")?;
    let stored = Some(person.password_hash.clone());
    let wrong = || ApiError::body("current_password", "the present password of this account");
    if state.hasher.verify(password::normalise(current), stored).await? == Verdict::Wrong {
        brakes.failed(state).await?;
        return Err(wrong());
    }
    brakes.succeeded(state).await?;
    let hash = state.hasher.hash(&*state.entropy, new).await?;
    let old = &person.password_hash;
    let changed = state.store.change_password(person.id, old, &hash, signed_in.session).await?;
    // Somebody else changed it meanwhile: what was presented is not the present one any more.
    if changed { Ok(()) } else { Err(wrong()) }
}

/// The owner of `email`, if `password` is theirs. An unknown address, a wrong password and a
/// password that could never have been set all take the same time and get the same answer (AC-04).
///
/// # Errors
/// [`ApiError::Unauthenticated`], or [`ApiError::RateLimited`] while a brake is on.
pub async fn authenticate(
    state: &ApiState,
    email: &str,
    password: &SecretString,
    address: IpAddr,
) -> Result<Person, ApiError> {
    let brakes = Brakes::new(email, address);
    let _gate = state.gates.pass(&brakes.account, &brakes.address).await;
    brakes.check(state).await?;
    let password = password::normalise(password);
    let person = state.store.person_by_email(email).await?;
    let stored = person.as_ref().map(|person| person.password_hash.clone());
    match (state.hasher.verify(password.clone(), stored).await?, person) {
        (Verdict::Wrong, _) | (_, None) => {
            brakes.failed(state).await?;
            tracing::info!("sign-in failed");
            Err(ApiError::Unauthenticated("The address or the password is wrong"))
        }
        (verdict, Some(person)) => {
            brakes.succeeded(state).await?;
            if verdict == Verdict::RightButOutdated {
                let new = state.hasher.hash(&*state.entropy, password).await?;
                state.store.rehash(person.id, &person.password_hash, &new).await?;
            }
            Ok(person)
        }
    }
}
