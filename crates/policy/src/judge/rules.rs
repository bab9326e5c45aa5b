//! Every rule, each asked by itself.

use reach_types::{Grant, ModelId, ModelKey, Scope, Timestamp, ToolId};

use super::Judge;
use crate::{
    Actual, DriftClass, Kind, Limit, Rule,
    arguments::{look, read},
    violation::{Named, Reasons, Set, Violation},
};

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Reasons,
    pub(crate) questions: Reasons,
    pub(crate) unjudged: u64,
}

impl Findings {
    pub(crate) fn is_empty(&self) -> bool {
        self.violations.is_empty() && self.questions.is_empty()
    }

    fn add(&mut self, rule: Rule, subject: Named<'_>, expected: impl Into<String>, actual: Actual) {
        self.add_by(rule, rule.id(), subject, expected, actual);
    }

    fn add_by(
        &mut self,
        rule: Rule,
        id: &'static str,
        subject: Named<'_>,
        expected: impl Into<String>,
        actual: Actual,
    ) {
        self.violations.add(Violation::new(rule, Set::By(id), subject, expected.into(), actual));
    }

    fn add_limit(&mut self, rule: Rule, limit: &Limit, actual: Actual) {
        let (id, place) = (Set::Limit(limit.id.clone()), Named::Place(&limit.tool, &limit.at));
        self.violations.add(Violation::new(rule, id, place, limit.check.expected(), actual));
    }

    fn ask(&mut self, id: &'static str, subject: Named<'_>) {
        let rule = Rule::ApprovalRequired;
        self.questions.add(Violation::new(rule, Set::By(id), subject, "the approval of a person", Actual::Absent));
    }
}

