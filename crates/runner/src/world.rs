//! What a node is given from outside: a clock, randomness, and the environment's switches.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reach_types::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use crate::{
    environment::Environment,
    keys::{NoPassphrases, PassphraseSource},
};

/// A wall clock.
pub trait Clock {
    /// The time now, as far as this clock knows.
    fn now(&self) -> Timestamp;

    /// Returns when `time` has passed, by whatever the wait is measured with.
    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock before 1970 reads as 1970: everything is then "not yet valid", which refuses.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// A clock that stands still: for tests, and for deciding a question as of a moment.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The outside world of one node.
pub struct World {
    /// The wall clock.
    pub clock: Box<dyn Clock>,
    /// The source of randomness.
    pub random: Box<dyn SecureRandom>,
    /// The environment's switches, read once.
    pub environment: Environment,
    /// Who knows the passphrases of encrypted private keys.
    pub passphrases: Box<dyn PassphraseSource>,
}

impl World {
    /// The real clock and randomness, with `environment` as read at start, and nobody who knows a
    /// passphrase.
    #[must_use]
    pub fn system(environment: Environment) -> Self {
        Self {
            clock: Box::new(SystemClock),
            random: Box::new(SystemRandom::new()),
            environment,
            passphrases: Box::new(NoPassphrases),
        }
    }

    /// The wall clock's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Draws 32 random bytes.
    ///
    /// # Errors
    /// [`WorldError::NoRandomness`].
    pub fn draw(&self) -> Result<[u8; 32], WorldError> {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes).map_err(|_| WorldError::NoRandomness)?;
        Ok(bytes)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("environment", &self.environment).finish_non_exhaustive()
    }
}

/// Why the outside world did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// The system gave no randomness.
    #[error("no randomness available")]
    NoRandomness,
}

reach_types::codes!(WorldError {
    NoRandomness => ("runner.no_randomness", Environment, "check the system's random source"),
});
