//! The gate: everything that speaks against a request, from plain facts.

use std::collections::BTreeSet;

use reach_types::{
    Blake3Digest, Grant, Grants, ModelId, ModelKey, PackFacts, RegistrySnapshot, Request, Scope, Timestamp, ToolId,
};

use crate::{
    Decision, Mode, ModeError, Outcome, Policy, Rule,
    binding::request_digest,
    decision::{Basis, JudgedCall},
    violation::{Named, Reasons},
};

/// What a delegation leaves a run: the intersection of every link, the pack and the local policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// Tools it may call.
    pub tools: BTreeSet<ToolId>,
    /// Scopes it may use.
    pub scopes: Grants,
}

/// Whom a request is judged for. Plain facts: whoever verified them answers for them.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the pack declares.
    pub facts: &'a PackFacts,
    /// The pack's tools as this node knows them now.
    pub registry: &'a RegistrySnapshot,
    /// What the delegation leaves; `None` for a local run, and only for one.
    pub rights: Option<&'a Rights>,
}

/// A policy ready to judge.
///
/// Judging is total: it has no I/O, no clock but the given one, and no rule that can fail to be
/// evaluated. What the policy, the pack or the registry does not say is a violation.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'p> {
    policy: &'p Policy,
    bundle: Blake3Digest,
    mode: Mode,
}

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

    /// Judges one request: each tool, scope and model must be declared by the pack, allowed by the
    /// policy and left by the delegation; each tool must be defined here as the pack pinned it.
    #[must_use]
    pub fn evaluate(&self, subject: &Subject<'_>, request: &Request, now: Timestamp) -> Decision {
        let mut reasons = Reasons::default();
        self.judge_frame(subject.facts, now, &mut reasons);
        request.tools.iter().for_each(|tool| self.judge_tool(subject, tool, &mut reasons));
        request.scopes.iter().for_each(|scope| self.judge_scope(subject, scope, &mut reasons));
        for (key, model) in &request.models {
            let declared = subject.facts.models.get(key) == Some(model);
            reasons.require(declared, Rule::ModelUndeclared, Named::Model(key, model));
            self.judge_model(key, model, &mut reasons);
        }
        let outcome = self.outcome(&reasons, subject, now);
        let call = if outcome == Outcome::Deny { None } else { judged_call(subject, request) };
        self.decision(outcome, reasons, subject, now, call)
    }

    /// Judges a pack as a whole, before anything of it runs: everything it declares must be
    /// allowed by the policy and be defined here as it pinned it.
    ///
    /// A declared wildcard scope must lie within one grant. What a delegation leaves is not asked
    /// for here, since it may well be less than the pack declares: it is asked for at each call.
    /// No permit follows from this decision.
    #[must_use]
    pub fn evaluate_pack(&self, subject: &Subject<'_>, now: Timestamp) -> Decision {
        let mut reasons = Reasons::default();
        self.judge_frame(subject.facts, now, &mut reasons);
        let undelegated = Subject { rights: None, ..*subject };
        subject.facts.tools.keys().for_each(|tool| self.judge_tool(&undelegated, tool, &mut reasons));
        subject.facts.scopes.iter().for_each(|grant| self.judge_declared_scope(grant, &mut reasons));
        subject.facts.models.iter().for_each(|(key, model)| self.judge_model(key, model, &mut reasons));
        let outcome = self.outcome(&reasons, subject, now);
        self.decision(outcome, reasons, subject, now, None)
    }

    /// What holds whatever is asked for.
    fn judge_frame(&self, facts: &PackFacts, now: Timestamp, reasons: &mut Reasons) {
        if let Err(error) = self.policy.check_validity(now) {
            reasons.add(Rule::Validity(error), Named::Whole(self.policy.typed_name()));
        }
        let met = facts.deterministic || !self.policy.require_deterministic();
        reasons.require(met, Rule::DeterminismRequired, Named::Whole(&facts.name));
    }

    fn judge_tool(&self, subject: &Subject<'_>, tool: &ToolId, reasons: &mut Reasons) {
        let named = Named::Tool(tool);
        match subject.facts.tools.get(tool) {
            None => reasons.add(Rule::ToolUndeclared, named),
            Some(pinned) => {
                let same = subject.registry.definition(tool) == Some(pinned);
                reasons.require(same, Rule::ToolDefinitionDrift, named);
            }
        }
        reasons.require(self.policy.tools().contains(tool), Rule::ToolNotAllowed, named);
        let delegated = subject.rights.is_none_or(|rights| rights.tools.contains(tool));
        reasons.require(delegated, Rule::ToolNotDelegated, named);
    }

    fn judge_scope(&self, subject: &Subject<'_>, scope: &Scope, reasons: &mut Reasons) {
        let named = Named::Scope(scope);
        reasons.require(subject.facts.scopes.covers(scope), Rule::ScopeUndeclared, named);
        reasons.require(self.policy.scopes().covers(scope), Rule::ScopeNotGranted, named);
        let delegated = subject.rights.is_none_or(|rights| rights.scopes.covers(scope));
        reasons.require(delegated, Rule::ScopeNotDelegated, named);
    }

    fn judge_declared_scope(&self, grant: &Grant, reasons: &mut Reasons) {
        reasons.require(self.policy.scopes().contains(grant), Rule::ScopeNotGranted, Named::Grant(grant));
    }

    /// A key that the policy does not have allows no model.
    fn judge_model(&self, key: &ModelKey, model: &ModelId, reasons: &mut Reasons) {
        let allowed = self.policy.models().get(key).is_some_and(|models| models.contains(model));
        reasons.require(allowed, Rule::ModelNotAllowed, Named::Model(key, model));
    }

    fn outcome(&self, reasons: &Reasons, subject: &Subject<'_>, now: Timestamp) -> Outcome {
        if reasons.is_empty() {
            return Outcome::Allow;
        }
        let warns = self.mode == Mode::Warn && self.policy.warn_until().is_some_and(|until| now < until);
        let coverable = subject.rights.is_none() && !reasons.hard();
        if warns && coverable { Outcome::Warned } else { Outcome::Deny }
    }

    fn decision(
        &self,
        outcome: Outcome,
        reasons: Reasons,
        subject: &Subject<'_>,
        now: Timestamp,
        call: Option<JudgedCall>,
    ) -> Decision {
        let expires = self.policy.expires();
        let until = match outcome {
            Outcome::Warned => self.policy.warn_until().unwrap_or(now),
            Outcome::Allow | Outcome::Deny => expires,
        };
        let (pack, delegated) = (subject.facts.digest, subject.rights.is_some());
        let (violations, omitted) = reasons.into_parts();
        let basis = Basis { bundle: self.bundle, pack, delegated, until, call };
        Decision { outcome, mode: self.mode, now, violations, omitted, basis }
    }
}

/// What a permit will be bound to, if `request` is what one call of one tool asks for.
fn judged_call(subject: &Subject<'_>, request: &Request) -> Option<JudgedCall> {
    let mut tools = request.tools.iter();
    let (Some(tool), None, true) = (tools.next(), tools.next(), request.models.is_empty()) else {
        return None;
    };
    let definition = *subject.registry.definition(tool)?;
    Some(JudgedCall { request: request_digest(tool, &request.scopes), definition })
}
