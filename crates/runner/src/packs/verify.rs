//! Verifying a pack file.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use reach_pack_integrity::{MAX_ENVELOPE_BYTES, Verification, VerifiedPack};

use super::{PackFileError, PackFiles, verify_proven};
use crate::{
    files::{self, FileError},
    stapling::ProofRequest,
};

/// The path of a pack's signature: beside it, with `.dsse.json` after its name.
#[must_use]
pub fn signature_path(pack: &Path) -> PathBuf {
    let mut name = pack.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(".dsse.json");
    pack.with_file_name(name)
}

/// Verifies the pack as `asked`; its signature is at `signature`, or beside it, and so is the proof
/// that may be stapled to it.
///
/// # Errors
/// As [`super::verify_proven`]. A missing signature file is an unsigned pack, unless `signature`
/// names it.
pub fn verify(pack: &Path, signature: Option<&Path>, asked: &Verification<'_>) -> Result<VerifiedPack, PackFileError> {
    let files = PackFiles { pack, signature, proof: ProofRequest::default() };
    verify_proven(&files, asked).map(|proven| proven.pack)
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
