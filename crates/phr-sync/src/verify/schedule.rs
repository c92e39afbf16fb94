//! Is somebody going to do what is to be done? Pure rules.

use jiff::{SignedDuration, Timestamp};
use phr_store::{connection::ConnectionState, inspection::Job};

use super::finding::{Findings, What};

/// Checks that a connection will be worked on when it should, and only then. `patience` is how long
/// something may be due before it counts as stuck.
pub fn check(job: &Job, now: Timestamp, patience: SignedDuration, findings: &mut Findings) {
    let active = job.connection.state == ConnectionState::Active;
    let at = |instant: Timestamp| Some(instant.to_string());
    if job.lease.is_some() != job.lease_until.is_some() {
        findings.add(What::LeaseTorn, job.lease_until.and_then(at), None);
    }
    let working = job.lease_until.is_some_and(|until| until > now);
    if !active {
        if let Some(due_at) = job.connection.due_at {
            findings.add(What::DueInVain, at(due_at), None);
        }
        return;
    }
    if working {
        return;
    }
    if job.connection.due_at.is_none() {
        findings.add(What::NeverDue, None, None);
    }
    let due = job.connection.due_at.into_iter().chain(job.older_due_at);
    if let Some(since) = due.min().filter(|due_at| now.duration_since(*due_at) > patience) {
        findings.add(What::Overdue, at(since), None);
    }
}
