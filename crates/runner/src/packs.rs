//! Packs as files: built from a directory, signed, verified, extracted, inspected.

mod build;
mod compare;
mod descent;
mod exempt;
mod extract;
mod judge;
mod sign;
mod sigstore;
mod staging;
mod verify;

#[cfg(test)]
mod testing;

pub use build::build;
pub use compare::{ExtractedError, judge_extracted};
pub(crate) use exempt::relaxation;
pub use exempt::{Books, ExemptError, Exemptions, exempt, is_unsigned, judge_exempt};
pub use extract::{Extracted, extract};
pub use judge::{Judged, PackFiles, ProvenPack, judge, verify_proven};
pub use sign::{StapledSigning, sign, sign_stapled};
pub use sigstore::{bundle_path, export_sigstore};
pub use verify::{signature_path, verify};

use std::path::{Path, PathBuf};

use reach_pack_integrity::{
    ContentsError, Inspection, ManifestError, PackView, PathError, SignPackError, SigstoreError, VerifyError,
    WriteError, inspect_archive, view_archive,
};

use crate::{
    files::{self, FileError},
    keys::KeyFileError,
    stapling::StapleError,
};

/// Why a pack file was not built, signed, verified, extracted or inspected.
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
    /// Exporting.
    #[error(transparent)]
    Export(SigstoreError),
    /// The proof that is stapled to the pack.
    #[error(transparent)]
    Staple(StapleError),
    /// An unsigned pack that is not exempted.
    #[error(transparent)]
    Exempt(ExemptError),
    /// A directory that is not what its pack holds.
    #[error(transparent)]
    Extracted(ExtractedError),
    /// The directory being extracted was moved away and something else put in its place.
    #[error("`{path}`: something else was put in the place of what was being extracted")]
    Swapped {
        /// Where it was to be.
        path: PathBuf,
    },
}

reach_types::codes!(PackFileError {
    Entry => ("pack.source_entry", Unsafe, "a pack holds regular files only"),
    Path => ("pack.source_path", Unsafe, "rename the file: ASCII letters, digits, `.`, `_` and `-`"),
    Swapped => ("pack.extract_swapped", Environment, "extract into a directory that nobody else can write"),
} wrap { File, Key, Write, Manifest, Contents, Sign, Verify, Export, Staple, Extracted, Exempt });

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
    inspect_archive(files::open(pack)?).map_err(PackFileError::Contents)
}

/// Reads a pack for a comparison, without asking who vouches for it.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Contents`].
pub fn view(pack: &Path) -> Result<PackView, PackFileError> {
    view_archive(files::open(pack)?).map_err(PackFileError::Contents)
}
