//! Accepting a chain, once.

use std::path::Path;

use reach_audit_ledger::Author;
use reach_mesh_delegation::{AcceptContext, AcceptLimits, AcceptedChain, MAX_CHAIN_BYTES, accept};
use reach_policy::{Decision, Mode};
use reach_spec_version::FloorStore as _;
use reach_types::RegistrySnapshot;

use super::{
    DelegateError,
    answer::{Answered, Judged},
    meeting::{Meeting, Met},
};
use crate::{
    World,
    admission::{admit, require_signed},
    agreeing::AgreeError,
    files::{self, Existing},
    running::{Loaded, Sources},
    spec_exception::{Excepted, MAX_SPEC_EXCEPTION_BYTES, SpecExceptionError},
    state::State,
    state_error::StateError,
    tools::{BuiltinTools, ToolHost as _},
};

/// A chain that was handed over, and what goes with it.
#[derive(Debug, Clone, Copy)]
pub struct Received<'r> {
    /// The chain.
    pub chain: &'r Path,
    /// Where to write the receipt.
    pub receipt: Option<&'r Path>,
    /// An operator's exception for an issuer that offers less than it once did.
    pub exception: Option<&'r Path>,
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
    /// The signed receipt; `None` for an issuer that reads none.
    pub receipt: Option<String>,
}

/// Verifies and accepts a chain, once, judges it by this node's own policy, and records and receipts
/// the answer either way.
///
/// An exception is verified first of all: one that is not believed answers nothing and uses nothing up.
///
/// # Errors
/// [`DelegateError::Accept`] and every other variant but [`DelegateError::Issue`].
pub fn accept_from(
    world: &World,
    state: &mut State,
    sources: &Sources<'_>,
    received: &Received<'_>,
) -> Result<Accepted, DelegateError> {
    received.receipt.map_or(Ok(()), files::require_place)?;
    let bytes = files::read(received.chain, u64::try_from(MAX_CHAIN_BYTES).unwrap_or(u64::MAX))?;
    let loaded = Loaded::verify(world, state, sources).map_err(DelegateError::Load)?;
    loaded.remember(state).map_err(DelegateError::Load)?;
    let excepted = received.exception.map(|path| read_exception(path, &loaded)).transpose();
    let excepted = excepted.map_err(DelegateError::Exception)?;
    let meeting = Meeting::new(state, excepted.as_ref(), loaded.now);
    let judged = judge(world, state, &loaded, &bytes, &meeting);
    let met = meeting.into_met();
    let judged = judged.and_then(|judged| remember(state, met.as_ref(), judged));
    let answered = Answered::new(&bytes, met, judged);
    // The answer is recorded before anybody can hold a receipt of it.
    let (run, kind, payload) = answered.entry(state);
    state.append(world, run, &Author::Operator, &[(kind, payload)])?;
    state.checkpoint()?;
    let receipt = answered.receipt(world, state)?;
    if let (Some(path), Some(text)) = (received.receipt, &receipt) {
        files::write(path, text.as_bytes(), 0o644, Existing::Refuse)?;
    }
    let (chain, decision, admitted) = answered.judged?;
    Ok(Accepted { chain, decision, admitted, receipt })
}

fn read_exception(path: &Path, loaded: &Loaded) -> Result<Excepted, SpecExceptionError> {
    let file = files::read(path, u64::try_from(MAX_SPEC_EXCEPTION_BYTES).unwrap_or(u64::MAX))?;
    Excepted::verify(&file, &loaded.trust, loaded.now)
}

fn judge(
    world: &World,
    state: &State,
    loaded: &Loaded,
    bytes: &[u8],
    meeting: &Meeting<'_>,
) -> Result<Judged, DelegateError> {
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
        transcript: &|link| meeting.transcript(link),
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

/// Raises the issuer's floor to what it offered. The chain as a whole is accepted: nobody else could
/// have signed for that offer, whatever this node's own policy says of the pack.
fn remember(state: &mut State, met: Option<&Met>, judged: Judged) -> Result<Judged, DelegateError> {
    let (issuer, spoken) = (*judged.0.issuer(), met.and_then(Met::spoken));
    let raised = spoken.map_or(Ok(()), |spoken| state.raise(issuer.0.as_bytes(), spoken.peer));
    raised.map_err(|error| DelegateError::Agree(AgreeError::from(error)))?;
    Ok(judged)
}
