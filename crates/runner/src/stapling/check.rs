//! Checking a stapled proof: that the log holds an entry about this envelope, and since when.

use std::collections::BTreeSet;

use reach_audit_ledger::{EntryKind, VerifiedEntry, VerifyError, verify_proof};
use reach_pack_integrity::{Check, Statement};
use reach_signing::{
    Envelope, EnvelopeSignature, KeyEntry, KeyStanding, Role, SignatureEvidence, SignatureId, SignerEntry,
    VerifiedTrust, signature_id,
};
use reach_tlog::{CheckpointError, ProofError, SignedNote, TlogProof, VerifierKey};
use reach_types::Timestamp;

use super::{
    StapleError, StapleFiles,
    entry::SignedEntry,
    witnesses::{Quorum, quorum, signers_of},
};

/// A stapled proof that holds: the log has an entry about the envelope it was checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stapled {
    /// The log.
    pub origin: String,
    /// The entry's place in it.
    pub index: u64,
    /// What a quorum of witnesses dates; `None` without one. The log's own times are no evidence.
    pub evidence: Option<SignatureEvidence>,
    /// The witnesses whose word that is.
    pub witnesses: Vec<String>,
}

impl Stapled {
    /// The checks that it passed, in order.
    #[must_use]
    pub fn checks(&self) -> &'static [Check] {
        if self.evidence.is_some() { &[Check::Proof, Check::Witnesses] } else { &[Check::Proof] }
    }
}

/// Checks the proof in `files` for the signing that made `envelope`, as of `now`.
pub(crate) fn check(
    files: &StapleFiles,
    envelope: &Envelope,
    trust: &VerifiedTrust,
    now: Timestamp,
) -> Result<Stapled, StapleError> {
    let (note, log) = find_log(files, trust)?;
    let proven = verify_proof(&files.proof, &files.leaf, &files.opening, &log.vkey).map_err(StapleError::Proof)?;
    let entry = read_entry(&proven)?;
    check_statement(&entry, envelope.unverified_payload())?;
    let signatures = entry.signatures();
    check_signatures(envelope, trust, &signatures)?;
    let mut interested = signers_of(trust, &signatures);
    interested.insert(&log.signer.name);
    let quorum = quorum(&note, trust, &interested, now).map_err(StapleError::Cosignature)?;
    check_standing(&log, trust, quorum.as_ref(), now)?;
    Ok(Stapled {
        origin: proven.checkpoint.origin.as_str().to_owned(),
        index: proven.header.seq,
        witnesses: quorum.as_ref().map(|quorum| quorum.witnesses.clone()).unwrap_or_default(),
        evidence: quorum.map(|quorum| SignatureEvidence { before: quorum.before, signatures }),
    })
}

/// The log as the trust document knows it.
struct Log<'t> {
    signer: &'t SignerEntry,
    key: &'t KeyEntry,
    vkey: VerifierKey,
}

/// The log that the checkpoint claims to be of: the trust document gives its key, the note its name.
/// What it signed is verified afterwards.
fn find_log<'t>(files: &StapleFiles, trust: &'t VerifiedTrust) -> Result<(SignedNote, Log<'t>), StapleError> {
    let malformed = |error: ProofError| StapleError::Proof(VerifyError::Proof(error));
    let proof = TlogProof::parse(&files.proof).map_err(malformed)?;
    let note = SignedNote::parse(proof.checkpoint.as_bytes())
        .map_err(|error| malformed(ProofError::Checkpoint(CheckpointError::Note(error))))?;
    let logs = || trust.document().keys().filter(|(_, key)| key.role == Role::Log);
    let mut found = Vec::new();
    for line in note.signatures() {
        for (signer, key) in logs() {
            let vkey = VerifierKey::new(line.name.clone(), key.public);
            if vkey.key_id() == line.key_id {
                found.push(Log { signer, key, vkey });
            }
        }
    }
    if found.is_empty() {
        return Err(StapleError::LogUntrusted);
    }
    let log = found.into_iter().find(|log| log.key.revoked.is_none()).ok_or(StapleError::LogRevoked)?;
    Ok((note, log))
}

/// A log key that stands signs what it likes now; of one that does not, only what was seen while it
/// did is believed.
fn check_standing(
    log: &Log<'_>,
    trust: &VerifiedTrust,
    quorum: Option<&Quorum>,
    now: Timestamp,
) -> Result<(), StapleError> {
    let stood = |at: Timestamp| trust.document().standing(log.key, at) == KeyStanding::Active;
    if stood(now) || quorum.is_some_and(|quorum| stood(quorum.seen)) { Ok(()) } else { Err(StapleError::LogLapsed) }
}

fn read_entry(proven: &VerifiedEntry) -> Result<SignedEntry, StapleError> {
    if proven.header.kind != EntryKind::PackSigned {
        return Err(StapleError::OtherKind);
    }
    SignedEntry::read(&proven.payload).ok_or(StapleError::Malformed)
}

/// The entry must be about this very payload. What that says of a pack is not verified yet; once it
/// is, the archive is the one that both name.
fn check_statement(entry: &SignedEntry, payload: &[u8]) -> Result<(), StapleError> {
    if !entry.is_of_payload(payload) {
        return Err(StapleError::Other { what: "statement" });
    }
    let statement = Statement::read(payload).ok().filter(|statement| entry.is_of_pack(statement));
    statement.map(drop).ok_or(StapleError::Other { what: "pack" })
}

/// Every signature by a key that may sign packs must be among those in the log: whichever of them
/// are counted, all of them are there. A stranger's says nothing, in the log or out of it.
fn check_signatures(
    envelope: &Envelope,
    trust: &VerifiedTrust,
    logged: &BTreeSet<SignatureId>,
) -> Result<(), StapleError> {
    let attributed = envelope.attribute(trust, Role::Pack).map_err(StapleError::Envelope)?;
    let covered = |one: &EnvelopeSignature, key_id| logged.contains(&signature_id(key_id, &one.signature));
    match attributed.made_by().find(|(one, key_id)| !covered(one, *key_id)) {
        Some((_, key_id)) => Err(StapleError::Uncovered { key_id }),
        None => Ok(()),
    }
}
