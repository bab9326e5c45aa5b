//! What a check finds, and what each finding means.

use reach_tlog::CheckpointError;
use reach_types::{Class, Code};

use crate::StoreError;

/// The most findings listed; a check that reaches it ends there and says so.
pub const MAX_FINDINGS: usize = 1000;

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FsckFault {
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Pages that do not match their checksums, or an allocator that does not match the pages.
    #[error("pages of the file were changed outside of Reach")]
    Pages,
    /// A record is gone.
    #[error("the record is missing")]
    RecordMissing,
    /// A record cannot be read.
    #[error("the record can not be read")]
    RecordMalformed,
    /// A record does not give the leaf hash in the tree.
    #[error("the record, its salts or its commitments do not give the leaf in the tree")]
    LeafMismatch,
    /// A hash in the tree does not follow from those below it.
    #[error("the tree's hash at level {level}, index {index} does not follow from those below it")]
    Tree {
        /// Levels of the tree above the leaves.
        level: u8,
        /// Its index there.
        index: u64,
    },
    /// The tree does not give the recorded root.
    #[error("the tree does not give the recorded root")]
    Root,
    /// An entry does not follow the one before it in its run.
    #[error("the entry does not follow the one before it in its run")]
    RunChain,
    /// A run's index does not lead to the entry.
    #[error("the index of its run does not lead to the entry")]
    RunIndex,
    /// A run's head, count or name is not what its entries say.
    #[error("the head, count or name of run number {number} is not what its entries say")]
    Run {
        /// The run's number in this ledger.
        number: u64,
    },
    /// An idempotency key leads elsewhere.
    #[error("the entry's idempotency key does not lead to it")]
    Idempotency,
    /// A time that the ledger would not have recorded.
    #[error("the entry's time is not the one that follows from its clock and the entry before it")]
    Time,
    /// The recorded size, clock or number of runs is not what the entries say.
    #[error("the ledger's recorded {what} is not what its entries say")]
    Head {
        /// Which of them.
        what: &'static str,
    },
    /// A table holds more or fewer rows than there are entries for.
    #[error("the table `{table}` holds {actual} rows, {expected} follow from the entries")]
    Rows {
        /// Which table.
        table: &'static str,
        /// How many rows follow from the entries.
        expected: u64,
        /// How many it holds.
        actual: u64,
    },
    /// The checkpoint's note.
    #[error(transparent)]
    Note(CheckpointError),
    /// The checkpoint is of another tree than this ledger's.
    #[error("the tree is not the one that was signed at size {size}")]
    Checkpoint {
        /// The size that was signed.
        size: u64,
    },
}

reach_types::codes!(FsckFault {
    Pages => ("audit.fsck_pages", Refused, "keep a copy of the file as it was, and find out who wrote to it"),
    RecordMissing => ("audit.fsck_record_missing", Refused, "restore the entry from a backup that the checkpoint vouches for"),
    RecordMalformed => ("audit.fsck_record_malformed", Refused, "restore the entry from a backup that the checkpoint vouches for"),
    LeafMismatch => ("audit.fsck_leaf_mismatch", Refused, "do not believe this entry; compare it with a backup or a proof made earlier"),
    Tree => ("audit.fsck_tree", Refused, "compare with the published tree or a backup"),
    Root => ("audit.fsck_root", Refused, "compare with the anchor and with checkpoints kept elsewhere"),
    RunChain => ("audit.fsck_run_chain", Refused, "do not believe this run to be complete; compare it with a backup"),
    RunIndex => ("audit.fsck_run_index", Refused, "entries are intact but not found through their run: restore from a backup"),
    Run => ("audit.fsck_run", Refused, "do not believe this run to be complete; compare it with a backup"),
    Idempotency => ("audit.fsck_idempotency", Refused, "a repeated request may be recorded twice: restore from a backup"),
    Time => ("audit.fsck_time", Refused, "do not believe the entry's time"),
    Head => ("audit.fsck_head", Refused, "compare with the anchor; restore from a backup"),
    Rows => ("audit.fsck_rows", Refused, "entries were removed or inserted: compare with the anchor and a backup"),
    Checkpoint => ("audit.fsck_checkpoint", Refused, "keep the file and the checkpoint: together they show that history was rewritten"),
} wrap { Store, Note });

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its stable code.
    pub code: &'static str,
    /// Its class.
    pub class: Class,
    /// The entry it is about, if it is about one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Finding {
    pub(crate) fn new(fault: &FsckFault, seq: Option<u64>) -> Self {
        let row = fault.row();
        Self { code: row.code, class: row.class, seq, what: fault.to_string(), remedy: row.remedy }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many entries the ledger says it holds.
    pub entries: u64,
    /// The size of the latest checkpoint, if one was signed.
    pub checkpoint: Option<u64>,
    /// Everything wrong, in the order it was found, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// Whether everything was checked; `false` if the findings were too many to go on.
    pub complete: bool,
}

impl Report {
    /// Whether everything was checked and nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.complete && self.findings.is_empty()
    }
}
