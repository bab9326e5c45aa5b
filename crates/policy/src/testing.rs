//! What several tests need: a policy, a pack, a call.

use std::collections::BTreeMap;

use reach_types::{
    Blake3Digest, Grant, ModelId, ModelKey, NodeId, PackFacts, PackName, PackVersion, RegistrySnapshot, Request, RunId,
    Scope, Sha256Digest, TenantId, Timestamp, ToolCall, ToolId,
};

use crate::{Binding, Decision, ExactCall, Gate, Mode, Policy, Subject};

pub(crate) const TOML: &str = r#"
schema = "reach-policy/1"
name = "example"
version = 7
not_before = "2026-01-01T00:00:00Z"
expires = "2027-01-01T00:00:00Z"
warn_until = "2026-07-01T00:00:00Z"
require_deterministic = true
tools = ["digest.files", "fs.list"]
scopes = ["db:write:users:row_1", "fs:read", "ns:*", "output:*", "workspace:read"]

[models]
planner = ["acme.large-1", "acme.small-1"]
"#;

pub(crate) fn policy() -> Policy {
    Policy::from_toml(TOML).unwrap()
}

/// A policy like [`policy`], with some of its text replaced.
pub(crate) fn policy_with(from: &str, to: &str) -> Policy {
    assert!(TOML.contains(from), "{from}");
    Policy::from_toml(&TOML.replace(from, to)).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Within the policy, and within its `warn_until`.
pub(crate) fn now() -> Timestamp {
    at("2026-06-01T00:00:00Z")
}

pub(crate) fn tool(text: &str) -> ToolId {
    ToolId::parse(text).unwrap()
}

pub(crate) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(crate) fn grant(text: &str) -> Grant {
    Grant::parse(text).unwrap()
}

pub(crate) fn definition(tool: &str) -> Blake3Digest {
    Blake3Digest::of(tool.as_bytes())
}

/// A pack that the policy allows, and that also declares what it does not allow.
pub(crate) fn facts() -> PackFacts {
    let tools = ["digest.files", "fs.list", "net.fetch"];
    PackFacts {
        digest: Blake3Digest::of(b"pack"),
        name: PackName::parse("inventory").unwrap(),
        version: PackVersion::parse("1.0.0").unwrap(),
        tools: tools.map(|name| (tool(name), definition(name))).into(),
        scopes: ["db:*", "fs:*", "net:get", "ns:*", "ns", "workspace:read"].map(grant).into_iter().collect(),
        models: models(&[("judge", "acme.large-1"), ("planner", "acme.large-1")]),
        deterministic: true,
    }
}

/// A pack of which everything is allowed.
pub(crate) fn modest_facts() -> PackFacts {
    let mut facts = facts();
    facts.tools.remove(&tool("net.fetch"));
    facts.scopes = ["fs:read", "ns:sub:*", "workspace:read"].map(grant).into_iter().collect();
    facts.models = models(&[("planner", "acme.large-1")]);
    facts
}

pub(crate) fn registry() -> RegistrySnapshot {
    registry_of(&facts().tools)
}

pub(crate) fn registry_of(known: &BTreeMap<ToolId, Blake3Digest>) -> RegistrySnapshot {
    RegistrySnapshot::of(known.keys(), known)
}

pub(crate) fn models(pairs: &[(&str, &str)]) -> BTreeMap<ModelKey, ModelId> {
    pairs.iter().map(|(key, model)| (ModelKey::parse(key).unwrap(), ModelId::parse(model).unwrap())).collect()
}

pub(crate) fn request(tools: &[&str], scopes: &[&str], asked: &[(&str, &str)]) -> Request {
    Request {
        tools: tools.iter().map(|text| tool(text)).collect(),
        scopes: scopes.iter().map(|text| scope(text)).collect(),
        models: models(asked),
    }
}

pub(crate) fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

pub(crate) fn bundle_digest() -> Blake3Digest {
    Blake3Digest::of(b"bundle")
}

/// Judges `request` for a local run of [`facts`] under `policy`.
pub(crate) fn judge(policy: &Policy, mode: Mode, request: &Request) -> Decision {
    let (facts, registry) = (facts(), registry());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    Gate::new(policy, bundle_digest(), mode).unwrap().evaluate(&subject, request, now())
}

/// Judges `call` as [`judge`] does a request.
pub(crate) fn judge_call(policy: &Policy, mode: Mode, call: &ToolCall) -> Decision {
    let (facts, registry) = (facts(), registry());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    Gate::new(policy, bundle_digest(), mode).unwrap().evaluate_call(&subject, call, now())
}

/// The violations as `code subject`.
pub(crate) fn reasons(decision: &Decision) -> Vec<String> {
    decision.violations().iter().map(|one| format!("{} {}", one.code(), one.subject())).collect()
}

pub(crate) fn call() -> ToolCall {
    ToolCall {
        tool: tool("fs.list"),
        scopes: [scope("workspace:read")].into(),
        arguments: b"{\"path\":\".\"}".to_vec(),
    }
}

/// What really happens when [`call`] is made as the first of its run.
pub(crate) fn binding() -> Binding {
    let node = NodeId(Sha256Digest::from_bytes([1; 32]));
    Binding {
        run: RunId::derive(&node, &[7; 32]),
        index: 0,
        node,
        tenant: acme(),
        host: Blake3Digest::of(b"host"),
        definition: definition("fs.list"),
        call: ExactCall::of(&call()),
        pack: facts().digest,
        bundle: bundle_digest(),
        chain: None,
        mode: Mode::Enforce,
    }
}
