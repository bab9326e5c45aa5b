//! Extracting a pack: verified and written in one pass over its archive.

use std::{
    fs::{File, Permissions},
    io::Write,
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
};

use reach_pack_integrity::{Check, ContentSink, Entry, SinkStopped, Verification};
use rustix::{
    fs::{Mode, OFlags, fchmod, mkdirat, openat},
    io::Errno,
};

use super::{
    PackFileError, PackFiles, ProvenPack,
    descent::{Descent, open_directory},
    io,
    judge::judge_into,
    staging::{OPEN, SYNC_EACH_FILE, Staging},
};
use crate::files;

/// A pack that was verified and written out.
#[derive(Debug)]
pub struct Extracted {
    /// The verdict.
    pub proven: ProvenPack,
    /// The checks that passed, in order.
    pub passed: Vec<Check>,
    /// How many files it has.
    pub files: usize,
}

/// Verifies the pack as `asked` and extracts it to the new directory `out`, in one pass: the bytes
/// written are the bytes verified, whatever happens to the pack's file meanwhile.
///
/// Nothing is written before the signatures have passed, and nothing stands at `out` before
/// everything has: files are written to a directory beside it that nobody else can enter, without
/// following links, with mode 0644 or 0755, and synced before it is renamed.
///
/// # Errors
/// [`files::FileError::Exists`] if there is anything at `out`, also if it came there meanwhile; as
/// [`super::verify_proven`]; [`PackFileError::Swapped`]. After an error nothing is left.
pub fn extract(pack: &PackFiles<'_>, asked: &Verification<'_>, out: &Path) -> Result<Extracted, PackFileError> {
    files::require_place(out)?;
    let ((proven, passed), files) = extract_into(out, |sink| {
        let judged = judge_into(pack, asked, sink);
        Ok((judged.verdict?, judged.passed))
    })?;
    Ok(Extracted { proven, passed, files })
}

/// Puts what `verify` hands on in place if it succeeds, and counts the files.
fn extract_into<T>(
    out: &Path,
    verify: impl FnOnce(&mut dyn ContentSink) -> Result<T, PackFileError>,
) -> Result<(T, usize), PackFileError> {
    let mut extraction = Extraction::new(out);
    let verdict = verify(&mut extraction);
    match (verdict, extraction.failure.take()) {
        // The verifier knows only that writing failed.
        (Err(_), Some(failure)) => Err(failure),
        (Err(refused), None) => Err(refused),
        (Ok(verdict), _) => Ok((verdict, extraction.finish()?)),
    }
}

/// Writes what it is handed. Dropped before [`Extraction::finish`], it leaves nothing.
struct Extraction<'a> {
    out: &'a Path,
    // Made for the first file, which comes after the signatures have passed.
    tree: Option<(Staging, Descent)>,
    file: Option<Open>,
    files: usize,
    failure: Option<PackFileError>,
}

/// The file being written.
struct Open {
    file: File,
    path: PathBuf,
    mode: u32,
}

impl<'a> Extraction<'a> {
    const fn new(out: &'a Path) -> Self {
        Self { out, tree: None, file: None, files: 0, failure: None }
    }

    fn begin(&mut self, entry: &Entry) -> Result<(), PackFileError> {
        self.close()?;
        let path = self.out.join(entry.path().as_str());
        let fail = |error: Errno| io(&path, error.into());
        let (directory, name) = self.tree()?.reach(entry.path(), make_directory).map_err(fail)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(directory, name, flags, Mode::RUSR | Mode::WUSR).map_err(fail)?;
        let mode = if entry.executable() { 0o755 } else { 0o644 };
        self.file = Some(Open { file: file.into(), path, mode });
        self.files += 1;
        Ok(())
    }

    fn tree(&mut self) -> Result<&mut Descent, PackFileError> {
        if self.tree.is_none() {
            let staging = Staging::create(self.out)?;
            let root = staging.handle()?;
            self.tree = Some((staging, Descent::new(root)));
        }
        let tree = self.tree.as_mut().map(|(_, descent)| descent);
        tree.ok_or_else(|| io(self.out, Errno::BADF.into()))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PackFileError> {
        let Some(open) = &mut self.file else { return Ok(()) };
        open.file.write_all(bytes).map_err(|error| io(&open.path, error))
    }

    /// Gives the last file its mode, which the umask has no part in.
    fn close(&mut self) -> Result<(), PackFileError> {
        let Some(Open { file, path, mode }) = self.file.take() else { return Ok(()) };
        let closed = file.set_permissions(Permissions::from_mode(mode));
        closed.and_then(|()| if SYNC_EACH_FILE { file.sync_all() } else { Ok(()) }).map_err(|error| io(&path, error))
    }

    /// Puts everything in place, once all of it is verified.
    fn finish(mut self) -> Result<usize, PackFileError> {
        self.close()?;
        self.tree()?;
        if let Some((staging, _)) = self.tree.take() {
            staging.place()?;
        }
        Ok(self.files)
    }

    fn keep(&mut self, done: Result<(), PackFileError>) -> Result<(), SinkStopped> {
        done.map_err(|failure| {
            self.failure = Some(failure);
            SinkStopped
        })
    }
}

impl ContentSink for Extraction<'_> {
    fn file(&mut self, entry: &Entry) -> Result<(), SinkStopped> {
        let done = self.begin(entry);
        self.keep(done)
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), SinkStopped> {
        let done = self.write(bytes);
        self.keep(done)
    }
}

/// A new directory: that it is there already means that somebody else made it.
fn make_directory(parent: &OwnedFd, name: &str, _: &str) -> Result<OwnedFd, Errno> {
    mkdirat(parent, name, Mode::RWXU)?;
    let made = open_directory(parent, name)?;
    fchmod(&made, OPEN)?;
    Ok(made)
}

#[cfg(test)]
mod tests;
