//! Verifier keys: a name, a key id and an Ed25519 public key in one line of text.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use reach_signing::{KeyError, PublicKey};
use ring::digest;

use crate::{KeyName, NameError};

/// The type byte of Ed25519 note signatures.
const ED25519: u8 = 0x01;
/// The type byte of timestamped Ed25519 cosignatures.
const COSIGNATURE: u8 = 0x04;

/// Why a verifier key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VkeyError {
    /// Not `<name>+<8 hex characters>+<base64>`, each in its one spelling.
    #[error("a verifier key is `<name>+<8 lower-case hex characters>+<base64>`")]
    Format,
    /// The name.
    #[error(transparent)]
    Name(NameError),
    /// Another signature type than Ed25519 (0x01).
    #[error("the key's signature type is 0x{actual:02x}, only 0x01 (Ed25519) is known")]
    Algorithm {
        /// The type byte.
        actual: u8,
    },
    /// The key id is not the one of this name and key.
    #[error("the key id in the text is not that of this name and key")]
    KeyId,
    /// The public key itself.
    #[error(transparent)]
    Key(KeyError),
}

reach_types::codes!(VkeyError {
    Format => ("tlog.vkey_format", Refused, "copy the whole line of the .vkey file"),
    Algorithm => ("tlog.vkey_algorithm", Refused, "use a log with an Ed25519 key"),
    KeyId => ("tlog.vkey_key_id", Refused, "fetch the key again: its name, id and key do not belong together"),
} wrap { Name, Key });

/// A public key under a name, which is the origin of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    key_id: [u8; 4],
    key: PublicKey,
}

impl VerifierKey {
    /// `key` under `name`.
    #[must_use]
    pub fn new(name: KeyName, key: PublicKey) -> Self {
        let key_id = key_id(&name, ED25519, &key);
        Self { name, key_id, key }
    }

    /// Parses `<name>+<key id>+<base64 of 0x01 and the key>`, in exactly one spelling.
    ///
    /// # Errors
    /// Every variant of [`VkeyError`].
    pub fn parse(text: &str) -> Result<Self, VkeyError> {
        // base64 may hold `+`, a name and a key id may not.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VkeyError::Format);
        };
        let name = KeyName::parse(name).map_err(VkeyError::Name)?;
        let id = HEXLOWER.decode(id.as_bytes()).ok().filter(|id| id.len() == 4).ok_or(VkeyError::Format)?;
        let bytes = BASE64.decode(key.as_bytes()).map_err(|_| VkeyError::Format)?;
        let (algorithm, key) = bytes.split_first().ok_or(VkeyError::Format)?;
        if *algorithm != ED25519 {
            return Err(VkeyError::Algorithm { actual: *algorithm });
        }
        let key = <[u8; 32]>::try_from(key).map_err(|_| VkeyError::Format)?;
        let vkey = Self::new(name, PublicKey::from_bytes(key).map_err(VkeyError::Key)?);
        if vkey.key_id.as_slice() == id { Ok(vkey) } else { Err(VkeyError::KeyId) }
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The first four bytes of SHA-256 over name, type and key: a hint, never evidence.
    #[must_use]
    pub const fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// The public key.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }
}

impl fmt::Display for VerifierKey {
    /// The form that [`VerifierKey::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_vkey(&self.name, ED25519, &self.key))
    }
}

/// The verifier key, in one line of text, of a witness that cosigns as `name`: what other C2SP
/// clients want to know of it.
#[must_use]
pub fn cosigner_vkey(name: &KeyName, key: &PublicKey) -> String {
    format_vkey(name, COSIGNATURE, key)
}

/// The key id under which `key` cosigns as `name`.
pub(crate) fn cosigner_key_id(name: &KeyName, key: &PublicKey) -> [u8; 4] {
    key_id(name, COSIGNATURE, key)
}

/// The first four bytes of SHA-256 over name, type and key.
fn key_id(name: &KeyName, kind: u8, key: &PublicKey) -> [u8; 4] {
    let preimage = [name.as_str().as_bytes(), b"\n", &[kind], key.as_bytes()].concat();
    let hash = digest::digest(&digest::SHA256, &preimage);
    let mut id = [0; 4];
    id.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    id
}

fn format_vkey(name: &KeyName, kind: u8, key: &PublicKey) -> String {
    let bytes = [&[kind], key.as_bytes().as_slice()].concat();
    format!("{name}+{}+{}", HEXLOWER.encode(&key_id(name, kind, key)), BASE64.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::Code;

    const SUMDB: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    #[test]
    fn a16_a_verifier_key_has_one_spelling() {
        let code = |text: &str| VerifierKey::parse(text).map_or_else(|e| e.code(), |_| "ok");
        assert_eq!(VerifierKey::parse(SUMDB).unwrap().to_string(), SUMDB);
        assert_eq!(code(&SUMDB.replace("033de0ae", "033DE0AE")), "tlog.vkey_format");
        assert_eq!(code(&SUMDB.replace("033de0ae", "33de0ae")), "tlog.vkey_format");
        assert_eq!(code(&SUMDB.replace("033de0ae", "033de0af")), "tlog.vkey_key_id");
        assert_eq!(code(&SUMDB.replace("sum.", "Sum.")), "tlog.vkey_key_id");
        assert_eq!(code(&SUMDB.replace("+Ac4", "+BM4")), "tlog.vkey_algorithm");
        assert_eq!(code(&SUMDB.replace("OuAn8", "OuAn9")), "tlog.vkey_key_id");
        assert_eq!(code(&SUMDB.replace("sum.", "")), "tlog.vkey_key_id");
        assert_eq!(code(&SUMDB.replace("sum.golang.org", "")), "tlog.key_name");
        assert_eq!(code(&SUMDB.replace("sum.", "sum ")), "tlog.key_name");
        for bad in ["", "a", "a+b", "a+00000000+", &format!("{SUMDB}\n"), &format!("{SUMDB}="), &format!("{SUMDB}AAAA")]
        {
            assert_eq!(code(bad), "tlog.vkey_format", "{bad:?}");
        }
        let weak = format!("x+00000000+{}", BASE64.encode(&[&[1u8][..], &[0; 32]].concat()));
        assert_eq!(code(&weak), "sign.weak_key");
    }
}
