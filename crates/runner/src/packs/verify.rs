//! Verifying a pack file.

use std::{
    ffi::OsStr,
    io::BufReader,
    path::{Path, PathBuf},
};

use reach_pack_integrity::{MAX_ENVELOPE_BYTES, Verification, VerifiedPack, verify_pack};

use super::PackFileError;
use crate::files::{self, FileError};

/// The path of a pack's signature: beside it, with `.dsse.json` after its name.
#[must_use]
pub fn signature_path(pack: &Path) -> PathBuf {
    let mut name = pack.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(".dsse.json");
    pack.with_file_name(name)
}

/// Verifies the pack as `asked`; its signature is at `signature`, or beside it.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Verify`]. A missing signature file is an unsigned
/// pack, unless `signature` names it.
pub fn verify(pack: &Path, signature: Option<&Path>, asked: &Verification<'_>) -> Result<VerifiedPack, PackFileError> {
    let archive = files::open(pack)?;
    let limit = u64::try_from(MAX_ENVELOPE_BYTES).unwrap_or(u64::MAX);
    let envelope = match (signature, files::read(&signature_path(pack), limit)) {
        (Some(path), _) => Some(files::read(path, limit)?),
        (None, Err(FileError::Missing { .. })) => None,
        (None, beside) => Some(beside?),
    };
    verify_pack(BufReader::with_capacity(256 * 1024, archive), envelope.as_deref(), asked)
        .map_err(PackFileError::Verify)
}
