//! Loading a trust document: from a careful file, under the pin that the state or the caller holds.

use std::path::{Path, PathBuf};

use reach_signing::{MAX_TRUST_BYTES, TrustChain, TrustDraft, TrustError, VerifiedTrust};
use reach_types::{Blake3Digest, Timestamp};

use crate::files::{self, FileError};

/// Why a trust document was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadTrustError {
    /// The file.
    #[error(transparent)]
    File(FileError),
    /// What is in it.
    #[error("`{path}`: {error}")]
    Trust {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        error: TrustError,
    },
}

impl reach_types::Code for LoadTrustError {
    fn row(&self) -> reach_types::CodeRow {
        match self {
            Self::File(error) => error.row(),
            Self::Trust { error, .. } => error.row(),
        }
    }
}

impl LoadTrustError {
    /// What is wrong with the document in the file at `path`.
    pub(crate) fn of(path: &Path) -> impl Fn(TrustError) -> Self + '_ {
        |error| Self::Trust { path: path.to_path_buf(), error }
    }
}

/// Reads and verifies the trust document at `path`, as of `now`, under `pin` if there is one.
///
/// # Errors
/// [`LoadTrustError::File`] if the file is missing, others can write it or it is a link;
/// [`LoadTrustError::Trust`] if it does not verify, has expired or does not descend from the pin.
pub fn load_trust(path: &Path, pin: Option<&Blake3Digest>, now: Timestamp) -> Result<VerifiedTrust, LoadTrustError> {
    load_chain(path, pin, now)?.in_force(now).map_err(LoadTrustError::of(path))
}

/// As [`load_trust`], whether it has expired or not: an expired document may be looked at and
/// succeeded.
///
/// # Errors
/// As [`load_trust`].
pub fn load_chain(path: &Path, pin: Option<&Blake3Digest>, now: Timestamp) -> Result<TrustChain, LoadTrustError> {
    load_draft(path, pin, now)?.complete().map_err(LoadTrustError::of(path))
}

/// As [`load_chain`], for a file whose signatures are still being collected.
pub(super) fn load_draft(
    path: &Path,
    pin: Option<&Blake3Digest>,
    now: Timestamp,
) -> Result<TrustDraft, LoadTrustError> {
    let limit = u64::try_from(MAX_TRUST_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read_trust(path, limit).map_err(LoadTrustError::File)?;
    TrustDraft::read(&bytes, pin, now).map_err(LoadTrustError::of(path))
}
