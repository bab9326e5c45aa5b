//! A judge answers for one run and one moment, and carries nothing over: the flaws of the system
//! that this replaces, as tests.

use std::collections::BTreeMap;

use reach_types::{Blake3Digest, Code as _, PackFacts, Request, TenantId, ToolCall};

use crate::{
    Gate, Judge, Mode, Outcome, Policy, Rights, Subject,
    testing::{
        TOML, acme, at, binding, bundle_digest, call, definition, facts, grant, models, modest_facts, now, policy,
        policy_with, reasons, registry, registry_of, request, scope, tool,
    },
};

fn judge_of<'p>(policy: &'p Policy, facts: &PackFacts, tenant: &str, rights: Option<&Rights>) -> Judge<'p> {
    let (registry, tenant) = (registry(), TenantId::parse(tenant).unwrap());
    let subject = Subject { facts, registry: &registry, drift: None, tenant: &tenant, rights };
    Gate::new(policy, bundle_digest(), Mode::Enforce).unwrap().judge(&subject)
}

#[test]
fn p31_p32_judges_for_different_inputs_share_no_answer() {
    // One pack digest, one bundle digest, one question: all else differs, one input at a time.
    let more = "\n[tenants.narrow]\ntools = [\"digest.files\"]\n";
    let (policy, tight) = (
        Policy::from_toml(&format!("{TOML}{more}")).unwrap(),
        Policy::from_toml(&TOML.replace(", \"fs.list\"", "")).unwrap(),
    );
    let (whole, mut less) = (facts(), facts());
    less.tools.remove(&tool("fs.list"));
    let rights = Rights { tools: [tool("digest.files")].into(), ..Rights::default() };
    let asked = request(&["fs.list"], &[], &[]);
    let cases = [
        (judge_of(&policy, &whole, "acme", None), "ok"),
        (judge_of(&policy, &whole, "narrow", None), "policy.tool_not_allowed fs.list"),
        (judge_of(&policy, &less, "acme", None), "policy.tool_undeclared fs.list"),
        (judge_of(&policy, &whole, "acme", Some(&rights)), "policy.tool_not_delegated fs.list"),
        (judge_of(&tight, &whole, "acme", None), "policy.tool_not_allowed fs.list"),
    ];
    for _ in 0..3 {
        for (judge, expected) in &cases {
            let decision = judge.evaluate(&asked, now());
            assert_eq!(reasons(&decision).first().map_or("ok", String::as_str), *expected);
            let by_call = judge.evaluate_call(&call(), now());
            assert_eq!(by_call.outcome() == Outcome::Allow, *expected == "ok");
            // The moment is part of the question.
            let late = judge.evaluate(&asked, policy.expires());
            assert_eq!(late.violations()[0].code(), "policy.bundle_expired");
            let early = judge.evaluate(&asked, at("2025-12-31T23:59:59Z"));
            assert_eq!(early.violations()[0].code(), "policy.bundle_not_yet_valid");
        }
    }
}

#[test]
fn p31_what_a_joined_key_would_confuse_is_different() {
    // `ns:a` with `b`, and `ns` with `a:b`; a model under its key, and another pair with equal text.
    let mut facts = facts();
    facts.models = models(&[("a", "b.c"), ("a.b", "c")]);
    let mut text = TOML.replace("planner = [\"acme.large-1\", \"acme.small-1\"]", "a = [\"b.c\"]\n\"a.b\" = [\"d\"]");
    text = text.replace("\"ns:*\"", "\"ns:a.b\", \"ns:a:b\"");
    let policy = Policy::from_toml(&text).unwrap();
    let judge = judge_of(&policy, &facts, "acme", None);
    let against =
        |scopes: &[&str], models: &[(&str, &str)]| reasons(&judge.evaluate(&request(&[], scopes, models), now()));
    assert_eq!(against(&["ns:a.b", "ns:a:b"], &[("a", "b.c")]), Vec::<String>::new());
    assert_eq!(against(&["ns:a"], &[]), ["policy.scope_not_granted ns:a"]);
    assert_eq!(against(&[], &[("a.b", "c")]), ["policy.model_not_allowed a.b=c"]);
    let other = ["policy.model_not_allowed a=c", "policy.model_undeclared a=c"];
    assert_eq!(against(&[], &[("a", "c")]), other);
    // Nor do calls whose parts run together the same way have one digest.
    let exact = |scopes: &[&str], arguments: &[u8]| {
        crate::ExactCall::of(&ToolCall {
            tool: tool("a"),
            scopes: scopes.iter().map(|text| scope(text)).collect(),
            arguments: arguments.to_vec(),
        })
    };
    let calls = [
        exact(&["b:c"], b"d"),
        exact(&["b", "c"], b"d"),
        exact(&["b:c"], b"$$d"),
        exact(&["b:c", "d"], b""),
        exact(&["b:c"], b"d\0"),
    ];
    for (index, one) in calls.iter().enumerate() {
        assert!(calls.iter().skip(index + 1).all(|other| other != one), "{index}");
    }
}

