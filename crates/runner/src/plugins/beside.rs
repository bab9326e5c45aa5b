//! The directory that a manifest stands in, walked without following a link.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
};

use reach_pack_integrity::{ArchivePath, PluginFile, PluginFiles};
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};

use crate::files::{self, FileError};

/// A directory held open, so that it cannot be swapped for another while it is read.
pub(super) struct Beside {
    path: PathBuf,
    directory: OwnedFd,
}

impl Beside {
    /// The directory of `manifest`.
    pub(super) fn of(manifest: &Path) -> Result<Self, FileError> {
        let parent = manifest.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(CWD, parent, flags, Mode::empty());
        let directory = opened.map_err(|error| files::io_error(parent, error.into()))?;
        Ok(Self { path: parent.to_path_buf(), directory })
    }

    /// Whether `path` is the file at `other`, by whatever name.
    pub(super) fn is_at(&self, path: &ArchivePath, other: &Path) -> bool {
        let id = |path: &Path| path.metadata().map(|meta| (meta.dev(), meta.ino())).ok();
        let ours = id(&self.path.join(path.as_str()));
        ours.is_some() && ours == id(other)
    }

    fn open_plain(&self, path: &ArchivePath) -> Result<File, Errno> {
        let (parents, name) = match path.as_str().rsplit_once('/') {
            Some((parents, name)) => (Some(parents), name),
            None => (None, path.as_str()),
        };
        let base = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut directory = None;
        for part in parents.into_iter().flat_map(|parents| parents.split('/')) {
            let at = directory.as_ref().unwrap_or(&self.directory);
            directory = Some(openat(at, part, base | OFlags::DIRECTORY, Mode::empty())?);
        }
        // Without NONBLOCK a pipe would keep us waiting for a writer.
        let at = directory.as_ref().unwrap_or(&self.directory);
        openat(at, name, base | OFlags::NONBLOCK, Mode::empty()).map(File::from)
    }
}

impl PluginFiles for Beside {
    fn open(&self, path: &ArchivePath) -> io::Result<PluginFile<'_>> {
        match self.open_plain(path) {
            Ok(file) if file.metadata()?.is_file() => Ok(PluginFile::Content(Box::new(file))),
            Ok(_) | Err(Errno::LOOP | Errno::NOTDIR | Errno::NXIO) => Ok(PluginFile::NotAFile),
            Err(Errno::NOENT) => Ok(PluginFile::Missing),
            Err(error) => Err(error.into()),
        }
    }
}
