//! Provenance that a signer cannot take back: the signing stands in a ledger, its proof is stapled
//! to the pack, and what witnesses say of it dates the signatures.

mod check;
mod entry;
mod witnesses;
mod write;

pub use check::Stapled;

pub(crate) use check::check;
pub(crate) use write::{Targets, staple};

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use reach_audit_ledger::{MAX_OPENING_JSON_BYTES, VerifyError};
use reach_signing::EnvelopeError;
use reach_tlog::{CosignatureError, MAX_PROOF_BYTES};
use reach_types::KeyId;

use crate::{
    auditing::{AuditError, ProofPaths},
    files::{self, FileError},
    state_error::StateError,
};

/// The most bytes of a leaf's file: a leaf has 128.
const MAX_LEAF_FILE_BYTES: u64 = 1024;

/// Why a stapled proof was refused, or not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StapleError {
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// The state directory.
    #[error(transparent)]
    State(StateError),
    /// The name of a proof.
    #[error(transparent)]
    Name(AuditError),
    /// A proof is asked for, and there is none.
    #[error("no proof is stapled to the pack: `{path}` {what}")]
    Missing {
        /// Where it would be.
        path: PathBuf,
        /// Why that is none.
        what: &'static str,
    },
    /// One of the two files that belong to a proof is missing.
    #[error("the proof is there, and `{path}` that belongs to it is not")]
    Incomplete {
        /// Which one.
        path: PathBuf,
    },
    /// The proof, its leaf or its opening.
    #[error("the stapled proof: {0}")]
    Proof(VerifyError),
    /// Whose signatures the envelope carries.
    #[error(transparent)]
    Envelope(EnvelopeError),
    /// A witness's cosignature.
    #[error("the stapled proof: {0}")]
    Cosignature(CosignatureError),
    /// The log's key is not in the trust document with the role `log`.
    #[error("the stapled proof is of a log that the trust document does not name")]
    LogUntrusted,
    /// The log's key was revoked.
    #[error("the key of the log that the stapled proof is of was revoked")]
    LogRevoked,
    /// The log's key does not stand any more, or not yet, and no witnesses date the checkpoint.
    #[error("the log's key does not stand now, and no quorum of witnesses saw the checkpoint while it did")]
    LogLapsed,
    /// An entry of another kind.
    #[error("the stapled proof is of an entry that records no signing of a pack")]
    OtherKind,
    /// An entry whose payload says nothing that can be read.
    #[error("the entry that the stapled proof is of is malformed")]
    Malformed,
    /// The signing of another pack, or of this pack at another time.
    #[error("the stapled proof is of another signing: the entry names another {what}")]
    Other {
        /// What differs.
        what: &'static str,
    },
    /// A signature that is not in the log.
    #[error("a signature by the key {key_id} is not among those that the entry in the log names")]
    Uncovered {
        /// The key.
        key_id: KeyId,
    },
    /// The entry is in the ledger, and its files are not beside the pack.
    #[error("entry {seq} of the ledger records this signing, but its files were not written")]
    Unwritten {
        /// The entry.
        seq: u64,
        /// Why not.
        #[source]
        error: AuditError,
    },
    /// What was just signed could not be read back.
    #[error("the envelope that was just made could not be read back")]
    ReadBack,
}

reach_types::codes!(StapleError {
    Missing => ("pack.proof_missing", Unsigned, "get the `.tlog-proof`, `.leaf` and `.opening.json` that belong to the pack, or have it signed with `reach pack sign --state`"),
    Incomplete => ("pack.proof_incomplete", Refused, "get all three files of the proof again, or remove the `.tlog-proof`"),
    LogUntrusted => ("pack.proof_log_untrusted", Untrusted, "have the log's key added to the trust document with the role `log`, or get a proof of a log that is there"),
    LogRevoked => ("pack.proof_log_revoked", Expired, "have the pack signed again with a log whose key stands"),
    LogLapsed => ("pack.proof_log_lapsed", Expired, "get the proof with the cosignatures of enough witnesses, or have the pack signed again"),
    OtherKind => ("pack.proof_other_kind", Refused, "get the proof that `reach pack sign --state` wrote"),
    Malformed => ("pack.proof_entry_malformed", Refused, "get the proof that `reach pack sign --state` wrote"),
    Other => ("pack.proof_other_pack", Refused, "get the pack, its signature and its proof from one place, or remove the proof"),
    Uncovered => ("pack.proof_signature_missing", Refused, "have the pack signed by all its signers at once with `reach pack sign --state`, or remove the proof"),
    Unwritten => ("pack.staple_unwritten", Environment, "sign the pack again: another entry in the ledger does no harm"),
    ReadBack => ("pack.staple_read_back", Internal, "report this as a bug"),
} wrap { File, State, Name, Proof, Envelope, Cosignature });

impl From<FileError> for StapleError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Which proof is checked with a pack.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProofRequest<'p> {
    /// The proof, if it is not beside the pack.
    pub proof: Option<&'p Path>,
    /// Whether a pack without a proof is refused.
    pub required: bool,
}

/// The path of a pack's stapled proof: beside it, with `.tlog-proof` after its name.
#[must_use]
pub fn proof_path(pack: &Path) -> PathBuf {
    let mut name = pack.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(".tlog-proof");
    pack.with_file_name(name)
}

/// The three files of a proof, as they were read.
pub(crate) struct StapleFiles {
    proof: Vec<u8>,
    leaf: Vec<u8>,
    opening: Vec<u8>,
}

/// Reads the proof that is asked for, or that lies beside the pack. A proof beside the pack belongs
/// to the signature beside the pack: it is left alone where `signature` names another one.
pub(crate) fn read_staple(
    pack: &Path,
    signature: Option<&Path>,
    request: &ProofRequest<'_>,
) -> Result<Option<StapleFiles>, StapleError> {
    let beside = proof_path(pack);
    let path = request.proof.unwrap_or(&beside);
    let there = request.proof.is_some() || (signature.is_none() && path.symlink_metadata().is_ok());
    match (there, request.required) {
        (true, _) => read_files(path).map(Some),
        (false, true) => Err(StapleError::Missing { path: path.to_path_buf(), what: why_missing(signature) }),
        (false, false) => Ok(None),
    }
}

const fn why_missing(signature: Option<&Path>) -> &'static str {
    match signature {
        None => "does not exist",
        Some(_) => {
            "would belong to the signature beside the pack, and --signature names one: name its proof with --proof"
        }
    }
}

fn read_files(path: &Path) -> Result<StapleFiles, StapleError> {
    let paths = ProofPaths::beside(path).map_err(StapleError::Name)?;
    let part = |path: &Path, limit: u64| match files::read(path, limit) {
        Err(FileError::Missing { path }) => Err(StapleError::Incomplete { path }),
        read => Ok(read?),
    };
    let limit = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    Ok(StapleFiles {
        proof: files::read(&paths.proof, limit(MAX_PROOF_BYTES))?,
        leaf: part(&paths.leaf, MAX_LEAF_FILE_BYTES)?,
        opening: part(&paths.opening, limit(MAX_OPENING_JSON_BYTES))?,
    })
}
