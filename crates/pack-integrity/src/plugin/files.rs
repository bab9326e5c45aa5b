//! The files that a manifest pins: each is read once and compared.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
};

use reach_types::Sha256Digest;
use ring::digest::{Context, SHA256};

use super::PluginError;
use crate::ArchivePath;

/// The most bytes of all pinned files together, so that verification ends: some ten seconds of hashing.
pub const MAX_PLUGIN_BYTES: u64 = 8 << 30;

/// What stands where a manifest pins a file.
pub enum PluginFile<'a> {
    /// A regular file, reached without following a link.
    Content(Box<dyn Read + 'a>),
    /// Nothing.
    Missing,
    /// A link, a directory, a device; or one of them on the way.
    NotAFile,
}

/// The directory that a manifest stands in, or something like it.
pub trait PluginFiles {
    /// Opens the file at `path`, which has been parsed, without following any link.
    ///
    /// # Errors
    /// What the system reports, apart from the answers that [`PluginFile`] has.
    fn open(&self, path: &ArchivePath) -> io::Result<PluginFile<'_>>;
}

/// Files in memory.
impl PluginFiles for BTreeMap<ArchivePath, Vec<u8>> {
    fn open(&self, path: &ArchivePath) -> io::Result<PluginFile<'_>> {
        Ok(self.get(path).map_or(PluginFile::Missing, |bytes| PluginFile::Content(Box::new(bytes.as_slice()))))
    }
}

/// Compares each of `pins` with what `files` holds, reading at most `budget` bytes.
pub(super) fn check_within(
    pins: &BTreeMap<ArchivePath, Sha256Digest>,
    files: &dyn PluginFiles,
    mut budget: u64,
) -> Result<(), PluginError> {
    for (path, pin) in pins {
        let io = |source| PluginError::Io { path: path.clone(), source };
        let content = match files.open(path).map_err(io)? {
            PluginFile::Content(content) => content,
            PluginFile::Missing => return Err(PluginError::MissingFile { path: path.clone() }),
            PluginFile::NotAFile => return Err(PluginError::NotAFile { path: path.clone() }),
        };
        let mut digesting = Digesting(Context::new(&SHA256));
        // One byte more than is left, so that reaching the limit and passing it differ.
        let read = io::copy(&mut content.take(budget.saturating_add(1)), &mut digesting).map_err(io)?;
        budget = budget.checked_sub(read).ok_or(PluginError::TooManyBytes)?;
        if digesting.0.finish().as_ref() != pin.as_bytes() {
            return Err(PluginError::DigestMismatch { path: path.clone() });
        }
    }
    Ok(())
}

struct Digesting(Context);

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
