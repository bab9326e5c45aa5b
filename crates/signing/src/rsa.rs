//! RSA public keys of others: PKCS#1 v1.5 with SHA-256 is verified here and never signed.

mod der;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof_tests;

use std::fmt;

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use crate::{KeyError, pem};

/// The fewest bits of an RSA modulus. Counted exactly: ring counts in bytes and takes 2,041.
pub const MIN_RSA_BITS: usize = 2048;
/// The most bits of an RSA modulus: ring's own limit, so that verification stays cheap.
pub const MAX_RSA_BITS: usize = 8192;
/// The smallest public exponent: smaller ones are where forgeries by roots begin.
pub const MIN_RSA_EXPONENT: u64 = 65_537;
/// The largest public exponent: ring's own limit, for the same reason.
pub const MAX_RSA_EXPONENT: u64 = (1 << 33) - 1;

/// Why an RSA public key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RsaKeyError {
    /// Not one PEM block of an RSA public key, or a private one.
    #[error(transparent)]
    Key(KeyError),
    /// An RSA public key, but a weak or a degenerate one.
    #[error("the RSA key is weak: {rule}")]
    Weak {
        /// The rule it breaks.
        rule: &'static str,
    },
}

reach_types::codes!(RsaKeyError {
    Weak => ("sign.weak_rsa_key", Refused, "use an RSA key of 2048 to 8192 bits with the exponent 65537"),
} wrap { Key });

/// An RSA public key that signs for somebody else: Reach verifies with it and has no RSA private
/// keys of its own.
///
/// Construction guarantees an odd modulus of [`MIN_RSA_BITS`] to [`MAX_RSA_BITS`] and an odd
/// exponent of [`MIN_RSA_EXPONENT`] to [`MAX_RSA_EXPONENT`]. Whether the modulus is a product of
/// two primes cannot be seen. Equal keys are equal numbers, whatever PEM they came from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RsaPublicKey {
    // Both big-endian without leading zeros.
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
}

impl RsaPublicKey {
    /// From exactly one PEM block with nothing around it: `PUBLIC KEY` (SPKI, `rsaEncryption` with
    /// its NULL parameters) or `RSA PUBLIC KEY` (PKCS#1). The DER must be canonical to the bit.
    ///
    /// # Errors
    /// [`KeyError::PrivateKey`] if there is any private key in the text; [`KeyError::Format`] for
    /// everything that is not such a block: certificates, keys of other algorithms, RSA keys bound
    /// to PSS; [`RsaKeyError::Weak`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, RsaKeyError> {
        // Looked for before anything else: a leaked key is the louder news, however it is wrapped.
        if pem::holds_private_key(pem) {
            return Err(RsaKeyError::Key(KeyError::PrivateKey));
        }
        let (label, block) = pem::decode(pem).map_err(RsaKeyError::Key)?;
        let read = match label.as_str() {
            "PUBLIC KEY" => der::read_spki(&block).ok_or("an RSA key in SubjectPublicKeyInfo, in strict DER"),
            "RSA PUBLIC KEY" => der::read_pkcs1(&block).ok_or("a PKCS#1 RSA public key, in strict DER"),
            _ => Err("a `PUBLIC KEY` or `RSA PUBLIC KEY` PEM block"),
        };
        let (modulus, exponent) = read.map_err(|expected| RsaKeyError::Key(KeyError::Format { expected }))?;
        Self::from_numbers(modulus, exponent)
    }

    /// From the two numbers, big-endian without leading zeros.
    fn from_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, RsaKeyError> {
        match weakness(modulus, exponent) {
            Some(rule) => Err(RsaKeyError::Weak { rule }),
            None => Ok(Self { modulus: modulus.into(), exponent: exponent.into() }),
        }
    }

    /// How many bits the modulus has.
    #[must_use]
    pub fn bits(&self) -> usize {
        bits(&self.modulus)
    }

    /// Whether `signature` is this key's RSASSA-PKCS1-v1_5 signature of `bytes` with SHA-256
    /// (RFC 8017, §8.2.2, by comparing encodings: nothing in a signature is parsed).
    #[must_use]
    pub fn verifies_sha256(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, bytes, signature).is_ok()
    }
}

/// The first rule that a key breaks.
fn weakness(modulus: &[u8], exponent: &[u8]) -> Option<&'static str> {
    match bits(modulus) {
        ..MIN_RSA_BITS => return Some("its modulus has less than 2048 bits"),
        MIN_RSA_BITS..=MAX_RSA_BITS => {}
        _ => return Some("its modulus has more than 8192 bits"),
    }
    if !odd(modulus) {
        return Some("its modulus is even");
    }
    match value(exponent) {
        None => Some("its exponent is larger than 2^33 - 1"),
        Some(..MIN_RSA_EXPONENT) => Some("its exponent is smaller than 65537"),
        Some(_) if !odd(exponent) => Some("its exponent is even"),
        Some(_) => None,
    }
}

fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |first| first.leading_zeros());
    (number.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or_default())
}

fn odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}

/// The exponent as a number, or `None` if it is larger than [`MAX_RSA_EXPONENT`].
fn value(number: &[u8]) -> Option<u64> {
    let value = number.iter().try_fold(0u64, |value, byte| Some(value.checked_mul(256)? | u64::from(*byte)))?;
    (value <= MAX_RSA_EXPONENT).then_some(value)
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({} bits)", self.bits())
    }
}
