//! From a verdict to a call that may be made: what lets it through is durable before it is made.

use reach_pack_integrity::Node;
use reach_policy::{ApprovalRequest, AskedCall, Decision, Outcome, PermitError, VerifiedApproval};
use reach_replay::{Approved, DurableFrame, Event, LogSink, Warned};
use reach_types::{Timestamp, ToolCall};

use super::{Ending, Execution, Stop};
use crate::{
    admission::AllowedCall,
    approving::{NotApproved, unanswered},
    state_error::StateError,
};

/// What a permit for a call can be made of.
pub(super) struct Leave {
    decision: Decision,
    approval: Option<VerifiedApproval>,
    frame: DurableFrame,
}

impl<S: LogSink> Execution<'_, S> {
    /// What `decision`, recorded in `frame`, leaves of the call; a person is asked if it says so.
    pub(super) fn leave(
        &mut self,
        node: &Node,
        call: &ToolCall,
        decision: Decision,
        frame: DurableFrame,
    ) -> Result<Leave, Stop> {
        match decision.outcome() {
            Outcome::Deny => Err(Ending::Refused(Box::new(decision)).into()),
            Outcome::Allow | Outcome::Warned => Ok(Leave { decision, approval: None, frame }),
            Outcome::Ask => self.ask(node, call, &decision),
        }
    }

    /// Asks a person, records the approval, and judges the call again: time has passed, and what
    /// holds now decides.
    fn ask(&mut self, node: &Node, call: &ToolCall, decision: &Decision) -> Result<Leave, Stop> {
        let request = self.request(call, decision).map_err(not_approved)?;
        let approval = self.with.approvals.ask(&request).map_err(not_approved)?;
        let now = self.now();
        let frame = self.record_approval(&request, &approval, now)?;
        let again = self.admission.judge(call, now);
        if again.outcome() != Outcome::Ask || again.questions() != decision.questions() {
            let _ = self.record_verdict(node, call, &again)?;
            return Err(Ending::Refused(Box::new(again)).into());
        }
        Ok(Leave { decision: again, approval: Some(approval), frame })
    }

    fn request(&self, call: &ToolCall, decision: &Decision) -> Result<ApprovalRequest, NotApproved> {
        let refused = NotApproved::Question;
        let until = self.with.approvals.until(decision.now()).ok_or_else(unanswered)?;
        let binding = self.admission.binding(call, &self.site).ok_or(refused(PermitError::Denied))?;
        let nonce = self.world.draw().map_err(|error| NotApproved::Trust(StateError::World(error)))?;
        let (pack, policy) = (self.admission.pack().facts(), self.admission.bundle().policy());
        decision.ask(AskedCall { binding, call, pack, policy, until, nonce }).map_err(refused)
    }

    fn record_approval(
        &mut self,
        request: &ApprovalRequest,
        approval: &VerifiedApproval,
        at: Timestamp,
    ) -> Result<DurableFrame, Stop> {
        let approved = Approved {
            call: self.site.index,
            request: *approval.request(),
            nonce: *request.nonce(),
            asked_until: request.until(),
            approvers: approval.approvers().to_vec(),
            keys: approval.keys().to_vec(),
            statement: *approval.statement(),
            issued: approval.issued(),
            until: approval.expires(),
            at,
        };
        let frame = self.with.recorder.record(Event::Approval(Box::new(approved.clone())))?;
        self.approved.push(approved);
        Ok(frame)
    }

    /// Makes a permit of `leave` and uses it up; that mode warn lets it through is durable before.
    pub(super) fn redeem<'c>(&mut self, leave: Leave, call: &'c ToolCall) -> Result<AllowedCall<'c>, Stop> {
        let Leave { decision, approval, mut frame } = leave;
        let binding = self.admission.binding(call, &self.site).ok_or(refused(PermitError::Denied))?;
        let expires = self.admission.pack().expires();
        let permit = match approval {
            Some(approval) => decision.permit_approved(binding, approval, expires),
            None => decision.permit(binding, expires),
        };
        let permit = permit.map_err(refused)?;
        if permit.warned() {
            let (permit, until) = (*permit.digest(), permit.expires());
            let warned = Warned { call: self.site.index, permit, until, at: self.now() };
            frame = self.with.recorder.record(Event::Warned(warned))?;
        }
        let now = self.now();
        Ok(AllowedCall::redeem(permit, frame, self.admission, call, &self.site, now).map_err(refused)?)
    }
}

fn refused(error: PermitError) -> Ending {
    Ending::PermitRefused(error)
}

fn not_approved(error: NotApproved) -> Ending {
    Ending::NotApproved(Box::new(error))
}
