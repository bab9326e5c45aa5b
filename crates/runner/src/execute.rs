//! The graph executor: one call after another, each judged, recorded, and only then made.

mod permission;

use std::collections::BTreeMap;

use reach_pack_integrity::{Node, ResolveError, StepId};
use reach_policy::{Decision, Mode, Outcome, PermitError, Prepared};
use reach_replay::{
    Approved, CallResult, DurableFrame, EndReason, Event, LogSink, PolicyMode, RecordError, Recorder, ResultOutcome,
    Verdict, VerdictOutcome,
};
use reach_types::{Timestamp, ToolCall};
use serde_json::Value;

use crate::{
    World,
    admission::{Admission, CallSite},
    approving::{Approvals, NotApproved},
    standing::{Standing, StandingError},
    tools::{Progress, ToolError, ToolHost},
};

/// How a run's graph ended. Exhaustive: each ending is recorded and reported in its own way.
#[derive(Debug)]
pub enum Ending {
    /// Its last step has no open edge.
    Completed,
    /// The gate refused a call.
    Refused(Box<Decision>),
    /// What the run was admitted on does not stand any more.
    Withdrawn(Box<StandingError>),
    /// A person was to be asked about a call, and did not approve it.
    NotApproved(Box<NotApproved>),
    /// A permit was not redeemed.
    PermitRefused(PermitError),
    /// A step's arguments could not be made from earlier results.
    Unresolved(ResolveError),
    /// A tool failed.
    Failed(ToolError),
    /// The graph took more steps than it declares, or the log is full.
    Limit,
}

impl Ending {
    /// What the log's end frame says of it.
    #[must_use]
    pub const fn reason(&self) -> EndReason {
        match self {
            Self::Completed => EndReason::Completed,
            Self::Refused(_) | Self::Withdrawn(_) | Self::NotApproved(_) | Self::PermitRefused(_) => EndReason::Refused,
            Self::Unresolved(_) | Self::Failed(_) => EndReason::Failed,
            Self::Limit => EndReason::Limit,
        }
    }
}

/// What a run is carried out with.
pub struct Means<'a, S: LogSink> {
    /// What makes its calls.
    pub host: &'a mut dyn ToolHost,
    /// What records it.
    pub recorder: &'a mut Recorder<S>,
    /// What says whether it may go on.
    pub standing: &'a mut dyn Standing,
    /// Whom it asks about its calls.
    pub approvals: &'a mut dyn Approvals,
}

/// Why a step has no result.
enum Stop {
    Ended(Ending),
    Unrecorded(RecordError),
}

impl From<Ending> for Stop {
    fn from(ending: Ending) -> Self {
        Self::Ended(ending)
    }
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Self {
        Self::Unrecorded(error)
    }
}

/// One run being executed.
pub struct Execution<'a, S: LogSink> {
    world: &'a World,
    admission: &'a Admission<'a>,
    with: Means<'a, S>,
    site: CallSite,
    results: BTreeMap<StepId, Value>,
    prepared: BTreeMap<StepId, Prepared<'a>>,
    /// What people approved, as recorded.
    approved: Vec<Approved>,
    /// The earliest time a decision may be made as of: the clock never runs backwards in a run.
    floor: Timestamp,
}

impl<'a, S: LogSink> Execution<'a, S> {
    /// An execution of `admission`'s graph, starting at `site` and no earlier than `floor`.
    pub const fn new(
        world: &'a World,
        admission: &'a Admission<'a>,
        with: Means<'a, S>,
        site: CallSite,
        floor: Timestamp,
    ) -> Self {
        Self {
            world,
            admission,
            with,
            site,
            results: BTreeMap::new(),
            prepared: BTreeMap::new(),
            approved: Vec::new(),
            floor,
        }
    }

