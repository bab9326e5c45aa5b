//! A pack as far as a comparison needs it: its manifest, and a digest of every file.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use reach_types::Blake3Digest;

use crate::{ArchivePath, ArchiveReader, ContentsError, MANIFEST_PATH, MAX_MANIFEST_BYTES, Manifest, ManifestError};

/// A file of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileView {
    pub(super) executable: bool,
    pub(super) digest: Blake3Digest,
}

/// A pack that was read to its end and is well formed. Nothing is said about who made it.
#[derive(Debug, Clone, PartialEq)]
pub struct PackView {
    manifest: Manifest,
    digest: Blake3Digest,
    pub(super) files: BTreeMap<ArchivePath, FileView>,
}

impl PackView {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// BLAKE3 of the archive.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }
}

/// Reads an archive once and digests it and each of its files. Memory grows with the number and
/// length of the paths, not with the size of the files: at most some 40 MiB.
///
/// # Errors
/// As [`crate::inspect_archive`].
pub fn view_archive<R: Read>(archive: R) -> Result<PackView, ContentsError> {
    let mut hashed = Hashed { input: archive, hasher: blake3::Hasher::new() };
    let (files, manifest) = read_files(&mut ArchiveReader::new(&mut hashed))?;
    let manifest = Manifest::read(&manifest.ok_or(ContentsError::NoManifest)?).map_err(ContentsError::Manifest)?;
    match manifest.files().iter().find(|path| !files.contains_key(*path)) {
        Some(missing) => Err(ContentsError::MissingFile { path: missing.clone() }),
        None => Ok(PackView { manifest, digest: finish(&hashed.hasher), files }),
    }
}

type Files = BTreeMap<ArchivePath, FileView>;

fn read_files<R: Read>(reader: &mut ArchiveReader<R>) -> Result<(Files, Option<Vec<u8>>), ContentsError> {
    let (mut files, mut manifest) = (Files::new(), None);
    while let Some(entry) = reader.next_entry().map_err(ContentsError::Archive)? {
        let is_manifest = entry.path().as_str() == MANIFEST_PATH;
        if is_manifest && entry.size() > MAX_MANIFEST_BYTES as u64 {
            return Err(ContentsError::Manifest(ManifestError::TooLarge { actual: entry.size() }));
        }
        let (mut hasher, mut kept) = (blake3::Hasher::new(), Vec::new());
        while let Some(chunk) = reader.next_chunk().map_err(ContentsError::Archive)? {
            hasher.update(chunk);
            if is_manifest {
                kept.extend_from_slice(chunk);
            }
        }
        if is_manifest {
            manifest = Some(kept);
        }
        files.insert(entry.path().clone(), FileView { executable: entry.executable(), digest: finish(&hasher) });
    }
    Ok((files, manifest))
}

fn finish(hasher: &blake3::Hasher) -> Blake3Digest {
    Blake3Digest::from_bytes(*hasher.finalize().as_bytes())
}

/// Passes bytes through and digests them on the way.
struct Hashed<R> {
    input: R,
    hasher: blake3::Hasher,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
