//! Auditing a node: its ledger, its anchor, and the run logs that the ledger vouches for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reach_audit_ledger::{
    Entry, EntryKind, Finding, MAX_OPENING_JSON_BYTES, OpeningError, ProvenEntry, ReadError, StoreError, VerifiedEntry,
    VerifyError, verify_proof,
};
use reach_replay::{Limits, ReplayError, Report as LogReport, read_frames};
use reach_signing::{AuthorityError, KeyStanding, Role, VerifiedTrust};
use reach_tlog::{MAX_PROOF_BYTES, VerifierKey, VkeyError};
use reach_types::{Blake3Digest, Code, CodeRow, RunId, Timestamp};

use crate::{
    files::{self, Existing, FileError},
    recovery::{Unfinished, unfinished},
    replaying::{ReplayRunError, parse_end, verify_seal},
    state::State,
    state_error::StateError,
};

/// Why an audit did not come to a finding.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// The state directory.
    #[error(transparent)]
    State(StateError),
    /// Reading the ledger.
    #[error(transparent)]
    Read(ReadError),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
    /// Writing an opening.
    #[error(transparent)]
    Opening(OpeningError),
    /// A proof.
    #[error(transparent)]
    Proof(VerifyError),
    /// A verifier key.
    #[error("the verifier key: {0}")]
    Vkey(VkeyError),
    /// The verifier key's file is not text.
    #[error("the verifier key is not text")]
    VkeyText,
    /// The ledger's key is not in the trust document with the role `log`.
    #[error("the ledger's key is not trusted: {0}")]
    LogKey(AuthorityError),
    /// The proof's name.
    #[error("a proof is written to a file whose name ends in `.tlog-proof`")]
    ProofName,
}

reach_types::codes!(AuditError {
    VkeyText => ("audit.vkey_malformed", Usage, "give the C2SP verifier key or its file, such as log.vkey"),
    ProofName => ("audit.proof_name", Usage, "end the name in `.tlog-proof`"),
} wrap { File, State, Read, Store, Opening, Proof, Vkey, LogKey });

/// What an audit of a whole node found.
#[derive(Debug)]
pub struct AuditReport {
    /// How many entries the ledger holds.
    pub entries: u64,
    /// How many run logs were held against it.
    pub logs: u64,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    /// Runs that began and did not end: no fault of the ledger, and said aloud.
    pub unfinished: Vec<Unfinished>,
}

impl AuditReport {
    /// The first finding, which stands for all of them.
    #[must_use]
    pub fn rejection(&self) -> Option<(CodeRow, String)> {
        let first = self.findings.first()?;
        Some((CodeRow { code: first.code, class: first.class, remedy: first.remedy }, first.what.clone()))
    }
}

/// A run log that is not what the ledger says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunLogFault {
    /// It is gone.
    #[error("the log of run {run} is missing")]
    Missing {
        /// The run.
        run: RunId,
    },
    /// It is whole and sealed, and another.
    #[error("the log of run {run} is not the one whose head the ledger holds")]
    Mismatch {
        /// The run.
        run: RunId,
    },
}

reach_types::codes!(RunLogFault {
    Missing => ("audit.run_log_missing", Refused, "bring the log back from a backup"),
    Mismatch => ("audit.run_log_mismatch", Refused, "the log was replaced: bring the right one back from a backup"),
});

