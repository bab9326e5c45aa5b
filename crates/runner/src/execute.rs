//! The graph executor: one call after another, each judged, recorded, and only then made.

use std::collections::BTreeMap;

use reach_pack_integrity::{Node, ResolveError, StepId};
use reach_policy::Mode;
use reach_policy::{Decision, Outcome, PermitError};
use reach_replay::{
    CallResult, DurableFrame, EndReason, Event, LogSink, PolicyMode, RecordError, Recorder, ResultOutcome, Verdict,
    VerdictOutcome,
};
use reach_types::{Timestamp, ToolCall};
use serde_json::Value;

use crate::{
    World,
    admission::{Admission, AllowedCall, CallSite},
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
            Self::Refused(_) | Self::Withdrawn(_) | Self::PermitRefused(_) => EndReason::Refused,
            Self::Unresolved(_) | Self::Failed(_) => EndReason::Failed,
            Self::Limit => EndReason::Limit,
        }
    }
}

/// One run being executed.
pub struct Execution<'a, S: LogSink> {
    world: &'a World,
    admission: &'a Admission<'a>,
    host: &'a mut dyn ToolHost,
    recorder: &'a mut Recorder<S>,
    standing: &'a mut dyn Standing,
    site: CallSite,
    results: BTreeMap<StepId, Value>,
    /// The earliest time a decision may be made as of: the clock never runs backwards in a run.
    floor: Timestamp,
}

impl<'a, S: LogSink> Execution<'a, S> {
    /// An execution of `admission`'s graph by `host`, recorded by `recorder`, for as long as
    /// `standing` says so.
    pub fn new(
        world: &'a World,
        admission: &'a Admission<'a>,
        host: &'a mut dyn ToolHost,
        recorder: &'a mut Recorder<S>,
        standing: &'a mut dyn Standing,
        site: CallSite,
        floor: Timestamp,
    ) -> Self {
        Self { world, admission, host, recorder, standing, site, results: BTreeMap::new(), floor }
    }

    /// How many calls have been judged.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.site.index
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
                Ok(Ok(result)) => result,
                Ok(Err(ending)) => return Ok(ending),
                Err(RecordError::Limit { .. }) => return Ok(Ending::Limit),
                Err(error) => return Err(error),
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

    /// One call: judged, its verdict durable, all that the run rests on still standing, its permit
    /// redeemed, made, its result durable.
    fn step(&mut self, node: &Node, progress: Progress<'_>) -> Result<Result<Value, Ending>, RecordError> {
        let results = &self.results;
        let arguments = match node.arguments().resolve(&|id| results.get(id)) {
            Ok(arguments) => arguments.to_string().into_bytes(),
            Err(error) => return Ok(Err(Ending::Unresolved(error))),
        };
        // What a tool needs is judged too, whether or not the pack's author wrote it down.
        let scopes = node.scopes().iter().cloned().chain(self.host.scopes(node.tool())).collect();
        let call = ToolCall { tool: node.tool().clone(), scopes, arguments };
        let now = self.now();
        let decision = self.admission.judge(&call, now);
        let frame = self.record_verdict(node, &call, &decision)?;
        if decision.outcome() == Outcome::Deny {
            return Ok(Err(Ending::Refused(Box::new(decision))));
        }
        let now = self.now();
        if let Err(error) = self.standing.check(now) {
            return Ok(Err(Ending::Withdrawn(Box::new(error))));
        }
        let allowed = match self.redeem(&decision, frame, &call) {
            Ok(allowed) => allowed,
            Err(error) => return Ok(Err(Ending::PermitRefused(error))),
        };
        let result = self.host.call(&allowed, progress);
        self.record_result(&result)?;
        self.site.index = self.site.index.saturating_add(1);
        Ok(result.map_err(Ending::Failed))
    }

    fn redeem<'c>(
        &mut self,
        decision: &Decision,
        frame: DurableFrame,
        call: &'c ToolCall,
    ) -> Result<AllowedCall<'c>, PermitError> {
        let binding = self.admission.binding(call, &self.site).ok_or(PermitError::Denied)?;
        let permit = decision.permit(binding, self.admission.pack().expires())?;
        let now = self.now();
        AllowedCall::redeem(permit, frame, self.admission, call, &self.site, now)
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
        self.recorder.record(Event::Verdict(verdict))
    }

    fn record_result(&mut self, result: &Result<Value, ToolError>) -> Result<(), RecordError> {
        let (outcome, payload) = match result {
            Ok(value) => (ResultOutcome::Ok, value.to_string()),
            Err(error) => (ResultOutcome::Failed, reach_types::Code::code(error).to_owned()),
        };
        let result =
            CallResult { call: self.site.index, outcome, payload: payload.into_bytes().into(), at: self.now() };
        self.recorder.record(Event::Result(result)).map(drop)
    }
}

/// How a log writes the gate's mode.
pub(crate) const fn verdict_mode(mode: Mode) -> PolicyMode {
    match mode {
        Mode::Enforce => PolicyMode::Enforce,
        Mode::Warn => PolicyMode::Warn,
    }
}

/// How a log writes a decision's outcome.
pub(crate) const fn verdict_outcome(outcome: Outcome) -> VerdictOutcome {
    match outcome {
        Outcome::Allow => VerdictOutcome::Allowed,
        Outcome::Warned => VerdictOutcome::Warned,
        Outcome::Deny => VerdictOutcome::Denied,
    }
}

/// How a log writes a decision's reasons.
pub(crate) fn verdict_codes(decision: &Decision) -> Vec<String> {
    let mut codes: Vec<String> = decision.violations().iter().map(|violation| violation.code().to_owned()).collect();
    codes.dedup();
    codes
}
