//! Signing a pack file.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use reach_pack_integrity::{Inspection, sign_pack};
use reach_signing::{Role, Signer};

use super::{PackFileError, inspect};
use crate::{
    World,
    files::{self, Existing},
    keys,
};

/// Signs the pack with each of `keys`, valid from now for `days`, and writes the envelope to `out`.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Key`], [`PackFileError::Contents`],
/// [`PackFileError::Sign`].
pub fn sign(world: &World, pack: &Path, keys: &[PathBuf], days: u32, out: &Path) -> Result<Inspection, PackFileError> {
    let keys = keys.iter().map(|path| keys::read_signing(path, Role::Pack)).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(PackFileError::Key)?;
    let inspection = inspect(pack)?;
    let signers: Vec<_> = keys.iter().map(|key| key as &dyn Signer).collect();
    let created = world.now();
    let expires = created.saturating_add(Duration::from_secs(u64::from(days) * 86_400));
    let envelope = sign_pack(&inspection.digests, &inspection.manifest, created, expires, &signers)
        .map_err(PackFileError::Sign)?;
    files::write(out, envelope.as_bytes(), 0o644, Existing::Refuse)?;
    Ok(inspection)
}