/// Audits the node of `state`: its key, every record, index, tile and checkpoint, and every log of
/// a run that ended. It goes on past what it finds.
///
/// # Errors
/// [`AuditError::LogKey`]; [`AuditError::Store`] if the store cannot be read at all.
pub fn audit(
    state: &State,
    trust: &VerifiedTrust,
    now: Timestamp,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<AuditReport, AuditError> {
    check_log_key(state.vkey(), trust, now)?;
    let report = state.ledger().fsck(Some(state.vkey()), &mut |done, total| progress("entries", done, Some(total)));
    let report = report.map_err(AuditError::Store)?;
    let mut findings = report.findings.clone();
    let mut logs = 0;
    let view = state.ledger().tenant(state.config().tenant.clone());
    for seq in 0..report.entries {
        // What cannot be read is among the findings already; other tenants' runs have no log here.
        let Ok(entry) = view.entry(seq) else { continue };
        if entry.header.kind == EntryKind::RunEnded {
            logs += 1;
            findings.extend(check_log(state, &entry, trust, now));
            progress("run logs", logs, None);
        }
    }
    let unfinished = unfinished(state).map_err(AuditError::State)?;
    Ok(AuditReport { entries: report.entries, logs, findings, unfinished })
}

fn check_log_key(vkey: &VerifierKey, trust: &VerifiedTrust, now: Timestamp) -> Result<(), AuditError> {
    let key_id = vkey.public_key().key_id();
    let found = trust.key(&key_id).filter(|(_, key)| key.role == Role::Log);
    let (_, key) = found.ok_or(AuditError::LogKey(AuthorityError::Unknown { role: Role::Log }))?;
    match trust.document().standing(key, now) {
        KeyStanding::Revoked => Err(AuditError::LogKey(AuthorityError::Revoked)),
        KeyStanding::NotYetValid => Err(AuditError::LogKey(AuthorityError::NotYetValid { from: key.not_before })),
        // A checkpoint that was signed in time stays what it was; signing a new one is another matter.
        KeyStanding::Active | KeyStanding::Retired | KeyStanding::Expired | KeyStanding::Overdue => Ok(()),
    }
}

fn check_log(state: &State, ended: &Entry, trust: &VerifiedTrust, now: Timestamp) -> Option<Finding> {
    let run = ended.header.run;
    let finding = |row: CodeRow, what: String| Finding {
        code: row.code,
        class: row.class,
        seq: Some(ended.header.seq),
        what,
        remedy: row.remedy,
    };
    let path = state.run_dir(&run).join("run.rlog");
    let wanted = parse_end(&ended.payload);
    let fault = match verify_seal(&path, trust, now) {
        Ok(report) if is_of(&report, &run) && wanted == report.head.map(|head| (head, report.frames)) => return None,
        Ok(_) => RunLogFault::Mismatch { run },
        Err(ReplayRunError::File(FileError::Missing { .. })) => RunLogFault::Missing { run },
        // A key that has expired or was retired since is no fault of the log, if its head is the
        // one that the ledger holds; a revoked key is.
        Err(ReplayRunError::Log(ReplayError::SealKeyExpired { .. } | ReplayError::SealKeyRetired { .. }))
            if wanted == chained_head(&path) =>
        {
            return None;
        }
        Err(error) => return Some(finding(error.row(), format!("the log of run {run}: {error}"))),
    };
    Some(finding(fault.row(), fault.to_string()))
}

fn is_of(report: &LogReport, run: &RunId) -> bool {
    report.header.as_ref().is_some_and(|header| header.run == *run)
}

/// The head and count that the log's own chain comes to.
fn chained_head(path: &Path) -> Option<(Blake3Digest, u64)> {
    let reader = std::io::BufReader::new(files::open(path).ok()?);
    let listing = read_frames(reader, &Limits::default(), &mut |_, _| {}).ok()?;
    listing.head.map(|head| (head, listing.frames))
}

/// The paths of a proof's three files.
#[derive(Debug, Clone)]
pub struct ProofPaths {
    /// The proof.
    pub proof: PathBuf,
    /// The leaf.
    pub leaf: PathBuf,
    /// The opening.
    pub opening: PathBuf,
}

impl ProofPaths {
    /// The names beside `proof`, which must end in `.tlog-proof`.
    ///
    /// # Errors
    /// [`AuditError::ProofName`].
    pub fn beside(proof: &Path) -> Result<Self, AuditError> {
        let stem = proof.to_str().and_then(|text| text.strip_suffix(".tlog-proof")).ok_or(AuditError::ProofName)?;
        let with = |suffix: &str| PathBuf::from(format!("{stem}{suffix}"));
        Ok(Self { proof: proof.to_path_buf(), leaf: with(".leaf"), opening: with(".opening.json") })
    }
}

/// Proves the entry `seq` and writes the three files; none stays if one cannot be written.
///
/// # Errors
/// [`AuditError::Read`], [`AuditError::File`], [`AuditError::Opening`].
pub fn prove(state: &State, seq: u64, paths: &ProofPaths) -> Result<ProvenEntry, AuditError> {
    let proven = state.ledger().prove(seq).map_err(AuditError::Read)?;
    let opening = proven.opening.to_json().map_err(AuditError::Opening)?;
    let proof = proven.proof.to_string();
    let planned =
        [(&paths.leaf, proven.leaf.as_slice()), (&paths.opening, opening.as_bytes()), (&paths.proof, proof.as_bytes())];
    if let Some((path, _)) = planned.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(AuditError::File(FileError::Exists { path: path.to_path_buf() }));
    }
    for (index, (path, bytes)) in planned.iter().enumerate() {
        if let Err(error) = files::write(path, bytes, 0o644, Existing::Refuse) {
            planned.iter().take(index).for_each(|(written, _)| drop(fs::remove_file(written)));
            return Err(AuditError::File(error));
        }
    }
    Ok(proven)
}

