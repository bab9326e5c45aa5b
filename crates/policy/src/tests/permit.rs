//! Permits: for one exact call, once.

use reach_types::{Blake3Digest, Code as _, NodeId, RunId, Sha256Digest, TenantId, Timestamp, ToolCall};

use crate::{
    Binding, Decision, ExactCall, Gate, Mode, Outcome, Permit, PermitError, Rights, Subject,
    testing::{
        acme, at, binding, bundle_digest, call, definition, facts, judge, judge_call, now, policy, registry, request,
        scope, tool,
    },
};

fn later() -> Timestamp {
    at("2026-06-01T00:01:00Z")
}

fn allowed() -> Decision {
    judge_call(&policy(), Mode::Enforce, &call())
}

fn permit() -> Permit {
    allowed().permit(binding(), later()).unwrap()
}

/// The code that redeeming a good permit for another binding ends as.
fn redeemed(change: impl Fn(&mut Binding)) -> &'static str {
    let mut actual = binding();
    change(&mut actual);
    permit().redeem(&actual, now()).map_or_else(|error| error.code(), |_| "ok")
}

/// The code that asking for a permit ends as.
fn asked(decision: &Decision, change: impl Fn(&mut Binding)) -> &'static str {
    let mut binding = binding();
    change(&mut binding);
    decision.permit(binding, later()).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn p17_a_permit_is_for_the_exact_arguments() {
    let with = |arguments: &[u8]| ExactCall::of(&ToolCall { arguments: arguments.to_vec(), ..call() });
    assert_eq!(redeemed(|actual| actual.call = with(&call().arguments)), "ok");
    assert_eq!(redeemed(|actual| actual.call = with(b"{\"path\":\"/\"}")), "policy.permit_call_mismatch");
    assert_eq!(redeemed(|actual| actual.call = with(b"{\"path\": \".\"}")), "policy.permit_call_mismatch");
    assert_eq!(redeemed(|actual| actual.call = with(b"")), "policy.permit_call_mismatch");
}

#[test]
fn p18_a_permit_is_for_one_call_of_one_run() {
    assert_eq!(redeemed(|_| ()), "ok");
    let other = Blake3Digest::of(b"other");
    let node = NodeId(Sha256Digest::from_bytes([2; 32]));
    assert_eq!(redeemed(|actual| actual.run = RunId(other)), "policy.permit_run_mismatch");
    assert_eq!(redeemed(|actual| actual.node = node), "policy.permit_run_mismatch");
    assert_eq!(redeemed(|actual| actual.tenant = TenantId::parse("other").unwrap()), "policy.permit_run_mismatch");
    assert_eq!(redeemed(|actual| actual.chain = Some(other)), "policy.permit_run_mismatch");
    assert_eq!(redeemed(|actual| actual.index = 1), "policy.permit_call_mismatch");
    assert_eq!(redeemed(|actual| actual.host = other), "policy.permit_call_mismatch");
    assert_eq!(redeemed(|actual| actual.definition = other), "policy.permit_call_mismatch");
    let mut wider = call();
    wider.scopes.insert(scope("workspace:write"));
    assert_eq!(redeemed(|actual| actual.call = ExactCall::of(&wider)), "policy.permit_call_mismatch");
    let another = ToolCall { tool: tool("digest.files"), ..call() };
    assert_eq!(redeemed(|actual| actual.call = ExactCall::of(&another)), "policy.permit_call_mismatch");
    assert_eq!(redeemed(|actual| actual.bundle = other), "policy.permit_superseded");
    assert_eq!(redeemed(|actual| actual.pack = other), "policy.permit_superseded");
    assert_eq!(redeemed(|actual| actual.mode = Mode::Warn), "policy.permit_superseded");
}

#[test]
fn p18_a_permit_ends() {
    let code = |now| permit().redeem(&binding(), now).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(code(at("2026-06-01T00:00:59Z")), "ok");
    assert_eq!(code(later()), "policy.permit_expired");
    // It never outlives the policy.
    let forever = allowed().permit(binding(), at("2030-01-01T00:00:00Z")).unwrap();
    assert_eq!(forever.expires(), policy().expires());
    let over = forever.redeem(&binding(), policy().expires()).map(|_| ());
    assert_eq!(over, Err(PermitError::Expired { expired: policy().expires() }));
    assert_eq!(allowed().permit(binding(), now()).unwrap_err().code(), "policy.permit_expired");
}

#[test]
fn p18_a_permit_follows_only_from_a_decision_about_its_call() {
    let good = allowed();
    let other = Blake3Digest::of(b"other");
    assert_eq!(asked(&good, |_| ()), "ok");
    let another = ToolCall { tool: tool("digest.files"), ..call() };
    assert_eq!(asked(&good, |binding| binding.call = ExactCall::of(&another)), "policy.permit_call_mismatch");
    let narrower = ToolCall { scopes: [].into(), ..call() };
    assert_eq!(asked(&good, |binding| binding.call = ExactCall::of(&narrower)), "policy.permit_call_mismatch");
    assert_eq!(asked(&good, |binding| binding.definition = other), "policy.permit_call_mismatch");
    assert_eq!(asked(&good, |binding| binding.bundle = other), "policy.permit_superseded");
    assert_eq!(asked(&good, |binding| binding.pack = other), "policy.permit_superseded");
    assert_eq!(asked(&good, |binding| binding.mode = Mode::Warn), "policy.permit_superseded");
    // Judged as a local run, it is good for no delegated one.
    assert_eq!(asked(&good, |binding| binding.chain = Some(other)), "policy.permit_run_mismatch");

    let two = judge(&policy(), Mode::Enforce, &request(&["digest.files", "fs.list"], &["workspace:read"], &[]));
    assert_eq!((two.outcome(), asked(&two, |_| ())), (Outcome::Allow, "policy.permit_call_mismatch"));
    let model =
        judge(&policy(), Mode::Enforce, &request(&["fs.list"], &["workspace:read"], &[("planner", "acme.large-1")]));
    assert_eq!((model.outcome(), asked(&model, |_| ())), (Outcome::Allow, "policy.permit_call_mismatch"));
    let none = judge(&policy(), Mode::Enforce, &request(&[], &["workspace:read"], &[]));
    assert_eq!((none.outcome(), asked(&none, |_| ())), (Outcome::Allow, "policy.permit_call_mismatch"));
}

