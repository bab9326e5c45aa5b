//! Key files read: private ones only if nobody else can, encrypted ones with their passphrase.

use std::path::Path;

use reach_signing::{KeyError, KeyKind, PublicKey, Role, Signer, SigningKey, decrypt_private_pem};
use zeroize::Zeroizing;

use super::{Ask, KeyFileError};
use crate::{
    World,
    files::{self, FileError},
};

/// The most bytes of a public key file.
const MAX_PUBLIC_BYTES: u64 = 16 * 1024;

/// Reads a private key file for `role`; an encrypted one with the passphrase that `world` knows.
///
/// # Errors
/// [`KeyFileError::File`] (others can read it, it is a link, among the rest), [`KeyFileError::Key`],
/// [`KeyFileError::Ask`], and [`KeyFileError::Refused`] for an encrypted key that is not opened.
pub fn read_signing(world: &World, path: &Path, role: Role) -> Result<SigningKey, KeyFileError> {
    parse_signing(path, &read_private_pem(world, path)?, role)
}

/// Reads a node's own private key file, which must not be encrypted: nobody is there to ask.
///
/// # Errors
/// As [`read_signing`], without [`KeyFileError::Ask`].
pub fn read_unattended(path: &Path, role: Role) -> Result<SigningKey, KeyFileError> {
    parse_signing(path, &read_file(path)?, role)
}

/// The private key in `pem`, which was read from `path`.
pub(crate) fn parse_signing(path: &Path, pem: &[u8], role: Role) -> Result<SigningKey, KeyFileError> {
    SigningKey::from_pem(role, pem).map_err(|error| KeyFileError::of(path, error))
}

/// The PEM text of the private key file at `path`, decrypted.
pub(crate) fn read_private_pem(world: &World, path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let pem = read_file(path)?;
    if kind(path, &pem)? != KeyKind::EncryptedPrivate {
        return Ok(pem);
    }
    let opened = open(world, Ask::Open(path), path, &pem)?;
    opened.ok_or_else(|| KeyFileError::of(path, KeyError::PassphraseNeeded))
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    files::read_private(path).map_err(|error| match (&error, read_public(path)) {
        // A public key may be read by everybody; it only cannot sign.
        (FileError::Exposed { .. }, Ok(_)) => {
            KeyFileError::of(path, KeyError::Format { expected: "a private key: it is a public one" })
        }
        _ => KeyFileError::File(error),
    })
}

fn kind(path: &Path, pem: &[u8]) -> Result<KeyKind, KeyFileError> {
    KeyKind::of(pem).map_err(|error| KeyFileError::of(path, error))
}

/// The encrypted `pem` from `path`, decrypted, if anybody knows its passphrase.
fn open(world: &World, ask: Ask<'_>, path: &Path, pem: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFileError> {
    let Some(passphrase) = world.passphrases.passphrase(ask).map_err(KeyFileError::Ask)? else { return Ok(None) };
    let plain = decrypt_private_pem(pem, &passphrase).map_err(|error| KeyFileError::of(path, error))?;
    Ok(Some(Zeroizing::new(plain.as_bytes().to_vec())))
}

/// Reads a public key file. As with a trust document, whoever can write it decides what is trusted:
/// it is no link, and nobody else can write it.
///
/// # Errors
/// [`KeyFileError::File`], [`KeyFileError::Private`], [`KeyFileError::Key`],
/// [`KeyFileError::Refused`] for a weak key.
pub fn read_public(path: &Path) -> Result<PublicKey, KeyFileError> {
    let pem = files::read_trust(path, MAX_PUBLIC_BYTES).map_err(KeyFileError::File)?;
    PublicKey::from_pem(&pem).map_err(|error| KeyFileError::of(path, error))
}

/// What is in a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Described {
    /// What it says that it is.
    pub kind: KeyKind,
    /// The public half; of an encrypted key only if its passphrase is known beforehand.
    pub public: Option<PublicKey>,
}

/// Says what is in a key file; nobody is asked for a passphrase.
///
/// # Errors
/// As [`read_public`] and [`read_signing`].
pub fn describe(world: &World, path: &Path) -> Result<Described, KeyFileError> {
    match read_public(path) {
        Ok(public) => return Ok(Described { kind: KeyKind::Public, public: Some(public) }),
        Err(KeyFileError::Private { .. }) => {}
        Err(error) => return Err(error),
    }
    let pem = read_file(path)?;
    let kind = kind(path, &pem)?;
    let plain = match kind {
        KeyKind::EncryptedPrivate => open(world, Ask::Describe(path), path, &pem)?,
        KeyKind::Public | KeyKind::Private => Some(pem),
    };
    // The role decides nothing here: the key is dropped again.
    let public = plain.map(|pem| parse_signing(path, &pem, Role::Pack).map(|key| key.public_key())).transpose()?;
    Ok(Described { kind, public })
}
