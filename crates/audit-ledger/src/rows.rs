//! The tree in the store: rows of up to 16 hashes, four levels of the tree apart.
//!
//! A full row takes 512 bytes: an append writes few bytes again, and a proof hashes at most 15 times
//! for each row it reads. The published tiles are 16 rows of every second level, side by side.

use std::collections::BTreeMap;

use reach_tlog::{HashReader, node_hash};
use reach_types::Sha256Digest;

use crate::{StoreError, view::View};

/// How many levels of the tree lie between two levels of rows.
pub(crate) const ROW_HEIGHT: u8 = 4;
/// How many hashes a full row holds.
pub(crate) const ROW_WIDTH: u64 = 1 << ROW_HEIGHT;
const HASH_BYTES: usize = 32;

/// The key of the row at `level` that holds the hash at `index` of that level, and where in it.
/// Indexes stay below 2^53, so the level fits above them.
pub(crate) const fn place(level: u8, index: u64) -> (u64, u64) {
    let key = ((level as u64) << 56) | (index >> ROW_HEIGHT);
    (key, index % ROW_WIDTH)
}

/// The tree as a view of the store shows it.
pub(crate) struct Tree<'v> {
    view: &'v View<'v>,
}

impl<'v> Tree<'v> {
    pub(crate) const fn new(view: &'v View<'v>) -> Self {
        Self { view }
    }

    /// The hash of the leaf at `seq`.
    pub(crate) fn leaf(&self, seq: u64) -> Result<Sha256Digest, StoreError> {
        self.read(0, seq)
    }

    /// `count` hashes of one row from `start` on.
    fn slice(&self, level: u8, start: u64, count: u64) -> Result<Vec<Sha256Digest>, StoreError> {
        let (key, offset) = place(level, start);
        let missing = StoreError::corrupt("a row of the tree is missing or short");
        let row = self.view.row(key)?.ok_or(missing.clone())?;
        let hashes = read_row(&row).ok_or(missing.clone())?;
        let (from, count) = (to_usize(offset), to_usize(count));
        let slice: Vec<_> = hashes.skip(from).take(count).collect();
        if slice.len() == count { Ok(slice) } else { Err(missing) }
    }

    /// `count` hashes of a level of rows from `start` on, which begins a row.
    pub(crate) fn run_of(&self, level: u8, start: u64, count: u64) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::with_capacity(to_usize(count).saturating_mul(HASH_BYTES));
        let mut done = 0;
        while done < count {
            let now = (count - done).min(ROW_WIDTH);
            let row = self.slice(level, start.saturating_add(done), now)?;
            row.iter().for_each(|hash| bytes.extend_from_slice(hash.as_bytes()));
            done += now;
        }
        Ok(bytes)
    }
}

impl HashReader for Tree<'_> {
    type Error = StoreError;

    fn read(&self, height: u8, index: u64) -> Result<Sha256Digest, StoreError> {
        let (level, above) = (height / ROW_HEIGHT, height % ROW_HEIGHT);
        let mut hashes = self.slice(level, index << above, 1 << above)?;
        while hashes.len() > 1 {
            hashes = hashes.chunks_exact(2).filter_map(pair).collect();
        }
        hashes.pop().ok_or(StoreError::corrupt("a row of the tree is empty"))
    }
}

fn pair(two: &[Sha256Digest]) -> Option<Sha256Digest> {
    let [left, right] = two else { return None };
    Some(node_hash(left, right))
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The hashes of a row, or `None` if it is not a whole number of them.
pub(crate) fn read_row(row: &[u8]) -> Option<impl Iterator<Item = Sha256Digest>> {
    let (hashes, rest) = row.as_chunks::<HASH_BYTES>();
    rest.is_empty().then(|| hashes.iter().copied().map(Sha256Digest::from_bytes))
}

/// How many rows the tree of `size` leaves takes.
pub(crate) fn count_rows(size: u64) -> u64 {
    let levels = std::iter::successors(Some(size), |hashes| Some(hashes / ROW_WIDTH));
    levels.take_while(|hashes| *hashes > 0).map(|hashes| hashes.div_ceil(ROW_WIDTH)).sum()
}

/// Rows that a batch writes, each once.
pub(crate) struct StagedRows<'v> {
    view: &'v View<'v>,
    rows: BTreeMap<u64, Vec<u8>>,
}

impl<'v> StagedRows<'v> {
    pub(crate) const fn new(view: &'v View<'v>) -> Self {
        Self { view, rows: BTreeMap::new() }
    }

    /// Puts the root of a complete subtree where it is stored, if it is.
    pub(crate) fn push(&mut self, height: u8, index: u64, hash: &Sha256Digest) -> Result<(), StoreError> {
        if !height.is_multiple_of(ROW_HEIGHT) {
            return Ok(());
        }
        let (key, offset) = place(height / ROW_HEIGHT, index);
        let row = match self.rows.entry(key) {
            std::collections::btree_map::Entry::Occupied(row) => row.into_mut(),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(self.view.row(key)?.unwrap_or_default())
            }
        };
        if row.len() != to_usize(offset).saturating_mul(HASH_BYTES) {
            return Err(StoreError::corrupt("the tree's edge is not where its size says"));
        }
        row.extend_from_slice(hash.as_bytes());
        Ok(())
    }

    pub(crate) fn into_rows(self) -> BTreeMap<u64, Vec<u8>> {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_level_by_level() {
        for (size, rows) in [(0, 0), (1, 1), (16, 2), (17, 3), (255, 17), (256, 18), (257, 19)] {
            assert_eq!(count_rows(size), rows, "{size}");
        }
        assert_eq!(place(2, 35), ((2 << 56) | 2, 3));
    }
}
