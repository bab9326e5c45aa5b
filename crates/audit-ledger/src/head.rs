//! The single values: the format, the head of the ledger, the latest checkpoint.

use reach_tlog::{Checkpoint, KeyName};
use reach_types::{Sha256Digest, Timestamp, encode_strict};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    StoreError,
    sealed::unseal,
    tables::{META_CHECKPOINT, META_FORMAT, META_HEAD},
    view::View,
};

/// The version of the store's layout.
pub(crate) const FORMAT_VERSION: u16 = 1;
/// The longest of the single values: a checkpoint with the signatures of many witnesses.
const MAX_META_BYTES: usize = reach_tlog::MAX_NOTE_BYTES + 1024;

/// Written once, when the ledger is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) version: u16,
    pub(crate) origin: String,
}

/// Written with every commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) version: u16,
    pub(crate) size: u64,
    pub(crate) root: Sha256Digest,
    /// The latest time recorded.
    pub(crate) clock: Timestamp,
    /// How many runs there are; they are numbered from 0.
    pub(crate) runs: u64,
}

/// Written when a checkpoint is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredCheckpoint {
    pub(crate) version: u16,
    pub(crate) size: u64,
    pub(crate) root: Sha256Digest,
    pub(crate) note: String,
}

/// A checkpoint of this ledger with the signed note it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// Origin, size and root.
    pub checkpoint: Checkpoint,
    /// The whole signed note.
    pub note: String,
}

/// Encoding what we made ourselves fails only through a fault of ours.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    encode_strict(value).map_err(|_| StoreError::corrupt("a value can not be encoded"))
}

fn read<T: Serialize + DeserializeOwned>(view: &View<'_>, key: &'static str) -> Result<Option<T>, StoreError> {
    let Some(row) = view.meta(key)? else { return Ok(None) };
    unseal(&row, MAX_META_BYTES).map(Some).ok_or(StoreError::corrupt("the ledger's head can not be read"))
}

impl View<'_> {
    pub(crate) fn format(&self) -> Result<Format, StoreError> {
        read(self, META_FORMAT)?.ok_or(StoreError::corrupt("the file is no ledger"))
    }

    pub(crate) fn head(&self) -> Result<Head, StoreError> {
        let head: Option<Head> = read(self, META_HEAD)?;
        head.filter(|head| head.version == FORMAT_VERSION).ok_or(StoreError::corrupt("the ledger's head is missing"))
    }

    pub(crate) fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreError> {
        let stored: Option<StoredCheckpoint> = read(self, META_CHECKPOINT)?;
        match stored {
            Some(stored) if stored.version != FORMAT_VERSION => {
                Err(StoreError::corrupt("the stored checkpoint is of an unknown version"))
            }
            stored => Ok(stored),
        }
    }
}

impl StoredCheckpoint {
    pub(crate) fn signed(self, origin: &KeyName) -> SignedCheckpoint {
        let checkpoint = Checkpoint { origin: origin.clone(), size: self.size, root: self.root };
        SignedCheckpoint { checkpoint, note: self.note }
    }
}
