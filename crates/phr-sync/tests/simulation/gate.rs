//! Who runs when. An actor (a worker, or somebody waiting for a sync) runs alone until it stands at a
//! gate: before and after each thing it asks of the vendor. Between two gates nothing else happens, so
//! that threads of the database cannot change the order of events.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use phr_model::Clock;
use phr_vendors::Pace;

use crate::world::World;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Waiting,
    Pass,
}

/// An actor's gate.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Mutex<State>>);

impl Gate {
    /// A gate that is always open, for whoever is alone.
    pub(crate) fn open() -> Option<Self> {
        None
    }

    fn new() -> Self {
        Self(Arc::new(Mutex::new(State::Running)))
    }

    /// Waits until the story lets the actor go on.
    pub(crate) async fn pass(&self) {
        poll_fn(|_| {
            let mut state = self.0.lock().unwrap();
            if *state == State::Pass {
                *state = State::Running;
                return Poll::Ready(());
            }
            *state = State::Waiting;
            Poll::Pending
        })
        .await;
    }

    fn let_pass(&self) {
        let mut state = self.0.lock().unwrap();
        if *state == State::Waiting {
            *state = State::Pass;
        }
    }

    fn is_waiting(&self) -> bool {
        *self.0.lock().unwrap() == State::Waiting
    }
}

/// What unwinds when a process dies.
struct Death;

/// A process's own clock, which may be wrong, and at which it may die: the product looks at the clock
/// before almost everything it asks of the store.
pub(crate) struct ProcessClock {
    pub(crate) world: Arc<World>,
    pub(crate) wrong_by: SignedDuration,
    /// Looks left until the process dies; never, if negative.
    looks_left: AtomicI64,
}

impl ProcessClock {
    pub(crate) fn new(world: Arc<World>, wrong_by: SignedDuration, looks_left: i64) -> Self {
        Self { world, wrong_by, looks_left: AtomicI64::new(looks_left) }
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        if self.looks_left.load(Ordering::SeqCst) >= 0
            && self.looks_left.fetch_sub(1, Ordering::SeqCst) == 0
        {
            resume_unwind(Box::new(Death));
        }
        self.world.now() + self.wrong_by
    }
}

/// Whoever waits lets others act, and some time pass.
pub(crate) struct StoryPace {
    pub(crate) world: Arc<World>,
    pub(crate) gate: Option<Gate>,
}

#[async_trait]
impl Pace for StoryPace {
    async fn pause(&self, _duration: Duration) {
        self.world.advance(1);
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
    }

    fn jitter(&self, ceiling: Duration) -> Duration {
        ceiling
    }
}

/// Nobody prolongs a lease: whoever works for longer than a minute of the story loses it, which
/// happens to real processes only when they stand still.
pub(crate) struct NoPulse;

#[async_trait]
impl Pace for NoPulse {
    async fn pause(&self, _duration: Duration) {
        std::future::pending::<()>().await;
    }

    fn jitter(&self, ceiling: Duration) -> Duration {
        ceiling
    }
}

/// How far an actor came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "it came to its gate, to its end, to its death")]
pub(crate) enum Came {
    /// It stands at its gate.
    ToGate,
    /// It has done what it wanted.
    ToEnd,
    /// Its process died.
    ToDeath,
}

/// Something under way.
pub(crate) struct Actor {
    gate: Gate,
    work: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Actor {
    /// An actor that has not begun; `work` is given its gate.
    pub(crate) fn new<F>(work: impl FnOnce(Gate) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let gate = Gate::new();
        Self { work: Box::pin(work(gate.clone())), gate }
    }

    /// Lets it go on to its next gate.
    pub(crate) async fn step(&mut self) -> Came {
        self.gate.let_pass();
        poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(context)));
            match polled {
                Ok(Poll::Ready(())) => Poll::Ready(Came::ToEnd),
                Ok(Poll::Pending) if self.gate.is_waiting() => Poll::Ready(Came::ToGate),
                Ok(Poll::Pending) => Poll::Pending,
                Err(death) if death.is::<Death>() => Poll::Ready(Came::ToDeath),
                Err(panic) => resume_unwind(panic),
            }
        })
        .await
    }
}
