//! What the ledger holds of a decision, at its longest.

use std::{collections::BTreeMap, fmt::Write as _};

use reach_policy::{Gate, Policy, Subject};
use reach_types::{
    Grant, PackFacts, PackName, PackVersion, RegistrySnapshot, Scope, TenantId, Timestamp, ToolCall, ToolId,
};

use super::*;

/// A name of 64 bytes.
fn name(index: usize) -> String {
    format!("{}{index:04}", "n".repeat(60))
}

/// A scope of 128 bytes.
fn scope(index: usize) -> String {
    format!("{}{index:04}", "s".repeat(124))
}

/// What the gate says of a call that misses `limits` arguments, each in the longest place there is,
/// and uses `asked` scopes that a person is asked about.
fn decision(limits: usize, asked: usize) -> Decision {
    let (tool, start) = (name(0), "schema = \"reach-policy/1\"\nname = \"example\"\nversion = 1");
    let scopes: Vec<String> = (0..asked).map(scope).collect();
    let mut text = format!(
        "{start}\nnot_before = \"2026-01-01T00:00:00Z\"\nexpires = \"2027-01-01T00:00:00Z\"\nrequire_deterministic = true\ntools = [{tool:?}]\nscopes = {scopes:?}\n[asks]\nscopes = {scopes:?}\n"
    );
    for index in 0..limits {
        // Every byte of the place but the first and the last four is written as three.
        let at = format!("/{}{index:04}", "%".repeat(251));
        let id = name(index);
        write!(text, "[[limits]]\nid = {id:?}\ntool = {tool:?}\nat = {at:?}\nmax_bytes = 1\n").unwrap();
    }
    let policy = Policy::from_toml(&text).unwrap();
    let tool = ToolId::parse(&tool).unwrap();
    let facts = PackFacts {
        digest: Blake3Digest::of(b"pack"),
        name: PackName::parse("inventory").unwrap(),
        version: PackVersion::parse("1.0.0").unwrap(),
        tools: [(tool.clone(), Blake3Digest::of(b"definition"))].into(),
        scopes: scopes.iter().map(|scope| Grant::parse(scope).unwrap()).collect(),
        models: BTreeMap::new(),
        deterministic: true,
    };
    let registry = RegistrySnapshot::of(facts.tools.keys(), &facts.tools);
    let tenant = TenantId::parse("acme").unwrap();
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &tenant, rights: None };
    let scopes = scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect();
    let call = ToolCall { tool, scopes, arguments: b"{}".to_vec() };
    let gate = Gate::new(&policy, Blake3Digest::of(b"bundle"), Mode::Enforce).unwrap();
    gate.evaluate_call(&subject, &call, Timestamp::parse("2026-06-01T00:00:00Z").unwrap())
}

fn count(recorded: &Value, member: &str) -> usize {
    recorded[member].as_array().unwrap().len()
}

#[test]
fn p34_the_longest_decision_fits_an_entry_and_counts_what_it_leaves_out() {
    let longest = decision(80, 70);
    assert_eq!((longest.violations().len(), longest.questions().len(), longest.omitted()), (64, 64, 22));
    assert!(json!(longest).to_string().len() > MAX_PAYLOAD_BYTES);
    let recorded = recorded(&longest);
    let (violations, questions) = (count(&recorded, "violations"), count(&recorded, "questions"));
    assert!(recorded.to_string().len() < MAX_PAYLOAD_BYTES - 4096 * 3, "{}", recorded.to_string().len());
    assert!(recorded.to_string().len() > MAX_PAYLOAD_BYTES / 2);
    assert!(violations > 40 && violations < 64 && questions == 0, "{violations} {questions}");
    assert_eq!(recorded["omitted"], 22 + 64 - violations + 64);
    for (listed, violation) in recorded["violations"].as_array().unwrap().iter().zip(longest.violations()) {
        let (subject, rule) = (violation.subject(), violation.rule_id());
        assert_eq!(*listed, json!({ "code": "policy.argument_missing", "subject": subject, "rule": rule }));
    }
}

#[test]
fn a_decision_that_fits_is_recorded_with_all_its_reasons() {
    let (decision, none) = (decision(1, 2), decision(0, 0));
    let recorded = [&decision, &none].map(recorded);
    let counts = recorded.each_ref().map(|one| (count(one, "violations"), count(one, "questions")));
    assert_eq!(counts, [(1, 2), (0, 0)]);
    let rule = decision.questions().get(1).unwrap().rule_id();
    let question = json!({ "code": "policy.approval_required", "subject": scope(1), "rule": rule });
    assert_eq!(recorded[0]["questions"][1], question);
    // The members are those of the decision itself.
    for (recorded, whole) in recorded.iter().zip([json!(decision), json!(none)]) {
        assert_eq!(
            recorded.as_object().unwrap().keys().collect::<Vec<_>>(),
            whole.as_object().unwrap().keys().collect::<Vec<_>>()
        );
        for member in ["outcome", "mode", "now", "omitted", "unjudged"] {
            assert_eq!(recorded[member], whole[member]);
        }
    }
}

#[test]
fn reasons_are_listed_while_there_is_room_for_them() {
    let decision = decision(2, 0);
    let [first, second] = [0, 1].map(|index| {
        let violation = decision.violations().get(index).unwrap();
        json!({ "code": violation.code(), "subject": violation.subject(), "rule": violation.rule_id() })
            .to_string()
            .len()
            + 1
    });
    for (bytes, kept, left) in [
        (first + second, 2, 0),
        (first + second + 7, 2, 7),
        (first + second - 1, 1, 0),
        (first, 1, 0),
        (first - 1, 0, 0),
    ] {
        let mut room = bytes;
        let (listed, more) = fitting(decision.violations(), &mut room);
        assert_eq!((listed.len(), more, room), (kept, 2 - kept as u64, left), "{bytes}");
    }
}
