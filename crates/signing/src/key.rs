//! Ed25519 keys: loaded strictly, used only through [`Message`].

use std::fmt;

use data_encoding::HEXLOWER;
use reach_types::KeyId;
use ring::{
    rand,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::Zeroizing;

use crate::{Message, Role, SignError, Signature, Signer, pem, sha256::sha256};

/// Why a key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not the expected key file.
    #[error("the key is not {expected}")]
    Format {
        /// What was expected.
        expected: &'static str,
    },
    /// A private key where a public one belongs.
    #[error("this is a PRIVATE key where a public key belongs")]
    PrivateKey,
    /// An encrypted private key, and nobody who knows its passphrase.
    #[error("the private key is or was to be encrypted, and no passphrase was given")]
    PassphraseNeeded,
    /// A wrong passphrase: what it decrypts to is no key.
    #[error("the passphrase is wrong, or the encrypted key was changed")]
    PassphraseWrong,
    /// Encrypted in a way that is not read.
    #[error("the private key is encrypted {found}, which is not read")]
    Encryption {
        /// In which way.
        found: &'static str,
    },
    /// A passphrase that is hardly stretched.
    #[error("the key is derived in {actual} rounds, at least {} are asked for", crate::MIN_KDF_ROUNDS)]
    FewRounds {
        /// How many.
        actual: u32,
    },
    /// A passphrase that would take minutes to stretch.
    #[error("the key is derived in {actual} rounds, at most {} are allowed", crate::MAX_KDF_ROUNDS)]
    ManyRounds {
        /// How many.
        actual: u32,
    },
    /// A public key that is a point of small order or not in its one encoding.
    #[error("the Ed25519 public key is of small order or not canonically encoded")]
    Weak,
    /// The system gave no randomness.
    #[error("no randomness available")]
    NoRandomness,
}

reach_types::codes!(KeyError {
    Format => ("sign.key_format", Refused, "use the PEM file that `reach key generate` or `openssl genpkey -algorithm ed25519` writes; in a plugin keyring, what `openssl pkey -pubout` writes for an RSA key"),
    PrivateKey => ("sign.private_key", Refused, "use the public half (the .pub.pem file, or what `openssl pkey -pubout` writes), and treat the private key as exposed if it was shared"),
    PassphraseNeeded => ("key.passphrase_needed", Usage, "give --passphrase-file FILE (mode 0600, or - for standard input), or run the command on a terminal"),
    PassphraseWrong => ("key.passphrase_wrong", Refused, "check the passphrase: it is the first line of the file, byte for byte"),
    Encryption => ("key.encryption_unknown", Refused, "encrypt it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000`"),
    FewRounds => ("key.kdf_weak", Refused, "encrypt it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000`, and think of the passphrase as known"),
    ManyRounds => ("key.kdf_limit", Limit, "this is not a key that somebody means to open; ask where the file comes from"),
    Weak => ("sign.weak_key", Refused, "generate another key"),
    NoRandomness => ("sign.no_randomness", Environment, "check the system's random source"),
});

/// An Ed25519 public key that is canonically encoded and not of small order.
///
/// ring would accept small-order keys, for which one signature verifies many messages; the
/// constructors here refuse them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// The y coordinates of the eight points of small order, without the sign bit (RFC 7748, §6 and
/// "Taming the many EdDSAs", table 1). Their non-canonical spellings are refused by range.
const SMALL_ORDER_Y: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
];

/// p = 2^255 - 19, little-endian.
fn is_canonical(y: &[u8; 32]) -> bool {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    y.iter().rev().lt(p.iter().rev())
}

/// What a key file says that it holds, by the label of its one PEM block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `PUBLIC KEY`.
    Public,
    /// `PRIVATE KEY`.
    Private,
    /// `ENCRYPTED PRIVATE KEY`.
    EncryptedPrivate,
}

impl KeyKind {
    /// The kind of the one block in `pem`; what is in the block is not looked at.
    ///
    /// # Errors
    /// [`KeyError::Format`] if there is not exactly one block, with one of these labels.
    pub fn of(pem: &[u8]) -> Result<Self, KeyError> {
        match pem::decode(pem)?.0.as_str() {
            "PUBLIC KEY" => Ok(Self::Public),
            "PRIVATE KEY" => Ok(Self::Private),
            "ENCRYPTED PRIVATE KEY" => Ok(Self::EncryptedPrivate),
            _ => Err(KeyError::Format { expected: "an Ed25519 key in PKCS#8 or SubjectPublicKeyInfo" }),
        }
    }
}

