//! Looking into an archive without asking who vouches for it.

use std::io::Read;

use crate::{
    ArchiveDigests, ArchiveError, ArchivePath, ArchiveReader, ContentSink, Entry, MANIFEST_PATH, MAX_MANIFEST_BYTES,
    Manifest, ManifestError, SinkStopped, archive::Sequence, digests::OtherDigest,
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
    /// The [`ContentSink`] gave up, and knows why.
    #[error("the contents of the archive could not be handed on")]
    Sink,
}

reach_types::codes!(ContentsError {
    NoManifest => ("pack.no_manifest", Refused, "put a `pack.toml` at the root of the directory and build the pack again"),
    MissingFile => ("pack.missing_file", Refused, "add the file, or take it out of the manifest's `files`"),
    Sink => ("pack.sink_stopped", Environment, "see what the contents were handed to"),
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
    let contents = Contents::read(archive, &[], &mut entries)?;
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
    /// Reads an archive to its last byte, handing it on to `sink`, and computes the digests of
    /// `others` beside our own.
    pub(crate) fn read<R: Read>(
        archive: R,
        others: &[OtherDigest],
        sink: &mut dyn ContentSink,
    ) -> Result<Self, ContentsError> {
        let mut reader = ArchiveReader::digesting(archive, others);
        let mut manifest = None;
        while let Some(entry) = reader.next_entry().map_err(ContentsError::Archive)? {
            let mut kept = manifest_buffer(&entry)?;
            sink.file(&entry)?;
            while let Some(chunk) = reader.next_chunk().map_err(ContentsError::Archive)? {
                sink.chunk(chunk)?;
                kept.iter_mut().for_each(|kept| kept.extend_from_slice(chunk));
            }
            manifest = manifest.or(kept);
        }
        let (sequence, digests, others) = reader.finish().map_err(ContentsError::Archive)?;
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

/// Room for the manifest, if that is what `entry` is. Its size is checked before a byte is kept.
fn manifest_buffer(entry: &Entry) -> Result<Option<Vec<u8>>, ContentsError> {
    if entry.path().as_str() != MANIFEST_PATH {
        return Ok(None);
    }
    if entry.size() > MAX_MANIFEST_BYTES as u64 {
        return Err(ContentsError::Manifest(ManifestError::TooLarge { actual: entry.size() }));
    }
    Ok(Some(Vec::new()))
}

impl From<SinkStopped> for ContentsError {
    fn from(SinkStopped: SinkStopped) -> Self {
        Self::Sink
    }
}