#[test]
fn a_denial_gives_no_permit() {
    let denied = judge(&policy(), Mode::Enforce, &request(&["net.fetch"], &[], &[]));
    assert_eq!(asked(&denied, |_| ()), "policy.permit_denied");
    // Nor does an answer about anything but one call with its arguments.
    let allowed = judge(&policy(), Mode::Enforce, &call().request());
    assert_eq!((allowed.outcome(), asked(&allowed, |_| ())), (Outcome::Allow, "policy.permit_call_mismatch"));
}

#[test]
fn p38_admitting_a_pack_permits_no_call() {
    let (facts, registry, policy) = (crate::testing::modest_facts(), registry(), policy());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let admitted = gate.evaluate_pack(&subject, now());
    assert_eq!((admitted.outcome(), asked(&admitted, |_| ())), (Outcome::Allow, "policy.permit_call_mismatch"));
}

#[test]
fn a_delegated_decision_permits_delegated_calls_only() {
    let (facts, registry, policy) = (facts(), registry(), policy());
    let scopes = [crate::testing::grant("workspace:read")].into_iter().collect();
    let rights = Rights { tools: [tool("fs.list")].into(), scopes };
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: Some(&rights) };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let decision = gate.evaluate_call(&subject, &call(), now());
    assert_eq!(asked(&decision, |_| ()), "policy.permit_run_mismatch");
    assert_eq!(asked(&decision, |binding| binding.chain = Some(Blake3Digest::of(b"chain"))), "ok");
}

#[test]
fn a_warned_permit_says_so_and_ends_with_the_warning() {
    let call = ToolCall { tool: tool("net.fetch"), scopes: [].into(), arguments: Vec::new() };
    let decision = judge_call(&policy(), Mode::Warn, &call);
    assert_eq!(decision.outcome(), Outcome::Warned);
    let warned =
        Binding { definition: definition("net.fetch"), call: ExactCall::of(&call), mode: Mode::Warn, ..binding() };
    let permit = decision.permit(warned.clone(), policy().expires()).unwrap();
    assert_eq!((permit.warned(), Some(permit.expires())), (true, policy().warn_until()));
    let digest = *permit.digest();
    let redeemed = permit.redeem(&warned, now()).unwrap();
    assert_eq!((redeemed.warned(), redeemed.binding(), redeemed.digest()), (true, &warned, &digest));
    assert!(!self::permit().warned());
}

#[test]
fn a_permits_digest_sees_every_field() {
    let mut digests = vec![*permit().digest()];
    let base = binding();
    let other = Blake3Digest::of(b"other");
    let calls = [ToolCall { arguments: Vec::new(), ..call() }, ToolCall { scopes: [].into(), ..call() }];
    let bindings = [
        Binding { run: RunId(other), ..base.clone() },
        Binding { index: 1, ..base.clone() },
        Binding { node: NodeId(Sha256Digest::from_bytes([2; 32])), ..base.clone() },
        Binding { tenant: TenantId::parse("other").unwrap(), ..base.clone() },
        Binding { host: other, ..base.clone() },
        Binding { definition: other, ..base.clone() },
        Binding { call: ExactCall::of(&calls[0]), ..base.clone() },
        Binding { call: ExactCall::of(&calls[1]), ..base.clone() },
        Binding { pack: other, ..base.clone() },
        Binding { bundle: other, ..base.clone() },
        Binding { chain: Some(other), ..base.clone() },
        Binding { mode: Mode::Warn, ..base.clone() },
    ];
    digests.extend(bindings.iter().map(|binding| binding.permit_digest(later(), false)));
    digests.extend([base.permit_digest(now(), false), base.permit_digest(later(), true)]);
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 15);
}

#[test]
fn p31_parts_never_run_into_each_other() {
    let of = |name: &str, scopes: &[&str], arguments: &str| {
        let scopes = scopes.iter().map(|text| scope(text)).collect();
        ExactCall::of(&ToolCall { tool: tool(name), scopes, arguments: arguments.into() })
    };
    let calls = [
        of("a", &["b"], "c"),
        of("a", &[], "bc"),
        of("ab", &[], "c"),
        of("a", &["b", "c"], ""),
        of("a", &["b:c"], ""),
        of("a", &["b-c"], ""),
        of("a", &["b"], "$$c"),
        of("a", &["b"], "c,|\0"),
        of("a", &["b"], "c,|"),
    ];
    for (i, one) in calls.iter().enumerate() {
        assert_eq!(calls.iter().position(|other| other == one), Some(i));
    }
}
