//! Delegation: issued by one node, accepted once by another, receipted either way.

use std::{collections::BTreeSet, path::Path, time::Duration};

use reach_audit_ledger::{Author, EntryKind};
use reach_mesh_delegation::{
    AcceptContext, AcceptError, AcceptLimits, AcceptedChain, Answer, IssueError, MAX_CHAIN_BYTES, MAX_RECEIPT_CODES,
    ReceiptError, Terms, accept, chain_digest, inspect, issue, sign_receipt,
};
use reach_policy::{Decision, Mode, ModeError};
use reach_signing::{KeyEntry, KeyStanding, Role, VerifiedTrust};
use reach_spec_version::{Offer, OfferError, Party, negotiate, own_offer, transcript_hash};
use reach_types::{
    Blake3Digest, Code, Grant, Grants, NodeId, RegistrySnapshot, RunId, ScopeError, StrictError, Timestamp,
};
use serde_json::{Value, json};

use crate::{
    World,
    admission::{AdmitError, admit, require_signed},
    files::{self, Existing, FileError},
    running::{Loaded, RunError, Sources, recorded},
    state::{State, node_run},
    state_error::StateError,
    tools::{BuiltinTools, ToolHost},
};

/// Why a delegation was not issued or not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DelegateError {
    /// Verifying what it is about.
    #[error(transparent)]
    Load(RunError),
    /// The other node is not in the trust document.
    #[error("the trust document lists no active node `{name}`, or more than one")]
    NodeUnknown {
        /// What was asked for.
        name: String,
    },
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
    /// Our own offer.
    #[error(transparent)]
    Offer(OfferError),
    /// No agreement with the other node.
    #[error("the offers of the two nodes do not agree")]
    NoAgreement,
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
    NodeUnknown => ("mesh.node_unknown", Untrusted, "name a signer of the trust document that has one key of role node, or the key's id"),
    NotHeld => ("mesh.scope_not_held", Refused, "hand on less, or have the scope declared and granted"),
    Nothing => ("mesh.nothing_to_delegate", Refused, "have the policy grant what the pack declares"),
    ToItself => ("mesh.delegation_to_itself", Refused, "name another node, or run the pack here"),
    NoAgreement => ("mesh.no_agreement", Refused, "update the older of the two nodes"),
} wrap { Load, Scope, Offer, Encode, Issue, Accept, Mode, Admit, Receipt });

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
    let audience = find_node(&loaded.trust, handing.to, loaded.now)?;
    if audience == state.node() {
        return Err(DelegateError::ToItself);
    }
    let terms = terms(world, state, &loaded, audience, handing)?;
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
    });
    state.append(world, run, &Author::Operator, &[(EntryKind::DelegationIssued, entry)])?;
    state.checkpoint()?;
    files::write(out, chain.as_bytes(), 0o644, Existing::Refuse)?;
    Ok(Issued { chain, run, audience, expires: terms.expires, scopes: terms.scopes })
}

fn terms(
    world: &World,
    state: &State,
    loaded: &Loaded,
    audience: NodeId,
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
    let offer = own_offer().map_err(DelegateError::Offer)?.encode().map_err(DelegateError::Encode)?;
    let transcript = transcript(&state.node(), &audience, &offer).ok_or(DelegateError::NoAgreement)?;
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

/// The transcript of `issuer`'s offer and this release's own, with the issuer as initiator.
fn transcript(issuer: &NodeId, audience: &NodeId, offer: &[u8]) -> Option<Blake3Digest> {
    let theirs = Offer::decode(offer).ok()?;
    let ours = own_offer().ok()?;
    let agreement = negotiate(&ours, &theirs).ok()?;
    let initiator = Party { id: issuer.0.as_bytes(), offer: &theirs };
    let responder = Party { id: audience.0.as_bytes(), offer: &ours };
    transcript_hash(initiator, responder, &agreement).ok()
}

/// The node called `name` in the trust document, or whose key has the id `name`.
fn find_node(trust: &VerifiedTrust, name: &str, now: Timestamp) -> Result<NodeId, DelegateError> {
    let standing = |key: &KeyEntry| trust.document().standing(key, now);
    let active = |key: &KeyEntry| key.role == Role::Node && standing(key) == KeyStanding::Active;
    let nodes = trust.document().keys().filter(|(_, key)| active(key));
    let named = nodes.filter(|(signer, key)| signer.name == name || key.public.key_id().to_string() == name);
    let mut ids = named.map(|(_, key)| NodeId(key.public.key_id().0));
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id),
        _ => Err(DelegateError::NodeUnknown { name: name.to_owned() }),
    }
}

/// What became of a chain that was handed over.
#[derive(Debug)]
pub struct Accepted {
    /// The chain and the rights it leaves.
    pub chain: AcceptedChain,
    /// This node's own gate on the pack.
    pub decision: Decision,
    /// Whether the gate admits it too.
    pub admitted: bool,
    /// The signed receipt.
    pub receipt: String,
}