    /// How many calls have been judged.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.site.index
    }

    /// What people approved so far, as the log holds it.
    #[must_use]
    pub fn approved(&self) -> &[Approved] {
        &self.approved
    }

    /// Runs the graph from its start to its end; `progress` hears each step's name.
    ///
    /// # Errors
    /// [`RecordError`] if a frame did not become durable: nothing more was done after that.
    pub fn run(&mut self, progress: &mut dyn FnMut(&str, u64, Option<u64>)) -> Result<Ending, RecordError> {
        let graph = self.admission.pack().manifest().graph();
        let mut next = graph.node(graph.start());
        for _ in 0..graph.max_steps() {
            let Some(node) = next else { return Ok(Ending::Completed) };
            let result = match self.step(node, &mut |done, total| progress(node.id().as_str(), done, total)) {
                Ok(result) => result,
                Err(Stop::Ended(ending)) => return Ok(ending),
                Err(Stop::Unrecorded(RecordError::Limit { .. })) => return Ok(Ending::Limit),
                Err(Stop::Unrecorded(error)) => return Err(error),
            };
            next = node.after(&result).and_then(|id| graph.node(id));
            self.results.insert(node.id().clone(), result);
        }
        Ok(if next.is_none() { Ending::Completed } else { Ending::Limit })
    }

    fn now(&mut self) -> Timestamp {
        self.floor = self.floor.max(self.world.now());
        self.floor
    }

    /// One call: judged, its verdict durable, and a person's approval of it where one is asked for;
    /// all that the run rests on still standing, its permit redeemed, made, its result durable.
    fn step(&mut self, node: &Node, progress: Progress<'_>) -> Result<Value, Stop> {
        let call = self.call_of(node)?;
        let now = self.now();
        let decision = self.judge(node, &call, now);
        let verdict = self.record_verdict(node, &call, &decision)?;
        let leave = self.leave(node, &call, decision, verdict)?;
        let now = self.now();
        self.with.standing.check(now).map_err(|error| Ending::Withdrawn(Box::new(error)))?;
        let allowed = self.redeem(leave, &call)?;
        let result = self.with.host.call(&allowed, progress);
        self.record_result(&result)?;
        self.site.index = self.site.index.saturating_add(1);
        Ok(result.map_err(Ending::Failed)?)
    }

    /// A node's tool and scopes are the same each time: what can be said of them is said once. Were
    /// they not, the permit would be for another call than is made, and refused.
    fn judge(&mut self, node: &Node, call: &ToolCall, now: Timestamp) -> Decision {
        let admission = self.admission;
        let prepare = || admission.prepare(&call.tool, &call.scopes);
        let prepared = self.prepared.entry(node.id().clone()).or_insert_with(prepare);
        admission.judge_prepared(prepared, &call.arguments, now)
    }

    fn call_of(&self, node: &Node) -> Result<ToolCall, Ending> {
        let arguments = node.arguments().resolve(&|id| self.results.get(id)).map_err(Ending::Unresolved)?;
        // What a tool needs is judged too, whether or not the pack's author wrote it down.
        let scopes = node.scopes().iter().cloned().chain(self.with.host.scopes(node.tool())).collect();
        Ok(ToolCall { tool: node.tool().clone(), scopes, arguments: arguments.to_string().into_bytes() })
    }

    fn record_verdict(
        &mut self,
        node: &Node,
        call: &ToolCall,
        decision: &Decision,
    ) -> Result<DurableFrame, RecordError> {
        let verdict = Verdict {
            call: self.site.index,
            node: node.id().as_str().to_owned(),
            tool: call.tool.clone(),
            definition: self.admission.definition(call).unwrap_or(reach_types::Blake3Digest::from_bytes([0; 32])),
            scopes: call.scopes.clone(),
            arguments: call.arguments.clone().into(),
            mode: verdict_mode(decision.mode()),
            outcome: verdict_outcome(decision.outcome()),
            codes: verdict_codes(decision),
            now: decision.now(),
        };
        self.with.recorder.record(Event::Verdict(verdict))
    }

    fn record_result(&mut self, result: &Result<Value, ToolError>) -> Result<(), RecordError> {
        let (outcome, payload) = match result {
            Ok(value) => (ResultOutcome::Ok, value.to_string()),
            Err(error) => (ResultOutcome::Failed, reach_types::Code::code(error).to_owned()),
        };
        let result =
            CallResult { call: self.site.index, outcome, payload: payload.into_bytes().into(), at: self.now() };
        self.with.recorder.record(Event::Result(result)).map(drop)
    }
}

/// How a log writes the gate's mode.
pub(crate) const fn verdict_mode(mode: Mode) -> PolicyMode {
    match mode {
        Mode::Enforce => PolicyMode::Enforce,
        Mode::Warn => PolicyMode::Warn,
    }
}

/// How a log writes a decision's outcome: what the rules say of the call. That mode warn lets it
/// through all the same is a frame of its own.
pub(crate) const fn verdict_outcome(outcome: Outcome) -> VerdictOutcome {
    match outcome {
        Outcome::Allow => VerdictOutcome::Allowed,
        Outcome::Ask => VerdictOutcome::Asked,
        Outcome::Warned | Outcome::Deny => VerdictOutcome::Denied,
    }
}

/// How a log writes a decision's reasons, or its questions where it asks.
pub(crate) fn verdict_codes(decision: &Decision) -> Vec<String> {
    let reasons = match decision.outcome() {
        Outcome::Ask => decision.questions(),
        Outcome::Allow | Outcome::Warned | Outcome::Deny => decision.violations(),
    };
    let mut codes: Vec<String> = reasons.iter().map(|reason| reason.code().to_owned()).collect();
    codes.dedup();
    codes
}
