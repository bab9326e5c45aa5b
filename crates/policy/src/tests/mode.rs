//! Modes: what they are called, and what they cover.

use reach_types::{Blake3Digest, Code as _, Timestamp};

use crate::{
    Gate, Mode, ModeError, Outcome, Rights, Rule, Subject,
    testing::{acme, at, bundle_digest, facts, judge, now, policy, policy_with, reasons, registry, request, tool},
};

#[test]
fn p24_a_mode_is_one_of_two_words() {
    assert_eq!(Mode::parse(None), Ok(Mode::Enforce));
    assert_eq!(Mode::parse(Some("enforce")), Ok(Mode::Enforce));
    assert_eq!(Mode::parse(Some("warn")), Ok(Mode::Warn));
    for bad in ["", "Warn", "ENFORCE ", "WARN", " enforce", "enforce\n", "off", "0"] {
        assert_eq!(Mode::parse(Some(bad)).unwrap_err().code(), "policy.mode_invalid", "{bad:?}");
    }
}

#[test]
fn p24_warn_needs_the_policys_word() {
    let silent = policy_with("warn_until = \"2026-07-01T00:00:00Z\"", "");
    let refused = Gate::new(&silent, bundle_digest(), Mode::Warn).map(|gate| gate.mode());
    assert_eq!(refused, Err(ModeError::WarnNotInPolicy));
    assert_eq!(ModeError::WarnNotInPolicy.code(), "policy.warn_not_in_policy");
    assert_eq!(Gate::new(&silent, bundle_digest(), Mode::Enforce).map(|gate| gate.mode()), Ok(Mode::Enforce));
    assert_eq!(Gate::new(&policy(), bundle_digest(), Mode::Warn).map(|gate| gate.mode()), Ok(Mode::Warn));
}

#[test]
fn warn_lets_through_what_the_organization_does_not_grant_and_says_so() {
    let asked = request(&["net.fetch"], &["net:get"], &[("judge", "acme.large-1")]);
    let (enforced, warned) = (judge(&policy(), Mode::Enforce, &asked), judge(&policy(), Mode::Warn, &asked));
    assert_eq!((enforced.outcome(), warned.outcome()), (Outcome::Deny, Outcome::Warned));
    let all = [
        "policy.model_not_allowed judge=acme.large-1",
        "policy.scope_not_granted net:get",
        "policy.tool_not_allowed net.fetch",
    ];
    assert_eq!((reasons(&enforced), reasons(&warned)), (all.map(str::to_owned).into(), all.map(str::to_owned).into()));
    let clean = judge(&policy(), Mode::Warn, &request(&["fs.list"], &[], &[]));
    assert_eq!(clean.outcome(), Outcome::Allow);
}

#[test]
fn p37_warn_never_covers_what_nobody_declared_or_signed() {
    let (good_facts, good_registry, policy) = (facts(), registry(), policy());
    let gate = Gate::new(&policy, bundle_digest(), Mode::Warn).unwrap();
    let good = Subject { facts: &good_facts, registry: &good_registry, drift: None, tenant: &acme(), rights: None };
    let soft = request(&["net.fetch"], &[], &[]);
    let outcome = |subject: &Subject<'_>, asked, now: Timestamp| {
        let decision = gate.evaluate(subject, asked, now);
        (decision.outcome(), reasons(&decision))
    };
    let soft_reason = "policy.tool_not_allowed net.fetch".to_owned();
    let last = at("2026-06-30T23:59:59Z");
    assert_eq!(outcome(&good, &soft, last), (Outcome::Warned, vec![soft_reason.clone()]));

    assert_eq!(outcome(&good, &soft, at("2026-07-01T00:00:00Z")), (Outcome::Deny, vec![soft_reason.clone()]));

    let mut drifted = facts();
    drifted.tools.insert(tool("net.fetch"), Blake3Digest::of(b"other"));
    let subject = Subject { facts: &drifted, ..good };
    let both = vec!["policy.tool_definition_drift net.fetch".to_owned(), soft_reason.clone()];
    assert_eq!(outcome(&subject, &soft, now()), (Outcome::Deny, both));

    let undeclared = request(&["net.fetch", "net.send"], &[], &[]);
    let three = ["tool_not_allowed net.fetch", "tool_not_allowed net.send", "tool_undeclared net.send"];
    assert_eq!(outcome(&good, &undeclared, now()), (Outcome::Deny, three.map(|r| format!("policy.{r}")).into()));

    let expired = outcome(&good, &soft, at("2027-01-01T00:00:00Z"));
    assert_eq!(expired, (Outcome::Deny, vec!["policy.bundle_expired example".to_owned(), soft_reason.clone()]));

    let rights = Rights { tools: [tool("net.fetch")].into(), ..Rights::default() };
    let delegated = Subject { rights: Some(&rights), ..good };
    assert_eq!(outcome(&delegated, &soft, now()), (Outcome::Deny, vec![soft_reason]));
    assert_eq!(gate.evaluate_pack(&delegated, now()).outcome(), Outcome::Deny);
    assert_eq!(gate.evaluate_pack(&good, now()).outcome(), Outcome::Warned);
}

#[test]
fn the_rules_that_warn_covers_are_four() {
    let covered: Vec<&str> = rules().filter(|rule| rule.warnable()).map(|rule| rule.code()).collect();
    let four = ["determinism_required", "model_not_allowed", "scope_not_granted", "tool_not_allowed"];
    assert_eq!(covered, four.map(|code| format!("policy.{code}")));
}

#[test]
fn rules_are_ordered_as_their_codes() {
    assert!(rules().is_sorted());
    assert!(rules().map(|rule| rule.code()).is_sorted_by(|a, b| a < b));
    assert_eq!(rules().count(), Rule::ROWS.len() + crate::ValidityError::ROWS.len());
}

fn rules() -> impl Iterator<Item = Rule> {
    let (expired, from) = (now(), now());
    [
        Rule::ApprovalRequired,
        Rule::ArgumentMalformed,
        Rule::ArgumentMissing,
        Rule::ArgumentNotAllowed,
        Rule::Validity(crate::ValidityError::Expired { expired }),
        Rule::Validity(crate::ValidityError::NotYetValid { from }),
        Rule::DeterminismRequired,
        Rule::ModelNotAllowed,
        Rule::ModelUndeclared,
        Rule::ScopeNotDelegated,
        Rule::ScopeNotGranted,
        Rule::ScopeUndeclared,
        Rule::TenantUnlisted,
        Rule::ToolDefinitionDrift,
        Rule::ToolNotAllowed,
        Rule::ToolNotDelegated,
        Rule::ToolUndeclared,
    ]
    .into_iter()
}
