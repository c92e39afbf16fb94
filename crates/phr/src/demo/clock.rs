//! The emulator's clock as the server's: with recordings it stands at the end of the recorded span.

use jiff::Timestamp;
use phr_model::Clock;
use phr_sandbox::World;

pub(super) struct SandboxClock(phr_sandbox::Clock);

impl SandboxClock {
    pub(super) fn of(world: &World) -> Self {
        Self(world.clock())
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}