/// Verifies a proof's three files against the log's key, with no ledger at hand.
///
/// `vkey` is a C2SP verifier key, or the path of a file that holds one.
///
/// # Errors
/// [`AuditError::Proof`], [`AuditError::Vkey`], [`AuditError::File`].
pub fn check_proof(paths: &ProofPaths, vkey: &str) -> Result<VerifiedEntry, AuditError> {
    let key = read_vkey(vkey)?;
    let limit = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    let proof = files::read(&paths.proof, limit(MAX_PROOF_BYTES)).map_err(AuditError::File)?;
    let leaf = files::read(&paths.leaf, 64 * 1024).map_err(AuditError::File)?;
    let opening = files::read(&paths.opening, limit(MAX_OPENING_JSON_BYTES)).map_err(AuditError::File)?;
    verify_proof(&proof, &leaf, &opening, &key).map_err(AuditError::Proof)
}

fn read_vkey(text: &str) -> Result<VerifierKey, AuditError> {
    let path = Path::new(text);
    if path.symlink_metadata().is_err() && text.contains('+') {
        return VerifierKey::parse(text).map_err(AuditError::Vkey);
    }
    let bytes = files::read(path, 16 * 1024).map_err(AuditError::File)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| AuditError::VkeyText)?;
    VerifierKey::parse(text.strip_suffix('\n').unwrap_or(text)).map_err(AuditError::Vkey)
}

/// Writes the published tree into the new directory `out`; it appears whole or not at all.
///
/// # Errors
/// [`AuditError::Read`], [`AuditError::File`].
pub fn export(state: &State, out: &Path) -> Result<u64, AuditError> {
    if out.symlink_metadata().is_ok() {
        return Err(AuditError::File(FileError::Exists { path: out.to_path_buf() }));
    }
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let staging = out.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = export_into(state, &staging).and_then(|count| {
        fs::rename(&staging, out).map_err(|error| AuditError::File(files::io_error(out, error)))?;
        files::sync_directory(out).map_err(AuditError::File)?;
        Ok(count)
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&staging);
    }
    written
}

fn export_into(state: &State, dir: &Path) -> Result<u64, AuditError> {
    let mut count = 0;
    fs::create_dir(dir).map_err(|error| AuditError::File(files::io_error(dir, error)))?;
    for file in state.ledger().export().map_err(AuditError::Read)? {
        let file = file.map_err(AuditError::Read)?;
        let path = dir.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| AuditError::File(files::io_error(parent, error)))?;
        }
        files::write(&path, &file.bytes, 0o644, Existing::Refuse).map_err(AuditError::File)?;
        count += 1;
    }
    Ok(count)
}
