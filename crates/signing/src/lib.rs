#![doc = include_str!("../README.md")]

mod attribution;
mod cadence;
mod chain;
mod change;
mod diagnose;
mod difference;
mod document;
mod dsse;
mod encrypted;
mod envelope_error;
mod evidence;
mod key;
mod message;
mod pem;
mod role;
mod rsa;
mod sha256;
mod signer;
mod standing;
mod steps;
mod succession;
mod trust;
mod trust_error;

#[cfg(test)]
mod attribution_tests;
#[cfg(test)]
mod dsse_tests;
#[cfg(test)]
mod evidence_tests;
#[cfg(test)]
mod succession_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod trust_model_tests;
#[cfg(test)]
mod trust_tests;

pub use attribution::{Attribution, Judging, MAX_KEY_TRIES};
pub use cadence::{Due, DueKind};
pub use chain::{MAX_TRUST_HISTORY, Missing, TrustChain, TrustDraft, TrustVersion};
pub use change::{MIN_KEY_PREFIX, TrustChange};
pub use difference::Difference;
pub use document::{
    KeyEntry, MAX_KEY_AGE_DAYS, MAX_KEYS, MAX_REVOKED_PACKS, NamePattern, Revocation, RevocationReason, RevokedPack,
    SignerEntry, TrustDocument,
};
pub use dsse::{Envelope, EnvelopeSignature, MAX_SIGNATURES, Reader, Verified};
pub use encrypted::{
    KDF_ROUNDS, MAX_KDF_ROUNDS, MAX_PASSPHRASE_BYTES, MIN_KDF_ROUNDS, Passphrase, PassphraseError, decrypt_private_pem,
    encrypt_private_pem,
};
pub use envelope_error::EnvelopeError;
pub use evidence::{SignatureEvidence, SignatureId, signature_id};
pub use key::{KeyError, KeyKind, PublicKey, SigningKey};
pub use message::Message;
pub use role::{Role, RoleError};
pub use rsa::{MAX_RSA_BITS, MAX_RSA_EXPONENT, MIN_RSA_BITS, MIN_RSA_EXPONENT, RsaKeyError, RsaPublicKey};
pub use signer::{SignError, Signature, Signer};
pub use standing::KeyStanding;
pub use succession::SuccessionError;
pub use trust::{MAX_TRUST_BYTES, TRUST_PAYLOAD_TYPE, VerifiedTrust};
pub use trust_error::{AuthorityError, TrustError};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    AuthorityError::ROWS,
    EnvelopeError::ROWS,
    KeyError::ROWS,
    PassphraseError::ROWS,
    RoleError::ROWS,
    RsaKeyError::ROWS,
    SignError::ROWS,
    SuccessionError::ROWS,
    TrustError::ROWS,
];
