#![doc = include_str!("../README.md")]

mod archive;
mod check;
mod diff;
mod digests;
mod explain;
mod inspect;
mod legacy;
mod manifest;
mod plugin;
mod printable;
mod seen;
mod sign;
mod sigstore;
mod sink;
mod standing;
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
pub use check::{Check, NOT_PROVEN};
pub use diff::{Aspect, Change, Diff, DiffVerdict, Direction, PackView, diff_packs, view_archive};
pub use digests::{ArchiveDigests, digest_archive};
pub use explain::{Explanation, explain_pack, explain_pack_into};
pub use inspect::{ContentsError, Inspection, inspect_archive};
pub use legacy::accept_legacy_unsigned;
pub use manifest::{
    Arguments, Condition, Edge, Graph, GraphError, MANIFEST_PATH, MAX_ARGUMENT_DEPTH, MAX_DECLARED,
    MAX_DESCRIPTION_BYTES, MAX_EDGES, MAX_MANIFEST_BYTES, MAX_NODES, MAX_POINTER_BYTES, MAX_REFERENCES,
    MAX_SPEC_FEATURES, MAX_STEPS, Manifest, ManifestError, Node, ResolveError, SpecFeature, SpecNeeds, StepId, Test,
};
pub use plugin::{
    BadKey, EntryPoint, Keyring, KeyringError, MAX_KEY_ID_BYTES, MAX_KEYRING_BYTES, MAX_KEYRING_KEYS, MAX_PLUGIN_BYTES,
    MAX_PLUGIN_FILES, MAX_PLUGIN_MANIFEST_BYTES, MAX_PLUGIN_SIGNATURE_BYTES, PLUGIN_ALGORITHM, PluginDocument,
    PluginError, PluginFile, PluginFiles, PluginFormatError, PluginManifest, PluginProvenance, PluginVerification,
    VerifiedPlugin, VouchedManifest, verify_plugin,
};
pub use seen::{MemorySeen, SeenError, SeenVersions};
pub use sign::{SignPackError, sign_pack};
pub use sigstore::{BUNDLE_MEDIA_TYPE, SigstoreBundle, SigstoreError, sigstore_bundle};
pub use sink::{ContentSink, SinkStopped};
pub use statement::{MAX_STATEMENT_BYTES, PAYLOAD_TYPE, PREDICATE_TYPE, Statement, StatementError};
pub use verified::{Provenance, VerifiedPack};
pub use verify::{Expected, MAX_ENVELOPE_BYTES, Verification, VerifyError, verify_pack, verify_pack_into};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    ArchiveError::ROWS,
    ContentsError::ROWS,
    EntryError::ROWS,
    GraphError::ROWS,
    KeyringError::ROWS,
    ManifestError::ROWS,
    PathError::ROWS,
    PluginError::ROWS,
    PluginFormatError::ROWS,
    ResolveError::ROWS,
    SeenError::ROWS,
    SignPackError::ROWS,
    SigstoreError::ROWS,
    StatementError::ROWS,
    VerifyError::ROWS,
    WriteError::ROWS,
];
