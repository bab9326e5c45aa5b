//! What of a policy the cases have not met.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Asked, Case, read::codes, told as all_told};
use crate::{Decision, Limit, Outcome, Policy, Rule, Violation};

/// From which side a rule was not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Nothing it lets through was asked for.
    Allowed,
    /// It never had a person asked.
    Asked,
    /// Nothing it refuses was asked for.
    Refused,
}

impl Side {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Asked => "asked",
            Self::Refused => "refused",
        }
    }
}

/// A rule of the policy that no case met from one side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unexercised {
    /// The rule: `tools`, `scopes`, `models`, `require_deterministic`, `limit ID`, `tenant NAME`,
    /// `ask tool TOOL`
    /// or `ask scope GRANT`.
    pub rule: String,
    /// From which side.
    pub side: Side,
}

/// Which rules the cases have met so far.
pub(super) struct Coverage<'p> {
    policy: &'p Policy,
    codes: BTreeSet<&'static str>,
    /// Every rule and side, and whether it was met.
    met: BTreeMap<Unexercised, bool>,
}

impl<'p> Coverage<'p> {
    pub(super) fn of(policy: &'p Policy) -> Self {
        let both = [Side::Allowed, Side::Refused];
        let lists = ["tools", "scopes", "models"].map(str::to_owned);
        let determinism = requires_determinism(policy).then(|| "require_deterministic".to_owned());
        let limits = limits(policy).map(|limit| named("limit", &limit.id));
        let tenants = policy.tenants().keys().map(|tenant| named("tenant", tenant));
        let rules = lists.into_iter().chain(determinism).chain(limits).chain(tenants);
        let sides = rules.flat_map(|rule| both.map(|side| Unexercised { rule: rule.clone(), side }));
        let asks = asks(policy).map(|rule| Unexercised { rule, side: Side::Asked });
        let met = sides.chain(asks).map(|one| (one, false)).collect();
        Self { policy, codes: BTreeSet::new(), met }
    }

    /// The codes that no case led to.
    pub(super) fn codes(&self) -> Vec<&'static str> {
        let all: BTreeSet<_> = codes().collect();
        all.difference(&self.codes).copied().collect()
    }

    /// The rules that no case met.
    pub(super) fn rules(&self) -> Vec<Unexercised> {
        self.met.iter().filter(|(_, met)| !**met).map(|(one, _)| one.clone()).collect()
    }

    pub(super) fn note(&mut self, case: &Case, decision: &Decision) {
        let told = decision.violations();
        self.codes.extend(all_told(decision).map(Violation::code));
        self.note_lists(case, decision);
        self.note_determinism(case, told);
        self.note_limits(case, told);
        let denied = decision.outcome() == Outcome::Deny;
        self.meet(named("tenant", &case.tenant), if denied { Side::Refused } else { Side::Allowed });
        self.note_asks(case, decision);
    }

    /// A rule that the policy does not have is not met either.
    fn meet(&mut self, rule: String, side: Side) {
        if let Some(met) = self.met.get_mut(&Unexercised { rule, side }) {
            *met = true;
        }
    }

    /// What is asked for and not among the refusals was let through, if all refusals are told.
    fn note_lists(&mut self, case: &Case, decision: &Decision) {
        let asked = case.asked.request();
        let models = asked.models.iter().map(|(key, model)| format!("{key}={model}"));
        let lists: [(&str, Rule, Vec<String>); 3] = [
            ("tools", Rule::ToolNotAllowed, asked.tools.iter().map(ToString::to_string).collect()),
            ("scopes", Rule::ScopeNotGranted, asked.scopes.iter().map(ToString::to_string).collect()),
            ("models", Rule::ModelNotAllowed, models.collect()),
        ];
        for (list, rule, subjects) in lists {
            let told = decision.violations().iter().filter(|one| one.rule() == rule);
            let refused: BTreeSet<&str> = told.map(Violation::subject).collect();
            if !refused.is_empty() {
                self.meet(list.to_owned(), Side::Refused);
            }
            let through = subjects.iter().any(|subject| !refused.contains(subject.as_str()));
            if through && decision.omitted() == 0 {
                self.meet(list.to_owned(), Side::Allowed);
            }
        }
    }

    fn note_determinism(&mut self, case: &Case, told: &[Violation]) {
        let rule = || "require_deterministic".to_owned();
        if told.iter().any(|one| one.rule() == Rule::DeterminismRequired) {
            self.meet(rule(), Side::Refused);
        }
        if case.facts.deterministic {
            self.meet(rule(), Side::Allowed);
        }
    }

    fn note_limits(&mut self, case: &Case, told: &[Violation]) {
        let Asked::Call(call) = &case.asked else { return };
        let about_arguments = |one: &&Violation| matches!(one.rule(), Rule::ArgumentMissing | Rule::ArgumentNotAllowed);
        let broken: BTreeSet<&str> = told.iter().filter(about_arguments).map(Violation::rule_id).collect();
        let malformed = told.iter().any(|one| one.rule() == Rule::ArgumentMalformed);
        let own = self.policy.tenants().get(&case.tenant).into_iter().flat_map(|rules| &rules.limits);
        let of_tool = self.policy.limits().iter().chain(own).filter(|limit| limit.tool == call.tool);
        let ids: Vec<_> =
            of_tool.map(|limit| (named("limit", &limit.id), broken.contains(limit.id.as_str()))).collect();
        for (rule, broken) in ids {
            match (broken, malformed) {
                (true, _) => self.meet(rule, Side::Refused),
                (false, false) => self.meet(rule, Side::Allowed),
                // Nothing is known of arguments that cannot be read.
                (false, true) => {}
            }
        }
    }

    fn note_asks(&mut self, case: &Case, decision: &Decision) {
        let asked: BTreeSet<&str> = decision.questions().iter().map(Violation::subject).collect();
        let request = case.asked.request();
        for tool in request.tools.iter().filter(|tool| asked.contains(tool.as_str())) {
            self.meet(named("ask tool", tool), Side::Asked);
        }
        let scopes: Vec<_> = request.scopes.iter().filter(|scope| asked.contains(scope.as_str())).collect();
        let own = self.policy.tenants().get(&case.tenant).map(|rules| &rules.asks);
        let grants = [Some(self.policy.asks()), own].into_iter().flatten().flat_map(|asks| &asks.scopes);
        let met = grants.filter(|grant| scopes.iter().any(|scope| grant.covers(scope)));
        for rule in met.map(|grant| named("ask scope", grant)).collect::<Vec<_>>() {
            self.meet(rule, Side::Asked);
        }
    }
}

fn named(kind: &str, name: &impl ToString) -> String {
    format!("{kind} {}", name.to_string())
}

fn requires_determinism(policy: &Policy) -> bool {
    policy.require_deterministic() || policy.tenants().values().any(|rules| rules.require_deterministic)
}

fn limits(policy: &Policy) -> impl Iterator<Item = &Limit> {
    policy.limits().iter().chain(policy.tenants().values().flat_map(|rules| &rules.limits))
}

fn asks(policy: &Policy) -> impl Iterator<Item = String> {
    let all = std::iter::once(policy.asks()).chain(policy.tenants().values().map(|rules| &rules.asks));
    all.flat_map(|asks| {
        let tools = asks.tools.iter().map(|tool| named("ask tool", tool));
        tools.chain(asks.scopes.iter().map(|grant| named("ask scope", grant)))
    })
}
