//! Grants that add nothing, and grants that give a lot.

use reach_types::{Grant, Grants};

use super::{Finding, Lint};
use crate::{Place, Policy, TenantRules, refinements::GrantIndex};

pub(super) fn findings(policy: &Policy) -> Vec<Finding> {
    let mut findings = covered(policy.scopes(), &|| Place::field("scopes"));
    let wide = policy.scopes().iter().filter(|grant| is_wide(grant));
    findings.extend(wide.map(|grant| Finding::new(Lint::WideGrant, Place::field("scopes").entry(grant))));
    findings.extend(covered(&policy.asks().scopes, &|| Place::field("asks").then("scopes")));
    let asked = GrantIndex::of(&policy.asks().scopes);
    for (tenant, rules) in policy.tenants() {
        let place = || Place::tenant(tenant);
        findings.extend(rules.scopes.iter().flat_map(|scopes| covered(scopes, &|| place().then("scopes"))));
        findings.extend(covered(&rules.asks.scopes, &|| place().then("asks").then("scopes")));
        findings.extend(asked_already(policy, &asked, rules, &|| place().then("asks")));
    }
    findings
}

/// The grants of a list that another one of it contains.
fn covered(grants: &Grants, place: &dyn Fn() -> Place) -> Vec<Finding> {
    let index = GrantIndex::of(grants);
    let wider = grants.iter().filter_map(|grant| index.wider(grant).map(|by| (grant, by)));
    wider.map(|(grant, by)| Finding::new(Lint::CoveredGrant { by }, place().entry(grant))).collect()
}

fn is_wide(grant: &Grant) -> bool {
    grant.is_wildcard() && grant.to_string().matches(':').count() == 1
}

fn asked_already(policy: &Policy, asked: &GrantIndex, rules: &TenantRules, place: &dyn Fn() -> Place) -> Vec<Finding> {
    let tools = rules.asks.tools.intersection(&policy.asks().tools).map(|tool| place().then("tools").entry(tool));
    let scopes = rules.asks.scopes.iter().filter(|grant| asked.contains(grant));
    let scopes = scopes.map(|grant| place().then("scopes").entry(grant));
    tools.chain(scopes).map(|place| Finding::new(Lint::CoveredAsk, place)).collect()
}
