//! Walking down from a directory handle, one name at a time, following no link.

use std::os::fd::OwnedFd;

use reach_pack_integrity::ArchivePath;
use rustix::{
    fs::{Mode, OFlags, openat},
    io::Errno,
};

/// How a directory is opened: as itself, or not at all.
pub(super) const DIRECTORY: OFlags =
    OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::RDONLY).union(OFlags::CLOEXEC);

/// The directories from a root to where the last file stood. An archive is sorted, so that each of
/// its directories is entered once, and at most as many are open as a path has parts.
pub(super) struct Descent {
    root: OwnedFd,
    entered: Vec<(String, OwnedFd)>,
}

impl Descent {
    pub(super) const fn new(root: OwnedFd) -> Self {
        Self { root, entered: Vec::new() }
    }

    pub(super) const fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// The directory that `path` stands in, and its name there. `enter` opens a directory that was
    /// not entered yet, given the one it stands in, its name, and its whole path.
    pub(super) fn reach<'p, E>(
        &mut self,
        path: &'p ArchivePath,
        mut enter: impl FnMut(&OwnedFd, &str, &str) -> Result<OwnedFd, E>,
    ) -> Result<(&OwnedFd, &'p str), E> {
        let (directories, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        let wanted = || directories.split('/').filter(|name| !name.is_empty());
        let kept = self.entered.iter().zip(wanted()).take_while(|((open, _), name)| open == name).count();
        self.entered.truncate(kept);
        let mut end = self.entered.iter().map(|(open, _)| open.len() + 1).sum::<usize>();
        for directory in wanted().skip(kept) {
            end += directory.len();
            let whole = directories.get(..end).unwrap_or(directories);
            let opened = enter(self.current(), directory, whole)?;
            self.entered.push((directory.to_owned(), opened));
            end += 1;
        }
        Ok((self.current(), name))
    }

    fn current(&self) -> &OwnedFd {
        self.entered.last().map_or(&self.root, |(_, open)| open)
    }
}

/// Opens the directory `name`; a link is an error, wherever it leads.
pub(super) fn open_directory(parent: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    openat(parent, name, DIRECTORY, Mode::empty())
}
