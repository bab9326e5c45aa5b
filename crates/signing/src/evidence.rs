//! What dates a signature: a plain statement that it existed before a moment.

use std::collections::BTreeSet;

use reach_types::{KeyId, Sha256Digest, Timestamp};

use crate::sha256::sha256;

/// One very signature: the key that it is by, and SHA-256 of its raw bytes.
pub type SignatureId = (KeyId, Sha256Digest);

/// The id of the signature `signature` by the key `key`.
#[must_use]
pub fn signature_id(key: KeyId, signature: &[u8]) -> SignatureId {
    (key, sha256(signature))
}

/// These signatures provably existed before that moment.
///
/// A plain type: whoever makes one vouches for it. Only a quorum of witness cosignatures is a reason
/// to make one; a time that the signer states, or that a log wrote itself, is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureEvidence {
    /// The moment before which they existed.
    pub before: Timestamp,
    /// The signatures.
    pub signatures: BTreeSet<SignatureId>,
}

impl SignatureEvidence {
    /// Before when the signature `signature` by `key` existed, if that is known.
    #[must_use]
    pub fn dates(&self, key: &KeyId, signature: &[u8]) -> Option<Timestamp> {
        self.signatures.contains(&signature_id(*key, signature)).then_some(self.before)
    }
}
