//! Recovery from a lost trust root: the one way to pin another.

use std::path::Path;

use reach_audit_ledger::{Author, EntryKind};
use reach_signing::{Role, VerifiedTrust};
use reach_types::Blake3Digest;
use serde_json::{Value, json};

use crate::{
    World,
    files::{self, Existing},
    state::{Access, State, StateConfig, node_run},
    state_error::StateError,
    trusting::load_trust,
};

/// What a reset changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustReset {
    /// The root that was pinned before.
    pub from: Blake3Digest,
    /// The root that is pinned now.
    pub to: Blake3Digest,
    /// The version of the new document.
    pub version: u64,
    /// The keys of this node that the new document does not list, by role.
    pub unlisted: Vec<Role>,
}

/// Pins the root of the trust document at `trust`, which must be `root` if that is given, in place
/// of the one that the state directory `dir` pins, and forgets the versions seen under that.
///
/// # Errors
/// [`StateError::TrustRootUnchanged`] if the document descends from the pinned root, for then
/// nothing is lost and a floor would be; [`StateError::Trust`]; what opening and writing report.
pub fn reset_trust(
    world: &World,
    dir: &Path,
    trust: &Path,
    root: Option<&Blake3Digest>,
) -> Result<TrustReset, StateError> {
    let mut state = State::open(dir, Access::Write)?;
    let now = state.now(world)?;
    let trust = load_trust(trust, root, now).map_err(StateError::Trust)?;
    let from = state.config().trust_root;
    if *trust.root() == from {
        return Err(StateError::TrustRootUnchanged);
    }
    let recorded = record(&state, &trust)?;
    let version = trust.document().version;
    // What a crash leaves behind refuses every trust document until the command is given again:
    // 1. With the floor of the new document, none under the old root is accepted any more.
    // 2. The entry comes after it, because an entry names the memory's last write, and before the
    //    pin, so that no root is ever in force which the ledger, its checkpoint and the anchor do
    //    not show.
    // 3. The pin is replaced in one step and is the last: as long as it is the old one, this
    //    command starts over.
    let remembered = state.memory.raise_high_water(now);
    remembered.and_then(|()| state.memory.reset_trust_floor(version, *trust.digest())).map_err(StateError::Memory)?;
    let run = node_run(&state.node());
    state.append(world, run, &Author::Operator, &[(EntryKind::TrustReset, recorded)])?;
    state.checkpoint()?;
    pin(&state, *trust.root())?;
    Ok(TrustReset { from, to: *trust.root(), version, unlisted: unlisted(&state, &trust)? })
}

/// The payload of the entry: both roots, and the newest document under each.
fn record(state: &State, trust: &VerifiedTrust) -> Result<Value, StateError> {
    let new = (trust.document().version, *trust.digest());
    // A reset that was cut off has set the floor already; what stood there before is not known then.
    let seen = state.memory.trust_floor().map_err(StateError::Memory)?.filter(|seen| *seen != new);
    let (version, digest) = seen.unzip();
    Ok(json!({
        "from": { "trust_root": state.config().trust_root, "version": version, "digest": digest },
        "to": { "trust_root": trust.root(), "version": new.0, "digest": new.1 },
    }))
}

fn pin(state: &State, root: Blake3Digest) -> Result<(), StateError> {
    let config = StateConfig { trust_root: root, ..state.config().clone() };
    let text = serde_json::to_vec_pretty(&config).map_err(|_| StateError::Schema)?;
    let path = state.dir().join("state.json");
    files::write(&path, &text, 0o600, Existing::Replace).map_err(StateError::File)
}

fn unlisted(state: &State, trust: &VerifiedTrust) -> Result<Vec<Role>, StateError> {
    let mut unlisted = Vec::new();
    for role in [Role::Run, Role::Log, Role::Node] {
        let listed = trust.key(&state.public_key(role)?.key_id()).is_some_and(|(_, key)| key.role == role);
        if !listed {
            unlisted.push(role);
        }
    }
    Ok(unlisted)
}
