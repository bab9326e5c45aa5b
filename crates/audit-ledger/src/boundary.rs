//! The one boundary around redb: its errors become ours here, and its panics end here.
//!
//! redb trusts the pages of a file that was closed cleanly, and some that were altered since make
//! it panic. Every call that opens, reads, writes or checks the store is made inside [`guarded`].

use std::{
    io::ErrorKind,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use reach_tlog::MerkleError;

/// What is wrong with the store itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has the ledger open for writing, or a reader holds it against a writer.
    #[error("the ledger is open elsewhere for writing")]
    Locked,
    /// Something stored is not what was written.
    #[error("the ledger's store is damaged: {what}")]
    Corrupt {
        /// What was found.
        what: &'static str,
    },
    /// An earlier failure left the handle in doubt.
    #[error("an earlier failure left the ledger's state in doubt")]
    Latched,
    /// The file could not be read or written.
    #[error("the ledger's file could not be used: {kind}")]
    Io {
        /// What the system said.
        kind: ErrorKind,
    },
}

reach_types::codes!(StoreError {
    Locked => ("audit.locked", Environment, "use the API of the process that has it open, or open it read-only"),
    Corrupt => ("audit.store_corrupt", Refused, "keep the file, run `reach audit verify`, and compare with the anchor or a backup"),
    Latched => ("audit.latched", Environment, "open the ledger again: what was acknowledged is there"),
    Io => ("audit.io", Environment, "check the disk, its free space and the file's permissions, then open the ledger again"),
});

impl StoreError {
    pub(crate) const fn corrupt(what: &'static str) -> Self {
        Self::Corrupt { what }
    }
}

/// Only hashes that are stored are asked for, so a tree that cannot answer is a damaged one.
impl From<MerkleError> for StoreError {
    fn from(_: MerkleError) -> Self {
        Self::corrupt("the tree does not hold what its size promises")
    }
}

/// What the store answered inside the boundary.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A read-only open found a file that its last writer did not close.
    NeedsRecovery,
    /// Anything else.
    Store(StoreError),
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        use redb::Error as E;
        Self::Store(match error {
            E::RepairAborted => return Self::NeedsRecovery,
            E::DatabaseAlreadyOpen | E::LockProtocolMismatch => StoreError::Locked,
            E::PreviousIo | E::DatabaseClosed => StoreError::Latched,
            // redb reports a file that is no database, and reads past its end, as I/O errors.
            E::Io(error) if matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) => {
                StoreError::corrupt("the file is cut short or is no ledger")
            }
            E::Io(error) => StoreError::Io { kind: error.kind() },
            E::Backend(_) => StoreError::Io { kind: ErrorKind::Other },
            E::Unsupported => StoreError::Io { kind: ErrorKind::Unsupported },
            E::TableDoesNotExist(_) => StoreError::corrupt("a table is missing"),
            _ => StoreError::corrupt("a page is not what was written"),
        })
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NeedsRecovery => Self::corrupt("the file was not closed and could not be recovered"),
            Fault::Store(error) => error,
        }
    }
}

/// Calls into redb. A panic, and damage that redb notices, set `latch`.
pub(crate) fn guarded<T>(latch: &AtomicBool, call: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Fault> {
    // Whatever the panic left half done is behind the latch: nothing uses it again.
    let result = catch_unwind(AssertUnwindSafe(call));
    let result = result.map_or_else(|_| Err(PANICKED), |answer| answer.map_err(Fault::from));
    if matches!(result, Err(Fault::Store(StoreError::Corrupt { .. } | StoreError::Latched))) {
        latch.store(true, Ordering::Release);
    }
    result
}

const PANICKED: Fault = Fault::Store(StoreError::corrupt("a page made the store fail"));

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::Code;

    #[test]
    fn a01_a_panic_becomes_an_error_and_latches() {
        let latch = AtomicBool::new(false);
        let fine = guarded(&latch, || Ok(7));
        assert!(matches!(fine, Ok(7)));
        assert!(!latch.load(Ordering::Acquire));
        let panicked = guarded::<()>(&latch, || panic!("as redb does on some pages"));
        assert_eq!(StoreError::from(panicked.unwrap_err()).code(), "audit.store_corrupt");
        assert!(latch.load(Ordering::Acquire));
    }
}
