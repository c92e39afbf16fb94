//! What the FHIR server does wrong.

use std::time::Duration;

/// A misbehaviour of the FHIR server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FhirFault {
    /// So many requests are answered with this status and an OperationOutcome.
    Status {
        /// HTTP status.
        status: u16,
        /// `Retry-After`, seconds.
        retry_after: Option<u32>,
        /// How many.
        times: u32,
    },
    /// So many requests are answered with 502 and a page of HTML.
    Html {
        /// How many.
        times: u32,
    },
    /// Every request is cut without an answer and without effect.
    Down,
    /// So many writes have their effect, and then the connection is cut.
    CutAfterCommit {
        /// How many.
        times: u32,
    },
    /// Every request takes at least so long.
    Slow(Duration),
    /// A resource with this id (or identifier value) is refused with this status, and so is every
    /// bundle that holds it.
    Poison {
        /// The id.
        id: String,
        /// HTTP status.
        status: u16,
    },
}

#[derive(Debug, Default)]
pub(super) struct Mood {
    faults: Vec<FhirFault>,
}

/// What becomes of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) delay: Duration,
    /// Cut before anything happens.
    pub(super) cut: bool,
    /// Answered with this instead.
    pub(super) status: Option<(u16, Option<u32>)>,
    pub(super) html: bool,
    pub(super) cut_after: bool,
}

impl Mood {
    pub(super) fn add(&mut self, fault: FhirFault) {
        self.faults.push(fault);
    }

    /// Draws the fate of a request.
    pub(super) fn fate(&mut self, is_write: bool) -> Fate {
        let mut fate = Fate::default();
        for fault in &mut self.faults {
            match fault {
                FhirFault::Down => fate.cut = true,
                FhirFault::Slow(delay) => fate.delay = *delay,
                FhirFault::Status { status, retry_after, times } => {
                    if take(times) {
                        fate.status = Some((*status, *retry_after));
                    }
                }
                FhirFault::Html { times } => fate.html |= take(times),
                FhirFault::CutAfterCommit { times } if is_write => fate.cut_after |= take(times),
                FhirFault::CutAfterCommit { .. } | FhirFault::Poison { .. } => {}
            }
        }
        fate
    }

    /// The status with which a resource is refused, if it is.
    pub(super) fn poison(&self, names: &[&str]) -> Option<u16> {
        self.faults.iter().find_map(|fault| match fault {
            FhirFault::Poison { id, status } if names.contains(&id.as_str()) => Some(*status),
            _ => None,
        })
    }
}

fn take(times: &mut u32) -> bool {
    let left = *times > 0;
    *times = times.saturating_sub(1);
    left
}
