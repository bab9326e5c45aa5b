//! Names that look like secrets, and that nobody who signs declares.

use reach_types::Request;

use crate::{
    Actual, Decision, Kind, MAX_REASONS, Mode, Outcome,
    redaction::is_telling_name,
    testing::{TOML, judge, policy, policy_with, reasons, request},
};

const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const OTHER: &str = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";

fn against(request: &Request) -> Decision {
    judge(&policy(), Mode::Enforce, request)
}

fn said(decision: &Decision) -> String {
    format!("{decision} {} {decision:?}", serde_json::to_string(decision).unwrap())
}

#[test]
fn p35_a_requested_name_that_looks_like_a_secret_is_withheld() {
    let scope = format!("secret:{HEX}");
    let decision = against(&request(&[HEX], &[&scope], &[("planner", HEX), (OTHER, "m")]));
    assert_eq!(
        reasons(&decision),
        [
            "policy.model_not_allowed planner=withheld-model-64-bytes",
            "policy.model_not_allowed withheld-key-64-bytes=m",
            "policy.model_undeclared planner=withheld-model-64-bytes",
            "policy.model_undeclared withheld-key-64-bytes=m",
            "policy.scope_not_granted withheld-scope-71-bytes",
            "policy.scope_undeclared withheld-scope-71-bytes",
            "policy.tool_not_allowed withheld-tool-64-bytes",
            "policy.tool_undeclared withheld-tool-64-bytes",
        ]
    );
    for one in
        decision.violations().iter().filter(|one| one.subject().contains("withheld-") && !one.subject().ends_with("=m"))
    {
        let bytes = if one.subject().contains("scope") { 71 } else { 64 };
        assert_eq!(*one.actual(), Actual::withheld(Kind::Text, &vec![b'x'; bytes]), "{one}");
    }
    assert!(!said(&decision).contains("9f86d081") && !said(&decision).contains("60303ae2"));
}

#[test]
fn p35_two_withheld_names_are_two() {
    let decision = against(&request(&[HEX, OTHER], &[], &[]));
    assert_eq!(decision.violations().len(), 4);
    let many: Vec<String> = (0..100).map(|i| format!("{i:064}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let decision = against(&request(&many, &[], &[]));
    assert_eq!((decision.violations().len(), decision.omitted()), (MAX_REASONS, 200 - MAX_REASONS as u64));
}

#[test]
fn what_the_policy_or_the_pack_declares_is_shown() {
    // Listed by the policy, undeclared by the pack.
    let listed = policy_with("\"digest.files\", ", &format!("\"{HEX}\", \"digest.files\", "));
    let one = judge(&listed, Mode::Enforce, &request(&[HEX], &[], &[]));
    assert_eq!(reasons(&one), [format!("policy.tool_undeclared {HEX}")]);
    assert_eq!(*one.violations()[0].actual(), Actual::identifier(&crate::testing::tool(HEX)));
    let listed = policy_with("\"output:*\"", &format!("\"a:{HEX}\", \"output:*\""));
    let one = judge(&listed, Mode::Enforce, &request(&[], &[&format!("a:{HEX}")], &[]));
    assert_eq!(reasons(&one), [format!("policy.scope_undeclared a:{HEX}")]);
    // What a wildcard covers is not listed.
    let one = judge(&policy(), Mode::Enforce, &request(&[], &[&format!("output:{HEX}")], &[]));
    assert_eq!(reasons(&one), ["policy.scope_undeclared withheld-scope-71-bytes"]);
    let listed = policy_with("\"acme.large-1\"", &format!("\"{HEX}\", \"acme.large-1\""));
    let one = judge(&listed, Mode::Enforce, &request(&[], &[], &[("planner", HEX)]));
    assert_eq!(reasons(&one), [format!("policy.model_undeclared planner={HEX}")]);
    let listed = policy_with("planner = ", &format!("{OTHER} = [\"m\"]\nplanner = "));
    let one = judge(&listed, Mode::Enforce, &request(&[], &[], &[(OTHER, "m")]));
    assert_eq!(reasons(&one), [format!("policy.model_undeclared {OTHER}=m")]);
}

#[test]
fn what_the_pack_declares_is_shown_whatever_the_policy_says() {
    use crate::{
        Gate, Subject,
        testing::{acme, bundle_digest, definition, facts, grant, models, now, registry_of, tool},
    };
    let (mut facts, policy) = (facts(), policy());
    facts.tools.insert(tool(HEX), definition(HEX));
    facts.scopes = [grant(&format!("a:{HEX}"))].into_iter().collect();
    facts.models = models(&[(OTHER, HEX)]);
    let registry = registry_of(&facts.tools);
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    let asked = request(&[HEX], &[&format!("a:{HEX}")], &[(OTHER, HEX)]);
    let reasons = reasons(&gate.evaluate(&subject, &asked, now()));
    let expected = [
        format!("policy.model_not_allowed {OTHER}={HEX}"),
        format!("policy.scope_not_granted a:{HEX}"),
        format!("policy.tool_not_allowed {HEX}"),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn p35_a_question_about_a_scope_that_looks_like_a_secret_is_withheld() {
    let text = format!("{TOML}\n[asks]\nscopes = [\"ns:*\"]\n");
    let asking = crate::Policy::from_toml(&text).unwrap();
    let decision = judge(&asking, Mode::Enforce, &request(&[], &[&format!("ns:{HEX}")], &[]));
    assert_eq!(decision.outcome(), Outcome::Ask);
    assert_eq!(decision.questions()[0].subject(), "withheld-scope-67-bytes");
    let decision = judge(&asking, Mode::Enforce, &request(&[], &["ns:deadbeef"], &[]));
    assert_eq!(decision.questions()[0].subject(), "ns:deadbeef");
}

#[test]
fn p35_names_of_peoples_making_are_shown() {
    for (name, telling) in [
        ("deadbeef", false),
        ("fs.list", false),
        ("db:write:users:row_1", false),
        ("meta-llama.llama-3.1-405b-instruct-fp8-2024-07-23", false),
        ("read_all_files_from_the_workspace_2", false),
        ("internationalizationhelpertools", false),
        ("internationalizationhelpertoolsx", true),
        ("a1b2c3d4e5f6a7b8c9d0e1f", false),
        ("a1b2c3d4e5f6a7b8c9d0e1f2", true),
        ("x.a1b2c3d4e5f6a7b8c9d0g1f2:y", true),
        ("key:550e8400-e29b-41d4-a716-446655440000", true),
        ("key.550e8400-e29b-41d4-a716-446655440000.x", true),
        ("550e8400-e29b-41d4-a716-44665544000", false),
        ("550e8400_e29b_41d4_a716_446655440000", true),
        ("550e8400-e29b-41d4-a716-446655440000-of-acme", false),
        ("123456789012345678901234567890", false),
        (HEX, true),
    ] {
        assert_eq!(is_telling_name(name), telling, "{name}");
    }
    assert_eq!(reasons(&against(&request(&["deadbeef"], &[], &[])))[0], "policy.tool_not_allowed deadbeef");
}
