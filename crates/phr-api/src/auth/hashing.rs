//! Argon2id, off the async threads and behind a bounded queue (AC-01 to AC-04).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
use phr_sync::Entropy;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{error::ApiError, settings::SettingsError};

/// Hashes that may wait for their turn; whoever comes later is told to come back.
const LONGEST_QUEUE: usize = 64;

/// Seconds after which a full queue has moved on.
const QUEUE_RETRY: u64 = 2;

/// How hard a password is hashed. One lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl HashingCost {
    /// The least that is accepted (AC-01).
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    fn is_below_floor(self) -> bool {
        self.memory_kib < Self::FLOOR.memory_kib || self.passes < Self::FLOOR.passes
    }

    fn argon2(self) -> Result<Argon2<'static>, SettingsError> {
        let params = Params::new(self.memory_kib, self.passes, 1, Some(32))
            .map_err(|_| SettingsError::WeakHashing)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

impl Default for HashingCost {
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3 }
    }
}

/// What became of a password check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The password is the one.
    Right,
    /// The password is the one, but hashed with other parameters than today's.
    RightButOutdated,
    /// It is not.
    Wrong,
}

/// Hashes and verifies passwords.
pub struct Hasher {
    argon2: Argon2<'static>,
    cost: HashingCost,
    /// Verified when there is no account, so that both cases take the same time.
    dummy: String,
    /// Hashes computed so far.
    computed: AtomicU64,
    /// As many at once as there are cores.
    turns: Semaphore,
    /// Turns and waiting places together.
    places: Semaphore,
}

impl Hasher {
    /// A hasher at this cost.
    ///
    /// # Errors
    /// [`SettingsError::WeakHashing`] below [`HashingCost::FLOOR`].
    pub fn new(cost: HashingCost) -> Result<Self, SettingsError> {
        if cost.is_below_floor() {
            return Err(SettingsError::WeakHashing);
        }
        let argon2 = cost.argon2()?;
        let dummy = hash_with(&argon2, b"nobody has this password", &[7; 16])
            .map_err(|_| SettingsError::WeakHashing)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            argon2,
            cost,
            dummy,
            computed: AtomicU64::new(0),
            turns: Semaphore::new(cores),
            places: Semaphore::new(cores + LONGEST_QUEUE),
        })
    }

    /// The PHC string of a password.
    pub async fn hash(
        self: &Arc<Self>,
        entropy: &dyn Entropy,
        password: SecretString,
    ) -> Result<String, ApiError> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let hasher = Arc::clone(self);
        self.in_turn(move || hash_with(&hasher.argon2, password.expose_secret().as_bytes(), &salt))
            .await?
            .map_err(|_| ApiError::Internal("password hashing"))
    }

    /// Checks a password against a stored hash, or against nobody's.
    pub async fn verify(
        self: &Arc<Self>,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<Verdict, ApiError> {
        let hasher = Arc::clone(self);
        self.in_turn(move || {
            let found = stored.is_some();
            let stored = stored.as_ref().unwrap_or(&hasher.dummy);
            let right = hasher
                .argon2
                .verify_password(password.expose_secret().as_bytes(), stored.as_str())
                .is_ok();
            match (right && found, hasher.is_outdated(stored)) {
                (true, false) => Verdict::Right,
                (true, true) => Verdict::RightButOutdated,
                (false, _) => Verdict::Wrong,
            }
        })
        .await
    }

    /// How many hashes were computed since the start: the work that an answer's time consists of.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    fn is_outdated(&self, stored: &str) -> bool {
        let params = PasswordHash::new(stored).ok().and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|params| {
            (params.m_cost(), params.t_cost()) != (self.cost.memory_kib, self.cost.passes)
        })
    }

    /// Runs `work` on a blocking thread when it is its turn.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _place = self.places.try_acquire().map_err(|_| ApiError::Busy(QUEUE_RETRY))?;
        let _turn: SemaphorePermit<'_> =
            self.turns.acquire().await.map_err(|_| ApiError::Busy(QUEUE_RETRY))?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| ApiError::Internal("password hashing stopped"))
    }
}

fn hash_with(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
) -> Result<String, argon2::password_hash::Error> {
    argon2.hash_password_with_salt(password, salt).map(|hash| hash.to_string())
}
