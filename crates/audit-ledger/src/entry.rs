//! Entries: as callers hand them in, as they are acknowledged, and as they are read back.

use reach_types::{RunId, Sha256Digest, TenantId, Timestamp};

use crate::{Author, EntryKind, Header};

/// The longest payload, in bytes: what a decision with every reason takes is below 16 KiB, and
/// whatever is larger belongs in a run log, with its digest here.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;
/// The most entries in one batch: with the longest payloads it stays below 64 MiB of memory.
pub const MAX_BATCH: usize = 1024;
/// The most entries of a ledger: the integers that every reader of JSON holds exactly.
pub const MAX_ENTRIES: u64 = 1 << 53;

/// An entry to be appended. Sequence, index and times are the ledger's to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Whose run it belongs to.
    pub tenant: TenantId,
    /// The run; the same id under another tenant is another run.
    pub run: RunId,
    /// What it records.
    pub kind: EntryKind,
    /// Who caused it.
    pub author: Author,
    /// What there is to say, at most [`MAX_PAYLOAD_BYTES`].
    pub payload: Vec<u8>,
    /// The same key in the same run means the same entry, however often it is handed in.
    pub idempotency: Option<[u8; 32]>,
}

/// Says that an entry is durable. Only the ledger makes these, and only after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerReceipt {
    pub(crate) seq: u64,
    pub(crate) leaf_hash: Sha256Digest,
    pub(crate) index_in_run: u64,
    pub(crate) time: Timestamp,
}

impl LedgerReceipt {
    /// The entry's place in the ledger, from 0.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The RFC 6962 hash of its leaf.
    #[must_use]
    pub const fn leaf_hash(&self) -> &Sha256Digest {
        &self.leaf_hash
    }

    /// Its place in its run, from 0.
    #[must_use]
    pub const fn index_in_run(&self) -> u64 {
        self.index_in_run
    }

    /// The time recorded: never before that of an earlier entry.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }
}

/// An entry read back, whose record was checked against its leaf in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Everything but the payload.
    pub header: Header,
    /// The payload.
    pub payload: Vec<u8>,
    /// The RFC 6962 hash of its leaf.
    pub leaf_hash: Sha256Digest,
}
