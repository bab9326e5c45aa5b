//! Policy bundles as files: built, signed, verified, and kept up to date.

mod keeper;
mod sign;

pub use keeper::{InForce, MIN_RELOAD_INTERVAL, NotInForce, PolicyKeeper, Reload, ReloadError};
pub use sign::sign;

use std::path::{Path, PathBuf};

use reach_policy::{
    BundleError, CasesError, Floor, FloorUnavailable, Floors, MAX_BUNDLE_BYTES, MAX_CASES_TOML_BYTES,
    MAX_POLICY_TOML_BYTES, Policy, PolicyCases, PolicyError, VerifiedBundle, build_bundle,
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
    /// The cases.
    #[error(transparent)]
    Cases(CasesError),
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
} wrap { File, Key, Policy, Cases, Bundle, Memory });

/// Builds the bundle of the authored policy at `source`, signed with each of `signers`, into `out`.
///
/// # Errors
/// Every variant of [`PolicyFileError`] but [`PolicyFileError::Memory`].
pub fn build(world: &World, source: &Path, signers: &Signers<'_>, out: &Path) -> Result<Policy, PolicyFileError> {
    let signers = keys::read_signers(world, Role::Policy, signers).map_err(PolicyFileError::Key)?;
    let policy = read(source)?;
    let signers: Vec<_> = signers.iter().map(|signer| &**signer).collect();
    let bundle = build_bundle(&policy, &signers).map_err(PolicyFileError::Bundle)?;
    files::write(out, bundle.as_bytes(), 0o644, Existing::Refuse).map_err(PolicyFileError::File)?;
    Ok(policy)
}

/// Reads the policy at `path` as people write it. Nobody vouches for it.
///
/// # Errors
/// [`PolicyFileError::File`], [`PolicyFileError::NotText`], [`PolicyFileError::Policy`].
pub fn read(path: &Path) -> Result<Policy, PolicyFileError> {
    let limit = u64::try_from(MAX_POLICY_TOML_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read(path, limit).map_err(PolicyFileError::File)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| PolicyFileError::NotText { path: path.to_path_buf() })?;
    Policy::from_toml(text).map_err(PolicyFileError::Policy)
}

/// Reads the cases at `path` that a policy is tested with.
///
/// # Errors
/// [`PolicyFileError::File`], [`PolicyFileError::NotText`], [`PolicyFileError::Cases`].
pub fn read_cases(path: &Path) -> Result<PolicyCases, PolicyFileError> {
    let limit = u64::try_from(MAX_CASES_TOML_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read(path, limit).map_err(PolicyFileError::File)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| PolicyFileError::NotText { path: path.to_path_buf() })?;
    PolicyCases::from_toml(text).map_err(PolicyFileError::Cases)
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
    // A damaged memory is named as what it is, before anything is asked of it.
    state.map_or(Ok(0), |state| state.memory.floors()).map_err(PolicyFileError::Memory)?;
    let floors = state.map_or(&Floor::Unchecked as &dyn Floors, |state| state);
    VerifiedBundle::verify(&bytes, trust, now, floors).map_err(PolicyFileError::Bundle)
}

impl Floors for State {
    fn floor(&self, name: &str) -> Result<Floor, FloorUnavailable> {
        self.bundle_floor(name).map_err(|error| FloorUnavailable { reason: error.to_string() })
    }
}
