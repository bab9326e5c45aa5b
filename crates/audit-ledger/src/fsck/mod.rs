//! Checking everything that is stored against everything else, going on past what is wrong.

mod entries;
mod report;
mod summary;

use std::collections::BTreeMap;

use reach_tlog::{Frontier, VerifierKey};
use reach_types::{Sha256Digest, Timestamp};

pub use report::{Finding, FsckFault, MAX_FINDINGS, Report};

use crate::{
    Ledger, LedgerReader, StoreError,
    head::{Head, StoredCheckpoint},
    header::NO_LEAF,
    run::RunState,
    view::View,
};

impl LedgerReader {
    /// Checks every entry, commitment, leaf, hash of the tree, run, index and the checkpoint, and
    /// lists all that is wrong. With `key`, the checkpoint's signature too.
    ///
    /// `progress` is told how many entries of how many are done.
    ///
    /// # Errors
    /// Any [`StoreError`] if not even the ledger's head can be read; everything else is a finding.
    pub fn fsck(&self, key: Option<&VerifierKey>, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, StoreError> {
        let view = self.store.view_anyway()?;
        Fsck::new(&view)?.run(key, progress)
    }
}

impl Ledger {
    /// As [`LedgerReader::fsck`], and before it every page of the file against its checksum, which
    /// only the writer can: redb then rebuilds what it keeps beside the tables, if that is what is
    /// wrong.
    ///
    /// # Errors
    /// As [`LedgerReader::fsck`].
    pub fn fsck(
        &mut self,
        key: Option<&VerifierKey>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Report, StoreError> {
        let pages = match self.store_mut().check_pages() {
            Ok(true) => None,
            Ok(false) => Some(FsckFault::Pages),
            Err(error) => Some(FsckFault::Store(error)),
        };
        let mut report = LedgerReader::fsck(self, key, progress)?;
        if let Some(fault) = pages {
            report.findings.insert(0, Finding::new(&fault, None));
        }
        Ok(report)
    }
}

/// What the entries read so far say about one run.
struct Seen {
    count: u64,
    last_seq: u64,
    last_leaf: Sha256Digest,
    state: RunState,
}

impl Default for Seen {
    fn default() -> Self {
        Self { count: 0, last_seq: 0, last_leaf: NO_LEAF, state: RunState::Open }
    }
}

struct Fsck<'v> {
    view: &'v View<'v>,
    head: Head,
    checkpoint: Option<StoredCheckpoint>,
    /// The tree as the stored leaf hashes give it.
    frontier: Frontier,
    /// The root at the checkpoint's size, once it is reached.
    root_at_checkpoint: Option<Sha256Digest>,
    runs: BTreeMap<u64, Seen>,
    clock: Timestamp,
    keys: u64,
    findings: Vec<Finding>,
}

impl<'v> Fsck<'v> {
    fn new(view: &'v View<'v>) -> Result<Self, StoreError> {
        let head = view.head()?;
        let mut fsck = Self {
            view,
            head,
            checkpoint: None,
            frontier: Frontier::new(),
            root_at_checkpoint: None,
            runs: BTreeMap::new(),
            clock: Timestamp::from_millis(0),
            keys: 0,
            findings: Vec::new(),
        };
        fsck.checkpoint = fsck.or_finding(view.checkpoint(), None).flatten();
        fsck.note_checkpoint_root();
        Ok(fsck)
    }

    fn run(mut self, key: Option<&VerifierKey>, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, StoreError> {
        let mut complete = self.check_entries(progress);
        if complete {
            self.check_runs();
            self.check_head();
            self.check_checkpoint(key);
            complete = self.findings.len() <= MAX_FINDINGS;
        }
        self.findings.truncate(MAX_FINDINGS);
        let checkpoint = self.checkpoint.map(|checkpoint| checkpoint.size);
        Ok(Report { entries: self.head.size, checkpoint, findings: self.findings, complete })
    }

    fn add(&mut self, fault: &FsckFault, seq: Option<u64>) {
        self.findings.push(Finding::new(fault, seq));
    }

    /// What was read, or nothing and a finding.
    fn or_finding<T>(&mut self, read: Result<T, StoreError>, seq: Option<u64>) -> Option<T> {
        read.map_err(|error| self.add(&FsckFault::Store(error), seq)).ok()
    }

    fn note_checkpoint_root(&mut self) {
        let due = self.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.size == self.frontier.size());
        if due {
            self.root_at_checkpoint = Some(self.frontier.root());
        }
    }
}
