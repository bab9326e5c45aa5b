//! Recording a signing in the ledger, and stapling its proof to the pack.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reach_audit_ledger::{Author, EntryKind};
use reach_pack_integrity::{Inspection, MAX_ENVELOPE_BYTES};
use reach_signing::{Envelope, Reader};
use serde_json::json;

use super::{StapleError, entry::SignedEntry, proof_path};
use crate::{
    World,
    auditing::{AuditError, ProofPaths, prove},
    files::{self, Existing},
    packs::signature_path,
    state::{State, node_run},
};

/// Where a signing of a pack and its proof go.
pub(crate) struct Targets<'a> {
    pub(crate) paths: ProofPaths,
    /// What a signing that was cut off left at `paths` is in nobody's way.
    leftovers: bool,
    envelope: &'a Path,
}

impl<'a> Targets<'a> {
    /// The files that a signing of `pack` and its proof are written to: `envelope`, and three beside
    /// the pack. A proof beside the pack belongs to the signature beside it, which is written last:
    /// where that is to be and is not there yet, a proof belongs to nothing and is replaced.
    ///
    /// # Errors
    /// [`StapleError::Name`] for a pack whose name is not text; [`StapleError::File`] if anything
    /// else is in the place of a file.
    pub(crate) fn find(pack: &Path, envelope: &'a Path) -> Result<Self, StapleError> {
        files::require_place(envelope)?;
        let paths = ProofPaths::beside(&proof_path(pack)).map_err(StapleError::Name)?;
        let leftovers = envelope == signature_path(pack);
        for path in three(&paths) {
            let replaced = leftovers && path.symlink_metadata().is_ok_and(|meta| meta.is_file());
            if !replaced {
                files::require_place(path)?;
            }
        }
        Ok(Self { paths, leftovers, envelope })
    }

    fn clear(&self) {
        three(&self.paths).into_iter().for_each(|path| drop(fs::remove_file(path)));
    }
}

const fn three(paths: &ProofPaths) -> [&PathBuf; 3] {
    [&paths.proof, &paths.leaf, &paths.opening]
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
    targets: &Targets<'_>,
) -> Result<u64, StapleError> {
    let read = Envelope::read(envelope.as_bytes(), Reader::Own, MAX_ENVELOPE_BYTES);
    let entry = SignedEntry::of(inspection, &read.map_err(|_| StapleError::ReadBack)?);
    let run = node_run(&state.node());
    let appended = state.append(world, run, &Author::Operator, &[(EntryKind::PackSigned, json!(entry))]);
    let receipts = appended.map_err(StapleError::State)?;
    let seq = receipts.first().ok_or(StapleError::ReadBack)?.seq();
    let written = write_all(state, seq, envelope, targets);
    written.map_err(|error| StapleError::Unwritten { seq, error })?;
    Ok(seq)
}

fn write_all(state: &mut State, seq: u64, envelope: &str, targets: &Targets<'_>) -> Result<(), AuditError> {
    state.checkpoint().map_err(AuditError::State)?;
    if targets.leftovers {
        targets.clear();
    }
    prove(state, seq, &targets.paths)?;
    // The signature comes last: a proof without it makes nobody believe anything.
    let written = files::write(targets.envelope, envelope.as_bytes(), 0o644, Existing::Refuse);
    written.inspect_err(|_| targets.clear()).map_err(AuditError::File)
}
