//! The gate: a policy ready to judge, and whom it judges for.

use std::collections::BTreeSet;

use reach_types::{Blake3Digest, Grants, PackFacts, RegistrySnapshot, Request, TenantId, Timestamp, ToolCall, ToolId};

use crate::{Decision, DriftReport, Judge, Mode, ModeError, Policy};

/// What a delegation leaves a run: the intersection of every link, the pack and the local policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// Tools it may call.
    pub tools: BTreeSet<ToolId>,
    /// Scopes it may use.
    pub scopes: Grants,
}

/// Whom a request is judged for. Plain facts: whoever verified them answers for them.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// What the pack declares.
    pub facts: &'a PackFacts,
    /// The pack's tools as this node knows them now.
    pub registry: &'a RegistrySnapshot,
    /// In what ways those differ from what the pack pinned, where that is known. It only explains:
    /// what has drifted is decided by the digests.
    pub drift: Option<&'a DriftReport>,
    /// The tenant the run belongs to.
    pub tenant: &'a TenantId,
    /// What the delegation leaves; `None` for a local run, and only for one.
    pub rights: Option<&'a Rights>,
}

crate::unseen::debug_only!(Subject<'_> {});

/// A policy ready to judge.
///
/// Judging is total: it has no I/O, no clock but the given one, and no rule that can fail to be
/// evaluated. What the policy, the pack or the registry does not say is a violation.
#[derive(Clone, Copy)]
pub struct Gate<'p> {
    policy: &'p Policy,
    bundle: Blake3Digest,
    mode: Mode,
}

crate::unseen::debug_only!(Gate<'_> { mode });

impl<'p> Gate<'p> {
    /// A gate for `policy`, which came in the bundle with the digest `bundle`.
    ///
    /// Who holds a signed bundle takes its own `gate`, which cannot name a wrong digest.
    ///
    /// # Errors
    /// [`ModeError::WarnNotInPolicy`] for mode warn under a policy that does not provide for it.
    pub fn new(policy: &'p Policy, bundle: Blake3Digest, mode: Mode) -> Result<Self, ModeError> {
        if mode == Mode::Warn && policy.warn_until().is_none() {
            return Err(ModeError::WarnNotInPolicy);
        }
        Ok(Self { policy, bundle, mode })
    }

    /// The mode this gate judges in.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// This gate for the calls of one run: whoever asks more than once asks it.
    #[must_use]
    pub fn judge(&self, subject: &Subject<'_>) -> Judge<'p> {
        Judge::new(self.policy, self.bundle, self.mode, subject)
    }

    /// Judges one request: each tool, scope and model must be declared by the pack, allowed by the
    /// policy (the organization's rules and the tenant's own) and left by the delegation; each tool
    /// must be defined here as the pack pinned it.
    ///
    /// It is only a question, and no permit follows from the answer: limits on arguments are not
    /// looked at, and [`Decision::unjudged`] counts them.
    #[must_use]
    pub fn evaluate(&self, subject: &Subject<'_>, request: &Request, now: Timestamp) -> Decision {
        self.judge(subject).evaluate(request, now)
    }

    /// Judges one call down to its argument bytes. Only from this decision follows a permit.
    #[must_use]
    pub fn evaluate_call(&self, subject: &Subject<'_>, call: &ToolCall, now: Timestamp) -> Decision {
        self.judge(subject).evaluate_call(call, now)
    }

    /// Judges a pack as a whole, before anything of it runs: everything it declares must be
    /// allowed by the policy and be defined here as it pinned it.
    ///
    /// A declared wildcard scope must lie within one grant. What a delegation leaves is not asked
    /// for here, since it may well be less than the pack declares: it is asked for at each call.
    /// Nor is a person, who approves calls and not packs. No permit follows from this decision.
    #[must_use]
    pub fn evaluate_pack(&self, subject: &Subject<'_>, now: Timestamp) -> Decision {
        self.judge(subject).evaluate_pack(now)
    }
}
