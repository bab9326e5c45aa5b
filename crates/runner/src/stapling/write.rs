//! Recording a signing in the ledger, and stapling its proof to the pack.

use std::{fs, path::Path};

use reach_audit_ledger::{Author, EntryKind};
use reach_pack_integrity::{Inspection, MAX_ENVELOPE_BYTES};
use reach_signing::{Envelope, Reader};
use serde_json::json;

use super::{StapleError, entry::SignedEntry, proof_path};
use crate::{
    World,
    auditing::{AuditError, ProofPaths, prove},
    files::{self, Existing},
    state::{State, node_run},
};

/// The files that a proof of the signing of `pack` is written to.
///
/// # Errors
/// [`StapleError::Name`] for a pack whose name is not text; [`StapleError::File`] if one is there.
pub(crate) fn targets(pack: &Path) -> Result<ProofPaths, StapleError> {
    let paths = ProofPaths::beside(&proof_path(pack)).map_err(StapleError::Name)?;
    for path in [&paths.proof, &paths.leaf, &paths.opening] {
        files::require_place(path)?;
    }
    Ok(paths)
}

/// Appends the signing that made `envelope` to the ledger, signs a checkpoint over it, moves the
/// anchor, and writes the proof's files and then the envelope: all four or none. Returns the
/// entry's place in the ledger.
///
/// # Errors
/// [`StapleError::State`] if nothing was recorded; [`StapleError::Unwritten`] if it was, and the
/// files could not be written.
pub(crate) fn staple(
    world: &World,
    state: &mut State,
    inspection: &Inspection,
    envelope: &str,
    paths: &ProofPaths,
    out: &Path,
) -> Result<u64, StapleError> {
    let read = Envelope::read(envelope.as_bytes(), Reader::Own, MAX_ENVELOPE_BYTES);
    let entry = SignedEntry::of(inspection, &read.map_err(|_| StapleError::ReadBack)?);
    let run = node_run(&state.node());
    let appended = state.append(world, run, &Author::Operator, &[(EntryKind::PackSigned, json!(entry))]);
    let receipts = appended.map_err(StapleError::State)?;
    let seq = receipts.first().ok_or(StapleError::ReadBack)?.seq();
    let written = write_all(state, seq, envelope, paths, out);
    written.map_err(|error| StapleError::Unwritten { seq, error })?;
    Ok(seq)
}

fn write_all(state: &mut State, seq: u64, envelope: &str, paths: &ProofPaths, out: &Path) -> Result<(), AuditError> {
    state.checkpoint().map_err(AuditError::State)?;
    prove(state, seq, paths)?;
    // The signature comes last: a proof without it makes nobody believe anything.
    let written = files::write(out, envelope.as_bytes(), 0o644, Existing::Refuse);
    if written.is_err() {
        for path in [&paths.proof, &paths.leaf, &paths.opening] {
            let _ = fs::remove_file(path);
        }
    }
    written.map_err(AuditError::File)
}
