//! Reading files with bounds and permission checks, and writing them whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// The most bytes of a private key or passphrase file: a PKCS#8 Ed25519 key takes 120, an encrypted
/// one 300.
pub const MAX_PRIVATE_BYTES: usize = 16 * 1024;

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is none.
    #[error("`{path}` does not exist")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// It is a directory, a device, a pipe.
    #[error("`{path}` is not a regular file")]
    NotAFile {
        /// Which file.
        path: PathBuf,
    },
    /// It is no directory.
    #[error("`{path}` is not a directory")]
    NotADirectory {
        /// What is something else.
        path: PathBuf,
    },
    /// The system said no.
    #[error("no permission for `{path}`")]
    Permission {
        /// Which file.
        path: PathBuf,
    },
    /// It is larger than what it should hold can be.
    #[error("`{path}` has more than {limit} bytes, the most that such a file may have")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A private key or passphrase that others can read or write.
    #[error("`{path}` is a private key or passphrase that others can read or write (mode {mode:o})")]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A private key or passphrase behind a symbolic link.
    #[error("`{path}` should hold a private key or passphrase, and is a symbolic link")]
    Link {
        /// Which file.
        path: PathBuf,
    },
    /// A trust file that others can write, that is a symbolic link, or that comes with the pack.
    #[error("`{path}` decides what is trusted, and it is {what}")]
    Untrusted {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It exists already, and nothing is overwritten.
    #[error("`{path}` exists already")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// Anything else the system reports.
    #[error("`{path}`: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

reach_types::codes!(FileError {
    Missing => ("file.missing", Environment, "check the path"),
    NotAFile => ("file.not_a_file", Environment, "name a regular file"),
    NotADirectory => ("file.not_a_directory", Environment, "name a directory"),
    Permission => ("file.permission", Environment, "check who owns the file and its mode"),
    TooLarge => ("file.too_large", Limit, "this cannot be the file that was meant"),
    Exposed => ("file.key_exposed", Environment, "chmod 600 the file, and replace the key if it was shared"),
    Link => ("file.key_link", Environment, "name the file itself: a link says nothing about who can replace what it leads to"),
    Untrusted => ("trust.store_untrusted", Environment, "use a regular file, no link, that only its owner can write (chmod go-w), and that is not part of the pack"),
    Exists => ("file.exists", Environment, "choose another name, or move the file away first"),
    Io => ("file.io", Environment, "check the disk"),
});

fn classify(path: &Path, source: io::Error) -> FileError {
    let path = path.to_path_buf();
    match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing { path },
        io::ErrorKind::PermissionDenied => FileError::Permission { path },
        io::ErrorKind::AlreadyExists => FileError::Exists { path },
        io::ErrorKind::IsADirectory => FileError::NotAFile { path },
        io::ErrorKind::NotADirectory => FileError::NotADirectory { path },
        _ => FileError::Io { path, source },
    }
}

/// Opens a regular file for reading, without ever blocking on a pipe or device.
///
/// # Errors
/// [`FileError::Missing`], [`FileError::NotAFile`], [`FileError::Permission`], [`FileError::Io`].
pub fn open(path: &Path) -> Result<File, FileError> {
    open_with(path, OFlags::NONBLOCK)
}

fn open_with(path: &Path, flags: OFlags) -> Result<File, FileError> {
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|e| classify(path, e))?;
    let meta = file.metadata().map_err(|e| classify(path, e))?;
    if meta.is_file() { Ok(file) } else { Err(FileError::NotAFile { path: path.to_path_buf() }) }
}

/// Reads a whole regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open`], and [`FileError::TooLarge`].
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read_from(open(path)?, path, limit)
}

fn read_from(file: File, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    // Room for the whole file, so that a key leaves no copies behind in smaller buffers.
    let size = file.metadata().map_or(0, |meta| meta.len()).min(limit);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default().saturating_add(1));
    // The file may grow while it is read: the bound is on what is read, not on its stated size.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| classify(path, e))?;
    let over = u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit;
    if over { Err(FileError::TooLarge { path: path.to_path_buf(), limit }) } else { Ok(bytes) }
}

