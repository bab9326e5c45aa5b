//! Whether what a run was admitted on still stands: asked before every permit is redeemed.

use std::{os::unix::fs::MetadataExt, path::Path};

use reach_pack_integrity::VerifiedPack;
use reach_policy::{BundleError, VerifiedBundle};
use reach_signing::{SignatureEvidence, VerifiedTrust};
use reach_types::Timestamp;

use crate::{
    packs::PackFileError,
    running::Sources,
    stapling::{self, ProofRequest},
    state::State,
    state_error::StateError,
};

/// Why a run cannot go on, though it was admitted.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// The trust document as it is now.
    #[error(transparent)]
    Trust(StateError),
    /// The pack under it.
    #[error(transparent)]
    Pack(PackFileError),
    /// The policy bundle under it.
    #[error(transparent)]
    Bundle(BundleError),
}

reach_types::codes!(StandingError {} wrap { Trust, Pack, Bundle });

/// Says whether what a run was admitted on still stands.
pub trait Standing {
    /// Judges it at `now`; a refusal ends the run before its next call.
    ///
    /// # Errors
    /// [`StandingError`].
    fn check(&mut self, now: Timestamp) -> Result<(), StandingError>;
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMark {
    place: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileMark {
    /// The mark of what stands at `path` now, links not followed; `None` if nothing does.
    ///
    /// Taken *before* the file is read: what comes in between then shows as a change.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let meta = path.symlink_metadata().ok()?;
        Some(Self {
            place: (meta.dev(), meta.ino()),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    }
}

/// The standing of a local run: its trust file, looked at before each call and read again when it
/// has changed or one of the validities is over.
pub struct TrustWatch<'a> {
    /// The node: its pin, and the highest trust document it has seen.
    pub state: &'a State,
    /// Where the trust file is, and what may be stapled to the pack.
    pub sources: &'a Sources<'a>,
    /// The trust file's mark when it was read last.
    pub mark: Option<FileMark>,
    /// Nothing that was judged is over before this moment.
    pub until: Timestamp,
    /// The pack.
    pub pack: &'a VerifiedPack,
    /// The policy bundle.
    pub bundle: &'a VerifiedBundle,
}

impl Standing for TrustWatch<'_> {
    fn check(&mut self, now: Timestamp) -> Result<(), StandingError> {
        let mark = FileMark::of(self.sources.trust);
        if mark.is_some() && mark == self.mark && now < self.until { Ok(()) } else { self.look_again(mark, now) }
    }
}

impl TrustWatch<'_> {
    fn look_again(&mut self, mark: Option<FileMark>, now: Timestamp) -> Result<(), StandingError> {
        let trust = self.state.load_trust(self.sources.trust, now).map_err(StandingError::Trust)?;
        // A revocation that was seen once is not forgotten, whatever becomes of this run.
        let raised = self.state.memory.raise_trust_floor(trust.document().version, *trust.digest());
        raised.map_err(|error| StandingError::Trust(StateError::Memory(error)))?;
        self.check_pack(&trust, now).map_err(StandingError::Pack)?;
        self.bundle.check_standing(&trust, now).map_err(StandingError::Bundle)?;
        self.mark = mark;
        self.until = trust.document().expires.min(self.pack.expires()).min(self.bundle.expires());
        Ok(())
    }

    fn check_pack(&self, trust: &VerifiedTrust, now: Timestamp) -> Result<(), PackFileError> {
        let evidence = self.evidence(trust, now)?;
        self.pack.check_standing(trust, now, evidence.as_ref()).map_err(PackFileError::Verify)
    }

    /// What dates the signatures under `trust`: who may cosign can have changed as well.
    fn evidence(&self, trust: &VerifiedTrust, now: Timestamp) -> Result<Option<SignatureEvidence>, PackFileError> {
        let Sources { pack, signature, .. } = *self.sources;
        let read = stapling::read_staple(pack, signature, &ProofRequest::default()).map_err(PackFileError::Staple)?;
        let (Some(read), Some(envelope)) = (read, self.pack.envelope()) else { return Ok(None) };
        let checked = stapling::check(&read, envelope, trust, now).map_err(PackFileError::Staple)?;
        Ok(checked.evidence)
    }
}
