//! How deep, how long and how far off the clock a delegation may be. The receiver's own, always.

use std::time::Duration;

/// The most links of a chain. Each link costs a signature to verify and adds a node that must be
/// trusted; five is what the system this replaces allowed by default.
pub const MAX_DEPTH: usize = 5;
/// How far two honest clocks are taken to differ, unless the operator says otherwise.
pub const DEFAULT_SKEW: Duration = Duration::from_secs(30);
/// The most skew an operator may set: a clock further off than a minute is broken, not skewed.
pub const MAX_SKEW: Duration = Duration::from_secs(60);
/// The longest time from issue to expiry, unless the operator says otherwise.
pub const DEFAULT_TTL: Duration = Duration::from_secs(60 * 60);
/// The longest time to live an operator may set: a day, after which it should be issued again.
pub const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// How long past the expiry of a chain's first link its nonce is kept: one [`MAX_SKEW`] because
/// links are accepted that long after expiry, and one because the clock may step back that far
/// before anybody calls it a rollback.
pub const NONCE_RETENTION: Duration = Duration::from_secs(2 * 60);

/// Why limits were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitsError {
    /// Beyond what an operator may set.
    #[error("a skew is at most 60 s, a time to live 1 ms to 24 h, a depth 1 to {MAX_DEPTH}")]
    OutOfRange,
}

reach_types::codes!(LimitsError {
    OutOfRange => ("mesh.limits_invalid", Usage, "set a skew of at most 60 s, a time to live of at most 24 h and a depth of at most 5"),
});

/// What the receiver allows. Nothing a sender declares about itself changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptLimits {
    // INVARIANT: skew <= MAX_SKEW, 0 < max_ttl <= MAX_TTL, 1 <= max_depth <= MAX_DEPTH.
    skew: Duration,
    max_ttl: Duration,
    max_depth: usize,
}

impl AcceptLimits {
    /// Limits within the bounds an operator may set.
    ///
    /// # Errors
    /// [`LimitsError::OutOfRange`] for a skew over [`MAX_SKEW`], a time to live of less than a
    /// millisecond or over [`MAX_TTL`], or a depth of 0 or over [`MAX_DEPTH`].
    pub fn new(skew: Duration, max_ttl: Duration, max_depth: usize) -> Result<Self, LimitsError> {
        let good = skew <= MAX_SKEW
            && (Duration::from_millis(1)..=MAX_TTL).contains(&max_ttl)
            && (1..=MAX_DEPTH).contains(&max_depth);
        if good { Ok(Self { skew, max_ttl, max_depth }) } else { Err(LimitsError::OutOfRange) }
    }

    /// How far clocks may differ.
    #[must_use]
    pub const fn skew(&self) -> Duration {
        self.skew
    }

    /// The longest time from a link's issue to its expiry.
    #[must_use]
    pub const fn max_ttl(&self) -> Duration {
        self.max_ttl
    }

    /// The most links.
    #[must_use]
    pub const fn max_depth(&self) -> usize {
        self.max_depth
    }
}

impl Default for AcceptLimits {
    /// [`DEFAULT_SKEW`], [`DEFAULT_TTL`] and [`MAX_DEPTH`].
    fn default() -> Self {
        Self { skew: DEFAULT_SKEW, max_ttl: DEFAULT_TTL, max_depth: MAX_DEPTH }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::Code;

    #[test]
    fn d07_d12_an_operator_cannot_loosen_beyond_the_bounds() {
        let ms = Duration::from_millis(1);
        let code = |skew, ttl, depth| AcceptLimits::new(skew, ttl, depth).map_or_else(|error| error.code(), |_| "ok");
        assert_eq!(code(MAX_SKEW, MAX_TTL, MAX_DEPTH), "ok");
        assert_eq!(code(Duration::ZERO, ms, 1), "ok");
        for (skew, ttl, depth) in [
            (MAX_SKEW + ms, MAX_TTL, MAX_DEPTH),
            (MAX_SKEW, MAX_TTL + ms, MAX_DEPTH),
            (MAX_SKEW, Duration::ZERO, MAX_DEPTH),
            (MAX_SKEW, MAX_TTL, MAX_DEPTH + 1),
            (MAX_SKEW, MAX_TTL, 0),
        ] {
            assert_eq!(code(skew, ttl, depth), "mesh.limits_invalid");
        }
        assert!(NONCE_RETENTION >= MAX_SKEW + MAX_SKEW);
        let default = AcceptLimits::default();
        assert_eq!(AcceptLimits::new(default.skew(), default.max_ttl(), default.max_depth()), Ok(default));
    }
}