/// Verifies and accepts the chain at `path`, once, judges it by this node's own policy, and records
/// and receipts the answer either way.
///
/// # Errors
/// [`DelegateError::Accept`] and every other variant but [`DelegateError::Issue`].
pub fn accept_from(
    world: &World,
    state: &mut State,
    sources: &Sources<'_>,
    path: &Path,
    receipt: Option<&Path>,
) -> Result<Accepted, DelegateError> {
    if let Some(receipt) = receipt {
        files::require_place(receipt)?;
    }
    let limit = u64::try_from(MAX_CHAIN_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read(path, limit)?;
    let loaded = Loaded::verify(world, state, sources).map_err(DelegateError::Load)?;
    loaded.remember(state).map_err(DelegateError::Load)?;
    let answered = judge(world, state, &loaded, &bytes);
    // The answer is recorded before anybody can hold a receipt of it.
    let (run, kind, payload) = entry(state, &bytes, &answered);
    state.append(world, run, &Author::Operator, &[(kind, payload)])?;
    state.checkpoint()?;
    let text = receipt_text(world, state, &bytes, &answered)?;
    if let Some(receipt) = receipt {
        files::write(receipt, text.as_bytes(), 0o644, Existing::Refuse)?;
    }
    let (chain, decision, admitted) = answered?;
    Ok(Accepted { chain, decision, admitted, receipt: text })
}

type Judged = (AcceptedChain, Decision, bool);

fn judge(world: &World, state: &State, loaded: &Loaded, bytes: &[u8]) -> Result<Judged, DelegateError> {
    require_signed(&loaded.pack).map_err(DelegateError::Admit)?;
    let host = BuiltinTools::definitions_only();
    let registry = RegistrySnapshot::of(loaded.pack.facts().tools.keys(), &host.registry());
    let context = AcceptContext {
        trust: &loaded.trust,
        us: state.node(),
        peer: None,
        // The raw clock: a clock that was set back is refused, not papered over.
        now: world.now(),
        high_water: state.memory.high_water().map_err(StateError::Memory)?,
        pack: loaded.pack.facts(),
        registry: Some(registry.digest().map_err(DelegateError::Encode)?),
        same_policy: None,
        transcript: &transcript,
        limits: AcceptLimits::default(),
    };
    let mode = Mode::parse(world.environment.policy_mode.as_deref()).map_err(DelegateError::Mode)?;
    // Whatever could still fail is tried before the nonce is used up.
    admit(&loaded.pack, &loaded.bundle, None, &host, &state.place(), mode, loaded.now).map_err(DelegateError::Admit)?;
    let chain = accept(bytes, &context, &state.memory).map_err(DelegateError::Accept)?;
    let admission = admit(&loaded.pack, &loaded.bundle, Some(&chain), &host, &state.place(), mode, loaded.now);
    let admission = admission.map_err(DelegateError::Admit)?;
    let (decision, admitted) = (admission.decision().clone(), admission.allowed());
    drop(admission);
    Ok((chain, decision, admitted))
}

/// The run that a chain claims to be for, if it can be read.
fn claimed_run(bytes: &[u8]) -> Option<RunId> {
    inspect(bytes).ok()?.first().map(|link| link.run)
}

/// The ledger entry for one answer. What a chain that was not accepted says of itself is only
/// quoted: it chooses no place in the ledger.
fn entry(state: &State, bytes: &[u8], answered: &Result<Judged, DelegateError>) -> (RunId, EntryKind, Value) {
    let digest = chain_digest(bytes);
    match answered {
        Ok((chain, decision, true)) => {
            let terms = json!({ "chain": digest, "issuer": chain.issuer(), "depth": chain.depth(), "expires": chain.expires(), "decision": recorded(decision) });
            (*chain.run(), EntryKind::DelegationAccepted, terms)
        }
        Ok((chain, decision, false)) => (
            *chain.run(),
            EntryKind::DelegationRefused,
            json!({ "chain": digest, "issuer": chain.issuer(), "decision": recorded(decision) }),
        ),
        Err(error) => {
            let quoted = json!({ "chain": digest, "claimed_run": claimed_run(bytes), "codes": [error.code()] });
            (node_run(&state.node()), EntryKind::DelegationRefused, quoted)
        }
    }
}

/// The signed receipt for one answer; reasons that are this node's own business are not in it.
fn receipt_text(
    world: &World,
    state: &State,
    bytes: &[u8],
    answered: &Result<Judged, DelegateError>,
) -> Result<String, DelegateError> {
    let key = state.signing_key(Role::Node)?;
    let (chain, run) = (chain_digest(bytes), claimed_run(bytes));
    let sign = |answer: &Answer<'_>| sign_receipt(answer, world.now(), &key).map_err(DelegateError::Receipt);
    match answered {
        Ok((accepted, _, true)) => sign(&Answer::Accepted(accepted)),
        Ok((_, decision, false)) => {
            let rules: Vec<_> =
                decision.violations().iter().take(MAX_RECEIPT_CODES).map(|violation| violation.rule()).collect();
            let reasons: Vec<&dyn Code> = rules.iter().map(|rule| rule as &dyn Code).collect();
            sign(&Answer::Rejected { chain, run, reasons: &reasons })
        }
        Err(error) => sign(&Answer::Rejected { chain, run, reasons: &[error] }),
    }
}
