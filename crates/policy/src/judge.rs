//! A gate bound to one run: what can be said beforehand is said once.

mod names;
mod prepared;
mod rules;

use std::collections::BTreeSet;

use reach_types::{
    Blake3Digest, Grant, ModelId, ModelKey, PackFacts, RegistrySnapshot, Request, Scope, Timestamp, ToolCall, ToolId,
};

pub use prepared::Prepared;
pub(crate) use rules::Findings;

use crate::{
    Decision, DriftReport, ExactCall, Mode, Outcome, Policy, Rights, Subject,
    decision::{Basis, JudgedCall},
    index::{ByName, ScopeIndex, Seed},
    layer::Layer,
    violation::listed,
};

/// The gate for the calls of one run: policy, pack, registry, tenant and rights, merged once.
///
/// Its answers are those of [`crate::Gate`], which makes one for each question. What nothing speaks
/// against costs one look-up in a hash table and no allocation, however much the policy grants; what
/// something speaks against is judged rule by rule. Nothing is remembered from one question to the
/// next, and nothing is shared that is written.
#[derive(Clone)]
pub struct Judge<'p> {
    policy: &'p Policy,
    bundle: Blake3Digest,
    mode: Mode,
    organization: Layer<'p>,
    /// The tenant's own rules; nothing if the policy does not list it.
    own: Option<Layer<'p>>,
    /// Whether the policy refuses this tenant everything.
    unlisted: bool,
    /// Whether mode warn covers nothing for this tenant.
    enforced: bool,
    tenant: Blake3Digest,
    pack: Pack,
    rights: Option<Delegated>,
    clear: Clear,
}

