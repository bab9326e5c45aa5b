//! An extracted directory against the pack it came from.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::File,
    io::Read,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use reach_pack_integrity::{ContentSink, Entry, MAX_ENTRIES, SinkStopped, Verification};
use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat},
    io::Errno,
};

use super::{
    Judged, PackFileError, PackFiles,
    descent::{DIRECTORY, Descent, open_directory},
    io,
    judge::judge_into,
};

/// The permission bits of a mode, set-user-id and its like included.
const PERMISSIONS: u32 = 0o7777;

/// How a directory differs from its pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractedError {
    /// There is something that the pack does not hold.
    #[error("`{path}` is not in the pack")]
    Extra {
        /// What.
        path: PathBuf,
    },
    /// A file or directory of the pack is not there.
    #[error("`{path}` is in the pack, and not there")]
    Missing {
        /// What.
        path: PathBuf,
    },
    /// A file has other bytes.
    #[error("`{path}` has other content than in the pack")]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// A file has another mode, or a directory can be written by others.
    #[error("`{path}` has mode {actual:o}, and should have {expected:o}")]
    Mode {
        /// Which one.
        path: PathBuf,
        /// Its mode.
        actual: u32,
        /// The mode that extracting gives it.
        expected: u32,
    },
    /// A symbolic link, a pipe, a device, or a directory in the place of a file.
    #[error("`{path}` is {found}, which no extracted pack holds there")]
    EntryType {
        /// Which one.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
}

reach_types::codes!(ExtractedError {
    Extra => ("pack.extra_file", Refused, "remove it, or extract the pack again"),
    Missing => ("pack.extracted_missing_file", Refused, "extract the pack again"),
    Changed => ("pack.extracted_mismatch", Refused, "extract the pack again"),
    Mode => ("pack.extracted_mode_mismatch", Unsafe, "set the mode, or extract the pack again"),
    EntryType => ("pack.extracted_entry_type", Unsafe, "remove it, and extract the pack again"),
});

/// Judges the pack as `asked` and compares the directory `dir` with it, file by file, while it
/// passes by; the pack's own verdict comes first. Links are not followed, and memory does not grow
/// with the size of files.
///
/// It holds for the moment in which each file was read: whoever can write the directory can change
/// it afterwards. What differs is a [`PackFileError::Extracted`].
#[must_use]
pub fn judge_extracted(pack: &PackFiles<'_>, asked: &Verification<'_>, dir: &Path) -> Judged {
    let root = openat(CWD, dir, DIRECTORY, Mode::empty()).map_err(|error| io(dir, error.into()));
    let mut comparison = match root {
        Ok(root) => Comparison::new(root, dir),
        Err(error) => return Judged { passed: Vec::new(), failed: None, verdict: Err(error) },
    };
    let judged = judge_into(pack, asked, &mut comparison);
    let verdict = judged.verdict.and_then(|proven| comparison.finish().map(|()| proven));
    Judged { verdict, ..judged }
}

/// What a name stands for: its kind and its path, as half a BLAKE3 digest, so that memory does not
/// depend on the length of paths. A collision could only be made by the pack's own signer.
type Place = [u8; 16];

fn place(kind: FileType, path: &Path) -> Place {
    let mut hasher = blake3::Hasher::new();
    hasher.update(if kind == FileType::Directory { b"d" } else { b"f" }).update(path.as_os_str().as_bytes());
    let mut place = Place::default();
    hasher.finalize_xof().fill(&mut place);
    place
}

/// Compares while the archive passes by, until the first difference.
struct Comparison<'a> {
    dir: &'a Path,
    descent: Descent,
    file: Option<(PathBuf, File)>,
    found: HashSet<Place>,
    buffer: Vec<u8>,
    difference: Option<PackFileError>,
}

impl<'a> Comparison<'a> {
    fn new(root: OwnedFd, dir: &'a Path) -> Self {
        let descent = Descent::new(root);
        Self {
            dir,
            descent,
            file: None,
            found: HashSet::with_capacity(MAX_ENTRIES),
            buffer: Vec::new(),
            difference: None,
        }
    }

    fn begin(&mut self, entry: &Entry) -> Result<(), PackFileError> {
        self.end()?;
        let Self { dir, descent, found, .. } = self;
        let (parent, name) = descent.reach(entry.path(), |parent, name, path| {
            found.insert(place(FileType::Directory, Path::new(path)));
            enter(parent, name, &dir.join(path))
        })?;
        let path = Path::new(entry.path().as_str());
        found.insert(place(FileType::RegularFile, path));
        let shown = dir.join(path);
        let file = open_file(parent, name, entry, &shown)?;
        self.file = Some((shown, file));
        Ok(())
    }

