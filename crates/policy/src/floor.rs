//! The rollback floor: the newest bundle that was ever accepted.

use reach_types::Blake3Digest;
use serde::{Deserialize, Serialize};

use crate::BundleError;

/// The newest bundle accepted so far, which the caller keeps across restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleFloor {
    /// Its version.
    pub version: u64,
    /// Its digest.
    pub digest: Blake3Digest,
}

/// What is remembered of the policy of one name. Exhaustive: whoever keeps floors must say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// Nobody keeps floors here: whether a bundle is a step back is not known.
    Unchecked,
    /// A policy of this name was never used.
    FirstUse,
    /// The newest bundle that was accepted.
    Kept(BundleFloor),
    /// A policy of this name was used before, and its floor is gone: nothing can be accepted.
    Missing,
}

/// Why a floor cannot be told for certain. The bundle must then be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorUnavailable {
    /// What stands in the way.
    pub reason: String,
}

/// Remembers the newest bundle of each policy, across restarts.
pub trait Floors {
    /// What is remembered of the policy called `name`, which a trusted signature vouches for.
    ///
    /// # Errors
    /// [`FloorUnavailable`] if the store cannot answer for certain.
    fn floor(&self, name: &str) -> Result<Floor, FloorUnavailable>;
}

/// One answer for every name.
impl Floors for Floor {
    fn floor(&self, _name: &str) -> Result<Floor, FloorUnavailable> {
        Ok(*self)
    }
}

impl Floor {
    /// Whether `next` may be used.
    pub(crate) fn check(&self, next: &BundleFloor) -> Result<(), BundleError> {
        match self {
            Self::Unchecked | Self::FirstUse => Ok(()),
            Self::Kept(floor) => floor.check(next),
            Self::Missing => Err(BundleError::FloorMissing),
        }
    }
}

impl BundleFloor {
    /// Whether `next` may follow: a higher version, or the very same bundle.
    fn check(&self, next: &Self) -> Result<(), BundleError> {
        if next.version < self.version {
            return Err(BundleError::Rollback { floor: self.version, actual: next.version });
        }
        if next.version == self.version && next.digest != self.digest {
            return Err(BundleError::Equivocation { version: next.version });
        }
        Ok(())
    }
}
