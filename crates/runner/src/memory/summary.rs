//! What is true of the whole file, and what tells a lost table from an empty one.

use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, TableError, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{FLOORS, NONCES, REDEMPTIONS, ROOTS, SUMMARY, seal, unseal};

const SUMMARY_KEY: &str = "summary";

/// What is true of the whole file. The counts are what tells a table that damage made unfindable
/// from one that is empty: redb would make it again, and every used nonce would be fresh.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) high_water: u64,
    pub(super) generation: u64,
    pub(super) floors: u64,
    nonces: u64,
    roots: u64,
    redemptions: u64,
}

/// What a build without a table of used permits wrote: the two are of different lengths, so that
/// neither is ever read as the other.
#[derive(Serialize, Deserialize)]
struct FirstSummary {
    high_water: u64,
    generation: u64,
    floors: u64,
    nonces: u64,
    roots: u64,
}

impl From<FirstSummary> for Summary {
    fn from(first: FirstSummary) -> Self {
        let FirstSummary { high_water, generation, floors, nonces, roots } = first;
        Self { high_water, generation, floors, nonces, roots, redemptions: 0 }
    }
}

/// How many rows each table has.
#[derive(PartialEq, Eq)]
struct Counts {
    floors: u64,
    nonces: u64,
    roots: u64,
    redemptions: u64,
}

impl Summary {
    const fn counts(&self) -> Counts {
        Counts { floors: self.floors, nonces: self.nonces, roots: self.roots, redemptions: self.redemptions }
    }

    /// The summary, held against the tables that are there.
    pub(super) fn read(txn: &ReadTransaction) -> Result<Self, redb::Error> {
        let bytes = txn.open_table(SUMMARY)?.get(SUMMARY_KEY)?.map(|value| value.value().to_vec());
        let redemptions = match txn.open_table(REDEMPTIONS) {
            // An earlier build made the file, and nothing has been spent since.
            Err(TableError::TableDoesNotExist(_)) => 0,
            table => table?.len()?,
        };
        let counts = Counts {
            floors: txn.open_table(FLOORS)?.len()?,
            nonces: txn.open_table(NONCES)?.len()?,
            roots: txn.open_table(ROOTS)?.len()?,
            redemptions,
        };
        checked(bytes, &counts)
    }

    /// As [`Summary::read`], within a transaction that may change it.
    pub(super) fn load(txn: &WriteTransaction) -> Result<Self, redb::Error> {
        let bytes = txn.open_table(SUMMARY)?.get(SUMMARY_KEY)?.map(|value| value.value().to_vec());
        checked(bytes, &counts(txn)?)
    }

    /// Writes it, with the counts as they are now.
    pub(super) fn store(&self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        let Counts { floors, nonces, roots, redemptions } = counts(txn)?;
        let (high_water, generation) = (self.high_water, self.generation.saturating_add(1));
        let summary = Self { high_water, generation, floors, nonces, roots, redemptions };
        let bytes = seal(SUMMARY_KEY.as_bytes(), &summary);
        let bytes = bytes.ok_or_else(|| redb::Error::Corrupted("the summary cannot be written".to_owned()))?;
        txn.open_table(SUMMARY)?.insert(SUMMARY_KEY, bytes.as_slice())?;
        Ok(())
    }
}

fn counts(txn: &WriteTransaction) -> Result<Counts, redb::Error> {
    Ok(Counts {
        floors: txn.open_table(FLOORS)?.len()?,
        nonces: txn.open_table(NONCES)?.len()?,
        roots: txn.open_table(ROOTS)?.len()?,
        redemptions: txn.open_table(REDEMPTIONS)?.len()?,
    })
}

/// Only a file without any row has no summary yet.
fn checked(bytes: Option<Vec<u8>>, counts: &Counts) -> Result<Summary, redb::Error> {
    let key = SUMMARY_KEY.as_bytes();
    let summary = match bytes {
        None => Some(Summary::default()),
        Some(bytes) => {
            unseal::<Summary>(key, &bytes).or_else(|| unseal::<FirstSummary>(key, &bytes).map(Summary::from))
        }
    };
    let whole = summary.filter(|summary| summary.counts() == *counts);
    whole.ok_or_else(|| redb::Error::Corrupted("rows or whole tables are missing".to_owned()))
}

#[cfg(test)]
mod tests {
    use reach_types::{Blake3Digest, Timestamp};

    use super::super::{MemoryError, NodeMemory, builder};
    use super::*;

    /// What an earlier build left: no table of used permits, and a summary that does not count it.
    fn made_earlier(path: &std::path::Path, summary: &FirstSummary) {
        let memory = NodeMemory::create(path).unwrap();
        memory.raise_high_water(Timestamp::from_millis(7)).unwrap();
        memory.raise_trust_floor(3, Blake3Digest::from_bytes([1; 32])).unwrap();
        drop(memory);
        let raw = builder().open(path).unwrap();
        let txn = raw.begin_write().unwrap();
        assert!(txn.delete_table(REDEMPTIONS).unwrap());
        let bytes = seal(SUMMARY_KEY.as_bytes(), summary).unwrap();
        txn.open_table(SUMMARY).unwrap().insert(SUMMARY_KEY, bytes.as_slice()).unwrap();
        txn.commit().unwrap();
    }

    const FIRST: FirstSummary = FirstSummary { high_water: 7, generation: 3, floors: 1, nonces: 0, roots: 0 };

    #[test]
    fn a_memory_that_an_earlier_build_made_still_opens() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.redb");
        made_earlier(&path, &FIRST);
        let reader = NodeMemory::open_read_only(&path).unwrap();
        assert_eq!((reader.generation(), reader.high_water()), (Ok(3), Ok(Timestamp::from_millis(7))));
        assert_eq!(reader.trust_floor(), Ok(Some((3, Blake3Digest::from_bytes([1; 32])))));
        drop(reader);
        let writer = NodeMemory::open(&path).unwrap();
        writer.raise_high_water(Timestamp::from_millis(9)).unwrap();
        assert_eq!((writer.generation(), writer.high_water()), (Ok(4), Ok(Timestamp::from_millis(9))));
    }

    #[test]
    fn an_earlier_builds_counts_count() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.redb");
        made_earlier(&path, &FirstSummary { nonces: 1, ..FIRST });
        let memory = NodeMemory::open(&path).unwrap();
        assert!(matches!(memory.generation(), Err(MemoryError::Corrupt { .. })));
    }
}
