//! Ed25519 keys: loaded strictly, used only through [`Message`].

use std::fmt;

use data_encoding::HEXLOWER;
use reach_types::{KeyId, Sha256Digest};
use ring::{
    digest, rand,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::{Zeroize, Zeroizing};

use crate::{Message, Role, pem};

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
    /// A public key that is a point of small order or not in its one encoding.
    #[error("the Ed25519 public key is of small order or not canonically encoded")]
    Weak,
    /// The system gave no randomness.
    #[error("no randomness available")]
    NoRandomness,
}

reach_types::codes!(KeyError {
    Format => ("sign.key_format", Refused, "use the PEM file that `reach key generate` or `openssl genpkey -algorithm ed25519` writes"),
    PrivateKey => ("sign.private_key", Refused, "use the .pub.pem file, and treat the private key as exposed if it was shared"),
    Weak => ("sign.weak_key", Refused, "generate another key"),
    NoRandomness => ("sign.no_randomness", Environment, "check the system's random source"),
});

/// Why something was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// A key of this role never signs such a message.
    #[error("a `{role}` key never signs this kind of message")]
    Role {
        /// The key's role.
        role: Role,
    },
    /// The signer (a token, an agent) did not answer.
    #[error("the signer failed: {reason}")]
    Signer {
        /// What it said.
        reason: &'static str,
    },
}

reach_types::codes!(SignError {
    Role => ("sign.role_mismatch", Usage, "sign with a key of the role that this statement needs"),
    Signer => ("sign.signer_failed", Environment, "check the signing device or agent"),
});

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl Signature {
    /// From exactly 64 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", HEXLOWER.encode(&self.0))
    }
}

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
    /// [`KeyError::PrivateKey`] if the file holds a private key, [`KeyError::Format`] for anything
    /// else that is not one Ed25519 SPKI block, [`KeyError::Weak`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let (label, der) = pem::decode(pem)?;
        if label.ends_with("PRIVATE KEY") {
            return Err(KeyError::PrivateKey);
        }
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
        let hash = digest::digest(&digest::SHA256, json.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.as_ref());
        KeyId(Sha256Digest::from_bytes(bytes))
    }

    /// Whether `signature` is this key's signature of `message` (RFC 8032; ring refuses S ≥ L).
    #[must_use]
    pub fn verifies(&self, message: &Message, signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message.as_bytes(), &signature.0).is_ok()
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
            let wrong = || D::Error::custom("a public key is 64 lower-case hex characters");
            let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| wrong())?;
            bytes.try_into().map_err(|_| wrong())?
        } else {
            <[u8; 32]>::deserialize(deserializer)?
        };
        Self::from_bytes(bytes).map_err(D::Error::custom)
    }
}

