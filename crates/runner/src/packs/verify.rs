//! Verifying a pack file.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use reach_pack_integrity::{MAX_ENVELOPE_BYTES, Verification, VerifiedPack};

use super::{PackFileError, PackFiles, verify_proven};
use crate::files::{self, FileError};

/// The path of a pack's signature: beside it, with `.dsse.json` after its name.
#[must_use]
pub fn signature_path(pack: &Path) -> PathBuf {
    let mut name = pack.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(".dsse.json");
    pack.with_file_name(name)
}

/// As [`super::verify_proven`], for who does not ask about the proof.
///
/// # Errors
/// As [`super::verify_proven`]. A missing signature file is an unsigned pack, unless
/// [`PackFiles::signature`] names it.
pub fn verify(files: &PackFiles<'_>, asked: &Verification<'_>) -> Result<VerifiedPack, PackFileError> {
    verify_proven(files, asked).map(|proven| proven.pack)
}

/// The pack's envelope, read once: at `signature`, or beside the pack if there is one.
pub(super) fn read_envelope(pack: &Path, signature: Option<&Path>) -> Result<Option<Vec<u8>>, PackFileError> {
    let limit = u64::try_from(MAX_ENVELOPE_BYTES).unwrap_or(u64::MAX);
    if let Some(path) = signature {
        return Ok(Some(files::read(path, limit)?));
    }
    match files::read(&signature_path(pack), limit) {
        Err(FileError::Missing { .. }) => Ok(None),
        beside => Ok(Some(beside?)),
    }
}
