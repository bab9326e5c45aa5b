//! The second half: runs, counts, the head and the checkpoint against what the entries said.

use reach_tlog::{Checkpoint, VerifierKey};

use super::{Fsck, FsckFault, MAX_FINDINGS};
use crate::{StoreError, rows::count_rows, run::Run};

impl Fsck<'_> {
    pub(super) fn check_runs(&mut self) {
        for number in 0..self.head.runs {
            let run = self.view.run_at(number);
            if let Some(run) = self.or_finding(run, None)
                && !self.is_as_seen(number, &run)
            {
                self.add(&FsckFault::Run { number }, None);
            }
            if self.findings.len() > MAX_FINDINGS {
                return;
            }
        }
    }

    fn is_as_seen(&mut self, number: u64, run: &Run) -> bool {
        let named = self.view.run_number(&run.name());
        let named = self.or_finding(named, None).is_none_or(|found| found == Some(number));
        let seen = self.runs.get(&number);
        named
            && seen.is_some_and(|seen| {
                let head = (run.count, run.last_seq, run.last_leaf, run.state);
                head == (seen.count, seen.last_seq, seen.last_leaf, seen.state)
            })
    }

    pub(super) fn check_head(&mut self) {
        if self.frontier.root() != self.head.root {
            self.add(&FsckFault::Root, None);
        }
        if self.clock != self.head.clock {
            self.add(&FsckFault::Head { what: "clock" }, None);
        }
        let runs = self.runs.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
        if runs != self.head.runs {
            self.add(&FsckFault::Head { what: "number of runs" }, None);
        }
        let counts = self.view.counts();
        let Some(counts) = self.or_finding(counts, None) else { return };
        let size = self.head.size;
        for (table, expected, actual) in [
            ("entries", size, counts.entries),
            ("rows", count_rows(size), counts.rows),
            ("run_index", size, counts.run_index),
            ("runs", self.head.runs, counts.runs),
            ("run_names", self.head.runs, counts.run_names),
            ("idempotency", self.keys, counts.idempotency),
        ] {
            if expected != actual {
                self.add(&FsckFault::Rows { table, expected, actual }, None);
            }
        }
    }

    pub(super) fn check_checkpoint(&mut self, key: Option<&VerifierKey>) {
        let Some(stored) = self.checkpoint.clone() else { return };
        let size = stored.size;
        if self.root_at_checkpoint != Some(stored.root) {
            self.add(&FsckFault::Checkpoint { size }, None);
        }
        let Some(key) = key else { return };
        match Checkpoint::verify(stored.note.as_bytes(), key) {
            Ok(signed) if (signed.size, signed.root) == (size, stored.root) => {}
            Ok(_) => self.add(&FsckFault::Store(StoreError::corrupt("the stored checkpoint is not its note's")), None),
            Err(error) => self.add(&FsckFault::Note(error), None),
        }
    }
}