impl Judge<'_> {
    /// What holds whatever is asked for.
    pub(super) fn judge_frame(&self, now: Timestamp, findings: &mut Findings) {
        if let Err(error) = self.policy.check_validity(now) {
            let expected = format!("from {} until before {}", self.policy.not_before(), self.policy.expires());
            let name = Named::Whole(self.policy.typed_name());
            findings.add(Rule::Validity(error), name, expected, Actual::Time(now));
        }
        self.judge_facts(findings);
    }

    /// What of it does not depend on the moment.
    pub(super) fn judge_facts(&self, findings: &mut Findings) {
        if self.unlisted {
            // The subject is the policy: a tenant's name is not shown.
            let name = Named::Whole(self.policy.typed_name());
            findings.add(Rule::TenantUnlisted, name, "a tenant that the policy lists", Actual::Absent);
        }
        let facts = &self.pack.facts;
        if !facts.deterministic
            && let Some(layer) = self.layers().find(|layer| layer.require_deterministic)
        {
            let (rule, id) = (Rule::DeterminismRequired, layer.names.require_deterministic);
            findings.add_by(
                rule,
                id,
                Named::Whole(&facts.name),
                "a pack that is declared deterministic",
                Actual::Absent,
            );
        }
    }

    pub(super) fn judge_tool(&self, tool: &ToolId, findings: &mut Findings) {
        self.judge_tool_itself(tool, findings);
        let name = self.tool_name(tool);
        if let Some(rights) = &self.rights
            && !rights.tools.contains(tool)
        {
            findings.add(Rule::ToolNotDelegated, Named::Tool(name), &*rights.tools_named, name.actual());
        }
        if let Some(layer) = self.layers().find(|layer| layer.asks_for_tool(tool)) {
            findings.ask(layer.names.asks, Named::Tool(name));
        }
    }

    /// Whatever the run it is for.
    pub(super) fn judge_tool_itself(&self, tool: &ToolId, findings: &mut Findings) {
        let (name, pack) = (self.tool_name(tool), &self.pack);
        let named = Named::Tool(name);
        match pack.facts.tools.get(tool) {
            None => findings.add(Rule::ToolUndeclared, named, &*pack.tools_named, name.actual()),
            Some(pinned) if pack.registry.definition(tool) != Some(pinned) => {
                let expected = "the definition that the pack pins";
                findings.add(Rule::ToolDefinitionDrift, named, expected, self.drift(tool));
            }
            Some(_) => {}
        }
        if let Some(layer) = self.layers().find(|layer| !layer.allows_tool(tool)) {
            let (id, expected) = (layer.names.tools, layer.tools_named());
            findings.add_by(Rule::ToolNotAllowed, id, named, expected, name.actual());
        }
    }

    /// How the tool has drifted, as far as it is known. That it has is the digests' word alone.
    fn drift(&self, tool: &ToolId) -> Actual {
        let known: Vec<DriftClass> = self.pack.drift.classes(tool).cloned().collect();
        if !known.is_empty() {
            return Actual::Drift(known);
        }
        let here = self.pack.registry.definition(tool).is_some();
        Actual::Drift(vec![if here { DriftClass::Unknown } else { DriftClass::Removed }])
    }

    pub(super) fn judge_scope(&self, scope: &Scope, findings: &mut Findings) {
        let (name, pack) = (self.scope_name(scope), &self.pack);
        let named = Named::Scope(name);
        if !pack.scopes.covers(scope) {
            findings.add(Rule::ScopeUndeclared, named, &*pack.scopes_named, name.actual());
        }
        if let Some(layer) = self.layers().find(|layer| !layer.grants(scope)) {
            let (id, expected) = (layer.names.scopes, layer.scopes_named());
            findings.add_by(Rule::ScopeNotGranted, id, named, expected, name.actual());
        }
        if let Some(rights) = &self.rights
            && !rights.scopes.covers(scope)
        {
            findings.add(Rule::ScopeNotDelegated, named, &*rights.scopes_named, name.actual());
        }
        if let Some(layer) = self.layers().find(|layer| layer.asks_for_scope(scope)) {
            findings.ask(layer.names.asks, named);
        }
    }

    /// A declared wildcard must lie within one grant.
    pub(super) fn judge_declared_scope(&self, grant: &Grant, findings: &mut Findings) {
        if let Some(layer) = self.layers().find(|layer| !layer.grants_all(grant)) {
            let (id, expected) = (layer.names.scopes, layer.scopes_named());
            findings.add_by(Rule::ScopeNotGranted, id, Named::Grant(grant), expected, Actual::identifier(grant));
        }
    }

    pub(super) fn judge_model(&self, key: &ModelKey, model: &ModelId, findings: &mut Findings) {
        let declared = self.pack.facts.models.get(key);
        if declared != Some(model) {
            let expected = declared.map_or_else(|| "nothing".to_owned(), |model| ["`", model.as_str(), "`"].concat());
            findings.add(
                Rule::ModelUndeclared,
                self.model_named(key, model),
                expected,
                self.model_name(model).actual(),
            );
        }
        self.judge_allowed_model(key, model, findings);
    }

    pub(super) fn judge_allowed_model(&self, key: &ModelKey, model: &ModelId, findings: &mut Findings) {
        if let Some(layer) = self.layers().find(|layer| !layer.allows_model(key, model)) {
            let (id, named, expected) = (layer.names.models, self.model_named(key, model), layer.models_named(key));
            findings.add_by(Rule::ModelNotAllowed, id, named, expected, self.model_name(model).actual());
        }
    }

    pub(super) fn limits_of(&self, tool: &ToolId) -> impl Iterator<Item = &Limit> {
        self.layers().flat_map(|layer| layer.limits_of(tool))
    }

    /// Reads the arguments once, and only if some limit has to look into them.
    pub(super) fn judge_arguments(&self, tool: &ToolId, arguments: &[u8], findings: &mut Findings) {
        let (whole, inside): (Vec<&Limit>, Vec<&Limit>) = self.limits_of(tool).partition(|limit| limit.at.is_whole());
        for limit in whole {
            if !limit.check.holds_whole(arguments) {
                findings.add_limit(Rule::ArgumentNotAllowed, limit, Actual::withheld(Kind::Bytes, arguments));
            }
        }
        if inside.is_empty() {
            return;
        }
        let value = read(arguments);
        let mut malformed = value.is_none();
        for (limit, value) in inside.into_iter().zip(value.iter().cycle()) {
            let found = look(limit, value);
            malformed |= found.ambiguous;
            if found.missing {
                findings.add_limit(Rule::ArgumentMissing, limit, Actual::Absent);
            }
            if let Some(wrong) = found.wrong {
                findings.add_limit(Rule::ArgumentNotAllowed, limit, wrong);
            }
        }
        if malformed {
            let expected = "one strict JSON value in which every name has one spelling";
            let actual = Actual::withheld(Kind::Bytes, arguments);
            findings.add(Rule::ArgumentMalformed, Named::Tool(self.tool_name(tool)), expected, actual);
        }
    }
}