impl PublicKey {
    /// From 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::Weak`] for a point of small order or a non-canonical encoding.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let mut y = bytes;
        if let Some(last) = y.last_mut() {
            *last &= 0x7f;
        }
        let small = SMALL_ORDER_Y.contains(&HEXLOWER.encode(&y).as_str());
        if small || !is_canonical(&y) { Err(KeyError::Weak) } else { Ok(Self(bytes)) }
    }

    /// From one `PUBLIC KEY` PEM block (SPKI, RFC 8410).
    ///
    /// # Errors
    /// [`KeyError::PrivateKey`] if there is any private key in the file, [`KeyError::Format`] for
    /// anything else that is not one Ed25519 SPKI block, [`KeyError::Weak`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        // Looked for before anything else: a leaked key is the louder news, however it is wrapped.
        if pem::holds_private_key(pem) {
            return Err(KeyError::PrivateKey);
        }
        let (label, der) = pem::decode(pem)?;
        if label != "PUBLIC KEY" {
            return Err(KeyError::Format { expected: "a `PUBLIC KEY` PEM block" });
        }
        Self::from_bytes(pem::spki_key(&der)?)
    }

    /// The key as one `PUBLIC KEY` PEM block.
    ///
    /// # Errors
    /// [`KeyError::Format`], which a valid key rules out.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        pem::encode("PUBLIC KEY", &pem::spki_der(&self.0)).map(|text| text.to_string())
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key id: SHA-256 of the key's canonical JSON form, as securesystemslib computes it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let public = HEXLOWER.encode(&self.0);
        let json = format!(r#"{{"keytype":"ed25519","keyval":{{"public":"{public}"}},"scheme":"ed25519"}}"#);
        KeyId(sha256(json.as_bytes()))
    }

    /// Whether `signature` is this key's signature of `message` (RFC 8032; ring refuses S ≥ L).
    #[must_use]
    pub fn verifies(&self, message: &Message, signature: &Signature) -> bool {
        self.verifies_bytes(message.as_bytes(), signature)
    }

    // Not public: what a key signs is a `Message`. Apart for the tests with vectors of others.
    fn verifies_bytes(&self, bytes: &[u8], signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(bytes, &signature.0).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            let private = pem::holds_private_key(text.as_bytes());
            let wrong = || {
                let found = if private { ", and this is a PRIVATE key" } else { "" };
                D::Error::custom(format!("a public key is 64 lower-case hex characters{found}"))
            };
            let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| wrong())?;
            bytes.try_into().map_err(|_| wrong())?
        } else {
            <[u8; 32]>::deserialize(deserializer)?
        };
        Self::from_bytes(bytes).map_err(D::Error::custom)
    }
}

/// An Ed25519 private key in memory, bound to its role.
///
/// ring keeps the expanded key in memory that it does not wipe: hold one no longer than needed.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
    role: Role,
}

impl SigningKey {
    /// Draws a new key and returns it with its PKCS#8 v1 PEM text, which is wiped when dropped.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate(role: Role, random: &dyn rand::SecureRandom) -> Result<(Self, Zeroizing<String>), KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut seed[..]).map_err(|_| KeyError::NoRandomness)?;
        let key = Self::from_seed(role, &seed)?;
        let text = pem::encode("PRIVATE KEY", &pem::pkcs8_v1_der(&seed))?;
        Ok((key, text))
    }

    /// From a 32-byte seed: for tests, and for key stores that keep seeds.
    ///
    /// # Errors
    /// [`KeyError::Weak`], which no seed has been seen to give.
    pub fn from_seed(role: Role, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        Self::from_pair(role, pair.map_err(|_| KeyError::Format { expected: "an Ed25519 seed" })?)
    }

    /// From one unencrypted `PRIVATE KEY` PEM block: PKCS#8 v1 as OpenSSL writes it, or v2 whose
    /// public half is then checked against the private one.
    ///
    /// # Errors
    /// [`KeyError::PassphraseNeeded`] for an encrypted key, which [`crate::decrypt_private_pem`]
    /// opens; [`KeyError::Format`] for anything else; [`KeyError::Weak`].
    pub fn from_pem(role: Role, pem: &[u8]) -> Result<Self, KeyError> {
        let (label, der) = pem::decode(pem)?;
        match label.as_str() {
            "PRIVATE KEY" => {}
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::PassphraseNeeded),
            "PUBLIC KEY" => return Err(KeyError::Format { expected: "a private key: it is a public one" }),
            _ => return Err(KeyError::Format { expected: "an Ed25519 key in a `PRIVATE KEY` PEM block (PKCS#8)" }),
        }
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
        Self::from_pair(role, pair.map_err(|_| KeyError::Format { expected: "an Ed25519 private key in PKCS#8" })?)
    }

    fn from_pair(role: Role, pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(pair.public_key().as_ref());
        Ok(Self { public: PublicKey::from_bytes(bytes)?, pair, role })
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn role(&self) -> Role {
        self.role
    }

    fn sign(&self, message: &Message) -> Result<Signature, SignError> {
        if !message.allowed_for(self.role) {
            return Err(SignError::Role { role: self.role });
        }
        let signature = self.pair.sign(message.as_bytes());
        Signature::from_slice(signature.as_ref()).ok_or(SignError::Signer { reason: "not 64 bytes" })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {})", self.role, self.public.key_id())
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