/// Something that signs: a key in memory, a token, an agent.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// The one role this key holds.
    fn role(&self) -> Role;

    /// Signs `message`.
    ///
    /// # Errors
    /// [`SignError::Role`] if a key of this role never signs such a message,
    /// [`SignError::Signer`] if the device or agent failed.
    fn sign(&self, message: &Message) -> Result<Signature, SignError>;
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
    /// [`KeyError::Format`] for anything else; [`KeyError::Weak`].
    pub fn from_pem(role: Role, pem: &[u8]) -> Result<Self, KeyError> {
        let (label, der) = pem::decode(pem)?;
        if label != "PRIVATE KEY" {
            return Err(KeyError::Format { expected: "an unencrypted `PRIVATE KEY` PEM block (PKCS#8)" });
        }
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
        Self::from_pair(role, pair.map_err(|_| KeyError::Format { expected: "an Ed25519 private key in PKCS#8" })?)
    }

    fn from_pair(role: Role, pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(pair.public_key().as_ref());
        let public = PublicKey::from_bytes(bytes)?;
        bytes.zeroize();
        Ok(Self { pair, public, role })
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
mod tests {
    use super::*;
    use reach_types::Code;

    #[test]
    fn k27_weak_public_keys_are_refused() {
        let weak = |text: &str| {
            let bytes: [u8; 32] = HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap();
            PublicKey::from_bytes(bytes).map_or_else(|e| e.code(), |_| "ok")
        };
        for text in SMALL_ORDER_Y {
            assert_eq!(weak(text), "sign.weak_key");
            let mut signed: Vec<u8> = HEXLOWER.decode(text.as_bytes()).unwrap();
            signed[31] |= 0x80;
            assert_eq!(weak(&HEXLOWER.encode(&signed)), "sign.weak_key");
        }
        // p, p + 1, p + 3 and 2^255 - 1 spell 0, 1, 3 and 18 again.
        for low in ["ed", "ee", "f0", "ff"] {
            assert_eq!(weak(&format!("{low}{}7f", "ff".repeat(30))), "sign.weak_key");
        }
        assert_eq!(weak(&format!("eb{}7f", "ff".repeat(30))), "ok");
    }

    #[test]
    fn k28_k32_only_one_public_key_block_loads() {
        let (key, private) = SigningKey::generate(Role::Pack, &rand::SystemRandom::new()).unwrap();
        let public = key.public_key().to_pem().unwrap();
        let code = |pem: &str| PublicKey::from_pem(pem.as_bytes()).map_or_else(|e| e.code(), |_| "ok");
        assert_eq!(code(&public), "ok");
        assert_eq!(code(&public.replace('\n', "\r\n")), "ok");
        assert_eq!(code(&private), "sign.private_key");
        assert_eq!(code(&format!("{public}{public}")), "sign.key_format");
        assert_eq!(code(&format!("{public}trailing")), "sign.key_format");
        assert_eq!(code(&format!("leading\n{public}")), "sign.key_format");
        assert_eq!(code(&public.replace("PUBLIC KEY", "CERTIFICATE")), "sign.key_format");
        assert_eq!(code(&public.replace("PUBLIC KEY", "RSA PUBLIC KEY")), "sign.key_format");
        assert_eq!(code(""), "sign.key_format");
        let short = pem::encode("PUBLIC KEY", &pem::spki_der(&[7; 32])[..43]).unwrap();
        assert_eq!(code(&short), "sign.key_format");
        let long = [pem::spki_der(&[7; 32]), vec![0]].concat();
        assert_eq!(code(&pem::encode("PUBLIC KEY", &long).unwrap()), "sign.key_format");
    }

    #[test]
    fn a_key_survives_its_pem_and_signs_only_for_its_role() {
        let (key, pem) = SigningKey::generate(Role::Log, &rand::SystemRandom::new()).unwrap();
        let again = SigningKey::from_pem(Role::Log, pem.as_bytes()).unwrap();
        assert_eq!(key.public_key(), again.public_key());
        let note = Message::note("log.example\n0\nx\n").unwrap();
        let signature = again.sign(&note).unwrap();
        assert!(key.public_key().verifies(&note, &signature));
        let link = Message::dsse("application/vnd.reach.mesh.link.v1", b"x");
        assert_eq!(again.sign(&link).unwrap_err().code(), "sign.role_mismatch");
        let public = key.public_key().to_pem().unwrap();
        assert_eq!(SigningKey::from_pem(Role::Log, public.as_bytes()).unwrap_err().code(), "sign.key_format");
    }

    #[test]
    fn the_key_id_is_the_one_securesystemslib_computes() {
        // RFC 8032 test 1's public key; the id was computed with securesystemslib 1.6.
        let key = SigningKey::from_seed(
            Role::Pack,
            &HEXLOWER
                .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
                .unwrap()
                .try_into()
                .unwrap(),
        )
        .unwrap();
        assert_eq!(key.public_key().to_string(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let json =
            format!(r#"{{"keytype":"ed25519","keyval":{{"public":"{}"}},"scheme":"ed25519"}}"#, key.public_key());
        let hash = digest::digest(&digest::SHA256, json.as_bytes());
        assert_eq!(key.public_key().key_id().to_string(), HEXLOWER.encode(hash.as_ref()));
    }
}
