//! Packs as files: built from a directory, signed, verified, inspected.

mod build;
mod sign;
mod verify;

pub use build::build;
pub use sign::sign;
pub use verify::{signature_path, verify};

use std::{
    io::BufReader,
    path::{Path, PathBuf},
};

use reach_pack_integrity::{
    ContentsError, Inspection, ManifestError, PathError, SignPackError, VerifyError, WriteError, inspect_archive,
};

use crate::{
    files::{self, FileError},
    keys::KeyFileError,
};

/// Why a pack file was not built, signed, verified or inspected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackFileError {
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// A key file.
    #[error(transparent)]
    Key(KeyFileError),
    /// Something in the directory that a pack cannot hold.
    #[error("`{path}` is {what}")]
    Entry {
        /// What.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A name that a pack cannot hold.
    #[error("`{path}`: {error}")]
    Path {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: PathError,
    },
    /// Writing the archive.
    #[error(transparent)]
    Write(WriteError),
    /// The manifest.
    #[error(transparent)]
    Manifest(ManifestError),
    /// What is in the archive.
    #[error(transparent)]
    Contents(ContentsError),
    /// Signing.
    #[error(transparent)]
    Sign(SignPackError),
    /// Verifying.
    #[error(transparent)]
    Verify(VerifyError),
}

reach_types::codes!(PackFileError {
    Entry => ("pack.source_entry", Unsafe, "a pack holds regular files only"),
    Path => ("pack.source_path", Unsafe, "rename the file: ASCII letters, digits, `.`, `_` and `-`"),
} wrap { File, Key, Write, Manifest, Contents, Sign, Verify });

impl From<FileError> for PackFileError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

fn io(path: &Path, error: std::io::Error) -> PackFileError {
    PackFileError::File(files::io_error(path, error))
}

/// Looks into a pack without asking who vouches for it.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Contents`].
pub fn inspect(pack: &Path) -> Result<Inspection, PackFileError> {
    inspect_archive(BufReader::new(files::open(pack)?)).map_err(PackFileError::Contents)
}
