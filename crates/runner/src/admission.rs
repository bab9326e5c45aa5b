//! Admission: what has to be verified before a pack may do anything, composed by proof types.

use std::collections::BTreeSet;

use reach_mesh_delegation::AcceptedChain;
use reach_pack_integrity::{Provenance, VerifiedPack};
use reach_policy::{
    Binding, Decision, DriftReport, ExactCall, Explanation, Judge, Mode, ModeError, Outcome, Permit, PermitError,
    Prepared, Redeemed, Rights, Subject, VerifiedBundle, explain,
};
use reach_replay::{DurableFrame, ExpectedGuards, VerdictOutcome, engine_digest};
use reach_spec_version::{Agreement, Offer, OfferError, Party, own_offer};
use reach_types::{
    Blake3Digest, NodeId, RegistrySnapshot, Request, RunId, Scope, StrictError, TenantId, Timestamp, ToolCall, ToolId,
};

use crate::{
    agreeing::{AgreeError, Spoken, check_pack_use},
    tools::{ToolHost, digests},
};

/// The name and version of the graph executor: a guard of every run log.
pub const ENGINE: (&str, &str) = ("reach-graph", "1");

/// Why a pack was not admitted, apart from the gate's own answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// What the pack says it needs is no offer.
    #[error("the pack's spec needs: {0}")]
    Needs(OfferError),
    /// What the pack says it needs cannot be written as an offer.
    #[error(transparent)]
    Manifest(reach_pack_integrity::ManifestError),
    /// This node cannot give what the pack needs, or the pack does not keep to it.
    #[error(transparent)]
    Spec(AgreeError),
    /// The mode.
    #[error(transparent)]
    Mode(ModeError),
    /// An encoding of our own.
    #[error(transparent)]
    Encode(StrictError),
    /// An unsigned pack, though a policy exempts it here, is nothing that nodes hand on.
    #[error("the pack is unsigned: a policy's exception never covers a delegated run")]
    LegacyDelegated,
    /// The chain is about another pack.
    #[error("the delegation is about another pack")]
    OtherPack,
}

reach_types::codes!(AdmitError {
    LegacyDelegated => ("runner.legacy_delegated", Unsigned, "have the pack signed before it is delegated"),
    OtherPack => ("runner.chain_pack_mismatch", Refused, "accept the delegation with the pack it is about"),
} wrap { Needs, Manifest, Spec, Mode, Encode });

/// A pack that was judged as a whole: everything a run of it is bound to.
///
/// Only [`admit`] makes one, and it takes a [`VerifiedPack`] and a [`VerifiedBundle`]: without them
/// there is nothing to run.
#[derive(Debug)]
pub struct Admission<'a> {
    pack: &'a VerifiedPack,
    bundle: &'a VerifiedBundle,
    judge: Judge<'a>,
    registry: RegistrySnapshot,
    drift: DriftReport,
    rights: Option<Rights>,
    tenant: TenantId,
    spoken: Spoken,
    guards: ExpectedGuards,
    decision: Decision,
}

/// Where a run is to happen, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// This node.
    pub node: NodeId,
    /// The tenant the run belongs to.
    pub tenant: &'p TenantId,
}

/// Judges `pack` under `bundle` on this node: negotiates what it needs, compares its tools with
/// those of `host`, and asks the gate about everything it declares.
///
/// An unsigned pack is never admitted for a delegated run.
///
/// The decision may be a denial; it is recorded by whoever asked, and gives no permit.
///
/// # Errors
/// Every variant of [`AdmitError`].
pub fn admit<'a>(
    pack: &'a VerifiedPack,
    bundle: &'a VerifiedBundle,
    chain: Option<&AcceptedChain>,
    host: &dyn ToolHost,
    place: &Place<'_>,
    mode: Mode,
    now: Timestamp,
) -> Result<Admission<'a>, AdmitError> {
    if chain.is_some() {
        require_signed(pack)?;
    }
    let spoken = negotiate_needs(pack, &place.node)?;
    // Asked for once: a host may answer otherwise the next time.
    let (pins, current) = (&pack.facts().tools, host.definitions());
    let registry = RegistrySnapshot::of(pins.keys(), &digests(&current));
    let drift = DriftReport::of(pins, pack.manifest().definitions(), &current);
    let guards = ExpectedGuards {
        pack: *pack.digest(),
        bundle: *bundle.digest(),
        registry: registry.digest().map_err(AdmitError::Encode)?,
        transcript: spoken.transcript,
        engine: engine(),
        chain: chain.map(|chain| *chain.digest()),
    };
    let (rights, tenant) = (chain.map(rights_of), place.tenant.clone());
    let subject = Subject {
        facts: pack.facts(),
        registry: &registry,
        drift: Some(&drift),
        tenant: &tenant,
        rights: rights.as_ref(),
    };
    let judge = bundle.gate(mode).map_err(AdmitError::Mode)?.judge(&subject);
    let decision = judge.evaluate_pack(now);
    Ok(Admission { pack, bundle, judge, registry, drift, rights, tenant, spoken, guards, decision })
}

