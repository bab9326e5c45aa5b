//! Delegation: issued by one node, accepted once by another, receipted either way.

mod accepting;
mod answer;
mod meeting;

pub use accepting::{Accepted, Received, accept_from};

use std::{collections::BTreeSet, path::Path, time::Duration};

use reach_audit_ledger::{Author, EntryKind};
use reach_mesh_delegation::{AcceptError, IssueError, LINK_VERSION, ReceiptError, Terms, chain_digest, issue};
use reach_policy::ModeError;
use reach_signing::Role;
use reach_spec_version::{Offer, Party, own_offer};
use reach_types::{Blake3Digest, Grant, Grants, NodeId, RegistrySnapshot, RunId, ScopeError, StrictError, Timestamp};
use serde_json::json;

use crate::{
    World,
    admission::{AdmitError, require_signed},
    agreeing::{AgreeError, Spoken},
    files::{self, Existing, FileError},
    nodes::{NodeError, find_node},
    running::{Loaded, RunError, Sources},
    spec_exception::SpecExceptionError,
    state::State,
    state_error::StateError,
    tools::{BuiltinTools, ToolHost as _},
};

/// The feature that links are.
const LINK_FEATURE: &str = "mesh.link";

/// Why a delegation was not issued or not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DelegateError {
    /// Verifying what it is about.
    #[error(transparent)]
    Load(RunError),
    /// The other node.
    #[error(transparent)]
    Node(NodeError),
    /// A scope to hand on.
    #[error("--scope: {0}")]
    Scope(ScopeError),
    /// A scope that this node does not hold itself.
    #[error("this node does not hold `{grant}`: the pack does not declare it, or the policy does not grant it")]
    NotHeld {
        /// Which.
        grant: Grant,
    },
    /// Nothing to hand on.
    #[error("there is no scope that the pack declares and the policy grants: nothing to hand on")]
    Nothing,
    /// This node itself.
    #[error("a node does not delegate to itself")]
    ToItself,
    /// What the two nodes speak.
    #[error(transparent)]
    Agree(AgreeError),
    /// An operator's exception for the other node.
    #[error(transparent)]
    Exception(SpecExceptionError),
    /// An encoding of our own.
    #[error(transparent)]
    Encode(StrictError),
    /// Issuing.
    #[error(transparent)]
    Issue(IssueError),
    /// The chain.
    #[error(transparent)]
    Accept(AcceptError),
    /// The mode.
    #[error(transparent)]
    Mode(ModeError),
    /// Admission.
    #[error(transparent)]
    Admit(AdmitError),
    /// The receipt.
    #[error(transparent)]
    Receipt(ReceiptError),
}

reach_types::codes!(DelegateError {
    NotHeld => ("mesh.scope_not_held", Refused, "hand on less, or have the scope declared and granted"),
    Nothing => ("mesh.nothing_to_delegate", Refused, "have the policy grant what the pack declares"),
    ToItself => ("mesh.delegation_to_itself", Refused, "name another node, or run the pack here"),
} wrap { Load, Node, Scope, Agree, Exception, Encode, Issue, Accept, Mode, Admit, Receipt });

impl From<StateError> for DelegateError {
    fn from(error: StateError) -> Self {
        Self::Load(RunError::State(error))
    }
}

impl From<FileError> for DelegateError {
    fn from(error: FileError) -> Self {
        Self::Load(RunError::File(error))
    }
}

/// What is handed on, and to whom.
#[derive(Debug, Clone)]
pub struct Handing<'h> {
    /// The other node: its signer name, or its key id.
    pub to: &'h str,
    /// The scopes; empty for all that the pack declares and the policy grants.
    pub scopes: &'h [String],
    /// For how long.
    pub ttl: Duration,
}

/// What was issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The chain, as its file holds it.
    pub chain: String,
    /// The run it is for.
    pub run: RunId,
    /// The other node.
    pub audience: NodeId,
    /// Until when it is valid.
    pub expires: Timestamp,
    /// The scopes it hands on.
    pub scopes: Grants,
}

