//! Waiting and chance, as parameters: tests neither sleep nor depend on luck.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

/// How a client waits between attempts.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Waits for `wait`.
    async fn pause(&self, wait: Duration);

    /// A duration between zero and `ceiling`, each equally likely ("full jitter").
    fn jitter(&self, ceiling: Duration) -> Duration;
}

/// Waits for real, with real chance.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioPace;

#[async_trait]
impl Pace for TokioPace {
    async fn pause(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    fn jitter(&self, ceiling: Duration) -> Duration {
        ceiling.mul_f64(rand::random::<f64>())
    }
}

/// Does not wait at all, but remembers how long it was asked to; its chance is always the ceiling.
#[derive(Debug, Default)]
pub struct InstantPace(Mutex<Vec<Duration>>);

impl InstantPace {
    /// The pauses so far.
    pub fn pauses(&self) -> Vec<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Pace for InstantPace {
    async fn pause(&self, wait: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(wait);
    }

    fn jitter(&self, ceiling: Duration) -> Duration {
        ceiling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_flat() {
        let ceiling = Duration::from_secs(10);
        let mut tenths = [0_u32; 10];
        for _ in 0..10_000 {
            let tenth = (TokioPace.jitter(ceiling).as_millis() / 1_000).min(9);
            tenths[usize::try_from(tenth).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (800..1_200).contains(count)), "{tenths:?}");
    }
}
