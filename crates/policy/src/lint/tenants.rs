//! Tenants that are told nothing new, and rules for tenants that are not there.

use reach_types::{TenantId, ToolId};

use super::{Finding, Lint};
use crate::{Place, Policy, TenantRules};

pub(super) fn findings(policy: &Policy) -> Vec<Finding> {
    let mut findings = nobody(policy);
    for (name, rules) in policy.tenants() {
        let place = |field| Place::tenant(name).then(field);
        findings
            .extend(same(policy, rules).into_iter().map(|field| Finding::new(Lint::SameAsOrganization, place(field))));
        if rules.enforce && policy.warn_until().is_none() {
            findings.push(Finding::new(Lint::EnforceUnused, place("enforce")));
        }
        if *rules == TenantRules::default() && !policy.listed_tenants_only() {
            findings.push(Finding::new(Lint::EmptyTenant, Place::tenant(name)));
        }
    }
    findings
}

/// What is there for nobody.
fn nobody(policy: &Policy) -> Vec<Finding> {
    if policy.tools().is_empty() {
        return vec![Finding::new(Lint::NoTools, Place::field("tools"))];
    }
    if !policy.listed_tenants_only() {
        return Vec::new();
    }
    if policy.tenants().is_empty() {
        return vec![Finding::new(Lint::NoTenants, Place::field("listed_tenants_only"))];
    }
    let unused = |tool: &ToolId| !policy.tenants().values().any(|rules| may_call(rules, tool));
    let tools = policy.tools().iter().filter(|tool| unused(tool));
    let tools = tools.map(|tool| Finding::new(Lint::UnusedTool, Place::field("tools").entry(tool)));
    let limits = policy.limits().iter().filter(|limit| unused(&limit.tool));
    let limits = limits.map(|limit| Finding::new(Lint::UnusedLimit, Place::field("limits").entry(&limit.id)));
    let warns = |(_, rules): (&TenantId, &TenantRules)| !rules.enforce && !is_shut_out(rules);
    let warn = policy.warn_until().is_some() && !policy.tenants().iter().any(warns);
    let warn = warn.then(|| Finding::new(Lint::WarnUnused, Place::field("warn_until")));
    warn.into_iter().chain(tools).chain(limits).collect()
}

fn may_call(rules: &TenantRules, tool: &ToolId) -> bool {
    rules.tools.as_ref().is_none_or(|tools| tools.contains(tool))
}

fn is_shut_out(rules: &TenantRules) -> bool {
    rules.tools.as_ref().is_some_and(std::collections::BTreeSet::is_empty)
}

/// The fields in which a tenant is told what holds for it anyway.
fn same(policy: &Policy, rules: &TenantRules) -> Vec<&'static str> {
    let fields = [
        ("tools", rules.tools.as_ref() == Some(policy.tools())),
        ("scopes", rules.scopes.as_ref() == Some(policy.scopes())),
        ("models", rules.models.as_ref() == Some(policy.models())),
        ("require_deterministic", rules.require_deterministic && policy.require_deterministic()),
    ];
    fields.into_iter().filter_map(|(field, same)| same.then_some(field)).collect()
}
