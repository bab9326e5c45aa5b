//! A pack's signature as a sigstore bundle.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use reach_pack_integrity::{SigstoreBundle, VerifyError, sigstore_bundle};
use reach_types::KeyId;

use super::{PackFileError, verify::read_envelope};
use crate::files::{self, Existing};

/// The path of a pack's sigstore bundle: beside it, with `.sigstore.json` after its name.
#[must_use]
pub fn bundle_path(pack: &Path) -> PathBuf {
    let mut name = pack.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(".sigstore.json");
    pack.with_file_name(name)
}

/// Writes the sigstore bundle of one signature, that of `signer` or the only one, to `out`, and
/// returns the key id it names. Nothing is verified: the signature is copied.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Export`]; [`PackFileError::Verify`] if there is no
/// signature at all.
pub fn export_sigstore(
    pack: &Path,
    signature: Option<&Path>,
    signer: Option<&KeyId>,
    out: &Path,
) -> Result<KeyId, PackFileError> {
    files::require_place(out)?;
    let envelope = read_envelope(pack, signature)?.ok_or(PackFileError::Verify(VerifyError::Unsigned))?;
    let SigstoreBundle { json, key_id } = sigstore_bundle(&envelope, signer).map_err(PackFileError::Export)?;
    files::write(out, json.as_bytes(), 0o644, Existing::Refuse)?;
    Ok(key_id)
}
