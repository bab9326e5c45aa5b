#![doc = include_str!("../README.md")]

mod append;
mod author;
mod boundary;
mod checkpoint;
mod entry;
mod export;
mod fsck;
mod head;
mod header;
mod kind;
mod ledger;
mod opening;
mod read;
mod record;
mod rows;
mod run;
mod sealed;
mod store;
mod tables;
mod tenant;
#[cfg(test)]
mod tests;
mod verify;
mod view;

pub use append::{AppendError, MAX_CLOCK};
pub use author::Author;
pub use boundary::StoreError;
pub use checkpoint::{AnchorError, CheckpointSignError};
pub use entry::{Entry, LedgerReceipt, MAX_BATCH, MAX_ENTRIES, MAX_PAYLOAD_BYTES, NewEntry};
pub use export::{Export, ExportFile};
pub use fsck::{Finding, FsckFault, MAX_FINDINGS, Report};
pub use head::SignedCheckpoint;
pub use header::{ENTRY_VERSION, Header, MAX_LEAF_BYTES};
pub use kind::EntryKind;
pub use ledger::{Ledger, LedgerReader, OpenError};
pub use opening::{MAX_OPENING_JSON_BYTES, Opening, OpeningError};
pub use read::{ProvenEntry, ReadError};
pub use tenant::{MAX_PAGE, MAX_PAGE_BYTES, Page, TenantView};
pub use verify::{VerifiedEntry, VerifyError, verify_opening, verify_proof};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    AnchorError::ROWS,
    AppendError::ROWS,
    CheckpointSignError::ROWS,
    FsckFault::ROWS,
    OpenError::ROWS,
    OpeningError::ROWS,
    ReadError::ROWS,
    StoreError::ROWS,
    VerifyError::ROWS,
];
