//! Looking into an archive without asking who vouches for it.

use std::io::Read;

use crate::{
    ArchiveDigests, ArchiveError, ArchivePath, ArchiveReader, Entry, MANIFEST_PATH, MAX_MANIFEST_BYTES, Manifest,
    ManifestError,
    archive::Sequence,
    digests::{Digesting, OtherDigest},
};

/// Why the contents of an archive are not those of a pack.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentsError {
    /// The archive itself.
    #[error(transparent)]
    Archive(ArchiveError),
    /// There is no manifest.
    #[error("the archive holds no `{MANIFEST_PATH}` at its root")]
    NoManifest,
    /// The manifest.
    #[error(transparent)]
    Manifest(ManifestError),
    /// A file that the manifest names is not there.
    #[error("the manifest names `{path}`, which the archive does not hold")]
    MissingFile {
        /// Which one.
        path: ArchivePath,
    },
}

reach_types::codes!(ContentsError {
    NoManifest => ("pack.no_manifest", Refused, "put a `pack.toml` at the root of the directory and build the pack again"),
    MissingFile => ("pack.missing_file", Refused, "add the file, or take it out of the manifest's `files`"),
} wrap { Archive, Manifest });

/// What an archive holds. Nothing is said about who made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// The files, in order.
    pub entries: Vec<Entry>,
    /// The archive's digests.
    pub digests: ArchiveDigests,
    /// Its manifest.
    pub manifest: Manifest,
}

/// Reads an archive to its end and checks everything but its signature.
///
/// # Errors
/// Every variant of [`ContentsError`]: the archive's first, then the manifest's.
pub fn inspect_archive<R: Read>(archive: R) -> Result<Inspection, ContentsError> {
    let mut entries = Vec::new();
    let contents = Contents::read(archive, &[], &mut |entry| entries.push(entry.clone()))?;
    let digests = contents.digests;
    let (manifest, _) = contents.manifest()?;
    Ok(Inspection { entries, digests, manifest })
}

/// A whole and canonical archive, read once: its digests, and its manifest as bytes.
pub(crate) struct Contents {
    pub(crate) digests: ArchiveDigests,
    pub(crate) others: Vec<OtherDigest>,
    manifest: Option<Vec<u8>>,
    sequence: Sequence,
}

impl Contents {
    /// Reads an archive to its last byte, and computes the digests of `others` beside our own.
    pub(crate) fn read<R: Read>(
        archive: R,
        others: &[OtherDigest],
        each: &mut dyn FnMut(&Entry),
    ) -> Result<Self, ContentsError> {
        let mut digesting = Digesting::new(archive, others);
        let mut reader = ArchiveReader::new(&mut digesting);
        let mut manifest = None;
        while let Some(entry) = reader.next_entry().map_err(ContentsError::Archive)? {
            each(&entry);
            if entry.path().as_str() == MANIFEST_PATH {
                manifest = Some(read_manifest(&mut reader, &entry)?);
            }
        }
        let sequence = reader.into_sequence();
        let (digests, others) = digesting.finish();
        Ok(Self { digests, others, manifest, sequence })
    }

    /// The manifest and its exact bytes; the files it names are there.
    pub(crate) fn manifest(self) -> Result<(Manifest, Vec<u8>), ContentsError> {
        let bytes = self.manifest.ok_or(ContentsError::NoManifest)?;
        let manifest = Manifest::read(&bytes).map_err(ContentsError::Manifest)?;
        match manifest.files().iter().find(|path| !self.sequence.holds(path)) {
            Some(missing) => Err(ContentsError::MissingFile { path: missing.clone() }),
            None => Ok((manifest, bytes)),
        }
    }
}

/// The size is checked before a byte is kept.
fn read_manifest<R: Read>(reader: &mut ArchiveReader<R>, entry: &Entry) -> Result<Vec<u8>, ContentsError> {
    if entry.size() > MAX_MANIFEST_BYTES as u64 {
        return Err(ContentsError::Manifest(ManifestError::TooLarge { actual: entry.size() }));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = reader.next_chunk().map_err(ContentsError::Archive)? {
        bytes.extend_from_slice(chunk);
    }
    Ok(bytes)
}