/// Reads a private key or passphrase: a regular file of at most [`MAX_PRIVATE_BYTES`], not behind a
/// link, that only its owner can read and write.
///
/// # Errors
/// As [`read`], [`FileError::Link`] and [`FileError::Exposed`].
pub fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let opened = open_with(path, OFlags::NONBLOCK | OFlags::NOFOLLOW);
    let link = |error| if path.is_symlink() { FileError::Link { path: path.to_path_buf() } } else { error };
    let mut file = opened.map_err(link)?;
    let mode = file.metadata().map_err(|e| classify(path, e))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(FileError::Exposed { path: path.to_path_buf(), mode });
    }
    let limit = u64::try_from(MAX_PRIVATE_BYTES).unwrap_or(u64::MAX);
    let read = read_wiped(&mut file, MAX_PRIVATE_BYTES).map_err(|e| classify(path, e))?;
    read.ok_or_else(|| FileError::TooLarge { path: path.to_path_buf(), limit })
}

/// Reads to the end, into one buffer that never grows and is wiped whatever happens; `None` if
/// there are more than `limit` bytes.
fn read_wiped(from: &mut File, limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut bytes = Zeroizing::new(vec![0; limit.saturating_add(1)]);
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match from.read(room) {
            Ok(0) => break,
            Ok(read) => filled = filled.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok((filled <= limit).then_some(bytes))
}

/// Reads a file that decides what is trusted: no symbolic link, and nobody but its owner can write
/// it. A group is other people, unless it is the owner's own, by the custom that both have one
/// number: many systems let such a group write whatever its owner makes.
///
/// # Errors
/// As [`read`], and [`FileError::Untrusted`].
pub fn read_trust(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let untrusted = |what| FileError::Untrusted { path: path.to_path_buf(), what };
    let link = fs::symlink_metadata(path).map_err(|e| classify(path, e))?;
    if link.is_symlink() {
        return Err(untrusted("a symbolic link"));
    }
    let file = open(path)?;
    let meta = file.metadata().map_err(|e| classify(path, e))?;
    if (meta.ino(), meta.dev()) != (link.ino(), link.dev()) {
        return Err(untrusted("being replaced while it is read"));
    }
    match writable_by_others(meta.mode(), meta.uid(), meta.gid()) {
        Some(what) => Err(untrusted(what)),
        None => read_from(file, path, limit),
    }
}

const fn writable_by_others(mode: u32, owner: u32, group: u32) -> Option<&'static str> {
    match mode & 0o022 {
        0 => None,
        0o020 if group == owner => None,
        0o020 => Some("writable by its group"),
        _ => Some("writable by everybody"),
    }
}

/// How a written file may meet one that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse: nothing is overwritten.
    Refuse,
    /// Replace it in one step.
    Replace,
}

/// Writes a file whole or not at all: to a temporary beside it, synced, then put in place.
///
/// # Errors
/// [`FileError::Exists`] under [`Existing::Refuse`], and what the system reports; the temporary is
/// removed.
pub fn write(path: &Path, bytes: &[u8], mode: u32, existing: Existing) -> Result<(), FileError> {
    write_with(path, mode, existing, |file| file.write_all(bytes).map_err(|e| classify(path, e)))
}

