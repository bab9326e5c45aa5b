#![doc = include_str!("../README.md")]

mod archive;
mod digests;
mod inspect;
mod manifest;
mod printable;
mod seen;
mod sign;
mod statement;
mod verified;
mod verify;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use archive::{
    ArchiveError, ArchivePath, ArchiveReader, ArchiveWriter, Entry, EntryError, MAX_ARCHIVE_BYTES, MAX_ENTRIES,
    MAX_FILE_BYTES, MAX_PATH_BYTES, PathError, WriteError,
};
pub use digests::{ArchiveDigests, digest_archive};
pub use inspect::{ContentsError, Inspection, inspect_archive};
pub use manifest::{
    Arguments, Condition, Edge, Graph, GraphError, MANIFEST_PATH, MAX_ARGUMENT_DEPTH, MAX_DECLARED,
    MAX_DESCRIPTION_BYTES, MAX_EDGES, MAX_MANIFEST_BYTES, MAX_NODES, MAX_POINTER_BYTES, MAX_REFERENCES,
    MAX_SPEC_FEATURES, MAX_STEPS, Manifest, ManifestError, Node, ResolveError, SpecFeature, SpecNeeds, StepId, Test,
};
pub use seen::{MemorySeen, SeenError, SeenVersions};
pub use sign::{SignPackError, sign_pack};
pub use statement::{MAX_STATEMENT_BYTES, PAYLOAD_TYPE, PREDICATE_TYPE, Statement, StatementError};
pub use verified::{Provenance, VerifiedPack};
pub use verify::{Expected, MAX_ENVELOPE_BYTES, Verification, VerifyError, verify_pack};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    ArchiveError::ROWS,
    ContentsError::ROWS,
    EntryError::ROWS,
    GraphError::ROWS,
    ManifestError::ROWS,
    PathError::ROWS,
    ResolveError::ROWS,
    SeenError::ROWS,
    SignPackError::ROWS,
    StatementError::ROWS,
    VerifyError::ROWS,
    WriteError::ROWS,
];
