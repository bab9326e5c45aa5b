//! What reading an entry can fail with, and proving one.

use reach_tlog::{TlogProof, prove_inclusion, verify_inclusion};

use crate::{
    LedgerReader, Opening, StoreError,
    record::{Checked, EntryFault},
    rows::Tree,
    view::View,
};

/// Why an entry was not returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store.
    #[error(transparent)]
    Store(StoreError),
    /// There is nothing of that name or number that the asker may see.
    #[error("there is no such run or entry")]
    NotFound,
    /// The entry was changed, removed or replaced since it was acknowledged.
    #[error("entry {seq} is not what was recorded")]
    EntryCorrupt {
        /// Which entry.
        seq: u64,
    },
    /// The entry came after the latest checkpoint.
    #[error("entry {seq} is not below a signed checkpoint yet")]
    NotCheckpointed {
        /// Which entry.
        seq: u64,
    },
}

reach_types::codes!(ReadError {
    NotFound => ("audit.not_found", Refused, "check the tenant, the run and the number"),
    EntryCorrupt => ("audit.entry_corrupt", Refused, "keep the file and run `reach audit verify` to see what else was changed"),
    NotCheckpointed => ("audit.not_checkpointed", Incomplete, "wait for the command that is writing, or run one that writes: each ends by signing a checkpoint"),
} wrap { Store });

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An entry with everything that proves it to somebody without the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEntry {
    /// The inclusion proof, with the signed checkpoint it leads to: the `.tlog-proof` file.
    pub proof: TlogProof,
    /// The leaf's bytes: the `.leaf` file.
    pub leaf: Vec<u8>,
    /// The entry and its salts: the `.opening.json` file.
    pub opening: Opening,
}

impl View<'_> {
    /// The entry at `seq`, which must be inside the ledger.
    pub(crate) fn read(&self, seq: u64) -> Result<Checked, ReadError> {
        self.checked(seq).map_err(|fault| match fault {
            EntryFault::Store(error) => ReadError::Store(error),
            EntryFault::Missing | EntryFault::Malformed | EntryFault::LeafMismatch => ReadError::EntryCorrupt { seq },
        })
    }

    pub(crate) fn prove(&self, entry: Checked) -> Result<ProvenEntry, ReadError> {
        let Checked { record, header, leaf, leaf_hash } = entry;
        let seq = header.seq;
        let latest = self.checkpoint()?.filter(|latest| seq < latest.size);
        let latest = latest.ok_or(ReadError::NotCheckpointed { seq })?;
        let hashes = prove_inclusion(seq, latest.size, &Tree::new(self))?;
        // Never hand out a proof that would not verify: better to notice here.
        verify_inclusion(seq, latest.size, &leaf_hash, &hashes, &latest.root).map_err(StoreError::from)?;
        let proof = TlogProof { index: seq, hashes, checkpoint: latest.note };
        Ok(ProvenEntry { proof, leaf, opening: record.opening(header) })
    }
}

impl LedgerReader {
    /// Proves any entry under the latest checkpoint. This is the operator's: tenants go through
    /// [`LedgerReader::tenant`].
    ///
    /// # Errors
    /// Every variant of [`ReadError`].
    pub fn prove(&self, seq: u64) -> Result<ProvenEntry, ReadError> {
        let view = self.store.view()?;
        if seq >= view.head()?.size {
            return Err(ReadError::NotFound);
        }
        let entry = view.read(seq)?;
        view.prove(entry)
    }
}
