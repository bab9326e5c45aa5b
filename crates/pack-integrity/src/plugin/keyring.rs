//! The keyring: which RSA keys plugin manifests are verified with.

use std::{collections::BTreeMap, fmt};

use reach_signing::{RsaKeyError, RsaPublicKey};
use reach_types::{Code, CodeRow, Sha256Digest};
use serde_json::Value;

use super::{PluginDocument, PluginFormatError};

/// The most bytes of a keyring: a PEM block of the largest key takes 1.5 KiB, so there is room for
/// every key and for as much again in escapes.
pub const MAX_KEYRING_BYTES: usize = 1 << 20;
/// The most keys: one a publisher, and the ring loads in a few milliseconds.
pub const MAX_KEYRING_KEYS: usize = 256;
/// The most bytes of a key id: a hex SHA-512 fits.
pub const MAX_KEY_ID_BYTES: usize = 128;

/// A key of the ring that did not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key `{id}`: {error}")]
pub struct BadKey {
    /// Its id.
    pub id: String,
    /// Why.
    #[source]
    pub error: RsaKeyError,
}

impl Code for BadKey {
    fn row(&self) -> CodeRow {
        self.error.row()
    }
}

/// Why a keyring was not loaded. One bad key refuses the ring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Not a keyring.
    #[error(transparent)]
    Format(PluginFormatError),
    /// More than [`MAX_KEYRING_KEYS`].
    #[error("the keyring holds {actual} keys, at most {MAX_KEYRING_KEYS} are allowed")]
    TooManyKeys {
        /// How many there are.
        actual: usize,
    },
    /// A key that is no RSA public key, or a weak one.
    #[error(transparent)]
    Key(BadKey),
    /// One key under two ids.
    #[error("the ids `{first}` and `{second}` name the same public key")]
    DuplicatePublicKey {
        /// The id that sorts first.
        first: String,
        /// The other.
        second: String,
    },
}

reach_types::codes!(KeyringError {
    TooManyKeys => ("plugin.too_many_keys", Limit, "keep the keys that are still used"),
    DuplicatePublicKey => ("plugin.duplicate_public_key", Refused, "keep one id for each key"),
} wrap { Format, Key });

/// The keys that plugin manifests are verified with, by id.
///
/// Construction guarantees that every key is a strong RSA public key, that no key has two ids, and
/// that ids are 1 to [`MAX_KEY_ID_BYTES`] bytes of visible ASCII. A keyring does not say who
/// trusts it: that is decided by who pins its digest, or by the caller who names the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyring {
    keys: BTreeMap<String, RsaPublicKey>,
    digest: Sha256Digest,
}

impl Keyring {
    /// Reads a keyring: a JSON object of key ids to PEM texts.
    ///
    /// # Errors
    /// Every variant of [`KeyringError`].
    pub fn read(bytes: &[u8]) -> Result<Self, KeyringError> {
        let object = PluginDocument::Keyring.read(bytes, MAX_KEYRING_BYTES).map_err(KeyringError::Format)?;
        if object.len() > MAX_KEYRING_KEYS {
            return Err(KeyringError::TooManyKeys { actual: object.len() });
        }
        let keys = object.into_iter().map(|(id, pem)| load(id, &pem)).collect::<Result<BTreeMap<_, _>, _>>()?;
        check_unique(&keys)?;
        Ok(Self { keys, digest: super::verify::sha256(bytes) })
    }

    /// SHA-256 of the file's exact bytes: what a policy pins.
    #[must_use]
    pub const fn digest(&self) -> &Sha256Digest {
        &self.digest
    }

    /// The ids, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// The key with exactly this id.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&RsaPublicKey> {
        self.keys.get(id)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys, {})", self.keys.len(), self.digest)
    }
}

/// Whether `id` can name a key: shown as it is, and without a look-alike.
pub(super) fn is_key_id(id: &str) -> bool {
    (1..=MAX_KEY_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn load(id: String, pem: &Value) -> Result<(String, RsaPublicKey), KeyringError> {
    let malformed = |rule| KeyringError::Format(PluginDocument::Keyring.malformed(rule));
    if !is_key_id(&id) {
        return Err(malformed("a key id is 1 to 128 visible ASCII characters"));
    }
    let pem = pem.as_str().ok_or(malformed("a key is a PEM text"))?;
    match RsaPublicKey::from_pem(pem.as_bytes()) {
        Ok(key) => Ok((id, key)),
        Err(error) => Err(KeyringError::Key(BadKey { id, error })),
    }
}

fn check_unique(keys: &BTreeMap<String, RsaPublicKey>) -> Result<(), KeyringError> {
    let mut seen: BTreeMap<&RsaPublicKey, &str> = BTreeMap::new();
    for (second, key) in keys {
        if let Some(first) = seen.insert(key, second) {
            return Err(KeyringError::DuplicatePublicKey { first: first.to_owned(), second: second.clone() });
        }
    }
    Ok(())
}