#[test]
fn a_scope_is_found_whichever_way_it_is_declared_and_granted() {
    // Exact or below a wildcard, on each side; only some of these are known beforehand.
    let (mut facts, mut text) = (facts(), TOML.to_owned());
    facts.scopes = ["a:*", "b:b", "c:*", "d:x:*", "e:*"].map(grant).into_iter().collect();
    text = text.replace("\"fs:read\",", "\"a:*\", \"b:*\", \"c:x\", \"d:*\", \"e:x:*\",");
    let policy = Policy::from_toml(&text).unwrap();
    let rights =
        Rights { tools: [].into(), scopes: ["a:x:*", "b:b", "c:*", "d:x:y", "e:*"].map(grant).into_iter().collect() };
    let (local, delegated) =
        (judge_of(&policy, &facts, "acme", None), judge_of(&policy, &facts, "acme", Some(&rights)));
    for (asked, here, there) in [
        ("a:x", true, false),
        ("a:x:y", true, true),
        ("b:b", true, true),
        ("b:c", false, false),
        ("c:x", true, true),
        ("c:y", false, false),
        ("d:x:y", true, true),
        ("d:x:z", true, false),
        ("d:y", false, false),
        ("e:x:y", true, true),
        ("e:x", false, false),
    ] {
        let outcome =
            |judge: &Judge<'_>| judge.evaluate(&request(&[], &[asked], &[]), now()).outcome() == Outcome::Allow;
        assert_eq!((outcome(&local), outcome(&delegated)), (here, there), "{asked}");
    }
}

#[test]
fn the_rules_are_all_there_for_every_kind_of_question() {
    let (facts, policy) = (facts(), policy());
    let judge = judge_of(&policy, &facts, "acme", None);
    let all = judge.evaluate(&request(&["net.fetch", "net.send"], &["net:get", "net:put"], &[]), now());
    let each = [
        "scope_not_granted net:get",
        "scope_not_granted net:put",
        "scope_undeclared net:put",
        "tool_not_allowed net.fetch",
        "tool_not_allowed net.send",
        "tool_undeclared net.send",
    ];
    // Not the first reason only.
    assert_eq!(reasons(&all), each.map(|one| format!("policy.{one}")));
    assert_eq!(
        (all.bundle(), all.pack(), all.now(), all.mode()),
        (&bundle_digest(), &facts.digest, now(), Mode::Enforce)
    );
    assert_eq!(judge.mode(), Mode::default());
    assert_eq!(judge.definition(&tool("fs.list")), Some(&definition("fs.list")));
    assert_eq!(judge.definition(&tool("net.send")), None);
}

#[test]
fn a_prepared_call_is_judged_as_any_other() {
    let text = format!(
        "{TOML}\n[asks]\ntools = [\"digest.files\"]\n[[limits]]\nid = \"l\"\ntool = \"fs.list\"\nat = \"/path\"\nbelow = [\"a\"]\n"
    );
    let (limited, free, facts) = (Policy::from_toml(&text).unwrap(), policy(), facts());
    for policy in [&limited, &free] {
        let judge = judge_of(policy, &facts, "acme", None);
        for name in ["fs.list", "digest.files", "net.fetch", "net.send"] {
            for scopes in [&["ns:a"][..], &[], &["net:get"], &["ns:a", "net:put"]] {
                let scopes = scopes.iter().map(|text| scope(text)).collect();
                let prepared = judge.prepare(&tool(name), &scopes);
                for arguments in [&b"{\"path\":\"a/b\"}"[..], b"{\"path\":\"b\"}", b"{", b""] {
                    for now in [now(), at("2027-01-01T00:00:00Z")] {
                        let call = ToolCall { tool: tool(name), scopes: scopes.clone(), arguments: arguments.to_vec() };
                        assert_eq!(judge.call(&prepared, arguments, now), judge.evaluate_call(&call, now));
                    }
                }
            }
        }
    }
}

