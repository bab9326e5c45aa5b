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

impl BundleFloor {
    /// Whether `next` may follow: a higher version, or the very same bundle.
    pub(crate) fn check(&self, next: &Self) -> Result<(), BundleError> {
        if next.version < self.version {
            return Err(BundleError::Rollback { floor: self.version, actual: next.version });
        }
        if next.version == self.version && next.digest != self.digest {
            return Err(BundleError::Equivocation { version: next.version });
        }
        Ok(())
    }
}