/// As [`write()`], with the content produced by `fill`.
///
/// # Errors
/// As [`write()`], and whatever `fill` returns.
pub fn write_with<T, E: From<FileError>>(
    path: &Path,
    mode: u32,
    existing: Existing,
    fill: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<T, E> {
    sweep(path, ".tmp");
    if existing == Existing::Refuse && path.symlink_metadata().is_ok() {
        return Err(FileError::Exists { path: path.to_path_buf() }.into());
    }
    let temporary = temporary_beside(path)?;
    let written = fill_and_place(&temporary, path, mode, existing, fill);
    if written.is_err() {
        // It may not exist, or be in place already: either way there is nothing more to undo.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn fill_and_place<T, E: From<FileError>>(
    temporary: &Path,
    path: &Path,
    mode: u32,
    existing: Existing,
    fill: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<T, E> {
    let fail = |source| E::from(classify(path, source));
    let mut options = OpenOptions::new();
    let mut file = options.read(true).write(true).create_new(true).mode(mode).open(temporary).map_err(fail)?;
    let value = fill(&mut file)?;
    file.sync_all().map_err(fail)?;
    match existing {
        Existing::Replace => fs::rename(temporary, path).map_err(fail)?,
        Existing::Refuse => {
            let settle =
                || fs::remove_file(temporary).map_err(|e| classify(path, e)).and_then(|()| sync_directory(path));
            link_new(temporary, path, settle)?;
            return Ok(value);
        }
    }
    sync_directory(path)?;
    Ok(value)
}

/// Puts a new file in place and lets `settle` make that durable; if it cannot, the file is taken away
/// again. A hard link, unlike a rename, never replaces what came there in the meantime.
fn link_new(temporary: &Path, path: &Path, settle: impl FnOnce() -> Result<(), FileError>) -> Result<(), FileError> {
    fs::hard_link(temporary, path).map_err(|e| classify(path, e))?;
    settle().inspect_err(|_| drop(fs::remove_file(path)))
}

fn temporary_beside(path: &Path) -> Result<PathBuf, FileError> {
    let name = path.file_name().ok_or_else(|| FileError::NotAFile { path: path.to_path_buf() })?;
    let process = std::process::id();
    Ok(path.with_file_name(format!(".{}.{process}.tmp", name.to_string_lossy())))
}

/// Makes a new name in a directory durable.
///
/// # Errors
/// What the system reports.
pub fn sync_directory(path: &Path) -> Result<(), FileError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent).and_then(|directory| directory.sync_all()).map_err(|e| classify(parent, e))
}

/// What killed processes left beside `path`: files and directories named after it and a process
/// that is gone.
#[must_use]
pub fn leftovers(path: &Path, suffix: &str) -> Vec<PathBuf> {
    let Some(name) = path.file_name().map(|name| format!(".{}.", name.to_string_lossy())) else { return Vec::new() };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let is_left = |entry: &fs::DirEntry| {
        let left = entry.file_name().to_string_lossy().into_owned();
        let rest = left.strip_prefix(&name).and_then(|rest| rest.strip_suffix(suffix));
        let process = rest.and_then(|id| id.parse::<u32>().ok());
        process.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists())
    };
    entries.flatten().filter(is_left).map(|entry| entry.path()).collect()
}

/// Removes [`leftovers`]. Whatever cannot be removed stays.
pub fn sweep(path: &Path, suffix: &str) {
    // Where processes cannot be looked up, nothing says that one is gone.
    if !Path::new("/proc/self").exists() {
        return;
    }
    for left in leftovers(path, suffix) {
        let _ = fs::remove_file(&left).or_else(|_| fs::remove_dir_all(&left));
    }
}

/// Refuses what is not a directory.
///
/// # Errors
/// [`FileError::Missing`], [`FileError::NotADirectory`], and what the system reports.
pub fn require_directory(path: &Path) -> Result<(), FileError> {
    let meta = fs::metadata(path).map_err(|e| classify(path, e))?;
    if meta.is_dir() { Ok(()) } else { Err(FileError::NotADirectory { path: path.to_path_buf() }) }
}

/// Refuses a place for a new file that is taken or whose directory is not there, before anything
/// is done that could not be undone.
///
/// # Errors
/// [`FileError::Exists`], and as [`require_directory`].
pub fn require_place(path: &Path) -> Result<(), FileError> {
    if path.symlink_metadata().is_ok() {
        return Err(FileError::Exists { path: path.to_path_buf() });
    }
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => require_directory(parent),
        None => Ok(()),
    }
}

/// Creates a directory that must not exist yet, readable by its owner only.
///
/// # Errors
/// [`FileError::Exists`], and what the system reports.
pub fn create_directory(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path).map_err(|e| classify(path, e))?;
    sync_directory(path)
}

/// The absolute path of what exists at `path`.
///
/// # Errors
/// What the system reports.
pub fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    fs::canonicalize(path).map_err(|e| classify(path, e))
}

/// Turns what the system reported into an error that names `path`.
pub fn io_error(path: &Path, source: io::Error) -> FileError {
    classify(path, source)
}

#[cfg(test)]
mod tests;
