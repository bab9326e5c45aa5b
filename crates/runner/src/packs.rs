//! Packs as files: built from a directory, signed, verified, inspected.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{BufReader, BufWriter, Seek, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use reach_pack_integrity::{
    ArchivePath, ArchiveWriter, ContentsError, Expected, Inspection, MANIFEST_PATH, MAX_ENVELOPE_BYTES,
    MAX_MANIFEST_BYTES, Manifest, ManifestError, PathError, SeenVersions, SignPackError, VerifiedPack, VerifyError,
    WriteError, inspect_archive, sign_pack, verify_pack,
};
use reach_signing::{Role, Signer, VerifiedTrust};
use reach_types::Timestamp;

use crate::{
    World,
    files::{self, Existing, FileError},
    keys::{self, KeyFileError},
};

/// Why a pack file was not built, signed, verified or inspected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackFileError {
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// A key file.
    #[error(transparent)]
    Key(KeyFileError),
    /// Something in the directory that a pack cannot hold.
    #[error("`{path}` is {what}")]
    Entry {
        /// What.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A name that a pack cannot hold.
    #[error("`{path}`: {error}")]
    Path {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: PathError,
    },
    /// Writing the archive.
    #[error(transparent)]
    Write(WriteError),
    /// The manifest.
    #[error(transparent)]
    Manifest(ManifestError),
    /// What is in the archive.
    #[error(transparent)]
    Contents(ContentsError),
    /// Signing.
    #[error(transparent)]
    Sign(SignPackError),
    /// Verifying.
    #[error(transparent)]
    Verify(VerifyError),
}

reach_types::codes!(PackFileError {
    Entry => ("pack.source_entry", Unsafe, "a pack holds regular files only"),
    Path => ("pack.source_path", Unsafe, "rename the file: ASCII letters, digits, `.`, `_` and `-`"),
} wrap { File, Key, Write, Manifest, Contents, Sign, Verify });

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
        inspect_archive(BufReader::new(file)).map_err(PackFileError::Contents)
    })
}

impl From<FileError> for PackFileError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

fn io(path: &Path, error: std::io::Error) -> PackFileError {
    PackFileError::File(files::io_error(path, error))
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

/// Looks into a pack without asking who vouches for it.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Contents`].
pub fn inspect(pack: &Path) -> Result<Inspection, PackFileError> {
    inspect_archive(BufReader::new(files::open(pack)?)).map_err(PackFileError::Contents)
}

/// The path of a pack's signature: beside it, with `.dsse.json` after its name.
#[must_use]
pub fn signature_path(pack: &Path) -> PathBuf {
    let mut name = pack.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(".dsse.json");
    pack.with_file_name(name)
}

/// Signs the pack with each of `keys`, valid from now for `days`, and writes the envelope to `out`.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Key`], [`PackFileError::Contents`],
/// [`PackFileError::Sign`].
pub fn sign(world: &World, pack: &Path, keys: &[PathBuf], days: u32, out: &Path) -> Result<Inspection, PackFileError> {
    let keys = keys.iter().map(|path| keys::read_signing(path, Role::Pack)).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(PackFileError::Key)?;
    let inspection = inspect(pack)?;
    let signers: Vec<_> = keys.iter().map(|key| key as &dyn Signer).collect();
    let created = world.now();
    let expires = created.saturating_add(Duration::from_secs(u64::from(days) * 86_400));
    let envelope = sign_pack(&inspection.digests, &inspection.manifest, created, expires, &signers)
        .map_err(PackFileError::Sign)?;
    files::write(out, envelope.as_bytes(), 0o644, Existing::Refuse)?;
    Ok(inspection)
}

/// Verifies the pack against `trust`; its signature is at `signature`, or beside it.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Verify`]. A missing signature file is an unsigned
/// pack, unless `signature` names it.
pub fn verify(
    pack: &Path,
    signature: Option<&Path>,
    trust: &VerifiedTrust,
    expected: &Expected,
    now: Timestamp,
    seen: Option<&dyn SeenVersions>,
) -> Result<VerifiedPack, PackFileError> {
    let archive = files::open(pack)?;
    let limit = u64::try_from(MAX_ENVELOPE_BYTES).unwrap_or(u64::MAX);
    let envelope = match (signature, files::read(&signature_path(pack), limit)) {
        (Some(path), _) => Some(files::read(path, limit)?),
        (None, Err(FileError::Missing { .. })) => None,
        (None, beside) => Some(beside?),
    };
    verify_pack(BufReader::with_capacity(256 * 1024, archive), envelope.as_deref(), trust, expected, now, seen)
        .map_err(PackFileError::Verify)
}
