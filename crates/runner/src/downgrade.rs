//! Going back to an older version of a pack: signed by operators, recorded, and only then possible.

mod error;
mod statement;

pub use error::DowngradeError;
pub use statement::{
    DOWNGRADE_PAYLOAD_TYPE, Downgrade, MAX_DOWNGRADE_BYTES, MAX_DOWNGRADE_PAYLOAD_BYTES, MAX_DOWNGRADE_VALIDITY,
};

use std::{path::Path, time::Duration};

use reach_audit_ledger::{Author, EntryKind};
use reach_pack_integrity::{Expected, SeenVersions, Verification, VerifiedPack, VerifyError};
use reach_signing::{Role, VerifiedTrust};
use reach_types::{Blake3Digest, Timestamp};
use serde_json::json;

use crate::{
    World,
    keys::{Signers, read_signers},
    memory::{Lowered, MemoryError, Seen},
    packs::{self, PackFileError, PackFiles},
    state::{State, node_run},
    state_error::StateError,
};

/// The pack to go back to.
#[derive(Debug, Clone, Copy)]
pub struct OlderPack<'p> {
    /// The pack.
    pub pack: &'p Path,
    /// Its signature, if it is not beside it.
    pub signature: Option<&'p Path>,
    /// The trust document.
    pub trust: &'p Path,
}

/// A downgrade that this node has recorded.
#[derive(Debug, Clone)]
pub struct Downgraded {
    /// What was allowed.
    pub statement: Downgrade,
    /// The operators who signed it.
    pub signers: Vec<String>,
}

/// The older pack, verified in all but its version, and what it is older than.
struct Step {
    trust: VerifiedTrust,
    pack: VerifiedPack,
    from: Seen,
    now: Timestamp,
}

impl Step {
    fn find(world: &World, state: &State, older: &OlderPack<'_>) -> Result<Self, DowngradeError> {
        let now = state.now(world)?;
        let trust = state.load_trust(older.trust, now)?;
        let expected = Expected::default();
        let asked = Verification { trust: &trust, expected: &expected, now, seen: None, evidence: None };
        let pack = packs::verify(&PackFiles::of(older.pack, older.signature, older.trust), &asked);
        let pack = pack.map_err(DowngradeError::Pack)?;
        let refused = |error| DowngradeError::Pack(PackFileError::Verify(error));
        let (name, version) = (&pack.facts().name, pack.facts().version);
        let unavailable = |error| refused(VerifyError::Seen(error));
        let known = state.memory.archive_of(name, version).map_err(unavailable)?;
        if known.is_some_and(|digest| digest != *pack.digest()) {
            return Err(refused(VerifyError::Equivocation { version }));
        }
        match state.memory.highest(name).map_err(unavailable)? {
            Some(from) if version < from.0 => Ok(Self { trust, pack, from, now }),
            _ => Err(DowngradeError::NotNeeded { version }),
        }
    }
}

/// Signs a statement that lets the node of `state` go back to `older`, for `validity` from now.
/// Nothing changes by it: see [`allow_downgrade`].
///
/// # Errors
/// [`DowngradeError`] for the pack, the step, the keys, the reason and the validity.
pub fn sign_downgrade(
    world: &World,
    state: &State,
    older: &OlderPack<'_>,
    operators: &Signers<'_>,
    reason: &str,
    validity: Duration,
) -> Result<String, DowngradeError> {
    let Step { pack, from, now, .. } = Step::find(world, state, older)?;
    let facts = pack.facts();
    let statement = Downgrade {
        node: state.node(),
        name: facts.name.clone(),
        version: facts.version,
        digest: facts.digest,
        from_version: from.0,
        from_digest: from.1,
        reason: reason.to_owned(),
        created: now,
        expires: now.saturating_add(validity),
    };
    let signers = read_signers(world, Role::Operator, operators).map_err(DowngradeError::Key)?;
    statement.sign(&signers.iter().map(|signer| &**signer).collect::<Vec<_>>())
}

/// Lets this node go back to `older`, on the word of the operators who signed `statement`.
///
/// The ledger holds the statement, durably and under the anchor, before the floor is lowered: a
/// crash in between leaves the floor where it was, and the same statement can be used again. Once
/// the floor is lowered it is used up. Newer versions of the pack still run, and raise it again.
///
/// # Errors
/// Every variant of [`DowngradeError`] but those of signing.
pub fn allow_downgrade(
    world: &World,
    state: &mut State,
    older: &OlderPack<'_>,
    statement: &[u8],
) -> Result<Downgraded, DowngradeError> {
    let step = Step::find(world, state, older)?;
    let (allowed, signers) = Downgrade::verify(statement, &step.trust, step.now)?;
    let digest = Blake3Digest::derive("reach 2026 downgrade v1", &[statement]);
    compare(&allowed, state, &step)?;
    let memory = |error: MemoryError| StateError::Memory(error);
    state.memory.check_room_to_leave(&allowed.name, step.from.0).map_err(memory)?;
    let document = step.trust.document();
    state.memory.raise_high_water(step.now).map_err(memory)?;
    state.memory.raise_trust_floor(document.version, *step.trust.digest()).map_err(memory)?;
    record(world, state, &allowed, &signers, statement)?;
    let (name, to) = (&allowed.name, (allowed.version, allowed.digest));
    let lowered = Lowered { name, to, from: step.from, created: allowed.created, statement: digest };
    state.memory.lower_pack_floor(&lowered).map_err(memory)?;
    Ok(Downgraded { statement: allowed, signers })
}

/// Holds what operators signed against this node, this pack, and this step.
fn compare(allowed: &Downgrade, state: &State, step: &Step) -> Result<(), DowngradeError> {
    let facts = step.pack.facts();
    if allowed.node != state.node() {
        return Err(DowngradeError::OtherNode);
    }
    if (&allowed.name, allowed.version, allowed.digest) != (&facts.name, facts.version, facts.digest) {
        return Err(DowngradeError::OtherPack);
    }
    if (allowed.from_version, allowed.from_digest) != step.from {
        return Err(DowngradeError::OtherStep { highest: step.from.0 });
    }
    let last = state.memory.last_downgrade(&facts.name).map_err(StateError::Memory)?;
    match last {
        Some((created, _)) if allowed.created <= created => Err(DowngradeError::Used),
        _ => Ok(()),
    }
}

fn record(
    world: &World,
    state: &mut State,
    allowed: &Downgrade,
    signers: &[String],
    statement: &[u8],
) -> Result<(), StateError> {
    let Downgrade { name, version, digest, from_version, from_digest, reason, created, expires, .. } = allowed;
    let payload = json!({
        "pack": { "name": name, "version": version, "blake3": digest },
        "from": { "version": from_version, "blake3": from_digest },
        "reason": reason,
        "created": created,
        "expires": expires,
        "signers": signers,
        "statement": String::from_utf8_lossy(statement),
    });
    let run = node_run(&state.node());
    state.append(world, run, &Author::Operator, &[(EntryKind::PackDowngradeAllowed, payload)])?;
    state.checkpoint()?;
    Ok(())
}
