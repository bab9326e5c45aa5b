//! New keys.

use std::path::{Path, PathBuf};

use reach_signing::{KeyError, PublicKey, Role, Signer, SigningKey, encrypt_private_pem};
use reach_tlog::{KeyName, VerifierKey, cosigner_vkey};
use zeroize::Zeroizing;

use super::{Ask, KeyFileError};
use crate::{
    World,
    files::{self, Existing, FileError},
};

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

/// The private key's PEM text as it goes to its file.
type Seal<'a> = &'a dyn Fn(Zeroizing<String>) -> Result<Zeroizing<String>, KeyFileError>;

/// Draws a key and writes `FILE.pem` (mode 0600), `FILE.pub.pem` and, for a log or witness,
/// `FILE.vkey` under `origin`. Nothing is overwritten; if one cannot be written, none stays.
///
/// # Errors
/// [`KeyFileError::File`], [`KeyFileError::OutName`], [`KeyFileError::Name`],
/// [`KeyFileError::Refused`] without randomness.
pub fn generate(world: &World, role: Role, out: &Path, origin: &str) -> Result<KeyFiles, KeyFileError> {
    make(world, role, out, origin, &Ok)
}

/// As [`generate`], with the private key encrypted under the passphrase that `world` knows.
///
/// # Errors
/// As [`generate`], and [`KeyFileError::Ask`]; [`KeyFileError::Refused`] also if nobody knows a
/// passphrase.
pub fn generate_encrypted(world: &World, role: Role, out: &Path, origin: &str) -> Result<KeyFiles, KeyFileError> {
    make(world, role, out, origin, &|pem| {
        let asked = world.passphrases.passphrase(Ask::Protect(out)).map_err(KeyFileError::Ask)?;
        let passphrase = asked.ok_or_else(|| KeyFileError::of(out, KeyError::PassphraseNeeded))?;
        encrypt_private_pem(pem.as_bytes(), &passphrase, &*world.random).map_err(|error| KeyFileError::of(out, error))
    })
}

fn make(world: &World, role: Role, out: &Path, origin: &str, seal: Seal<'_>) -> Result<KeyFiles, KeyFileError> {
    let name = out.to_str().and_then(|text| text.strip_suffix(".pem")).filter(|stem| !stem.ends_with(".pub"));
    let stem = name.ok_or(KeyFileError::OutName)?;
    let of = |error| KeyFileError::of(out, error);
    let (pair, pem) = SigningKey::generate(role, &*world.random).map_err(of)?;
    let public = pair.public_key();
    let vkey = match role {
        Role::Log => Some(vkey_text(origin, public)?),
        Role::Witness => Some(format!("{}\n", cosigner_vkey(&name_of(origin)?, &public))),
        _ => None,
    };
    let beside = |suffix: &str| PathBuf::from(format!("{stem}.{suffix}"));
    let files = KeyFiles {
        role,
        public,
        private_path: out.to_path_buf(),
        public_path: beside("pub.pem"),
        vkey_path: vkey.is_some().then(|| beside("vkey")),
    };
    // Nobody is asked for a passphrase of a key that cannot be written.
    for path in [&files.private_path, &files.public_path].into_iter().chain(&files.vkey_path) {
        files::require_place(path).map_err(KeyFileError::File)?;
    }
    let public_pem = public.to_pem().map_err(of)?;
    let private_pem = seal(pem)?;
    let mut planned = vec![
        (files.private_path.as_path(), private_pem.as_bytes(), 0o600),
        (files.public_path.as_path(), public_pem.as_bytes(), 0o644),
    ];
    planned.extend(files.vkey_path.as_deref().zip(vkey.as_deref()).map(|(path, text)| (path, text.as_bytes(), 0o644)));
    write_all(&planned).map_err(KeyFileError::File)?;
    Ok(files)
}

fn write_all(planned: &[(&Path, &[u8], u32)]) -> Result<(), FileError> {
    for (index, (path, bytes, mode)) in planned.iter().enumerate() {
        if let Err(error) = files::write(path, bytes, *mode, Existing::Refuse) {
            for (written, _, _) in planned.iter().take(index) {
                let _ = std::fs::remove_file(written);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// The C2SP verifier key of `public` under `origin`, with a line feed.
///
/// # Errors
/// [`KeyFileError::Name`] if `origin` cannot name a log.
pub fn vkey_text(origin: &str, public: PublicKey) -> Result<String, KeyFileError> {
    Ok(format!("{}\n", VerifierKey::new(name_of(origin)?, public)))
}

fn name_of(origin: &str) -> Result<KeyName, KeyFileError> {
    KeyName::parse(origin).map_err(KeyFileError::Name)
}
