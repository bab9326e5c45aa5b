//! What the gate refuses, and with which reasons.

use std::collections::BTreeMap;

use reach_types::{Blake3Digest, Code as _, Grant, Grants, Request, ToolDefinition, ToolId};

use crate::{
    DriftReport, Gate, MAX_REASONS, Mode, Outcome, Policy, Rights, Rule, Subject, Violation,
    testing::{
        acme, at, bundle_digest, definition, facts, grant, judge, modest_facts, now, policy, policy_with, reasons,
        registry, registry_of, request, tool,
    },
};

/// The reasons against a request in mode enforce, each without its `policy.`.
fn against(tools: &[&str], scopes: &[&str], models: &[(&str, &str)]) -> Vec<String> {
    let decision = judge(&policy(), Mode::Enforce, &request(tools, scopes, models));
    assert_eq!(decision.outcome() == Outcome::Allow, decision.violations().is_empty());
    short(&reasons(&decision))
}

fn short(reasons: &[String]) -> Vec<String> {
    reasons.iter().map(|reason| reason.strip_prefix("policy.").unwrap().to_owned()).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn p04_every_undeclared_tool_is_named() {
    assert_eq!(against(&["digest.files", "fs.list"], &[], &[]), NONE);
    let two = ["tool_not_allowed a.one", "tool_not_allowed b.two", "tool_undeclared a.one", "tool_undeclared b.two"];
    assert_eq!(against(&["a.one", "fs.list", "b.two"], &[], &[]), two);
    // The policy allows it, and the pack still has to declare it.
    let mut facts = facts();
    facts.tools.remove(&tool("fs.list"));
    let (registry, policy) = (registry(), policy());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let decision = gate.evaluate(&subject, &request(&["digest.files", "fs.list"], &[], &[]), now());
    assert_eq!(reasons(&decision), ["policy.tool_undeclared fs.list"]);
}

#[test]
fn p06_a_wildcard_never_reaches_the_gate() {
    let read = |scope: &str| Request::from_json(format!(r#"{{"scopes":["{scope}"]}}"#).as_bytes());
    for bad in ["ns:*", "*"] {
        assert_eq!(read(bad).unwrap_err().code(), "policy.scope_wildcard_in_request", "{bad}");
    }
    assert_eq!(judge(&policy(), Mode::Enforce, &read("ns:a").unwrap()).outcome(), Outcome::Allow);
}

#[test]
fn p07_a_literal_grant_is_no_prefix() {
    assert_eq!(against(&[], &["fs:read"], &[]), NONE);
    assert_eq!(against(&[], &["fs:readwrite"], &[]), ["scope_not_granted fs:readwrite"]);
    assert_eq!(against(&[], &["fs:read:x"], &[]), ["scope_not_granted fs:read:x"]);
}

#[test]
fn p08_neither_broader_nor_beside() {
    assert_eq!(against(&[], &["db:write:users:row_1"], &[]), NONE);
    assert_eq!(against(&[], &["db:write:users"], &[]), ["scope_not_granted db:write:users"]);
    assert_eq!(against(&[], &["db:write:users:row_2"], &[]), ["scope_not_granted db:write:users:row_2"]);
}

#[test]
fn p09_a_wildcard_grants_what_is_below_it_only() {
    assert_eq!(against(&[], &["ns:a", "ns:a:b"], &[]), NONE);
    assert_eq!(against(&[], &["ns"], &[]), ["scope_not_granted ns"]);
    for bad in ["ns:", "ns::x", "ns:*:x"] {
        let json = format!(r#"{{"scopes":["{bad}"]}}"#);
        assert_eq!(Request::from_json(json.as_bytes()).unwrap_err().code(), "policy.scope_malformed", "{bad}");
    }
}

#[test]
fn a_scope_must_be_declared_and_granted() {
    assert_eq!(against(&[], &["workspace:read"], &[]), NONE);
    assert_eq!(against(&[], &["output:write"], &[]), ["scope_undeclared output:write"]);
    assert_eq!(against(&[], &["net:get"], &[]), ["scope_not_granted net:get"]);
    assert_eq!(against(&[], &["net:put"], &[]), ["scope_not_granted net:put", "scope_undeclared net:put"]);
}

#[test]
fn p19_a_tool_defined_otherwise_than_pinned_is_drift() {
    let (facts, policy) = (facts(), policy());
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let asked = request(&["fs.list"], &[], &[]);
    let judge = |known: BTreeMap<ToolId, Blake3Digest>| {
        let registry = registry_of(&known);
        let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
        reasons(&gate.evaluate(&subject, &asked, now()))
    };
    let pinned = definition("fs.list");
    assert_eq!(judge([(tool("fs.list"), pinned), (tool("fs.new"), Blake3Digest::of(b"new"))].into()), NONE);
    let drift = ["policy.tool_definition_drift fs.list"];
    assert_eq!(judge([(tool("fs.list"), Blake3Digest::of(b"another description"))].into()), drift);
    assert_eq!(judge([(tool("fs.dir"), pinned)].into()), drift, "renamed");
    assert_eq!(judge(BTreeMap::new()), drift, "unknown here");
}

/// What a violation says beside its code and subject.
fn said(violation: &Violation) -> [String; 3] {
    [violation.rule_id().to_owned(), violation.expected().to_owned(), violation.actual().to_string()]
}

#[test]
fn p19_a_drift_report_explains_and_decides_nothing() {
    let (policy, facts) = (policy(), facts());
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let asked = request(&["fs.list"], &[], &[]);
    let pinned = definition("fs.list");
    // Nothing of what the report is about is here: as far as it knows, the tool was removed.
    let pins = [(tool("fs.list"), pinned)].into();
    let removed = DriftReport::of(&pins, &BTreeMap::new(), &BTreeMap::new());
    let judge = |known: BTreeMap<ToolId, Blake3Digest>, drift: Option<&DriftReport>| {
        let registry = registry_of(&known);
        let subject = Subject { facts: &facts, registry: &registry, drift, tenant: &acme(), rights: None };
        gate.evaluate(&subject, &asked, now()).violations().iter().map(said).collect::<Vec<_>>()
    };
    let said = |differs: &str| {
        let expected = "the definition that the pack pins".to_owned();
        vec![["registry.tools".to_owned(), expected, format!("a definition that differs ({differs})")]]
    };
    let other = Blake3Digest::of(b"another description");
    assert_eq!(judge([(tool("fs.list"), pinned)].into(), None), Vec::<[String; 3]>::new());
    assert_eq!(judge([(tool("fs.list"), pinned)].into(), Some(&removed)), Vec::<[String; 3]>::new());
    assert_eq!(judge([(tool("fs.list"), other)].into(), None), said("unknown"));
    assert_eq!(judge([(tool("fs.list"), other)].into(), Some(&DriftReport::default())), said("unknown"));
    assert_eq!(judge([(tool("fs.list"), other)].into(), Some(&removed)), said("removed"));
    assert_eq!(judge(BTreeMap::new(), None), said("removed"));
    let renamed = ToolDefinition::from_json(br#"{"name":"fs.list"}"#).unwrap();
    let pins = [(tool("fs.list"), *renamed.digest())].into();
    let moved = DriftReport::of(&pins, &BTreeMap::new(), &[(tool("fs.dir"), renamed)].into());
    assert_eq!(judge(BTreeMap::new(), Some(&moved)), said("removed, renamed to fs.dir"));
}

#[test]
fn p20_what_a_server_says_of_its_tool_passes_no_rule() {
    // The definition that a server gives out today claims to be harmless; the pack pins another.
    let read = |text: &str| ToolDefinition::from_json(text.as_bytes()).unwrap();
    let pinned = read(r#"{"name":"fs.list"}"#);
    let claims = read(r#"{"annotations":{"approved":true,"readOnlyHint":true},"name":"fs.list"}"#);
    let mut facts = facts();
    facts.tools.insert(tool("fs.list"), *pinned.digest());
    let strict = policy_with("tools = [\"digest.files\", \"fs.list\"]", "tools = [\"digest.files\"]");
    let judge = |policy: &Policy, definition: &ToolDefinition| {
        let registry = registry_of(&[(tool("fs.list"), *definition.digest())].into());
        let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
        let gate = Gate::new(policy, bundle_digest(), Mode::Enforce).unwrap();
        reasons(&gate.evaluate(&subject, &request(&["fs.list"], &[], &[]), now()))
    };
    assert_eq!(judge(&policy(), &pinned), NONE);
    assert_eq!(judge(&policy(), &claims), ["policy.tool_definition_drift fs.list"]);
    // Nor does it when the pack was signed with the claim in it.
    facts.tools.insert(tool("fs.list"), *claims.digest());
    let registry = registry_of(&[(tool("fs.list"), *claims.digest())].into());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let decision = Gate::new(&strict, bundle_digest(), Mode::Enforce).unwrap();
    let decision = decision.evaluate(&subject, &request(&["fs.list"], &[], &[]), now());
    assert_eq!(reasons(&decision), ["policy.tool_not_allowed fs.list"]);
}

#[test]
fn every_rule_says_what_it_wants_and_what_it_found() {
    let (mut facts, policy) = (facts(), policy());
    facts.deterministic = false;
    facts.tools = [(tool("fs.list"), definition("fs.list"))].into();
    facts.scopes = [grant("fs:*")].into_iter().collect();
    let rights = Rights { tools: [tool("x"), tool("y")].into(), scopes: Grants::default() };
    let registry = registry_of(&facts.tools);
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: Some(&rights) };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let asked = request(&["net.send"], &["net:put"], &[("judge", "acme.other"), ("planner", "acme.other"), ("x", "m")]);
    let decision = gate.evaluate(&subject, &asked, at("2027-01-01T00:00:00Z"));
    let said: Vec<_> = decision.violations().iter().map(|one| (one.code(), said(one))).collect();
    let all = [
        (
            "bundle_expired",
            ["policy.expires", "from 2026-01-01T00:00:00Z until before 2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
        ),
        ("determinism_required", ["policy.require_deterministic", "a pack that is declared deterministic", "nothing"]),
        ("model_not_allowed", ["policy.models", "nothing", "`acme.other`"]),
        ("model_not_allowed", ["policy.models", "one of `acme.large-1`, `acme.small-1`", "`acme.other`"]),
        ("model_not_allowed", ["policy.models", "nothing", "`m`"]),
        ("model_undeclared", ["pack.models", "`acme.large-1`", "`acme.other`"]),
        ("model_undeclared", ["pack.models", "`acme.large-1`", "`acme.other`"]),
        ("model_undeclared", ["pack.models", "nothing", "`m`"]),
        ("scope_not_delegated", ["delegation.scopes", "nothing", "`net:put`"]),
        (
            "scope_not_granted",
            [
                "policy.scopes",
                "one of `db:write:users:row_1`, `fs:read`, `ns:*`, `output:*`, `workspace:read`",
                "`net:put`",
            ],
        ),
        ("scope_undeclared", ["pack.scopes", "`fs:*`", "`net:put`"]),
        ("tool_not_allowed", ["policy.tools", "one of `digest.files`, `fs.list`", "`net.send`"]),
        ("tool_not_delegated", ["delegation.tools", "one of `x`, `y`", "`net.send`"]),
        ("tool_undeclared", ["pack.tools", "`fs.list`", "`net.send`"]),
    ];
    let said: Vec<_> = said.iter().map(|(code, [id, expected, actual])| (*code, [&**id, expected, actual])).collect();
    assert_eq!(said, all.map(|(code, said)| (&*format!("policy.{code}").leak(), said)));
    assert_eq!(Rule::ArgumentMalformed.id(), "policy.limits");
    for violation in decision.violations() {
        assert_eq!(violation.rule_id(), violation.rule().id());
    }
}

#[test]
fn p22_only_the_listed_model_under_the_listed_key() {
    assert_eq!(against(&[], &[], &[("planner", "acme.large-1")]), NONE);
    assert_eq!(against(&[], &[], &[("judge", "acme.large-1")]), ["model_not_allowed judge=acme.large-1"]);
    assert_eq!(against(&[], &[], &[("planner", "acme.small-1")]), ["model_undeclared planner=acme.small-1"]);
    let alias = ["model_not_allowed planner=acme.large", "model_undeclared planner=acme.large"];
    assert_eq!(against(&[], &[], &[("planner", "acme.large")]), alias);
    let cased = Request::from_json(br#"{"models":{"planner":"Acme.large-1"}}"#);
    assert_eq!(cased.unwrap_err().code(), "policy.identifier_malformed");
}

#[test]
fn p23_determinism_is_what_the_pack_declares() {
    let (mut facts, registry, policy) = (modest_facts(), registry(), policy());
    facts.deterministic = false;
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let nothing = Request::default();
    assert_eq!(reasons(&gate.evaluate(&subject, &nothing, now())), ["policy.determinism_required inventory"]);
    assert_eq!(reasons(&gate.evaluate_pack(&subject, now())), ["policy.determinism_required inventory"]);
    let lax = policy_with("require_deterministic = true", "require_deterministic = false");
    let gate = Gate::new(&lax, bundle_digest(), Mode::Enforce).unwrap();
    assert_eq!(gate.evaluate(&subject, &nothing, now()).outcome(), Outcome::Allow);
}

#[test]
fn p26_outside_its_dates_a_policy_allows_nothing() {
    let (facts, registry, policy) = (facts(), registry(), policy());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let judge = |now: &str| reasons(&gate.evaluate(&subject, &request(&["fs.list"], &[], &[]), at(now)));
    assert_eq!(judge("2025-12-31T23:59:59Z"), ["policy.bundle_not_yet_valid example"]);
    assert_eq!(judge("2026-01-01T00:00:00Z"), NONE);
    assert_eq!(judge("2026-12-31T23:59:59Z"), NONE);
    assert_eq!(judge("2027-01-01T00:00:00Z"), ["policy.bundle_expired example"]);
}

#[test]
fn a_delegated_run_has_only_what_was_handed_on() {
    let (facts, registry, policy) = (facts(), registry(), policy());
    let rights = Rights { tools: [tool("fs.list")].into(), scopes: [grant("ns:a")].into_iter().collect() };
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: Some(&rights) };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let judge =
        |tools: &[&str], scopes: &[&str]| reasons(&gate.evaluate(&subject, &request(tools, scopes, &[]), now()));
    assert_eq!(judge(&["fs.list"], &["ns:a"]), NONE);
    let less = ["policy.scope_not_delegated ns:b", "policy.tool_not_delegated digest.files"];
    assert_eq!(judge(&["digest.files"], &["ns:b"]), less);
    let nothing = Rights::default();
    let subject = Subject { rights: Some(&nothing), ..subject };
    let decision = gate.evaluate(&subject, &request(&["fs.list"], &["ns:a"], &[]), now());
    assert_eq!(reasons(&decision), ["policy.scope_not_delegated ns:a", "policy.tool_not_delegated fs.list"]);
}

#[test]
fn p32_a_tighter_bundle_denies_what_the_last_one_allowed() {
    let asked = request(&["digest.files"], &[], &[]);
    let tight = policy_with("\"digest.files\", ", "");
    let (facts, registry, loose) = (facts(), registry(), policy());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let judge = |policy, bundle: &[u8]| {
        let gate = Gate::new(policy, Blake3Digest::of(bundle), Mode::Enforce).unwrap();
        gate.evaluate(&subject, &asked, now())
    };
    let (before, after) = (judge(&loose, b"7"), judge(&tight, b"8"));
    assert_eq!((before.outcome(), after.outcome()), (Outcome::Allow, Outcome::Deny));
    assert_eq!(reasons(&after), ["policy.tool_not_allowed digest.files"]);
    assert_ne!(before.bundle(), after.bundle());
}

#[test]
fn a_pack_is_judged_by_everything_it_declares() {
    let (modest, greedy, registry, policy) = (modest_facts(), facts(), registry(), policy());
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let subject = Subject { facts: &modest, registry: &registry, drift: None, tenant: &acme(), rights: None };
    assert_eq!(gate.evaluate_pack(&subject, now()).outcome(), Outcome::Allow);
    // A delegation may well hand on less than the pack declares.
    let rights = Rights::default();
    let delegated = Subject { rights: Some(&rights), ..subject };
    assert_eq!(gate.evaluate_pack(&delegated, now()).outcome(), Outcome::Allow);

    let decision = gate.evaluate_pack(&Subject { facts: &greedy, ..subject }, now());
    let all = [
        "model_not_allowed judge=acme.large-1",
        "scope_not_granted db:*",
        "scope_not_granted fs:*",
        "scope_not_granted net:get",
        "scope_not_granted ns",
        "tool_not_allowed net.fetch",
    ];
    assert_eq!(short(&reasons(&decision)), all);
    let nothing_known = registry_of(&BTreeMap::new());
    let decision = gate.evaluate_pack(&Subject { registry: &nothing_known, ..subject }, now());
    assert_eq!(short(&reasons(&decision)), ["tool_definition_drift digest.files", "tool_definition_drift fs.list"]);
}

#[test]
fn p34_reasons_are_capped_and_the_others_counted() {
    let names = |n: usize| (0..n).map(|i| tool(&format!("t{i:05}"))).collect();
    let decide = |n: usize| judge(&policy(), Mode::Enforce, &Request { tools: names(n), ..Request::default() });
    let at_limit = decide(MAX_REASONS / 2);
    assert_eq!((at_limit.violations().len(), at_limit.omitted()), (MAX_REASONS, 0));
    let over = decide(MAX_REASONS / 2 + 1);
    assert_eq!((over.violations().len(), over.omitted()), (MAX_REASONS, 2));
    let listed: Vec<String> = (0..MAX_REASONS).map(|i| format!("policy.tool_not_allowed t{i:05}")).collect();
    let many = decide(2 * MAX_REASONS);
    assert_eq!((reasons(&many), many.omitted()), (listed.clone(), 3 * MAX_REASONS as u64));
    assert!(many.to_string().ends_with("\nand 192 more"));
}

#[test]
fn p34_reasons_of_several_rules_are_counted() {
    let (facts, registry, policy, rights) = (facts(), registry(), policy(), Rights::default());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: Some(&rights) };
    let asked = Request { tools: (0..2_000).map(|i| tool(&i.to_string())).collect(), ..Request::default() };
    let decision = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap().evaluate(&subject, &asked, now());
    assert_eq!((decision.violations().len(), decision.omitted()), (MAX_REASONS, 6_000 - MAX_REASONS as u64));
    let first = asked.tools.iter().take(MAX_REASONS).map(|tool| format!("policy.tool_not_allowed {tool}"));
    assert_eq!(reasons(&decision), first.collect::<Vec<_>>());
}

#[test]
fn p34_what_is_not_listed_counts_all_the_same() {
    // 65 soft reasons sort before the hard one, which falls out of the list and still denies.
    let mut facts = facts();
    let grants = (0..=MAX_REASONS).map(|i| format!("net:s{i:02}"));
    facts.scopes = grants.clone().map(|text| grant(&text)).collect();
    let (registry, policy) = (registry(), policy());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Warn).unwrap();
    let scopes: Vec<String> = grants.collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let soft = gate.evaluate(&subject, &request(&[], &scopes, &[]), now());
    assert_eq!((soft.outcome(), soft.omitted()), (Outcome::Warned, 1));
    let hard = gate.evaluate(&subject, &request(&["net.send"], &scopes, &[]), now());
    assert_eq!((hard.outcome(), hard.omitted()), (Outcome::Deny, 3));
}

#[test]
fn p35_subjects_are_parsed_names_and_hold_no_digest() {
    let asked = request(&["net.send"], &["net:put"], &[("judge", "acme.other")]);
    let decision = judge(&policy(), Mode::Enforce, &asked);
    assert_eq!(decision.violations().len(), 6);
    let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-:*=".contains(c);
    assert!(decision.violations().iter().all(|one| one.subject().chars().all(name)));
    let json = serde_json::to_string(&decision).unwrap();
    for digest in [decision.bundle(), decision.pack()] {
        assert!(!json.contains(&digest.to_string()) && !decision.to_string().contains(&digest.to_string()));
    }
}

#[test]
fn a_decision_explains_itself() {
    let decision = judge(&policy(), Mode::Enforce, &request(&[], &["net:get"], &[]));
    let text = "deny (mode enforce, at 2026-06-01T00:00:00Z)\n\
                policy.scope_not_granted `net:get`: the policy does not grant this scope (policy.scopes); \
                expected one of `db:write:users:row_1`, `fs:read`, `ns:*`, `output:*`, `workspace:read`, \
                found `net:get`; do without the scope, or have it added to `scopes` of the policy";
    assert_eq!(decision.to_string(), text);
    let json = serde_json::to_value(&decision).unwrap();
    let expected = serde_json::json!({
        "outcome": "deny",
        "mode": "enforce",
        "now": "2026-06-01T00:00:00Z",
        "violations": [{
            "code": "policy.scope_not_granted",
            "subject": "net:get",
            "rule": "policy.scopes",
            "expected": "one of `db:write:users:row_1`, `fs:read`, `ns:*`, `output:*`, `workspace:read`",
            "actual": {"kind": "identifier", "value": "net:get"},
            "hint": "do without the scope, or have it added to `scopes` of the policy",
        }],
        "questions": [],
        "omitted": 0,
        "unjudged": 0,
    });
    assert_eq!(json, expected);
}

#[test]
fn an_empty_policy_allows_an_empty_request_only() {
    let (before, _) = crate::testing::TOML.split_once("tools =").unwrap();
    let empty = crate::Policy::from_toml(&format!("{before}tools = []\nscopes = []")).unwrap();
    assert_eq!(judge(&empty, Mode::Enforce, &Request::default()).outcome(), Outcome::Allow);
    let decision = judge(&empty, Mode::Enforce, &request(&["fs.list"], &["ns:a"], &[("planner", "acme.large-1")]));
    let all = ["model_not_allowed planner=acme.large-1", "scope_not_granted ns:a", "tool_not_allowed fs.list"];
    assert_eq!(short(&reasons(&decision)), all);
    assert_eq!(empty.scopes().iter().map(Grant::to_string).count(), 0);
}
