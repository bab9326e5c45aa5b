//! Key files: made, read, and described.

use std::path::{Path, PathBuf};

use reach_signing::{KeyError, PublicKey, Role, Signer, SigningKey};
use reach_tlog::{KeyName, NameError, VerifierKey};
use reach_types::KeyId;

use zeroize::Zeroizing;

use crate::{
    World,
    files::{self, Existing, FileError},
};

/// The most bytes of a public key file.
const MAX_PUBLIC_BYTES: u64 = 16 * 1024;

/// Why a key file was not made or not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file.
    #[error(transparent)]
    File(FileError),
    /// What is in it.
    #[error("`{path}`: {error}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: KeyError,
    },
    /// A private key where a public one belongs.
    #[error("`{path}` is a PRIVATE key where a public key belongs")]
    Private {
        /// Which file.
        path: PathBuf,
    },
    /// The name of a log.
    #[error(transparent)]
    Name(NameError),
    /// The output name.
    #[error("a key is written to a file whose name ends in `.pem`, and `.pub.pem` is its public half")]
    OutName,
}

reach_types::codes!(KeyFileError {
    Key => ("key.malformed", Refused, "use the PEM file that `reach key generate` or `openssl genpkey -algorithm ed25519` writes"),
    Private => ("key.private", Refused, "use the .pub.pem file, and treat the private key as exposed if it was shared"),
    OutName => ("key.out_name", Usage, "end the name in `.pem`"),
} wrap { File, Name });

/// A key pair that was just written.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    /// The role it was made for.
    pub role: Role,
    /// The public half.
    pub public: PublicKey,
    /// The private key file.
    pub private_path: PathBuf,
    /// The public key file beside it.
    pub public_path: PathBuf,
    /// For a log: the C2SP verifier key beside it.
    pub vkey_path: Option<PathBuf>,
}

/// Draws a key and writes `FILE.pem` (mode 0600), `FILE.pub.pem` and, for a log or witness,
/// `FILE.vkey` under `origin`. Nothing is overwritten; if one cannot be written, none stays.
///
/// # Errors
/// Every variant of [`KeyFileError`].
pub fn generate(world: &World, role: Role, out: &Path, origin: &str) -> Result<KeyFiles, KeyFileError> {
    let name = out.to_str().and_then(|text| text.strip_suffix(".pem")).filter(|stem| !stem.ends_with(".pub"));
    let stem = name.ok_or(KeyFileError::OutName)?;
    let key = |error| KeyFileError::Key { path: out.to_path_buf(), error };
    let (pair, pem) = SigningKey::generate(role, &*world.random).map_err(key)?;
    let public_pem = pair.public_key().to_pem().map_err(key)?;
    let logs = matches!(role, Role::Log | Role::Witness);
    let vkey = logs.then(|| vkey_text(origin, pair.public_key())).transpose()?;
    let mut planned = vec![
        (out.to_path_buf(), Zeroizing::new(pem.as_bytes().to_vec()), 0o600),
        (PathBuf::from(format!("{stem}.pub.pem")), Zeroizing::new(public_pem.into_bytes()), 0o644),
    ];
    planned.extend(vkey.map(|text| (PathBuf::from(format!("{stem}.vkey")), Zeroizing::new(text.into_bytes()), 0o644)));
    write_all(&planned)?;
    let mut paths = planned.into_iter().map(|(path, _, _)| path);
    let missing = || KeyFileError::OutName;
    Ok(KeyFiles {
        role,
        public: pair.public_key(),
        private_path: paths.next().ok_or_else(missing)?,
        public_path: paths.next().ok_or_else(missing)?,
        vkey_path: paths.next(),
    })
}

fn write_all(planned: &[(PathBuf, Zeroizing<Vec<u8>>, u32)]) -> Result<(), KeyFileError> {
    if let Some((path, _, _)) = planned.iter().find(|(path, _, _)| path.symlink_metadata().is_ok()) {
        return Err(KeyFileError::File(FileError::Exists { path: path.clone() }));
    }
    for (index, (path, bytes, mode)) in planned.iter().enumerate() {
        if let Err(error) = files::write(path, bytes, *mode, Existing::Refuse) {
            for (written, _, _) in planned.iter().take(index) {
                let _ = std::fs::remove_file(written);
            }
            return Err(KeyFileError::File(error));
        }
    }
    Ok(())
}

/// The C2SP verifier key of `public` under `origin`, with a line feed.
///
/// # Errors
/// [`KeyFileError::Name`] if `origin` cannot name a log.
pub fn vkey_text(origin: &str, public: PublicKey) -> Result<String, KeyFileError> {
    let name = KeyName::parse(origin).map_err(KeyFileError::Name)?;
    Ok(format!("{}\n", VerifierKey::new(name, public)))
}

/// Reads a private key file for `role`.
///
/// # Errors
/// [`KeyFileError::File`] (others can read it, among the rest), [`KeyFileError::Key`].
pub fn read_signing(path: &Path, role: Role) -> Result<SigningKey, KeyFileError> {
    let pem = files::read_private(path).map_err(|error| match read_public(path) {
        // A public key may be read by everybody; it only cannot sign.
        Ok(_) => KeyFileError::Key {
            path: path.to_path_buf(),
            error: KeyError::Format { expected: "a private key: it is a public one" },
        },
        Err(_) => KeyFileError::File(error),
    })?;
    parse_signing(path, &pem, role)
}

/// The private key in `pem`, which was read from `path`.
pub(crate) fn parse_signing(path: &Path, pem: &[u8], role: Role) -> Result<SigningKey, KeyFileError> {
    SigningKey::from_pem(role, pem).map_err(|error| KeyFileError::Key { path: path.to_path_buf(), error })
}

/// Reads a public key file.
///
/// # Errors
/// [`KeyFileError::File`], [`KeyFileError::Private`], [`KeyFileError::Key`].
pub fn read_public(path: &Path) -> Result<PublicKey, KeyFileError> {
    let pem = files::read(path, MAX_PUBLIC_BYTES).map_err(KeyFileError::File)?;
    PublicKey::from_pem(&pem).map_err(|error| match error {
        KeyError::PrivateKey => KeyFileError::Private { path: path.to_path_buf() },
        error => KeyFileError::Key { path: path.to_path_buf(), error },
    })
}

/// Reads a public key, or the public half of a private key file.
///
/// # Errors
/// As [`read_public`] and [`read_signing`].
pub fn read_either(path: &Path) -> Result<(PublicKey, KeyId), KeyFileError> {
    let public = match read_public(path) {
        Err(KeyFileError::Private { .. }) => read_signing(path, Role::Pack)?.public_key(),
        other => other?,
    };
    Ok((public, public.key_id()))
}
