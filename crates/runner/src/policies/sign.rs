//! Adding signatures to a bundle that is there already.

use std::path::Path;

use reach_policy::{BundleDraft, MAX_BUNDLE_BYTES};
use reach_signing::Role;

use super::PolicyFileError;
use crate::{
    World,
    files::{self, Existing},
    keys::{self, Signers},
};

/// Adds a signature of each of `signers` to the bundle at `path`, into `out` or in its place.
///
/// The bundle is checked before a key is read or a token is asked; who signed it before is not.
///
/// # Errors
/// [`PolicyFileError::File`], [`PolicyFileError::Bundle`], [`PolicyFileError::Key`].
pub fn sign(
    world: &World,
    path: &Path,
    signers: &Signers<'_>,
    out: Option<&Path>,
) -> Result<BundleDraft, PolicyFileError> {
    if let Some(out) = out {
        files::require_place(out).map_err(PolicyFileError::File)?;
    }
    let limit = u64::try_from(MAX_BUNDLE_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read(path, limit).map_err(PolicyFileError::File)?;
    let draft = BundleDraft::read(&bytes).map_err(PolicyFileError::Bundle)?;
    let signers = keys::read_signers(world, Role::Policy, signers).map_err(PolicyFileError::Key)?;
    let signers: Vec<_> = signers.iter().map(|signer| &**signer).collect();
    let signed = draft.countersign(&signers).map_err(PolicyFileError::Bundle)?;
    let (place, existing) = out.map_or((path, Existing::Replace), |out| (out, Existing::Refuse));
    files::write(place, signed.to_file().as_bytes(), 0o644, existing).map_err(PolicyFileError::File)?;
    Ok(signed)
}
