//! The verdict: a type that only the verifier makes.

use reach_types::{Blake3Digest, PackFacts, Sha256Digest, Timestamp};

use crate::{ArchiveDigests, Manifest};

/// Who vouches for a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// Enough signers that the trust document names.
    Signed {
        /// Their names, sorted: those counted towards the threshold, in scope for this pack's name.
        signers: Vec<String>,
    },
}

/// A pack that passed every check: holding one proves it, for the moment it was verified at.
///
/// Only [`crate::verify_pack`] makes one:
///
/// ```compile_fail
/// let pack = reach_pack_integrity::VerifiedPack { ..todo!() };
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedPack {
    pub(crate) facts: PackFacts,
    pub(crate) manifest: Manifest,
    pub(crate) manifest_bytes: Vec<u8>,
    pub(crate) provenance: Provenance,
    pub(crate) digests: ArchiveDigests,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) checks: Checks,
}

impl VerifiedPack {
    /// What the gate decides on.
    #[must_use]
    pub const fn facts(&self) -> &PackFacts {
        &self.facts
    }

    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The manifest's exact bytes in the archive.
    #[must_use]
    pub fn manifest_bytes(&self) -> &[u8] {
        &self.manifest_bytes
    }

    /// Who vouches for it.
    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// SHA-256 of the archive.
    #[must_use]
    pub const fn sha256(&self) -> &Sha256Digest {
        &self.digests.sha256
    }

    /// BLAKE3 of the archive: the pack's id.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digests.blake3
    }

    /// When the signers say it was made: their word, no evidence.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// Valid until before this moment.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The checks that passed, in the order they were made. Those that were not asked for
    /// (`expected`, `rollback`) are not in it.
    #[must_use]
    pub fn checks(&self) -> &[&'static str] {
        &self.checks.0
    }
}

/// The checks that passed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Checks(Vec<&'static str>);

impl Checks {
    /// Lists `check` if it passed, and hands its result on.
    pub(crate) fn pass<T, E>(&mut self, check: &'static str, result: Result<T, E>) -> Result<T, E> {
        if result.is_ok() {
            self.0.push(check);
        }
        result
    }
}