/// Refuses a pack that nobody signed, whatever a policy says: what other nodes hand on is signed.
///
/// # Errors
/// [`AdmitError::LegacyDelegated`].
pub fn require_signed(pack: &VerifiedPack) -> Result<(), AdmitError> {
    match pack.provenance() {
        Provenance::Signed { .. } => Ok(()),
        Provenance::LegacyUnsigned { .. } => Err(AdmitError::LegacyDelegated),
    }
}

fn rights_of(chain: &AcceptedChain) -> Rights {
    Rights { tools: chain.rights().tools.clone(), scopes: chain.rights().scopes.clone() }
}

/// The identity of this executor.
pub(crate) fn engine() -> Blake3Digest {
    engine_digest(ENGINE.0, ENGINE.1)
}

/// What this node and the pack agree on: the pack asks, the node answers.
fn negotiate_needs(pack: &VerifiedPack, node: &NodeId) -> Result<Spoken, AdmitError> {
    let needs = needs(pack)?;
    let ours = own_offer().map_err(|error| AdmitError::Spec(AgreeError::Offer(error)))?;
    let spoken = speak(pack, &needs, node, &ours).map_err(AdmitError::Spec)?;
    check_pack_use(&spoken, &needs, &used(pack)).map_err(AdmitError::Spec)?;
    Ok(spoken)
}

fn speak(pack: &VerifiedPack, needs: &Offer, node: &NodeId, ours: &Offer) -> Result<Spoken, AgreeError> {
    Spoken::between(Party { id: pack.digest().as_bytes(), offer: needs }, Party { id: node.0.as_bytes(), offer: ours })
}

/// The transcripts of `pack` with a node that makes each of `offers`, where it agrees with one: what
/// a log of an earlier release may be bound to.
///
/// # Errors
/// [`AdmitError::Needs`], [`AdmitError::Manifest`].
pub(crate) fn transcripts(
    pack: &VerifiedPack,
    node: &NodeId,
    offers: &[Offer],
) -> Result<Vec<Blake3Digest>, AdmitError> {
    let needs = needs(pack)?;
    let spoken = offers.iter().filter_map(|ours| speak(pack, &needs, node, ours).ok());
    Ok(spoken.map(|spoken| spoken.transcript).collect())
}

fn needs(pack: &VerifiedPack) -> Result<Offer, AdmitError> {
    let needs = pack.manifest().spec().to_offer_json().map_err(AdmitError::Manifest)?;
    Offer::from_json(needs.as_bytes()).map_err(AdmitError::Needs)
}

/// The features that a verified pack is seen to use, each in its revision: this release reads one of
/// each, so whatever was verified is in that.
fn used(pack: &VerifiedPack) -> Vec<(&'static str, u16)> {
    let mut used = vec![("pack.manifest", 1), ("pack.ustar", 1)];
    if matches!(pack.provenance(), Provenance::Signed { .. }) {
        used.push(("pack.statement", 1));
    }
    if !pack.manifest().definitions().is_empty() {
        used.push(("pack.definitions", 1));
    }
    used
}

/// Who makes a call, and which one of the run it is.
#[derive(Debug, Clone)]
pub struct CallSite {
    /// The run.
    pub run: RunId,
    /// The number of the call in the run, from 0; each is used once.
    pub index: u64,
    /// This node.
    pub node: NodeId,
    /// Whose run it is.
    pub tenant: TenantId,
    /// The tool host's identity.
    pub host: Blake3Digest,
}