/// Signs a one-link chain, records it, and writes it to `out`.
///
/// # Errors
/// Every variant of [`DelegateError`] but those of acceptance.
pub fn issue_to(
    world: &World,
    state: &mut State,
    sources: &Sources<'_>,
    handing: &Handing<'_>,
    out: &Path,
) -> Result<Issued, DelegateError> {
    files::require_place(out)?;
    let loaded = Loaded::verify(world, state, sources).map_err(DelegateError::Load)?;
    require_signed(&loaded.pack).map_err(DelegateError::Admit)?;
    loaded.remember(state).map_err(DelegateError::Load)?;
    let audience = find_node(&loaded.trust, handing.to, loaded.now).map_err(DelegateError::Node)?;
    if audience == state.node() {
        return Err(DelegateError::ToItself);
    }
    let ours = own_offer().map_err(|error| DelegateError::Agree(AgreeError::Offer(error)))?;
    let spoken = speak(&state.node(), &audience, &ours).map_err(DelegateError::Agree)?;
    let offer = ours.encode().map_err(DelegateError::Encode)?;
    let terms = terms(world, &loaded, audience, (offer, spoken.transcript), handing)?;
    let nonce = world.draw().map_err(StateError::World)?;
    let key = state.signing_key(Role::Node)?;
    let chain = issue(&terms, &nonce, &key).map_err(DelegateError::Issue)?;
    let run = RunId::derive(&state.node(), &nonce);
    let entry = json!({
        "audience": audience,
        "chain": chain_digest(chain.as_bytes()),
        "pack": terms.pack,
        "scopes": terms.scopes,
        "expires": terms.expires,
        "transcript": spoken.transcript,
        "spec": spoken.recorded(),
    });
    state.append(world, run, &Author::Operator, &[(EntryKind::DelegationIssued, entry)])?;
    state.checkpoint()?;
    files::write(out, chain.as_bytes(), 0o644, Existing::Refuse)?;
    Ok(Issued { chain, run, audience, expires: terms.expires, scopes: terms.scopes })
}

/// What this node and the audience speak, which is taken to offer what this release does: if it does
/// not, it comes to another transcript and refuses.
fn speak(issuer: &NodeId, audience: &NodeId, offer: &Offer) -> Result<Spoken, AgreeError> {
    let spoken = Spoken::between(Party { id: issuer.0.as_bytes(), offer }, Party { id: audience.0.as_bytes(), offer })?;
    spoken.check_use(LINK_FEATURE, LINK_VERSION)?;
    Ok(spoken)
}

fn terms(
    world: &World,
    loaded: &Loaded,
    audience: NodeId,
    (offer, transcript): (Vec<u8>, Blake3Digest),
    handing: &Handing<'_>,
) -> Result<Terms, DelegateError> {
    let facts = loaded.pack.facts();
    let granted = facts.scopes.intersect(loaded.bundle.policy().scopes());
    let asked = handing
        .scopes
        .iter()
        .map(|text| Grant::parse(text))
        .collect::<Result<Grants, _>>()
        .map_err(DelegateError::Scope)?;
    let scopes = if asked.is_empty() { granted.clone() } else { asked };
    if let Some(grant) = scopes.iter().find(|grant| !granted.contains(grant)) {
        return Err(DelegateError::NotHeld { grant: grant.clone() });
    }
    if scopes.is_empty() {
        return Err(DelegateError::Nothing);
    }
    let tools: BTreeSet<_> =
        facts.tools.keys().filter(|tool| loaded.bundle.policy().tools().contains(*tool)).cloned().collect();
    let registry = RegistrySnapshot::of(facts.tools.keys(), &BuiltinTools::definitions_only().registry());
    let nonce = world.draw().map_err(StateError::World)?;
    Ok(Terms {
        audience,
        pack: facts.digest,
        registry: registry.digest().map_err(DelegateError::Encode)?,
        policy: *loaded.bundle.digest(),
        offer,
        transcript,
        tools,
        scopes,
        deterministic: facts.deterministic,
        issued: loaded.now,
        not_before: loaded.now,
        expires: loaded.now.saturating_add(handing.ttl).min(loaded.pack.expires()).min(loaded.bundle.expires()),
        nonce,
        attempts: 1,
    })
}