#[test]
fn what_another_judge_prepared_is_judged_anew() {
    let (whole, mut less) = (facts(), facts());
    less.tools.remove(&tool("fs.list"));
    let mut other = facts();
    other.tools.insert(tool("fs.list"), Blake3Digest::of(b"other"));
    let policy = policy();
    let (wide, narrow) = (judge_of(&policy, &whole, "acme", None), judge_of(&policy, &less, "acme", None));
    let scopes = call().scopes;
    let prepared = wide.prepare(&tool("fs.list"), &scopes);
    assert_eq!(wide.call(&prepared, b"{}", now()).outcome(), Outcome::Allow);
    assert_eq!(reasons(&narrow.call(&prepared, b"{}", now())), ["policy.tool_undeclared fs.list"]);
    assert_eq!(reasons(&wide.call(&narrow.prepare(&tool("fs.list"), &scopes), b"{}", now())), Vec::<String>::new());
    // Not even its definition is taken over.
    let registry = registry_of(&other.tools);
    let subject = Subject { facts: &other, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let elsewhere = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap().judge(&subject);
    let decision = elsewhere.call(&prepared, &call().arguments, now());
    assert_eq!(decision.outcome(), Outcome::Allow);
    let later = at("2026-06-01T00:01:00Z");
    assert_eq!(decision.permit(binding(), later).unwrap_err().code(), "policy.permit_call_mismatch");
    let own = wide.call(&prepared, &call().arguments, now());
    assert!(own.permit(binding(), later).is_ok_and(|permit| !permit.warned()));
}

#[test]
fn p22_a_model_key_that_the_policy_does_not_list_allows_no_model() {
    let (facts, none) = (modest_facts(), policy_with("planner = [\"acme.large-1\", \"acme.small-1\"]", ""));
    let judge = judge_of(&none, &facts, "acme", None);
    let decision = judge.evaluate(&request(&[], &[], &[("planner", "acme.large-1")]), now());
    assert_eq!(reasons(&decision), ["policy.model_not_allowed planner=acme.large-1"]);
    assert_eq!(reasons(&judge.evaluate_pack(now())), ["policy.model_not_allowed planner=acme.large-1"]);
}

#[test]
fn p38_a_gate_for_nothing_allows_nothing() {
    // There is no judge without a policy, and with an empty pack nothing can be asked for.
    let (policy, mut facts) = (policy(), facts());
    (facts.tools, facts.scopes, facts.models) = (BTreeMap::new(), [].into_iter().collect(), BTreeMap::new());
    let judge = judge_of(&policy, &facts, "acme", None);
    assert_eq!(judge.evaluate(&Request::default(), now()).outcome(), Outcome::Allow);
    let decision = judge.evaluate_call(&call(), now());
    assert_eq!(reasons(&decision), ["policy.scope_undeclared workspace:read", "policy.tool_undeclared fs.list"]);
}

/// Sixteen million pairs, were each scope compared with each question.
#[test]
fn p34_as_many_questions_as_there_may_be_do_not_slow_a_judge_down() {
    let mut facts = facts();
    facts.scopes = (0..1024).map(|i| grant(&format!("big:{i}:*"))).collect();
    let asks: Vec<String> = (0..16_000).map(|i| format!("\"big:{}:{i}\"", i % 1000)).collect();
    let text = TOML.replace("\"ns:*\"", "\"ns:*\", \"big:*\"");
    let policy = Policy::from_toml(&format!("{text}\n[asks]\nscopes = [{}]\n", asks.join(", "))).unwrap();
    for _ in 0..3 {
        let judge = judge_of(&policy, &facts, "acme", None);
        let outcome = |scope: &str| judge.evaluate(&request(&[], &[scope], &[]), now()).outcome();
        assert_eq!(outcome("big:7:1007"), Outcome::Ask);
        assert_eq!(outcome("big:7:1008"), Outcome::Allow);
        assert_eq!(outcome("big:1001:1"), Outcome::Allow);
    }
}
