//! Stored records, and turning them back into checked entries.

use reach_tlog::leaf_hash;
use reach_types::{Sha256Digest, Timestamp, decode_strict};
use serde::{Deserialize, Serialize};

use crate::{
    Author, Entry, EntryKind, Header, MAX_PAYLOAD_BYTES, Opening, StoreError,
    head::encode,
    header::{ENTRY_VERSION, Leaf, commit_payload},
    rows::Tree,
    run::Run,
    view::View,
};

/// What is stored before the payload. Tenant and run are stored once, with the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordHead {
    pub(crate) version: u16,
    pub(crate) run_number: u64,
    pub(crate) index_in_run: u64,
    pub(crate) kind: EntryKind,
    pub(crate) author: Author,
    pub(crate) time: Timestamp,
    pub(crate) raw_time: Timestamp,
    pub(crate) idempotency: Option<[u8; 32]>,
    pub(crate) prev_leaf: Sha256Digest,
    pub(crate) header_salt: [u8; 32],
    pub(crate) payload: PayloadState,
}

/// What became of the payload. The order is part of the format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PayloadState {
    /// It follows, under this salt.
    Present([u8; 32]),
}

/// The version of a record's head.
pub(crate) const RECORD_VERSION: u16 = 1;
/// The longest head of a record: a node as author, an idempotency key, three digests, and numbers.
const MAX_HEAD_BYTES: usize = 320;

/// A record as it is stored: the head's length in 16 bits, the head, the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) head: RecordHead,
    pub(crate) payload: Vec<u8>,
}

impl Record {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let head = encode(&self.head)?;
        let length = u16::try_from(head.len()).map_err(|_| StoreError::corrupt("a record is too long"))?;
        Ok([&length.to_be_bytes(), head.as_slice(), &self.payload].concat())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (head, payload) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let head: RecordHead = decode_strict(head, MAX_HEAD_BYTES).ok()?;
        let good = head.version == RECORD_VERSION && payload.len() <= MAX_PAYLOAD_BYTES;
        good.then(|| Self { head, payload: payload.to_vec() })
    }

    /// The header this record stands for, at `seq` of the ledger and in `run`.
    pub(crate) fn header(&self, seq: u64, run: &Run) -> Header {
        let head = &self.head;
        Header {
            version: ENTRY_VERSION,
            seq,
            tenant: run.tenant.clone(),
            run: run.run,
            index_in_run: head.index_in_run,
            kind: head.kind,
            author: head.author.clone(),
            time: head.time,
            raw_time: head.raw_time,
            idempotency: head.idempotency,
            // Bounded by the longest payload.
            payload_len: u32::try_from(self.payload.len()).unwrap_or(u32::MAX),
        }
    }

    /// The bytes of its leaf.
    pub(crate) fn leaf(&self, header: &Header) -> Result<Vec<u8>, StoreError> {
        let PayloadState::Present(payload_salt) = &self.head.payload;
        let unencodable = |_| StoreError::corrupt("a header can not be encoded");
        let leaf = Leaf {
            version: ENTRY_VERSION,
            header_commitment: header.commit(&self.head.header_salt).map_err(unencodable)?,
            payload_commitment: commit_payload(&self.payload, payload_salt),
            index_in_run: self.head.index_in_run,
            prev_leaf: self.head.prev_leaf,
        };
        leaf.encode().map_err(unencodable)
    }

    pub(crate) fn opening(self, header: Header) -> Opening {
        let PayloadState::Present(payload_salt) = self.head.payload;
        Opening { header, payload: self.payload, header_salt: self.head.header_salt, payload_salt }
    }
}

/// A record with everything that follows from it.
pub(crate) struct Checked {
    pub(crate) record: Record,
    pub(crate) header: Header,
    pub(crate) leaf: Vec<u8>,
    pub(crate) leaf_hash: Sha256Digest,
}

impl Checked {
    pub(crate) fn entry(self) -> Entry {
        Entry { header: self.header, payload: self.record.payload, leaf_hash: self.leaf_hash }
    }
}

impl View<'_> {
    /// The record at `seq`, which must be there and give the leaf that is in the tree.
    pub(crate) fn checked(&self, seq: u64) -> Result<Checked, EntryFault> {
        let entry = self.unchecked(seq)?;
        if Tree::new(self).leaf(seq)? == entry.leaf_hash { Ok(entry) } else { Err(EntryFault::LeafMismatch) }
    }

    /// The record at `seq` with what follows from it, whatever the tree says.
    pub(crate) fn unchecked(&self, seq: u64) -> Result<Checked, EntryFault> {
        let bytes = self.record(seq)?.ok_or(EntryFault::Missing)?;
        let record = Record::decode(&bytes).ok_or(EntryFault::Malformed)?;
        let run = self.run_at(record.head.run_number)?;
        let header = record.header(seq, &run);
        let leaf = record.leaf(&header)?;
        let leaf_hash = leaf_hash(&leaf);
        Ok(Checked { record, header, leaf, leaf_hash })
    }
}

/// What is wrong with one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryFault {
    /// It is not there.
    Missing,
    /// It can not be read.
    Malformed,
    /// It is not what the tree says.
    LeafMismatch,
    /// The store failed on the way.
    Store(StoreError),
}

impl From<StoreError> for EntryFault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
