//! What the ledger keeps of a signing.

use std::collections::BTreeSet;

use reach_pack_integrity::{Inspection, Statement};
use reach_signing::{Envelope, SignatureId, signature_id};
use reach_types::{Blake3Digest, JsonLimits, KeyId, PackName, PackVersion, Sha256Digest, read_json};
use ring::digest;
use serde::{Deserialize, Serialize};

/// The most bytes of such an entry: 16 signatures of 150 bytes each, and some names.
const MAX_ENTRY_BYTES: usize = 4096;

/// The payload of an entry `pack.signed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedEntry {
    pack: SignedPack,
    payload_sha256: Sha256Digest,
    signatures: Vec<SignedBy>,
    /// How often the node's memory had been written: every entry of a node says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedPack {
    name: PackName,
    version: PackVersion,
    blake3: Blake3Digest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedBy {
    keyid: KeyId,
    sha256: Sha256Digest,
}

impl SignedEntry {
    /// The entry about an envelope that was just made: each of its key ids is right.
    pub(super) fn of(inspection: &Inspection, envelope: &Envelope) -> Self {
        let manifest = &inspection.manifest;
        let signed_by = |(keyid, sha256): SignatureId| SignedBy { keyid, sha256 };
        let ids = envelope.signatures().iter().filter_map(|one| Some(signature_id(one.key_id?, &one.signature)));
        Self {
            pack: SignedPack {
                name: manifest.name().clone(),
                version: manifest.version(),
                blake3: inspection.digests.blake3,
            },
            payload_sha256: sha256(envelope.unverified_payload()),
            signatures: ids.map(signed_by).collect(),
            memory: None,
        }
    }

    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        read_json(payload, JsonLimits::bytes(MAX_ENTRY_BYTES)).ok()
    }

    /// The signatures that were made.
    pub(super) fn signatures(&self) -> BTreeSet<SignatureId> {
        self.signatures.iter().map(|one| (one.keyid, one.sha256)).collect()
    }

    /// Whether what was signed is this payload.
    pub(super) fn is_of_payload(&self, payload: &[u8]) -> bool {
        self.payload_sha256 == sha256(payload)
    }

    /// Whether the pack is the one that the statement names.
    pub(super) fn is_of_pack(&self, statement: &Statement) -> bool {
        let SignedPack { name, version, blake3 } = &self.pack;
        (name, version, blake3) == (&statement.name, &statement.version, &statement.digests.blake3)
    }
}

fn sha256(bytes: &[u8]) -> Sha256Digest {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    Sha256Digest::from_bytes(hash)
}
