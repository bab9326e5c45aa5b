//! The verdict: a type that only the verifier makes.

use reach_signing::Envelope;
use reach_types::{Blake3Digest, PackFacts, Sha256Digest, Timestamp};

use crate::{ArchiveDigests, Check, Manifest};

/// Who vouches for a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// Enough signers that the trust document names.
    Signed {
        /// Their names, sorted: those counted towards the threshold, in scope for this pack's name.
        signers: Vec<String>,
    },
    /// Nobody signed it: an exception of the organization's policy names it.
    LegacyUnsigned {
        /// The archive that the exception names: this pack's.
        digest: Blake3Digest,
        /// The exception's reason.
        reason: String,
        /// The exception covers nothing from this moment on.
        until: Timestamp,
    },
}

/// A pack that passed every check: holding one proves it, for the moment it was verified at.
///
/// Only [`crate::verify_pack`] makes one, and [`crate::accept_legacy_unsigned`] for what a policy
/// exempts:
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
    pub(crate) created: Option<Timestamp>,
    pub(crate) expires: Timestamp,
    pub(crate) checks: Checks,
    /// What was signed, to be judged again; nothing for a legacy pack.
    pub(crate) envelope: Option<Envelope>,
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

    /// What the signers signed; `None` if nobody did.
    #[must_use]
    pub const fn envelope(&self) -> Option<&Envelope> {
        self.envelope.as_ref()
    }

    /// When the signers say it was made: their word, no evidence. `None` if nobody signed it.
    #[must_use]
    pub const fn created(&self) -> Option<Timestamp> {
        self.created
    }

    /// Valid until before this moment: the statement's end, or the exception's.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The checks that passed, in the order they were made. Those that were not asked for
    /// ([`Check::Expected`], [`Check::Rollback`]) are not in it.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks.passed
    }
}

/// The checks that passed, and the one that did not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Checks {
    pub(crate) passed: Vec<Check>,
    pub(crate) failed: Option<Check>,
}

impl Checks {
    /// Lists `check` if it passed, keeps it as the one that failed if not, and hands its result on.
    pub(crate) fn pass<T, E>(&mut self, check: Check, result: Result<T, E>) -> Result<T, E> {
        match &result {
            Ok(_) => self.passed.push(check),
            Err(_) => self.failed = Some(check),
        }
        result
    }
}