impl Admission<'_> {
    /// The gate's answer to the pack as a whole.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Whether a run may begin.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.decision.outcome() != Outcome::Deny
    }

    /// The pack.
    #[must_use]
    pub const fn pack(&self) -> &VerifiedPack {
        self.pack
    }

    /// The bundle.
    #[must_use]
    pub const fn bundle(&self) -> &VerifiedBundle {
        self.bundle
    }

    /// What the pack and this node agreed on.
    #[must_use]
    pub const fn agreement(&self) -> &Agreement {
        &self.spoken.agreement
    }

    /// How many features the pack names that this node does not know, and need not.
    #[must_use]
    pub const fn dropped(&self) -> usize {
        self.spoken.dropped
    }

    /// The same, as entries hold it.
    pub(crate) const fn spoken(&self) -> &Spoken {
        &self.spoken
    }

    /// What a run log of this admission is bound to.
    #[must_use]
    pub const fn guards(&self) -> &ExpectedGuards {
        &self.guards
    }

    /// In what ways this node's tools differ from those that the pack pins. It explains a denial,
    /// and decides nothing.
    #[must_use]
    pub const fn drift(&self) -> &DriftReport {
        &self.drift
    }

    /// Judges one call.
    #[must_use]
    pub fn judge(&self, call: &ToolCall, now: Timestamp) -> Decision {
        self.judge.evaluate_call(call, now)
    }

    /// What can be said of calls of `tool` with `scopes` before their arguments are known.
    #[must_use]
    pub fn prepare(&self, tool: &ToolId, scopes: &BTreeSet<Scope>) -> Prepared<'_> {
        self.judge.prepare(tool, scopes)
    }

    /// Judges a prepared call with its exact arguments, as [`Admission::judge`] does.
    #[must_use]
    pub fn judge_prepared(&self, prepared: &Prepared<'_>, arguments: &[u8], now: Timestamp) -> Decision {
        self.judge.call(prepared, arguments, now)
    }

    /// Judges one call in another mode than this admission's: for judging a recorded one again.
    ///
    /// # Errors
    /// [`ModeError`] if the policy does not provide for the mode.
    pub fn judge_in(&self, mode: Mode, call: &ToolCall, now: Timestamp) -> Result<Decision, ModeError> {
        if mode == self.judge.mode() {
            return Ok(self.judge(call, now));
        }
        Ok(self.bundle.gate(mode)?.evaluate_call(&self.subject(), call, now))
    }

    /// Judges a request, which may be about several tools, scopes and models at once. It is only a
    /// question: no permit follows from the answer.
    #[must_use]
    pub fn judge_request(&self, request: &Request, now: Timestamp) -> Decision {
        self.judge.evaluate(request, now)
    }

    /// Says which entries have a say in `request`, and with `arguments` what limits find in them.
    /// It shows digests and raw values: for a person at this node, and on request only.
    #[must_use]
    pub fn explain(&self, request: &Request, arguments: Option<&[u8]>) -> Explanation {
        explain(self.bundle.policy(), &self.subject(), request, arguments)
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            facts: self.pack.facts(),
            registry: &self.registry,
            drift: Some(&self.drift),
            tenant: &self.tenant,
            rights: self.rights.as_ref(),
        }
    }

    /// What a permit for `call` at `site` is bound to; `None` if this node has no such tool.
    #[must_use]
    pub fn binding(&self, call: &ToolCall, site: &CallSite) -> Option<Binding> {
        Some(Binding {
            run: site.run,
            index: site.index,
            node: site.node,
            tenant: site.tenant.clone(),
            host: site.host,
            definition: *self.registry.definition(&call.tool)?,
            call: ExactCall::of(call),
            pack: self.guards.pack,
            bundle: self.guards.bundle,
            chain: self.guards.chain,
            mode: self.judge.mode(),
        })
    }

    /// The digest of the tool's definition as this node knows it.
    #[must_use]
    pub fn definition(&self, call: &ToolCall) -> Option<Blake3Digest> {
        self.registry.definition(&call.tool).copied()
    }
}

/// A call that a tool host may run: permitted for these exact bytes, and durably recorded.
///
/// Only [`AllowedCall::redeem`] makes one, out of a permit and a durable frame:
///
/// ```compile_fail
/// // p38_no_call_without_a_permit
/// use reach_runner::{AllowedCall, BuiltinTools, ToolHost};
/// let call: reach_types::ToolCall = todo!();
/// BuiltinTools::definitions_only().call(&call, &mut |_, _| {});
/// ```
#[derive(Debug)]
pub struct AllowedCall<'c> {
    call: &'c ToolCall,
    redeemed: Redeemed,
    frame: DurableFrame,
}

impl<'c> AllowedCall<'c> {
    /// Uses `permit` up for `call` as it is handed over, at `site`, after what it stands on was
    /// recorded in `frame`: the verdict, or for what was only warned about the warned frame, and for
    /// what a person approved that approval.
    ///
    /// # Errors
    /// What [`Permit::redeem`] refuses; [`PermitError::Denied`] if this node has no such tool, or
    /// `frame` is not that frame about this call in this run's log.
    pub fn redeem(
        permit: Permit,
        frame: DurableFrame,
        admission: &Admission<'_>,
        call: &'c ToolCall,
        site: &CallSite,
        now: Timestamp,
    ) -> Result<Self, PermitError> {
        let actual = admission.binding(call, site).ok_or(PermitError::Denied)?;
        if !is_recorded(&permit, &frame, site.index) || *frame.run() != site.run {
            return Err(PermitError::Denied);
        }
        Ok(Self { call, redeemed: permit.redeem(&actual, now)?, frame })
    }

    /// The call.
    #[must_use]
    pub const fn call(&self) -> &ToolCall {
        self.call
    }

    /// The permit it was redeemed from.
    pub const fn redeemed(&self) -> &Redeemed {
        &self.redeemed
    }

    /// The frame that what it stands on is recorded in.
    pub const fn frame(&self) -> &DurableFrame {
        &self.frame
    }
}

/// Whether `frame` is what `permit` stands on, about the call numbered `index`.
fn is_recorded(permit: &Permit, frame: &DurableFrame, index: u64) -> bool {
    match permit.approval() {
        _ if permit.warned() => frame.warned() == Some((index, permit.digest())),
        Some(request) => frame.approval() == Some((index, request)),
        None => frame.verdict() == Some((index, VerdictOutcome::Allowed)),
    }
}
