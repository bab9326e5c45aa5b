//! Unsigned packs that a policy exempts: the switch and the entry, and what is wrong without either.

use std::path::Path;

use reach_pack_integrity::{
    ContentsError, Verification, VerifiedPack, VerifyError, accept_legacy_unsigned, digest_archive,
};
use reach_policy::Policy;
use reach_types::Blake3Digest;

use super::{Judged, PackFileError, PackFiles, ProvenPack, signature_path};
use crate::{
    environment::{Environment, EnvironmentError},
    files,
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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExemptError {
    /// The switch is on, and no entry names this archive.
    #[error("the pack is unsigned, and the policy has no exception for its digest {digest}")]
    NotListed {
        /// The archive's digest.
        digest: Blake3Digest,
    },
    /// An entry names this archive, and the switch is off.
    #[error("the pack is unsigned, and this node does not use the policy's exception for it")]
    SwitchOff,
    /// A switch where nothing can be relaxed.
    #[error(transparent)]
    Environment(EnvironmentError),
}

reach_types::codes!(ExemptError {
    NotListed => ("pack.legacy_not_listed", Unsigned, "sign the pack, or have the policy's signers add its digest to `legacy_packs`; unset REACH_ALLOW_LEGACY_UNSIGNED_PACKS where it is not needed"),
    SwitchOff => ("pack.legacy_switch_off", Unsigned, "sign the pack, or set REACH_ALLOW_LEGACY_UNSIGNED_PACKS=1 on a development machine"),
} wrap { Environment });

/// Whether `refusal` says that no signature stands beside the pack, and nothing worse.
#[must_use]
pub const fn is_unsigned(refusal: &PackFileError) -> bool {
    matches!(refusal, PackFileError::Verify(VerifyError::Unsigned))
}

/// As [`exempt`], for a verdict with the way to it.
#[must_use]
pub fn judge_exempt(
    judged: Judged,
    files: &PackFiles<'_>,
    asked: &Verification<'_>,
    exemptions: &Exemptions<'_>,
) -> Judged {
    let refusal = match judged.verdict {
        Err(refusal) if is_unsigned(&refusal) => refusal,
        verdict => return Judged { verdict, ..judged },
    };
    match exempt(refusal, files.pack, asked, exemptions) {
        Ok(pack) => {
            let passed = pack.checks().to_vec();
            Judged { passed, failed: None, verdict: Ok(ProvenPack { pack, staple: None }) }
        }
        Err(refusal) => Judged { verdict: Err(refusal), ..judged },
    }
}

/// Accepts the pack that was refused as unsigned if `exemptions` cover it; hands on every other
/// `refusal`, for a bad signature is never overridden.
///
/// # Errors
/// `refusal` itself; [`PackFileError::Exempt`]; what
/// [`accept_legacy_unsigned`] refuses, as [`PackFileError::Verify`].
pub fn exempt(
    refusal: PackFileError,
    pack: &Path,
    asked: &Verification<'_>,
    exemptions: &Exemptions<'_>,
) -> Result<VerifiedPack, PackFileError> {
    // Whatever stands in the signature's place, a link to nowhere too, is no missing signature.
    let signed = signature_path(pack).symlink_metadata().is_ok();
    let Exemptions { policy, switch } = *exemptions;
    if signed || !is_unsigned(&refusal) || (policy.legacy_packs().is_empty() && !switch) {
        return Err(refusal);
    }
    // The digest only finds the entry; what is accepted is compared with the entry again.
    let found = digest_archive(files::open(pack)?)
        .map_err(|error| PackFileError::Contents(ContentsError::Archive(error)))?
        .blake3;
    match (policy.legacy_exception(&found), switch) {
        (None, false) => Err(refusal),
        (None, true) => Err(PackFileError::Exempt(ExemptError::NotListed { digest: found })),
        (Some(_), false) => Err(PackFileError::Exempt(ExemptError::SwitchOff)),
        (Some(entry), true) => accept_legacy_unsigned(files::open(pack)?, entry, asked).map_err(PackFileError::Verify),
    }
}
