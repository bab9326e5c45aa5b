//! What a policy says, for whoever reads it.

use reach_policy::{Asks, Check, Limit, Policy, TenantRules};
use reach_types::{Grants, LegacyException, TenantId};
use serde_json::json;

use crate::{report::Report, terminal::shown};

pub(super) fn show(report: Report, policy: &Policy) -> Report {
    let exempted = [("legacy pack", policy.legacy_packs()), ("unsigned plugin", policy.unsigned_plugins())];
    let exempted = exempted.into_iter().flat_map(|(what, list)| list.iter().map(move |one| exemption(what, one)));
    let listed = policy.listed_tenants_only().then(|| "  tenants that are not listed are refused".to_owned());
    report
        .field("policy", json!(policy))
        .lines(policy.tools().iter().map(|tool| format!("  tool  {tool}")))
        .lines(scopes(policy.scopes()))
        .lines(
            policy.models().iter().flat_map(|(key, list)| list.iter().map(move |one| format!("  model {key} = {one}"))),
        )
        .lines(exempted)
        .lines(policy.plugin_keyring().map(|digest| format!("  plugin keyring {digest}")))
        .lines(asks(policy.asks()))
        .lines(policy.limits().iter().map(limit))
        .lines(listed)
        .lines(policy.tenants().iter().flat_map(|(name, rules)| tenant(name, rules)))
}

/// An entry that lets something unsigned through, for everybody who reads the policy.
fn exemption(what: &str, one: &LegacyException) -> String {
    format!("  {what} {} until {}: {}", one.digest, one.until, shown(&one.reason))
}

fn scopes(grants: &Grants) -> Vec<String> {
    grants.iter().map(|grant| format!("  scope {grant}")).collect()
}

fn asks(asks: &Asks) -> Vec<String> {
    let tools = asks.tools.iter().map(|tool| format!("  ask before tool  {tool}"));
    tools.chain(asks.scopes.iter().map(|grant| format!("  ask before scope {grant}"))).collect()
}

fn limit(limit: &Limit) -> String {
    let at = if limit.at.is_whole() { "whole argument".to_owned() } else { limit.at.to_string() };
    let optional = if limit.optional { ", if it is there" } else { "" };
    format!("  limit {}: {} {}: {}{optional}", limit.id, limit.tool, shown(&at), shown(&check(&limit.check)))
}

/// All of it, where a reason would cut a long list short.
fn check(check: &Check) -> String {
    let joined = |list: Vec<String>| list.join(", ");
    match check {
        Check::OneOf(values) => format!("one of {}", joined(values.iter().map(ToString::to_string).collect())),
        Check::Below(paths) => {
            format!("a plain path below {}", joined(paths.iter().map(ToString::to_string).collect()))
        }
        Check::Range { .. } | Check::MaxBytes(_) => check.expected(),
    }
}

fn tenant(name: &TenantId, rules: &TenantRules) -> Vec<String> {
    let narrowed = |what: &str, list: Option<Vec<String>>| match list {
        Some(list) if list.is_empty() => vec![format!("  no {what}")],
        Some(list) => list.into_iter().map(|one| format!("  only {what} {one}")).collect(),
        None => Vec::new(),
    };
    let texts = |tools: &std::collections::BTreeSet<_>| tools.iter().map(reach_types::ToolId::to_string).collect();
    let models = rules.models.as_ref().map(|models| {
        models.iter().flat_map(|(key, list)| list.iter().map(move |one| format!("{key} = {one}"))).collect()
    });
    let scopes = rules.scopes.as_ref().map(|grants| grants.iter().map(ToString::to_string).collect());
    let flags = [(rules.require_deterministic, "  only deterministic packs"), (rules.enforce, "  never in mode warn")];
    let flags = flags.into_iter().filter(|(set, _)| *set).map(|(_, text)| text.to_owned());
    let lines = [
        narrowed("tool", rules.tools.as_ref().map(texts)),
        narrowed("scope", scopes),
        narrowed("model", models),
        flags.collect(),
        asks(&rules.asks),
        rules.limits.iter().map(limit).collect(),
    ];
    let lines = lines.concat().into_iter().map(|line| format!("  {line}"));
    std::iter::once(format!("  tenant {name}")).chain(lines).collect()
}
