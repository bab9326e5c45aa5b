//! The header of an entry and its leaf: the bytes that commitments and the tree are over.

use reach_types::{Blake3Digest, RunId, Sha256Digest, StrictError, TenantId, Timestamp, decode_strict, encode_strict};
use serde::{Deserialize, Serialize};

use crate::{Author, EntryKind};

/// The version in headers, leaves and openings: the revision of features `audit.leaf` and
/// `audit.opening`.
pub const ENTRY_VERSION: u16 = 1;
/// The longest leaf: a version, two commitments, an index and a hash take at most 109 bytes.
pub const MAX_LEAF_BYTES: usize = 128;
/// What stands for the previous leaf of a run's first entry.
pub(crate) const NO_LEAF: Sha256Digest = Sha256Digest::from_bytes([0; 32]);

const HEADER_CONTEXT: &str = "reach 2026 ledger header commitment v1";
const PAYLOAD_CONTEXT: &str = "reach 2026 ledger payload commitment v1";

/// Everything an entry says beside its payload. Field order is the wire's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always 1.
    pub version: u16,
    /// Its place in the ledger, from 0.
    pub seq: u64,
    /// Whose run it belongs to.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// Its place in its run, from 0.
    pub index_in_run: u64,
    /// What it records.
    pub kind: EntryKind,
    /// Who caused it.
    pub author: Author,
    /// When, never before an earlier entry.
    pub time: Timestamp,
    /// What the clock said at that moment.
    pub raw_time: Timestamp,
    /// The key under which it can be handed in again.
    pub idempotency: Option<[u8; 32]>,
    /// The payload's length in bytes.
    pub payload_len: u32,
}

impl Header {
    /// The salted commitment that stands in the leaf.
    pub(crate) fn commit(&self, salt: &[u8; 32]) -> Result<Blake3Digest, StrictError> {
        Ok(Blake3Digest::derive(HEADER_CONTEXT, &[salt, &encode_strict(self)?]))
    }
}

/// The salted commitment to a payload.
pub(crate) fn commit_payload(payload: &[u8], salt: &[u8; 32]) -> Blake3Digest {
    Blake3Digest::derive(PAYLOAD_CONTEXT, &[salt, payload])
}

/// What is hashed into the tree and published: it tells nothing but that something is there, and
/// which leaf of the same run came before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leaf {
    pub(crate) version: u16,
    pub(crate) header_commitment: Blake3Digest,
    pub(crate) payload_commitment: Blake3Digest,
    pub(crate) index_in_run: u64,
    pub(crate) prev_leaf: Sha256Digest,
}

impl Leaf {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, StrictError> {
        encode_strict(self)
    }

    /// Decodes a leaf of this version whose previous leaf is missing exactly if it is the first.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StrictError> {
        let leaf: Self = decode_strict(bytes, MAX_LEAF_BYTES)?;
        let first = leaf.index_in_run == 0;
        let good = leaf.version == ENTRY_VERSION && first == (leaf.prev_leaf == NO_LEAF);
        if good { Ok(leaf) } else { Err(StrictError::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_fits_its_limit_and_a_bundle() {
        let leaf = Leaf {
            version: ENTRY_VERSION,
            header_commitment: Blake3Digest::from_bytes([0xff; 32]),
            payload_commitment: Blake3Digest::from_bytes([0xff; 32]),
            index_in_run: u64::MAX,
            prev_leaf: Sha256Digest::from_bytes([0xff; 32]),
        };
        let bytes = leaf.encode().unwrap();
        assert!(bytes.len() <= MAX_LEAF_BYTES && MAX_LEAF_BYTES <= reach_tlog::MAX_BUNDLE_ENTRY_BYTES);
        assert_eq!(Leaf::decode(&bytes), Ok(leaf.clone()));
        let other_version = Leaf { version: 2, ..leaf.clone() }.encode().unwrap();
        assert_eq!(Leaf::decode(&other_version), Err(StrictError::Malformed));
        let first_with_previous = Leaf { index_in_run: 0, ..leaf.clone() }.encode().unwrap();
        assert_eq!(Leaf::decode(&first_with_previous), Err(StrictError::Malformed));
        let later_without = Leaf { prev_leaf: NO_LEAF, ..leaf }.encode().unwrap();
        assert_eq!(Leaf::decode(&later_without), Err(StrictError::Malformed));
    }

    #[test]
    fn a08_commitments_hide_what_they_commit_to() {
        assert_ne!(commit_payload(b"guess", &[1; 32]), commit_payload(b"guess", &[2; 32]));
        assert_ne!(commit_payload(b"guess", &[1; 32]), Blake3Digest::of(b"guess"));
    }
}
