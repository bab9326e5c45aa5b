//! Unsigned packs that a policy exempts: the switch and the entry, and what is wrong without either.

use std::path::Path;

use reach_pack_integrity::{
    ArchiveError, ContentsError, EntryError, MAX_ARCHIVE_BYTES, Provenance, Verification, VerifiedPack, VerifyError,
    accept_legacy_unsigned, digest_archive,
};
use reach_policy::Policy;
use reach_types::Blake3Digest;
use serde_json::{Value, json};

use super::{Judged, PackFileError, PackFiles, ProvenPack, io, signature_path};
use crate::{
    World,
    environment::{Environment, EnvironmentError},
    files,
    state::note_relaxation,
    state_error::StateError,
};

/// What this node and the organization say about unsigned packs: both must allow one.
#[derive(Debug, Clone, Copy)]
pub struct Exemptions<'a> {
    policy: &'a Policy,
    switch: bool,
}

impl<'a> Exemptions<'a> {
    /// The exemptions of `policy`, which must be a verified bundle's, under this node's switch.
    ///
    /// # Errors
    /// [`EnvironmentError::Relaxation`] where nothing can be relaxed.
    pub fn of(environment: &Environment, policy: &'a Policy) -> Result<Self, EnvironmentError> {
        environment.check()?;
        Ok(Self { policy, switch: environment.allow_legacy_packs })
    }
}

/// Why an unsigned pack was not exempted, where that says more than that it is unsigned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExemptError {
    /// The switch is on, and no entry names this archive.
    #[error("the pack is unsigned, and the policy has no exception for its digest {digest}")]
    NotListed {
        /// The archive's digest.
        digest: Blake3Digest,
    },
    /// The policy has exceptions, and the switch is off: which archive this is, nobody looked at.
    #[error("the pack is unsigned, and this node does not use the policy's exceptions")]
    SwitchOff,
    /// An entry covers this archive, and using it would not be recorded.
    #[error("the pack is unsigned, and using the policy's exception for it must be recorded")]
    Unrecorded,
    /// Recording the use of an exception.
    #[error(transparent)]
    State(StateError),
    /// A switch where nothing can be relaxed.
    #[error(transparent)]
    Environment(EnvironmentError),
}

reach_types::codes!(ExemptError {
    NotListed => ("pack.legacy_not_listed", Unsigned, "sign the pack, or have the policy's signers add its digest to `legacy_packs`; unset REACH_ALLOW_LEGACY_UNSIGNED_PACKS where it is not needed"),
    SwitchOff => ("pack.legacy_switch_off", Unsigned, "sign the pack, or set REACH_ALLOW_LEGACY_UNSIGNED_PACKS=1 on a development machine"),
    Unrecorded => ("pack.legacy_unrecorded", Unsigned, "sign the pack, or name the state directory whose ledger records it with `reach pack verify --state`"),
} wrap { Environment, State });

/// Whether `refusal` says that no signature stands beside the pack, and nothing worse.
#[must_use]
pub const fn is_unsigned(refusal: &PackFileError) -> bool {
    matches!(refusal, PackFileError::Verify(VerifyError::Unsigned))
}

/// A ledger in which the use of an exception is recorded.
#[derive(Clone, Copy)]
pub struct Books<'a> {
    /// The clock and randomness of the entry.
    pub world: &'a World,
    /// The state directory.
    pub state: &'a Path,
}

/// As [`exempt`], for a verdict with the way to it. The exception is used only on the record: without
/// `books` the verdict is [`ExemptError::Unrecorded`], and with them the ledger holds it before there
/// is a verdict.
#[must_use]
pub fn judge_exempt(
    judged: Judged,
    files: &PackFiles<'_>,
    asked: &Verification<'_>,
    exemptions: &Exemptions<'_>,
    books: Option<&Books<'_>>,
) -> Judged {
    let refusal = match judged.verdict {
        Err(refusal) if is_unsigned(&refusal) => refusal,
        verdict => return Judged { verdict, ..judged },
    };
    let exempted = exempt(refusal, files, asked, exemptions);
    match exempted.and_then(|pack| record(books, &pack).map(|()| pack).map_err(PackFileError::Exempt)) {
        Ok(pack) => {
            let passed = pack.checks().to_vec();
            Judged { passed, failed: None, verdict: Ok(ProvenPack { pack, staple: None }) }
        }
        Err(refusal) => Judged { verdict: Err(refusal), ..judged },
    }
}

fn record(books: Option<&Books<'_>>, pack: &VerifiedPack) -> Result<(), ExemptError> {
    let Some(payload) = relaxation(pack) else { return Ok(()) };
    let Books { world, state } = books.ok_or(ExemptError::Unrecorded)?;
    note_relaxation(world, state, payload).map_err(ExemptError::State)
}

/// What the ledger holds of the use of an exception; `None` for a signed pack.
pub(crate) fn relaxation(pack: &VerifiedPack) -> Option<Value> {
    match pack.provenance() {
        Provenance::Signed { .. } => None,
        Provenance::LegacyUnsigned { digest, reason, until } => {
            Some(json!({ "legacy_pack": { "digest": digest, "reason": reason, "until": until } }))
        }
    }
}

/// Accepts the pack that was refused as unsigned if `exemptions` cover it; hands on every other
/// `refusal`, for a bad signature is never overridden. With the switch off the pack is not read:
/// nobody makes a node that allows nothing digest what anybody hands it.
///
/// # Errors
/// `refusal` itself; [`PackFileError::Exempt`]; what
/// [`accept_legacy_unsigned`] refuses, as [`PackFileError::Verify`]; an archive that is too large;
/// [`PackFileError::File`], also if the trust file is one of the pack's own.
pub fn exempt(
    refusal: PackFileError,
    files: &PackFiles<'_>,
    asked: &Verification<'_>,
    exemptions: &Exemptions<'_>,
) -> Result<VerifiedPack, PackFileError> {
    // Whatever stands in the signature's place, a link to nowhere too, is no missing signature.
    let signed = signature_path(files.pack).symlink_metadata().is_ok();
    let Exemptions { policy, switch } = *exemptions;
    if signed || !is_unsigned(&refusal) || (policy.legacy_packs().is_empty() && !switch) {
        return Err(refusal);
    }
    if !switch {
        return Err(PackFileError::Exempt(ExemptError::SwitchOff));
    }
    // The digest only finds the entry; what is accepted is compared with the entry again.
    let found = digest_of(files.pack)?;
    let entry = policy.legacy_exception(&found);
    let entry = entry.ok_or(PackFileError::Exempt(ExemptError::NotListed { digest: found }))?;
    let accepted = accept_legacy_unsigned(files::open(files.pack)?, entry, asked);
    files.outside(accepted.map_err(PackFileError::Verify)?)
}

/// The digest of what may be a pack: the file's size is looked at before its bytes.
fn digest_of(pack: &Path) -> Result<Blake3Digest, PackFileError> {
    let refused = |error| PackFileError::Contents(ContentsError::Archive(error));
    let archive = files::open(pack)?;
    if archive.metadata().map_err(|error| io(pack, error))?.len() > MAX_ARCHIVE_BYTES {
        return Err(refused(ArchiveError::Entry(EntryError::ArchiveTooLarge)));
    }
    digest_archive(archive).map(|digests| digests.blake3).map_err(refused)
}
