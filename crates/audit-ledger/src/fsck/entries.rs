//! The first half: every entry, and the tree over them.

use reach_tlog::HashReader;
use reach_types::Sha256Digest;

use super::{Fsck, FsckFault, MAX_FINDINGS};
use crate::{
    header::NO_LEAF,
    record::{Checked, EntryFault},
    rows::{ROW_HEIGHT, Tree},
    tables::idempotency_key,
};

/// How often progress is told.
const STEP: u64 = 256;

impl Fsck<'_> {
    /// Whether all entries were checked; not if the findings became too many.
    pub(super) fn check_entries(&mut self, progress: &mut dyn FnMut(u64, u64)) -> bool {
        let size = self.head.size;
        for seq in 0..size {
            if seq.is_multiple_of(STEP) {
                progress(seq, size);
            }
            self.check_entry(seq);
            if self.findings.len() > MAX_FINDINGS {
                return false;
            }
        }
        progress(size, size);
        true
    }

    fn check_entry(&mut self, seq: u64) {
        let entry = self.view.unchecked(seq);
        let entry = entry.map_err(|fault| self.add(&fault.into(), Some(seq))).ok();
        let stored = Tree::new(self.view).leaf(seq);
        let stored = self.or_finding(stored, Some(seq));
        let computed = entry.as_ref().map(|entry| entry.leaf_hash);
        if let (Some(stored), Some(computed)) = (stored, computed)
            && stored != computed
        {
            self.add(&FsckFault::LeafMismatch, Some(seq));
        }
        // The stored hash, so that one bad record is one finding and not a bad tree as well.
        let leaf = stored.or(computed).unwrap_or(NO_LEAF);
        self.grow(seq, leaf);
        if let Some(entry) = entry {
            self.check_run(seq, &entry, leaf);
            self.check_key(seq, &entry);
            self.check_time(seq, &entry);
        }
    }

    /// Every stored hash above the leaves must follow from those below it.
    fn grow(&mut self, seq: u64, leaf: Sha256Digest) {
        let mut completed = Vec::new();
        let grown = self.frontier.append(leaf, &mut |height, index, hash| completed.push((height, index, hash)));
        self.or_finding(grown.map_err(Into::into), Some(seq));
        for (level, index, hash) in completed {
            if level == 0 || !level.is_multiple_of(ROW_HEIGHT) {
                continue;
            }
            let stored = Tree::new(self.view).read(level, index);
            if self.or_finding(stored, Some(seq)).is_some_and(|stored| stored != hash) {
                self.add(&FsckFault::Tree { level, index }, Some(seq));
            }
        }
        self.note_checkpoint_root();
    }

    fn check_run(&mut self, seq: u64, entry: &Checked, leaf: Sha256Digest) {
        let head = &entry.record.head;
        let seen = self.runs.entry(head.run_number).or_default();
        let follows = head.index_in_run == seen.count && head.prev_leaf == seen.last_leaf;
        seen.count = head.index_in_run.saturating_add(1);
        seen.state = seen.state.after(head.kind);
        (seen.last_seq, seen.last_leaf) = (seq, leaf);
        if !follows {
            self.add(&FsckFault::RunChain, Some(seq));
        }
        let indexed = self.view.seq_of(head.run_number, head.index_in_run);
        if self.or_finding(indexed, Some(seq)).is_some_and(|found| found != Some(seq)) {
            self.add(&FsckFault::RunIndex, Some(seq));
        }
    }

    fn check_key(&mut self, seq: u64, entry: &Checked) {
        let head = &entry.record.head;
        let Some(key) = &head.idempotency else { return };
        self.keys = self.keys.saturating_add(1);
        let found = self.view.idempotent(&idempotency_key(head.run_number, key));
        if self.or_finding(found, Some(seq)).is_some_and(|found| found != Some(seq)) {
            self.add(&FsckFault::Idempotency, Some(seq));
        }
    }

    fn check_time(&mut self, seq: u64, entry: &Checked) {
        let head = &entry.record.head;
        if head.time != self.clock.max(head.raw_time) {
            self.add(&FsckFault::Time, Some(seq));
        }
        self.clock = head.time;
    }
}

impl From<EntryFault> for FsckFault {
    fn from(fault: EntryFault) -> Self {
        match fault {
            EntryFault::Missing => Self::RecordMissing,
            EntryFault::Malformed => Self::RecordMalformed,
            EntryFault::LeafMismatch => Self::LeafMismatch,
            EntryFault::Store(error) => Self::Store(error),
        }
    }
}