crate::unseen::debug_only!(Judge<'_> { mode, unlisted, enforced });

/// What the pack declares, and what the node knows of it.
#[derive(Debug, Clone)]
struct Pack {
    facts: PackFacts,
    registry: RegistrySnapshot,
    drift: DriftReport,
    scopes: ScopeIndex,
    tools_named: Box<str>,
    scopes_named: Box<str>,
}

/// What the delegation leaves.
#[derive(Debug, Clone)]
struct Delegated {
    tools: BTreeSet<ToolId>,
    scopes: ScopeIndex,
    tools_named: Box<str>,
    scopes_named: Box<str>,
}

/// What no rule speaks against and nobody has to be asked about: found by asking every rule.
#[derive(Debug, Clone)]
struct Clear {
    /// The tools, each with how many limits there are on its arguments.
    tools: ByName<ToolId, u64>,
    scopes: ScopeIndex,
    models: ByName<ModelKey, ModelId>,
    /// What does not depend on the moment.
    frame: bool,
}

impl<'p> Judge<'p> {
    pub(crate) fn new(policy: &'p Policy, bundle: Blake3Digest, mode: Mode, subject: &Subject<'_>) -> Self {
        let (organization, own) = policy.layers(subject.tenant);
        let seed = Seed::of(&subject.facts.digest);
        let mut judge = Self {
            policy,
            bundle,
            mode,
            organization,
            own,
            unlisted: own.is_none() && policy.listed_tenants_only(),
            enforced: policy.tenants().get(subject.tenant).is_some_and(|rules| rules.enforce),
            tenant: tenant_digest(subject.tenant),
            pack: Pack::of(subject, seed),
            rights: subject.rights.map(|rights| Delegated::of(rights, seed)),
            clear: Clear::nothing(seed),
        };
        judge.clear = judge.find_clear(seed);
        judge
    }

    /// The mode it judges in.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The definition that this node has of `tool`, if it has one and the pack declares the tool.
    #[must_use]
    pub fn definition(&self, tool: &ToolId) -> Option<&Blake3Digest> {
        self.pack.registry.definition(tool)
    }

    /// Judges one request, as [`crate::Gate::evaluate`] does.
    #[must_use]
    pub fn evaluate(&self, request: &Request, now: Timestamp) -> Decision {
        let mut findings = Findings::default();
        self.frame(now, &mut findings);
        for tool in &request.tools {
            let limits = self.tool(tool, &mut findings);
            findings.unjudged = findings.unjudged.saturating_add(limits);
        }
        request.scopes.iter().for_each(|scope| self.scope(scope, &mut findings));
        for (key, model) in &request.models {
            if self.clear.models.get(key) != Some(model) {
                self.judge_model(key, model, &mut findings);
            }
        }
        self.decision(findings, now, None)
    }

    /// Judges one call, as [`crate::Gate::evaluate_call`] does.
    #[must_use]
    pub fn evaluate_call(&self, call: &ToolCall, now: Timestamp) -> Decision {
        let findings = self.judge_call(&call.tool, &call.scopes, &call.arguments, now);
        let definition = self.definition(&call.tool).copied();
        let judged = definition.map(|definition| JudgedCall { call: ExactCall::of(call), definition });
        self.decision(findings, now, judged)
    }

    /// Judges the pack as a whole, as [`crate::Gate::evaluate_pack`] does.
    #[must_use]
    pub fn evaluate_pack(&self, now: Timestamp) -> Decision {
        let (mut findings, facts) = (Findings::default(), &self.pack.facts);
        self.frame(now, &mut findings);
        for tool in facts.tools.keys() {
            self.judge_tool_itself(tool, &mut findings);
        }
        facts.scopes.iter().for_each(|grant| self.judge_declared_scope(grant, &mut findings));
        facts.models.iter().for_each(|(key, model)| self.judge_allowed_model(key, model, &mut findings));
        self.decision(findings, now, None)
    }

    /// Everything that speaks against one call.
    fn judge_call(&self, tool: &ToolId, scopes: &BTreeSet<Scope>, arguments: &[u8], now: Timestamp) -> Findings {
        let mut findings = Findings::default();
        self.frame(now, &mut findings);
        let limits = self.tool(tool, &mut findings);
        scopes.iter().for_each(|scope| self.scope(scope, &mut findings));
        if limits > 0 {
            self.judge_arguments(tool, arguments, &mut findings);
        }
        findings
    }

    fn frame(&self, now: Timestamp, findings: &mut Findings) {
        if !self.clear.frame || self.policy.check_validity(now).is_err() {
            self.judge_frame(now, findings);
        }
    }

    /// How many limits there are on the tool's arguments.
    fn tool(&self, tool: &ToolId, findings: &mut Findings) -> u64 {
        if let Some(limits) = self.clear.tools.get(tool) {
            return *limits;
        }
        self.judge_tool(tool, findings);
        self.limits_of(tool).count() as u64
    }

    fn scope(&self, scope: &Scope, findings: &mut Findings) {
        if !self.clear.scopes.covers(scope) {
            self.judge_scope(scope, findings);
        }
    }

    fn layers(&self) -> impl Iterator<Item = Layer<'p>> {
        [Some(self.organization), self.own].into_iter().flatten()
    }

    fn find_clear(&self, seed: Seed) -> Clear {
        let finds_nothing = |judge: &dyn Fn(&mut Findings)| {
            let mut findings = Findings::default();
            judge(&mut findings);
            findings.is_empty()
        };
        let mut clear = Clear::nothing(seed);
        for tool in self.pack.facts.tools.keys() {
            if finds_nothing(&|findings| self.judge_tool(tool, findings)) {
                clear.tools.insert(tool.clone(), self.limits_of(tool).count() as u64);
            }
        }
        for (key, model) in &self.pack.facts.models {
            if finds_nothing(&|findings| self.judge_model(key, model, findings)) {
                clear.models.insert(key.clone(), model.clone());
            }
        }
        let scopes = self.pack.facts.scopes.iter().filter(|grant| self.clears_all(grant));
        clear.scopes = ScopeIndex::of(scopes, seed);
        clear.frame = finds_nothing(&|findings| self.judge_facts(findings));
        clear
    }

    /// Whether every scope that a declared grant covers is granted, handed on, and asked about by
    /// nobody.
    fn clears_all(&self, grant: &Grant) -> bool {
        self.layers().all(|layer| layer.grants_all(grant) && !layer.asks_within(grant))
            && self.rights.as_ref().is_none_or(|rights| rights.scopes.contains(grant))
    }

    fn outcome(&self, findings: &Findings, now: Timestamp) -> Outcome {
        if findings.violations.is_empty() {
            return if findings.questions.is_empty() { Outcome::Allow } else { Outcome::Ask };
        }
        let warns = self.mode == Mode::Warn && self.policy.warn_until().is_some_and(|until| now < until);
        let coverable = self.rights.is_none() && !self.enforced && !findings.violations.hard();
        if warns && coverable && findings.questions.is_empty() { Outcome::Warned } else { Outcome::Deny }
    }

    fn decision(&self, findings: Findings, now: Timestamp, call: Option<JudgedCall>) -> Decision {
        let outcome = self.outcome(&findings, now);
        let until = match outcome {
            Outcome::Warned => self.policy.warn_until().unwrap_or(now),
            Outcome::Allow | Outcome::Ask | Outcome::Deny => self.policy.expires(),
        };
        let basis = Basis {
            bundle: self.bundle,
            pack: self.pack.facts.digest,
            tenant: self.tenant,
            delegated: self.rights.is_some(),
            until,
            call,
        };
        let unjudged = findings.unjudged;
        let (violations, more) = findings.violations.into_parts();
        let (questions, further) = findings.questions.into_parts();
        let omitted = more.saturating_add(further);
        Decision { outcome, mode: self.mode, now, violations, questions, omitted, unjudged, basis }
    }
}

/// What stands for a tenant in a decision. It never leaves it.
pub(crate) fn tenant_digest(tenant: &reach_types::TenantId) -> Blake3Digest {
    Blake3Digest::of(tenant.as_str().as_bytes())
}

impl Pack {
    fn of(subject: &Subject<'_>, seed: Seed) -> Self {
        Self {
            facts: subject.facts.clone(),
            registry: subject.registry.clone(),
            drift: subject.drift.cloned().unwrap_or_default(),
            scopes: ScopeIndex::of(&subject.facts.scopes, seed),
            tools_named: listed(subject.facts.tools.keys()),
            scopes_named: listed(&subject.facts.scopes),
        }
    }
}

impl Delegated {
    fn of(rights: &Rights, seed: Seed) -> Self {
        Self {
            tools: rights.tools.clone(),
            scopes: ScopeIndex::of(&rights.scopes, seed),
            tools_named: listed(&rights.tools),
            scopes_named: listed(&rights.scopes),
        }
    }
}

impl Clear {
    fn nothing(seed: Seed) -> Self {
        Self {
            tools: ByName::with_hasher(seed),
            scopes: ScopeIndex::of(&[], seed),
            models: ByName::with_hasher(seed),
            frame: false,
        }
    }
}
