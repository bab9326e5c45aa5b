//! Policy bundles as files: built, signed, verified.

use std::path::{Path, PathBuf};

use reach_policy::{
    BundleError, BundleFloor, MAX_BUNDLE_BYTES, MAX_POLICY_TOML_BYTES, Policy, PolicyError, VerifiedBundle,
    build_bundle,
};
use reach_signing::{Role, VerifiedTrust};
use reach_types::Timestamp;

use crate::{
    World,
    files::{self, Existing, FileError},
    keys::{self, KeyFileError, Signers},
    memory::MemoryError,
    state::State,
};

/// Why a policy file was not built or not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// A key file.
    #[error(transparent)]
    Key(KeyFileError),
    /// The authored text is not UTF-8.
    #[error("`{path}` is not UTF-8")]
    NotText {
        /// Which file.
        path: PathBuf,
    },
    /// The policy.
    #[error(transparent)]
    Policy(PolicyError),
    /// The bundle.
    #[error(transparent)]
    Bundle(BundleError),
    /// The floor.
    #[error(transparent)]
    Memory(MemoryError),
}

reach_types::codes!(PolicyFileError {
    NotText => ("policy.not_utf8", Refused, "save the policy as UTF-8"),
} wrap { File, Key, Policy, Bundle, Memory });

/// Builds the bundle of the authored policy at `source`, signed with each of `signers`, into `out`.
///
/// # Errors
/// Every variant of [`PolicyFileError`] but [`PolicyFileError::Memory`].
pub fn build(world: &World, source: &Path, signers: &Signers<'_>, out: &Path) -> Result<Policy, PolicyFileError> {
    let signers = keys::read_signers(world, Role::Policy, signers).map_err(PolicyFileError::Key)?;
    let limit = u64::try_from(MAX_POLICY_TOML_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read(source, limit).map_err(PolicyFileError::File)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| PolicyFileError::NotText { path: source.to_path_buf() })?;
    let policy = Policy::from_toml(text).map_err(PolicyFileError::Policy)?;
    let signers: Vec<_> = signers.iter().map(|signer| &**signer).collect();
    let bundle = build_bundle(&policy, &signers).map_err(PolicyFileError::Bundle)?;
    files::write(out, bundle.as_bytes(), 0o644, Existing::Refuse).map_err(PolicyFileError::File)?;
    Ok(policy)
}

/// Verifies the bundle at `path`; with `state`, also against the floor that this node remembers.
///
/// # Errors
/// [`PolicyFileError::File`], [`PolicyFileError::Bundle`], [`PolicyFileError::Memory`].
pub fn verify(
    path: &Path,
    trust: &VerifiedTrust,
    now: Timestamp,
    state: Option<&State>,
) -> Result<VerifiedBundle, PolicyFileError> {
    let limit = u64::try_from(MAX_BUNDLE_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read(path, limit).map_err(PolicyFileError::File)?;
    let verify = |floor: Option<&BundleFloor>| {
        VerifiedBundle::verify(&bytes, trust, now, floor).map_err(PolicyFileError::Bundle)
    };
    let bundle = verify(None)?;
    let Some(state) = state else { return Ok(bundle) };
    // The floor is kept by the policy's name, which only a verified bundle states.
    match state.memory.bundle_floor(bundle.policy().name()).map_err(PolicyFileError::Memory)? {
        Some(floor) => verify(Some(&floor)),
        None => Ok(bundle),
    }
}
