//! Streams that stay open: how many, how often they look around, and when they all end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use phr_model::PersonId;
use phr_vendors::Pace;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use crate::error::ApiError;

/// How often an open stream looks whether its session lives and whether another process changed
/// something. What this process changes it hears of at once.
pub(crate) const TICK: Duration = Duration::from_secs(5);

/// Every so many ticks, 15 s, something is sent, so that nobody on the way takes the connection for
/// dead.
pub(crate) const TICKS_TO_HEARTBEAT: u32 = 3;

/// Seconds after which a refused client may try again.
const RETRY_AFTER: u64 = 30;

/// How many streams may be open.
#[derive(Debug, Clone, Copy)]
pub struct StreamLimits {
    /// Of one person.
    pub per_person: usize,
    /// Of everybody, in this process.
    pub in_all: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self { per_person: 5, in_all: 500 }
    }
}

/// All open streams of this process.
pub struct Streams {
    limits: StreamLimits,
    pace: Arc<dyn Pace>,
    closing: CancellationToken,
    seats: Arc<Seats>,
}

/// Open streams by person.
type Seats = Mutex<HashMap<PersonId, usize>>;

impl Streams {
    /// Streams that wait with `pace`.
    pub fn new(limits: StreamLimits, pace: Arc<dyn Pace>) -> Self {
        Self { limits, pace, closing: CancellationToken::new(), seats: Arc::default() }
    }

    /// Ends all streams and opens no more: a server that stops must not wait for them.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    pub(crate) fn closed(&self) -> WaitForCancellationFuture<'_> {
        self.closing.cancelled()
    }

    pub(crate) fn pace(&self) -> Arc<dyn Pace> {
        Arc::clone(&self.pace)
    }

    /// A place among the open streams, until it is dropped.
    ///
    /// # Errors
    /// [`ApiError::Busy`] if all places are taken or the server stops, [`ApiError::RateLimited`] if
    /// the person has taken too many.
    pub(crate) fn take_seat(&self, person: PersonId) -> Result<Seat, ApiError> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed() || seats.values().sum::<usize>() >= self.limits.in_all {
            return Err(ApiError::Busy(RETRY_AFTER));
        }
        let taken = seats.entry(person).or_default();
        if *taken >= self.limits.per_person {
            return Err(ApiError::RateLimited(RETRY_AFTER));
        }
        *taken += 1;
        Ok(Seat { seats: Arc::clone(&self.seats), person })
    }
}

/// The right to one open stream.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    person: PersonId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&self.person) {
            *taken -= 1;
            if *taken == 0 {
                seats.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use phr_vendors::InstantPace;
    use uuid::Uuid;

    use super::*;

    fn streams(per_person: usize, in_all: usize) -> Streams {
        Streams::new(StreamLimits { per_person, in_all }, Arc::new(InstantPace::default()))
    }

    #[test]
    fn a_person_has_so_many_seats_and_no_more() {
        let (streams, ada) = (streams(2, 9), PersonId(Uuid::nil()));
        let first = streams.take_seat(ada).unwrap();
        let _second = streams.take_seat(ada).unwrap();
        assert!(matches!(streams.take_seat(ada), Err(ApiError::RateLimited(30))));
        assert!(streams.take_seat(PersonId(Uuid::max())).is_ok());
        drop(first);
        assert!(streams.take_seat(ada).is_ok());
    }

    #[test]
    fn everybody_together_has_so_many_seats() {
        let streams = streams(2, 2);
        let seats = [1, 2].map(|n| streams.take_seat(PersonId(Uuid::from_u128(n))).unwrap());
        let third = PersonId(Uuid::from_u128(3));
        assert!(matches!(streams.take_seat(third), Err(ApiError::Busy(30))));
        drop(seats);
        assert_eq!(streams.open(), 0);
        assert!(streams.take_seat(third).is_ok());
    }

    #[test]
    fn a_server_that_stops_opens_no_stream() {
        let streams = streams(2, 2);
        streams.close();
        assert!(matches!(streams.take_seat(PersonId(Uuid::nil())), Err(ApiError::Busy(_))));
    }
}
