//! Whether a call whose result a log holds was let through by the log itself.

use crate::{Event, PolicyMode, ReplayError, Verdict, VerdictOutcome};

/// Whether each result so far was let through.
#[derive(Debug, Default)]
pub(crate) struct Permission {
    /// What the latest verdict leaves to come. One is enough: a run makes one call after another, and
    /// each has its verdict, then what lets it through if the verdict alone does not, then its result.
    latest: Option<(u64, Leave)>,
    /// The latest call that was judged.
    judged: u64,
    /// The latest call that was made.
    made: Option<u64>,
    /// The first frame that should not be there.
    fault: Option<ReplayError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// The call may be made.
    Given,
    /// It may be made once it is said that it was only warned about.
    Warning,
    /// It may be made once a person's approval is there.
    Approval,
    /// It may not be made.
    Never,
}

impl Permission {
    /// Follows one event.
    pub(crate) fn follow(&mut self, sequence: u64, event: &Event) {
        let followed = match event {
            Event::Verdict(verdict) => self.judge(sequence, verdict),
            Event::Warned(warned) => self.give(sequence, warned.call, Leave::Warning),
            Event::Approval(approved) => self.give(sequence, approved.call, Leave::Approval),
            // One verdict lets one call be made once.
            Event::Result(result) => match self.latest.take() {
                Some((call, Leave::Given)) if call == result.call => {
                    self.made = Some(call);
                    Ok(())
                }
                _ => Err(ReplayError::ResultNotPermitted { sequence, call: result.call }),
            },
        };
        self.fault = self.fault.take().or(followed.err());
    }

    /// Calls are judged in their order: one may be judged again until it is made, and none before the
    /// latest. The frame that is out of order leaves nothing to come.
    fn judge(&mut self, sequence: u64, verdict: &Verdict) -> Result<(), ReplayError> {
        let call = verdict.call;
        if call < self.judged || Some(call) <= self.made {
            self.latest = None;
            return Err(ReplayError::PermissionMisplaced { sequence, call });
        }
        self.judged = call;
        self.latest = Some((call, left_by(verdict.outcome, verdict.mode)));
        Ok(())
    }

    fn give(&mut self, sequence: u64, call: u64, wanted: Leave) -> Result<(), ReplayError> {
        if self.latest != Some((call, wanted)) {
            return Err(ReplayError::PermissionMisplaced { sequence, call });
        }
        self.latest = Some((call, Leave::Given));
        Ok(())
    }

    /// Refuses a log in which something happened that nothing before it lets through.
    pub(crate) fn check(&self) -> Result<(), ReplayError> {
        self.fault.clone().map_or(Ok(()), Err)
    }
}

const fn left_by(outcome: VerdictOutcome, mode: PolicyMode) -> Leave {
    match (outcome, mode) {
        (VerdictOutcome::Allowed | VerdictOutcome::Warned, _) => Leave::Given,
        (VerdictOutcome::Denied, PolicyMode::Warn) => Leave::Warning,
        (VerdictOutcome::Denied, PolicyMode::Enforce) => Leave::Never,
        (VerdictOutcome::Asked, _) => Leave::Approval,
    }
}
