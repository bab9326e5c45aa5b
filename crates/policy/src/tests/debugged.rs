//! What is printed for debugging: a log that holds it tells nobody anything.

use std::fmt::Debug;

use reach_types::ToolCall;

use crate::{
    Gate, Mode, PermitKey, PermitToken, Subject,
    testing::{acme, at, binding, bundle_digest, call, facts, judge_call, now, policy, registry},
};

/// Asserts that `value`, of the type `name`, prints without a digest, the tenant or the arguments.
fn tells_nothing(name: &str, value: &impl Debug) {
    for printed in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(printed.starts_with(name), "{printed}");
        let hex = printed.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
        assert!(hex < Some(16), "{printed}");
        // A list of bytes is a digest too.
        assert!(!printed.contains("[1, ") && !printed.contains("1,\n"), "{printed}");
        assert!(!printed.contains(acme().as_str()) && !printed.contains("path"), "{printed}");
    }
}

#[test]
fn p35_what_a_permit_is_printed_as_tells_nothing() {
    let later = at("2026-06-01T00:01:00Z");
    let decision = judge_call(&policy(), Mode::Enforce, &call());
    let permit = || decision.permit(binding(), later).unwrap();
    tells_nothing("Decision", &decision);
    tells_nothing("Binding", &binding());
    tells_nothing("ExactCall", &binding().call);
    tells_nothing("Permit", &permit());
    tells_nothing("Redeemed", &permit().redeem(&binding(), now()).unwrap());
    let key = PermitKey::derive(&[5; 32]);
    let token = permit().seal(&key, [1; 32]).unwrap();
    tells_nothing("PermitToken", &token);
    assert_eq!(format!("{token:?}"), "PermitToken { .. }");
    tells_nothing("OpenedPermit", &PermitToken::parse(&token.to_bytes()).unwrap().open(&key).unwrap());
    assert_eq!(format!("{:?}", binding()), "Binding { index: 0, mode: Enforce, .. }");
}

#[test]
fn p35_what_a_judge_is_printed_as_tells_nothing() {
    let (policy, facts, registry, tenant) = (policy(), facts(), registry(), acme());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &tenant, rights: None };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let judge = gate.judge(&subject);
    let ToolCall { tool, scopes, .. } = call();
    tells_nothing("Gate", &gate);
    tells_nothing("Subject", &subject);
    tells_nothing("Judge", &judge);
    tells_nothing("Prepared", &judge.prepare(&tool, &scopes));
    tells_nothing("Basis", &judge.evaluate_call(&call(), now()).basis);
}

#[cfg(feature = "bundle")]
#[test]
fn p35_what_a_question_is_printed_as_tells_nothing() {
    use crate::{AskedCall, Policy, testing::TOML};
    let asking = Policy::from_toml(&format!("{TOML}\n[asks]\ntools = [\"fs.list\"]\n")).unwrap();
    let (facts, call) = (facts(), call());
    let until = at("2026-06-01T00:10:00Z");
    let asked = || AskedCall { binding: binding(), call: &call, pack: &facts, policy: &asking, until, nonce: [1; 32] };
    tells_nothing("AskedCall", &asked());
    let request = judge_call(&asking, Mode::Enforce, &call).ask(asked()).unwrap();
    tells_nothing("ApprovalRequest", &request);
    assert!(request.arguments().unwrap().contains("path"));
    tells_nothing("Arguments", &request.arguments);
}
