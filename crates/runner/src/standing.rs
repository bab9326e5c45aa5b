//! Whether what a run was admitted on still stands: asked before every permit is redeemed.

use std::{os::unix::fs::MetadataExt, path::Path, time::Duration};

use reach_pack_integrity::VerifiedPack;
use reach_policy::{BundleError, VerifiedBundle};
use reach_signing::{KeyEntry, SignatureEvidence, VerifiedTrust};
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
    /// The mark of what stands at `path` at `now`, links not followed; `None` if nothing does, or if
    /// it changed so lately that it can change once more and look the same: clocks of file systems
    /// tick as slowly as once in two seconds.
    ///
    /// Taken *before* the file is read: what comes in between then shows as a change.
    #[must_use]
    pub fn of(path: &Path, now: Timestamp) -> Option<Self> {
        let meta = path.symlink_metadata().ok()?;
        let mark = Self {
            place: (meta.dev(), meta.ino()),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        };
        (mark.changed_at().saturating_add(TICK) < now).then_some(mark)
    }

    fn changed_at(&self) -> Timestamp {
        let (seconds, nanos) = self.changed;
        let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        Timestamp::default()
            .saturating_add(since)
            .saturating_add(Duration::from_nanos(u64::try_from(nanos).unwrap_or_default()))
    }
}

/// The slowest clock of a file system that is in use: FAT's.
const TICK: Duration = Duration::from_secs(2);

/// The first moment after `now` at which something that was judged then may be over: the trust
/// document, the pack, the bundle, or the time of a key that any of them may rest on.
pub(crate) fn stands_until(
    trust: &VerifiedTrust,
    pack: &VerifiedPack,
    bundle: &VerifiedBundle,
    now: Timestamp,
) -> Timestamp {
    trust_stands_until(trust, now).min(pack.expires()).min(bundle.expires())
}

/// The first moment after `now` at which the trust document may say something else than it does now.
pub(crate) fn trust_stands_until(trust: &VerifiedTrust, now: Timestamp) -> Timestamp {
    let document = trust.document();
    let ends = |key: &KeyEntry| [Some(key.not_after), key.retired, document.overdue_from(key)];
    let keys = document.keys().flat_map(|(_, key)| ends(key)).flatten().filter(|end| *end > now);
    keys.fold(document.expires, Timestamp::min)
}

/// The standing of a local run: its trust file, looked at before each call and read again when it
/// has changed or one of the validities is over.
pub struct TrustWatch<'a> {
    /// The node: its pin, and the highest trust document it has seen.
    pub state: &'a State,
    /// Where the trust file is, and what may be stapled to the pack.
    pub sources: &'a Sources<'a>,
    /// The trust file's mark when it was read last, if that tells it from any later state.
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
        let mark = FileMark::of(self.sources.trust, now);
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
        self.until = stands_until(&trust, self.pack, self.bundle, now);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn k49_a_file_that_has_just_changed_has_no_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trust");
        fs::write(&path, "one").unwrap();
        let meta = path.symlink_metadata().unwrap();
        let millis = u64::try_from(meta.ctime() * 1000 + meta.ctime_nsec() / 1_000_000).unwrap();
        let at = |after: u64| FileMark::of(&path, Timestamp::from_millis(millis + after));
        assert_eq!((at(0), at(1999)), (None, None));
        assert_eq!(FileMark::of(&path, Timestamp::from_millis(millis - 60_000)), None, "a clock behind the disk's");
        let settled = at(2001);
        assert!(settled.is_some());
        assert_eq!(settled, at(9000), "the same file");
        // A file put in its place is another one, whatever its times say.
        let beside = dir.path().join("beside");
        fs::write(&beside, "two").unwrap();
        fs::rename(&beside, &path).unwrap();
        assert_ne!(at(60_000), settled);
        assert_eq!(FileMark::of(&dir.path().join("absent"), Timestamp::from_millis(millis + 9000)), None);
    }
}
