//! Signing a pack file.

use std::{path::Path, time::Duration};

use reach_pack_integrity::{Inspection, sign_pack};
use reach_signing::Role;

use super::{PackFileError, inspect, signature_path};
use crate::{
    World,
    auditing::ProofPaths,
    files::{self, Existing},
    keys::{self, Signers},
    stapling::{self, Targets, proof_path},
    state::State,
};

/// Signs the pack with each of `signers`, valid from now for `days`, and writes the envelope to `out`.
///
/// # Errors
/// [`PackFileError::File`], [`PackFileError::Key`], [`PackFileError::Contents`],
/// [`PackFileError::Sign`].
pub fn sign(
    world: &World,
    pack: &Path,
    signers: &Signers<'_>,
    days: u32,
    out: &Path,
) -> Result<Inspection, PackFileError> {
    // A proof that is there is of another signing: with it beside the new one, no verifier would
    // believe either.
    if out == signature_path(pack) {
        files::require_place(&proof_path(pack))?;
    }
    let (inspection, envelope) = make_envelope(world, pack, signers, days)?;
    files::write(out, envelope.as_bytes(), 0o644, Existing::Refuse)?;
    Ok(inspection)
}

/// A signing that stands in a ledger.
#[derive(Debug)]
pub struct StapledSigning {
    /// What was signed.
    pub inspection: Inspection,
    /// The entry's place in the ledger.
    pub seq: u64,
    /// The proof beside the pack.
    pub paths: ProofPaths,
}

/// As [`sign`], and records the signing in the ledger of `state`, whose proof is stapled to the
/// pack: the envelope and the proof's three files are written, or none of them.
///
/// # Errors
/// As [`sign`], and [`PackFileError::Staple`]. [`StapleError::Unwritten`] means that the ledger holds
/// the signing and no file was written: it can be done again.
///
/// [`StapleError::Unwritten`]: crate::StapleError::Unwritten
pub fn sign_stapled(
    world: &World,
    state: &mut State,
    pack: &Path,
    signers: &Signers<'_>,
    days: u32,
    out: &Path,
) -> Result<StapledSigning, PackFileError> {
    let targets = Targets::find(pack, out).map_err(PackFileError::Staple)?;
    let (inspection, envelope) = make_envelope(world, pack, signers, days)?;
    let stapled = stapling::staple(world, state, &inspection, &envelope, &targets);
    Ok(StapledSigning { seq: stapled.map_err(PackFileError::Staple)?, inspection, paths: targets.paths })
}

fn make_envelope(
    world: &World,
    pack: &Path,
    signers: &Signers<'_>,
    days: u32,
) -> Result<(Inspection, String), PackFileError> {
    let signers = keys::read_signers(world, Role::Pack, signers).map_err(PackFileError::Key)?;
    let inspection = inspect(pack)?;
    let signers: Vec<_> = signers.iter().map(|signer| &**signer).collect();
    let created = world.now();
    let expires = created.saturating_add(Duration::from_secs(u64::from(days) * 86_400));
    let envelope = sign_pack(&inspection.digests, &inspection.manifest, created, expires, &signers)
        .map_err(PackFileError::Sign)?;
    Ok((inspection, envelope))
}
