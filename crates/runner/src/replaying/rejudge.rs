//! Every recorded verdict given again, and what is recorded to let calls through compared with it.

use reach_policy::{AskedCall, Binding, Decision, Mode, Outcome};
use reach_replay::{Approved, Event, Frame, Header, PolicyMode, Verdict, VerdictOutcome, Warned};
use reach_types::{Blake3Digest, ToolCall};

use super::ReplayRunError;
use crate::{
    admission::{Admission, CallSite},
    execute::{verdict_codes, verdict_mode, verdict_outcome},
};

/// Follows a log, and judges each call as of the moment that was recorded with it.
pub(super) struct Rejudge<'a> {
    admission: &'a Admission<'a>,
    host: Blake3Digest,
    header: Option<Header>,
    latest: Option<Judged>,
    changed: Option<ReplayRunError>,
}

/// The latest call, judged again.
struct Judged {
    call: ToolCall,
    site: CallSite,
    decision: Decision,
}

impl<'a> Rejudge<'a> {
    pub(super) const fn new(admission: &'a Admission<'a>, host: Blake3Digest) -> Self {
        Self { admission, host, header: None, latest: None, changed: None }
    }

    /// Takes the next frame. Only the first thing that changed is kept.
    pub(super) fn follow(&mut self, sequence: u64, frame: &Frame) {
        if self.changed.is_some() {
            return;
        }
        self.changed = match frame {
            Frame::Header(header) => {
                self.header = Some(header.as_ref().clone());
                None
            }
            Frame::Event(Event::Verdict(verdict)) => {
                let changed = ReplayRunError::VerdictChanged { sequence, call: verdict.call };
                (!self.verdict(verdict)).then_some(changed)
            }
            Frame::Event(Event::Warned(warned)) => {
                let changed = ReplayRunError::PermissionChanged { sequence, call: warned.call };
                (!self.warned(warned)).then_some(changed)
            }
            Frame::Event(Event::Approval(approved)) => {
                let changed = ReplayRunError::PermissionChanged { sequence, call: approved.call };
                (!self.approved(approved)).then_some(changed)
            }
            Frame::Event(Event::Result(_)) | Frame::Checkpoint(_) | Frame::End(_) => None,
        };
    }

    /// # Errors
    /// [`ReplayRunError::VerdictChanged`], [`ReplayRunError::PermissionChanged`].
    pub(super) fn finish(self) -> Result<(), ReplayRunError> {
        self.changed.map_or(Ok(()), Err)
    }

    /// Whether the gate gives the recorded verdict.
    fn verdict(&mut self, verdict: &Verdict) -> bool {
        let Verdict { tool, scopes, arguments, .. } = verdict;
        let call = ToolCall { tool: tool.clone(), scopes: scopes.clone(), arguments: arguments.bytes().to_vec() };
        let mode = match verdict.mode {
            PolicyMode::Enforce => Mode::Enforce,
            PolicyMode::Warn => Mode::Warn,
        };
        // A mode that the bundle does not provide for cannot have given this verdict.
        let Ok(decision) = self.admission.judge_in(mode, &call, verdict.now) else { return false };
        let same = verdict_mode(decision.mode()) == verdict.mode
            && is_outcome(verdict.outcome, decision.outcome())
            && verdict_codes(&decision) == verdict.codes
            && self.admission.definition(&call).is_none_or(|definition| definition == verdict.definition);
        self.latest = self.site(verdict.call).map(|site| Judged { call, site, decision });
        same
    }

    /// Whether the latest verdict was only a warning, and its permit the recorded one.
    fn warned(&self, warned: &Warned) -> bool {
        let Some((judged, binding)) = self.judged(warned.call) else { return false };
        let permit = judged.decision.permit(binding, warned.until);
        permit.is_ok_and(|permit| permit.warned() && *permit.digest() == warned.permit)
    }

    /// Whether the latest verdict asked, still asked when it was answered, and the answer was to the
    /// question that follows from the recorded call.
    fn approved(&self, approved: &Approved) -> bool {
        let Some((judged, binding)) = self.judged(approved.call) else { return false };
        let Judged { call, decision, .. } = judged;
        let again = self.admission.judge_in(decision.mode(), call, approved.at);
        let stands = again.is_ok_and(|again| again.outcome() == Outcome::Ask);
        let (pack, policy) = (self.admission.pack().facts(), self.admission.bundle().policy());
        let (until, nonce) = (approved.asked_until, approved.nonce);
        let request = decision.ask(AskedCall { binding, call, pack, policy, until, nonce });
        stands && approved.at < approved.until && request.is_ok_and(|request| request.digest() == approved.request)
    }

    /// The latest call if it is this one, and what a permit for it was bound to.
    fn judged(&self, call: u64) -> Option<(&Judged, Binding)> {
        let judged = self.latest.as_ref().filter(|judged| judged.site.index == call)?;
        let binding = self.admission.binding(&judged.call, &judged.site)?;
        Some((judged, Binding { mode: judged.decision.mode(), ..binding }))
    }

    fn site(&self, index: u64) -> Option<CallSite> {
        let Header { run, origin, tenant, .. } = self.header.as_ref()?;
        Some(CallSite { run: *run, index, node: *origin, tenant: tenant.clone(), host: self.host })
    }
}

/// Whether a log writes `given` as `recorded`. Logs from before there were warned frames write a
/// warning as an outcome of its own.
fn is_outcome(recorded: VerdictOutcome, given: Outcome) -> bool {
    recorded == verdict_outcome(given) || (recorded == VerdictOutcome::Warned && given == Outcome::Warned)
}
