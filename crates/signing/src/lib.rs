#![doc = include_str!("../README.md")]

mod document;
mod dsse;
mod key;
mod message;
mod pem;
mod role;
mod trust;

#[cfg(test)]
mod dsse_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod trust_tests;

pub use document::{
    KeyEntry, KeyStanding, MAX_KEYS, MAX_REVOKED_PACKS, NamePattern, Revocation, RevocationReason, RevokedPack,
    SignerEntry, TrustDocument,
};
pub use dsse::{Envelope, EnvelopeError, EnvelopeSignature, MAX_SIGNATURES, Reader, Verified};
pub use key::{KeyError, PublicKey, SignError, Signature, Signer, SigningKey};
pub use message::Message;
pub use role::{Role, RoleError};
pub use trust::{AuthorityError, MAX_TRUST_BYTES, MAX_TRUST_HISTORY, TRUST_PAYLOAD_TYPE, TrustError, VerifiedTrust};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] =
    &[AuthorityError::ROWS, EnvelopeError::ROWS, KeyError::ROWS, RoleError::ROWS, SignError::ROWS, TrustError::ROWS];