    fn compare(&mut self, bytes: &[u8]) -> Result<(), PackFileError> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        self.buffer.resize(bytes.len().max(self.buffer.len()), 0);
        let there = self.buffer.get_mut(..bytes.len()).unwrap_or_default();
        match file.read_exact(there) {
            Ok(()) if there == bytes => Ok(()),
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(io(path, error)),
            _ => Err(ExtractedError::Changed { path: path.clone() }.into()),
        }
    }

    /// The last file ends where the pack's does.
    fn end(&mut self) -> Result<(), PackFileError> {
        let Some((path, mut file)) = self.file.take() else { return Ok(()) };
        match file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(ExtractedError::Changed { path }.into()),
            Err(error) => Err(io(&path, error)),
        }
    }

    /// What the pack does not hold is found last, once all that it holds is known.
    fn finish(mut self) -> Result<(), PackFileError> {
        if let Some(difference) = self.difference.take() {
            return Err(difference);
        }
        self.end()?;
        let Self { dir, descent, found, .. } = self;
        check_private(descent.root(), dir)?;
        find_extra(descent.root(), dir, Path::new(""), &found)
    }

    /// The pack itself is read to its end all the same: its verdict comes before ours.
    fn keep(&mut self, compare: impl FnOnce(&mut Self) -> Result<(), PackFileError>) {
        if self.difference.is_none() {
            self.difference = compare(self).err();
        }
    }
}

impl ContentSink for Comparison<'_> {
    fn file(&mut self, entry: &Entry) -> Result<(), SinkStopped> {
        self.keep(|this| this.begin(entry));
        Ok(())
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), SinkStopped> {
        self.keep(|this| this.compare(bytes));
        Ok(())
    }
}

impl From<ExtractedError> for PackFileError {
    fn from(error: ExtractedError) -> Self {
        Self::Extracted(error)
    }
}

/// Opens a directory of the pack, which nobody but its owner can put anything into.
fn enter(parent: &OwnedFd, name: &str, path: &Path) -> Result<OwnedFd, PackFileError> {
    expect_kind(FileType::Directory, &stat_of(parent, name, path)?, path)?;
    let opened = open_directory(parent, name).map_err(|error| io(path, error.into()))?;
    check_private(&opened, path)?;
    Ok(opened)
}

/// Opens a file of the pack, once it is seen to be one: opening a device may do anything.
fn open_file(parent: &OwnedFd, name: &str, entry: &Entry, path: &Path) -> Result<File, PackFileError> {
    expect_kind(FileType::RegularFile, &stat_of(parent, name, path)?, path)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = openat(parent, name, flags, Mode::empty()).map_err(|error| io(path, error.into()))?;
    let stat = fstat(&file).map_err(|error| io(path, error.into()))?;
    expect_kind(FileType::RegularFile, &stat, path)?;
    let (expected, actual) = (if entry.executable() { 0o755 } else { 0o644 }, stat.st_mode & PERMISSIONS);
    if actual != expected {
        return Err(ExtractedError::Mode { path: path.to_path_buf(), actual, expected }.into());
    }
    let same_size = u64::try_from(stat.st_size) == Ok(entry.size());
    if same_size { Ok(file.into()) } else { Err(ExtractedError::Changed { path: path.to_path_buf() }.into()) }
}

fn stat_of(parent: &OwnedFd, name: &str, path: &Path) -> Result<Stat, PackFileError> {
    statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| match error {
        Errno::NOENT => ExtractedError::Missing { path: path.to_path_buf() }.into(),
        other => io(path, other.into()),
    })
}

fn expect_kind(expected: FileType, stat: &Stat, path: &Path) -> Result<(), PackFileError> {
    let actual = FileType::from_raw_mode(stat.st_mode);
    if actual == expected {
        return Ok(());
    }
    Err(ExtractedError::EntryType { path: path.to_path_buf(), found: describe(actual) }.into())
}

const fn describe(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        _ => "a device",
    }
}

/// A directory in which others can write holds whatever they like.
fn check_private(directory: &OwnedFd, path: &Path) -> Result<(), PackFileError> {
    let stat = fstat(directory).map_err(|error| io(path, error.into()))?;
    let actual = stat.st_mode & PERMISSIONS;
    if actual & (Mode::WGRP | Mode::WOTH).as_raw_mode() == 0 {
        return Ok(());
    }
    Err(ExtractedError::Mode { path: path.to_path_buf(), actual, expected: 0o755 }.into())
}

/// Refuses the first thing that was not found in the pack. Only directories of the pack are
/// entered, so that depth is bounded as its paths are.
fn find_extra(directory: &OwnedFd, path: &Path, below: &Path, found: &HashSet<Place>) -> Result<(), PackFileError> {
    let fail = |error: Errno| io(path, error.into());
    for entry in Dir::read_from(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let (path, below) = (path.join(name), below.join(name));
        let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map_err(fail)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if !matches!(kind, FileType::RegularFile | FileType::Directory) {
            return Err(ExtractedError::EntryType { path, found: describe(kind) }.into());
        }
        if !found.contains(&place(kind, &below)) {
            return Err(ExtractedError::Extra { path }.into());
        }
        if kind == FileType::Directory {
            let inner = openat(directory, name, DIRECTORY, Mode::empty()).map_err(fail)?;
            find_extra(&inner, &path, &below, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
