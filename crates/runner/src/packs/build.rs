//! A directory made into a pack.

use std::{
    fs::{self, File},
    io::{BufWriter, Seek, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use reach_pack_integrity::{
    ArchivePath, ArchiveWriter, Inspection, MANIFEST_PATH, MAX_MANIFEST_BYTES, Manifest, inspect_archive,
};

use super::{PackFileError, io};
use crate::files::{self, Existing};

/// Builds the pack of everything below `dir` into `out`; the same tree gives the same bytes.
///
/// # Errors
/// Every variant of [`PackFileError`] but those of keys and signatures; no partial file is left.
pub fn build(dir: &Path, out: &Path) -> Result<Inspection, PackFileError> {
    files::require_directory(dir)?;
    let manifest = files::read(&dir.join(MANIFEST_PATH), u64::try_from(MAX_MANIFEST_BYTES).unwrap_or(u64::MAX));
    Manifest::read(&manifest.map_err(PackFileError::File)?).map_err(PackFileError::Manifest)?;
    let mut found = Vec::new();
    collect(dir, Path::new(""), &mut found)?;
    found.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
    files::write_with(out, 0o644, Existing::Refuse, |file| {
        write_archive(&found, file)?;
        // What a reader would refuse is never put in place.
        file.rewind().map_err(|e| io(out, e))?;
        inspect_archive(file).map_err(PackFileError::Contents)
    })
}

type Found = (ArchivePath, PathBuf);

fn collect(root: &Path, below: &Path, found: &mut Vec<Found>) -> Result<(), PackFileError> {
    let dir = root.join(below);
    for entry in fs::read_dir(&dir).map_err(|e| io(&dir, e))? {
        let entry = entry.map_err(|e| io(&dir, e))?;
        let (path, relative) = (entry.path(), below.join(entry.file_name()));
        let kind = entry.file_type().map_err(|e| io(&path, e))?;
        if kind.is_dir() {
            collect(root, &relative, found)?;
        } else if !kind.is_file() {
            let what = if kind.is_symlink() { "a symbolic link" } else { "not a regular file" };
            return Err(PackFileError::Entry { path, what });
        } else {
            found.push((archive_path(&relative, &path)?, path));
        }
    }
    Ok(())
}

fn archive_path(relative: &Path, path: &Path) -> Result<ArchivePath, PackFileError> {
    let text = relative
        .to_str()
        .ok_or_else(|| PackFileError::Entry { path: path.to_path_buf(), what: "named in other bytes than text" })?;
    ArchivePath::parse(text).map_err(|error| PackFileError::Path { path: path.to_path_buf(), error })
}

fn write_archive(found: &[Found], file: &mut File) -> Result<(), PackFileError> {
    let mut archive = ArchiveWriter::new(BufWriter::new(file));
    for (name, path) in found {
        let mut content = files::open(path)?;
        let meta = content.metadata().map_err(|e| io(path, e))?;
        let executable = meta.permissions().mode() & 0o100 != 0;
        archive.append(name, executable, meta.len(), &mut content).map_err(PackFileError::Write)?;
    }
    let mut rest = archive.finish().map_err(PackFileError::Write)?;
    rest.flush().map_err(|e| io(Path::new("the pack"), e))
}
