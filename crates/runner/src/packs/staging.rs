//! A new directory that appears whole under its name, or not at all.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Dir, Mode, OFlags, Stat, fchmod, fstat, fsync, mkdirat, openat, statat},
    io::Errno,
    process::geteuid,
};

use super::{PackFileError, descent::DIRECTORY, io};
use crate::files::{self, FileError};

const SUFFIX: &str = ".extract";
const PRIVATE: Mode = Mode::RWXU;
/// What directories end as, whatever the umask.
pub(super) const OPEN: Mode = Mode::from_raw_mode(0o755);
/// Where the system cannot sync a whole file system at once, each file is synced when it is closed.
pub(super) const SYNC_EACH_FILE: bool = cfg!(not(target_os = "linux"));

/// A directory being filled beside the place it is meant for; nobody else can enter it. Unless
/// [`Staging::place`] succeeds, it vanishes with everything in it.
pub(super) struct Staging {
    out: PathBuf,
    parent: OwnedFd,
    temporary: OsString,
    // INVARIANT: `None` only once the directory is in place.
    root: Option<OwnedFd>,
}

impl Staging {
    /// Makes the directory, after removing what killed processes left of earlier ones.
    pub(super) fn create(out: &Path) -> Result<Self, PackFileError> {
        let name = file_name(out)?;
        files::sweep(out, SUFFIX);
        let above = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = openat(CWD, above, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let parent = parent.map_err(|error| io(above, error.into()))?;
        let temporary = temporary(name);
        let made = mkdirat(&parent, &temporary, PRIVATE).and_then(|()| open_own(&parent, &temporary));
        let root = Some(made.map_err(|error| io(out, error.into()))?);
        Ok(Self { out: out.to_path_buf(), parent, temporary, root })
    }

    /// A handle to fill it through.
    pub(super) fn handle(&self) -> Result<OwnedFd, PackFileError> {
        self.root().and_then(OwnedFd::try_clone).map_err(|error| io(&self.out, error))
    }

    /// Makes everything in it durable, opens it to others, and gives it its name, which must still
    /// be free: nothing that came there meanwhile is replaced.
    pub(super) fn place(mut self) -> Result<(), PackFileError> {
        let fail = |error: std::io::Error| io(&self.out, error);
        let root = self.root().map_err(fail)?;
        let ours = fstat(root).map_err(|error| fail(error.into()))?;
        self.check_place(&self.temporary, &ours)?;
        fchmod(root, OPEN).and_then(|()| sync_below(root)).map_err(|error| fail(error.into()))?;
        let name = file_name(&self.out)?;
        rename_new(&self.parent, &self.temporary, name).map_err(|error| fail(error.into()))?;
        if let Err(swapped) = self.check_place(name, &ours) {
            // It is somebody else's: it goes back to where they put it.
            let _ = rename_new(&self.parent, name, &self.temporary);
            return Err(swapped);
        }
        fsync(&self.parent).map_err(|error| fail(error.into()))?;
        self.root = None;
        Ok(())
    }

    /// Refuses what stands under `name` if it is not the directory that was filled.
    fn check_place(&self, name: &OsStr, ours: &Stat) -> Result<(), PackFileError> {
        let found = statat(&self.parent, name, AtFlags::SYMLINK_NOFOLLOW);
        let same = found.is_ok_and(|found| (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino));
        if same { Ok(()) } else { Err(PackFileError::Swapped { path: self.out.clone() }) }
    }

    fn root(&self) -> std::io::Result<&OwnedFd> {
        self.root.as_ref().ok_or_else(|| Errno::BADF.into())
    }
}

/// Whatever happened, and wherever somebody moved it: it is removed through its handle.
impl Drop for Staging {
    fn drop(&mut self) {
        if let Some(root) = self.root.take() {
            let _ = cap_std::fs::Dir::from_std_file(File::from(root)).remove_open_dir_all();
        }
    }
}

fn file_name(out: &Path) -> Result<&OsStr, PackFileError> {
    // `/`, `.` and `..` are there already.
    out.file_name().ok_or_else(|| PackFileError::File(FileError::Exists { path: out.to_path_buf() }))
}

/// A name that no other process uses, and that tells later ones whose it was.
fn temporary(name: &OsStr) -> OsString {
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}{SUFFIX}", std::process::id()));
    temporary
}

/// Opens the directory just made, and only that: empty, our own, and nobody else's to enter.
fn open_own(parent: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let root = openat(parent, name, DIRECTORY, Mode::empty())?;
    let is_dot = |name: &[u8]| matches!(name, b"." | b"..");
    let empty = Dir::read_from(&root)?.all(|entry| entry.is_ok_and(|entry| is_dot(entry.file_name().to_bytes())));
    if !empty || fstat(&root)?.st_uid != geteuid().as_raw() {
        return Err(Errno::EXIST);
    }
    fchmod(&root, PRIVATE)?;
    Ok(root)
}

/// Ten thousand files synced one by one take seconds; their file system as a whole, a tenth of one.
#[cfg(target_os = "linux")]
fn sync_below(root: &OwnedFd) -> Result<(), Errno> {
    rustix::fs::syncfs(root)
}

#[cfg(not(target_os = "linux"))]
fn sync_below(root: &OwnedFd) -> Result<(), Errno> {
    fsync(root)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_new(parent: &OwnedFd, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    rustix::fs::renameat_with(parent, from, parent, to, rustix::fs::RenameFlags::NOREPLACE)
}

/// Elsewhere a rename replaces nothing but an empty directory.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_new(parent: &OwnedFd, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    rustix::fs::renameat(parent, from, parent, to)
}
