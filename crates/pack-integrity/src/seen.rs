//! The highest version of each pack that was ever verified: what makes a rollback visible.

use std::collections::BTreeMap;

use reach_types::{Blake3Digest, PackName, PackVersion};

/// Why the store of seen versions gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeenError {
    /// The store failed; without its answer nothing is verified.
    #[error("the versions seen before cannot be read: {reason}")]
    Unavailable {
        /// What happened.
        reason: &'static str,
    },
}

reach_types::codes!(SeenError {
    Unavailable => ("pack.seen_unavailable", Environment, "check the state directory"),
});

/// A store of the highest version seen of each pack. It is only asked here: whoever uses the
/// verdict records it, and only after everything else succeeded too.
pub trait SeenVersions {
    /// The highest version of the pack `name` that was verified before, with its archive's digest.
    ///
    /// # Errors
    /// [`SeenError::Unavailable`].
    fn highest(&self, name: &PackName) -> Result<Option<(PackVersion, Blake3Digest)>, SeenError>;

    /// The archive that was seen before as this version, if the store still knows. A store that
    /// can be told to go back answers for what it went back from as well.
    ///
    /// # Errors
    /// [`SeenError::Unavailable`].
    fn archive_of(&self, name: &PackName, version: PackVersion) -> Result<Option<Blake3Digest>, SeenError> {
        Ok(self.highest(name)?.filter(|(highest, _)| *highest == version).map(|(_, digest)| digest))
    }
}

/// [`SeenVersions`] in memory.
#[derive(Debug, Clone, Default)]
pub struct MemorySeen(BTreeMap<PackName, (PackVersion, Blake3Digest)>);

impl MemorySeen {
    /// Remembers a verified pack, unless a higher version of it is known.
    pub fn record(&mut self, name: &PackName, version: PackVersion, digest: Blake3Digest) {
        let highest = self.0.entry(name.clone()).or_insert((version, digest));
        if version > highest.0 {
            *highest = (version, digest);
        }
    }
}

impl SeenVersions for MemorySeen {
    fn highest(&self, name: &PackName) -> Result<Option<(PackVersion, Blake3Digest)>, SeenError> {
        Ok(self.0.get(name).copied())
    }
}
