//! Enforce or warn.

use std::fmt;

use serde::Serialize;

/// What a violated rule leads to. Exhaustive: a new mode must be decided on everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Every violation denies.
    #[default]
    Enforce,
    /// Some violations are recorded and let through: see [`crate::Rule::warnable`].
    Warn,
}

/// Why a mode was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// Neither of the two words.
    #[error("the policy mode is exactly `enforce` or `warn`")]
    Invalid,
    /// Mode warn under a policy without `warn_until`.
    #[error("mode `warn` needs `warn_until` in the policy, and this one has none")]
    WarnNotInPolicy,
}

reach_types::codes!(ModeError {
    Invalid => ("policy.mode_invalid", Usage, "write `enforce` or `warn`, or leave it unset for `enforce`"),
    WarnNotInPolicy => ("policy.warn_not_in_policy", Usage, "use mode `enforce`, or have a policy signed that says until when warnings may let through"),
});

impl Mode {
    /// Reads the mode as configured: unset is `enforce`, and nothing falls back to anything.
    ///
    /// # Errors
    /// [`ModeError::Invalid`] for every text but `enforce` and `warn`, the empty one included.
    pub fn parse(text: Option<&str>) -> Result<Self, ModeError> {
        match text {
            None | Some("enforce") => Ok(Self::Enforce),
            Some("warn") => Ok(Self::Warn),
            Some(_) => Err(ModeError::Invalid),
        }
    }

    /// The mode's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
