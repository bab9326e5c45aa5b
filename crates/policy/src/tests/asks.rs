//! Questions to a person, and tenants.

use reach_types::{Code as _, PackFacts, Request, TenantId, ToolCall};

use crate::{
    Decision, Gate, MAX_REASONS, Mode, Outcome, Policy, Rights, Subject,
    testing::{
        TOML, acme, at, binding, bundle_digest, call, facts, grant, modest_facts, now, reasons, registry, request, tool,
    },
};

fn policy(more: &str) -> Policy {
    Policy::from_toml(&format!("{TOML}\n{more}")).unwrap()
}

fn tenant(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

/// What is judged, and for whom.
struct Case<'a> {
    policy: &'a Policy,
    facts: PackFacts,
    tenant: &'a str,
    mode: Mode,
    rights: Option<Rights>,
}

impl<'a> Case<'a> {
    fn of(policy: &'a Policy) -> Self {
        Self { policy, facts: facts(), tenant: "acme", mode: Mode::Enforce, rights: None }
    }

    fn with<T>(&self, ask: impl FnOnce(&Gate<'_>, &Subject<'_>) -> T) -> T {
        let (registry, tenant) = (registry(), tenant(self.tenant));
        let rights = self.rights.as_ref();
        let subject = Subject { facts: &self.facts, registry: &registry, drift: None, tenant: &tenant, rights };
        ask(&Gate::new(self.policy, bundle_digest(), self.mode).unwrap(), &subject)
    }

    fn request(&self, request: &Request) -> Decision {
        self.with(|gate, subject| gate.evaluate(subject, request, now()))
    }

    fn call(&self, call: &ToolCall) -> Decision {
        self.with(|gate, subject| gate.evaluate_call(subject, call, now()))
    }

    fn pack(&self) -> Decision {
        self.with(|gate, subject| gate.evaluate_pack(subject, now()))
    }
}

/// Outcome, violations, and what is asked, as `subject by rule id`.
fn told(decision: &Decision) -> (Outcome, Vec<String>, Vec<String>) {
    let asked = |one: &crate::Violation| format!("{} by {}", one.subject(), one.rule_id());
    assert!(decision.questions().iter().all(|one| one.code() == "policy.approval_required"));
    (decision.outcome(), reasons(decision), decision.questions().iter().map(asked).collect())
}

const NONE: Vec<String> = Vec::new();

#[test]
fn a_person_is_asked_about_tools_and_scopes() {
    let policy = policy("[asks]\ntools = [\"fs.list\"]\nscopes = [\"ns:a:*\", \"fs:read\"]");
    let case = Case::of(&policy);
    let ask = |tools: &[&str], scopes: &[&str]| told(&case.request(&request(tools, scopes, &[])));
    assert_eq!(ask(&["digest.files"], &["ns:a", "ns:b", "workspace:read"]), (Outcome::Allow, NONE, NONE));
    let all = ["fs.list", "fs:read", "ns:a:x", "ns:a:y"].map(|subject| format!("{subject} by policy.asks"));
    assert_eq!(ask(&["fs.list"], &["ns:a:y", "ns:a:x", "ns:b", "fs:read"]), (Outcome::Ask, NONE, all.into()));
    let decision = case.call(&call());
    assert_eq!(told(&decision), (Outcome::Ask, NONE, vec!["fs.list by policy.asks".to_owned()]));
    let refused = decision.permit(binding(), at("2026-06-01T00:01:00Z")).unwrap_err();
    assert_eq!(refused.code(), "policy.permit_unapproved");
    let text = "ask (mode enforce, at 2026-06-01T00:00:00Z)\n\
                policy.approval_required `fs.list`: a person has to approve this, call by call (policy.asks); \
                expected the approval of a person, found nothing; have an operator approve exactly this call";
    assert_eq!(decision.to_string(), text);
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!((&json["outcome"], &json["questions"][0]["subject"]), (&"ask".into(), &"fs.list".into()));
    // A pack is judged and nobody is asked.
    let modest = Case { facts: modest_facts(), ..Case::of(&policy) };
    assert_eq!(told(&modest.pack()), (Outcome::Allow, NONE, NONE));
}

#[test]
fn a_wildcard_that_the_pack_declares_hides_no_question() {
    // The pack declares `ns:*`, the policy grants it, and asks about a part of it.
    for asks in ["ns:*", "ns:a", "ns:a:*"] {
        let policy = policy(&format!("[asks]\nscopes = [\"{asks}\"]"));
        let scope = if asks == "ns:a:*" { "ns:a:b" } else { "ns:a" };
        let decision = Case::of(&policy).request(&request(&[], &[scope], &[]));
        assert_eq!(told(&decision), (Outcome::Ask, NONE, vec![format!("{scope} by policy.asks")]), "{asks}");
    }
}

#[test]
fn p37_what_waits_for_a_person_is_never_warned_through() {
    let policy = policy("[asks]\ntools = [\"fs.list\"]");
    let warn = Case { mode: Mode::Warn, ..Case::of(&policy) };
    let judge = |tools: &[&str]| told(&warn.request(&request(tools, &[], &[])));
    let soft = vec!["policy.tool_not_allowed net.fetch".to_owned()];
    assert_eq!(judge(&["net.fetch"]), (Outcome::Warned, soft.clone(), NONE));
    assert_eq!(judge(&["fs.list"]), (Outcome::Ask, NONE, vec!["fs.list by policy.asks".to_owned()]));
    let both = vec!["fs.list by policy.asks".to_owned()];
    assert_eq!(judge(&["fs.list", "net.fetch"]), (Outcome::Deny, soft, both));
}

#[test]
fn p34_questions_are_capped_and_the_others_counted() {
    let policy = policy("[asks]\nscopes = [\"ns:*\"]");
    let scopes: Vec<String> = (0..=MAX_REASONS).map(|i| format!("ns:s{i:02}")).collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let decision = Case::of(&policy).request(&request(&["net.send"], &scopes, &[]));
    assert_eq!((decision.questions().len(), decision.omitted()), (MAX_REASONS, 1));
    assert_eq!(reasons(&decision), ["policy.tool_not_allowed net.send", "policy.tool_undeclared net.send"]);
    assert_eq!(decision.questions()[0].subject(), "ns:s00");
}

const TENANT: &str = r#"
[asks]
tools = ["digest.files"]

[[limits]]
id = "short"
tool = "fs.list"
at = ""
max_bytes = 100

[tenants.acme]
tools = ["fs.list"]
scopes = ["ns:a:*", "workspace:read"]

[tenants.acme.models]
planner = ["acme.small-1"]

[tenants.acme.asks]
scopes = ["ns:a:b"]

[[tenants.acme.limits]]
id = "here"
tool = "fs.list"
at = "/path"
below = ["acme"]

[tenants.plain]

[tenants.strict]
enforce = true
require_deterministic = true
"#;

#[test]
fn a_tenants_rules_narrow_the_organizations() {
    let policy = policy(TENANT);
    let mut case = Case::of(&policy);
    let asked = request(
        &["digest.files", "fs.list", "net.fetch"],
        &["ns:a:b", "ns:b", "net:get"],
        &[("planner", "acme.large-1")],
    );
    let decision = case.request(&asked);
    let said = |decision: &Decision| -> Vec<String> {
        let violations = decision.violations().iter();
        violations
            .map(|one| format!("{} {} {}: {}", one.code(), one.subject(), one.rule_id(), one.expected()))
            .collect()
    };
    let all = [
        "model_not_allowed planner=acme.large-1 tenant.models: `acme.small-1`",
        "scope_not_granted net:get policy.scopes: one of `db:write:users:row_1`, `fs:read`, `ns:*`, `output:*`, `workspace:read`",
        "scope_not_granted ns:b tenant.scopes: one of `ns:a:*`, `workspace:read`",
        "tool_not_allowed digest.files tenant.tools: `fs.list`",
        "tool_not_allowed net.fetch policy.tools: one of `digest.files`, `fs.list`",
    ];
    assert_eq!(said(&decision), all.map(|one| format!("policy.{one}")));
    assert_eq!(decision.unjudged(), 2);
    let questions = vec!["digest.files by policy.asks".to_owned(), "ns:a:b by tenant.asks".to_owned()];
    assert_eq!(told(&decision).2, questions);

    case.tenant = "plain";
    let plain = case.request(&asked);
    let all = ["scope_not_granted net:get", "tool_not_allowed net.fetch"];
    assert_eq!(reasons(&plain), all.map(|one| format!("policy.{one}")));
    case.tenant = "other";
    assert_eq!(case.request(&asked).violations(), plain.violations());
    assert_eq!(plain.unjudged(), 1);
}

#[test]
fn a_tenants_limits_come_beside_the_organizations() {
    let policy = policy(TENANT);
    let mut case = Case::of(&policy);
    let with = |arguments: String| ToolCall { arguments: arguments.into_bytes(), ..call() };
    assert_eq!(case.call(&with("{\"path\":\"acme/a\"}".into())).outcome(), Outcome::Allow);
    let wrong = |subject: &str| format!("policy.argument_not_allowed {subject}");
    assert_eq!(reasons(&case.call(&with("{\"path\":\"other\"}".into()))), [wrong("fs.list/path")]);
    let long = format!("{{\"path\":\"other\"}}{}", " ".repeat(99));
    assert_eq!(reasons(&case.call(&with(long.clone()))), [wrong("fs.list"), wrong("fs.list/path")]);
    case.tenant = "plain";
    assert_eq!(reasons(&case.call(&with(long))), [wrong("fs.list")]);
    assert_eq!(case.call(&with("{\"path\":\"other\"}".into())).outcome(), Outcome::Allow);
}

#[test]
fn a_tenant_can_ask_for_more_strictness() {
    let mut lax = TOML.replace("require_deterministic = true", "require_deterministic = false");
    lax.push_str(TENANT);
    let policy = Policy::from_toml(&lax).unwrap();
    let mut case = Case { mode: Mode::Warn, ..Case::of(&policy) };
    case.facts.deterministic = false;
    let soft = request(&["net.fetch"], &[], &[]);
    let soft_reason = "policy.tool_not_allowed net.fetch".to_owned();
    case.tenant = "plain";
    assert_eq!(told(&case.request(&soft)), (Outcome::Warned, vec![soft_reason.clone()], NONE));
    case.tenant = "strict";
    let decision = case.request(&soft);
    let both = vec!["policy.determinism_required inventory".to_owned(), soft_reason];
    assert_eq!(told(&decision), (Outcome::Deny, both.clone(), NONE));
    assert_eq!(decision.violations()[0].rule_id(), "tenant.require_deterministic");
    assert_eq!(case.pack().outcome(), Outcome::Deny);
    case.mode = Mode::Enforce;
    assert_eq!(told(&case.request(&soft)), (Outcome::Deny, both, NONE));
    // Where both say so, it is the organization's word.
    let policy = self::policy(TENANT);
    let mut case = Case { tenant: "strict", ..Case::of(&policy) };
    case.facts.deterministic = false;
    assert_eq!(case.request(&Request::default()).violations()[0].rule_id(), "policy.require_deterministic");
}

#[test]
fn unlisted_tenants_are_refused_where_the_policy_says_so() {
    let listed = format!("listed_tenants_only = true\n{TOML}\n{TENANT}");
    let policy = Policy::from_toml(&listed).unwrap();
    let mut case = Case { tenant: "plain", ..Case::of(&policy) };
    let asked = request(&["fs.list"], &[], &[]);
    assert_eq!(case.request(&asked).outcome(), Outcome::Allow);
    for tenant in ["plai", "plain-2", "nobody"] {
        for mode in [Mode::Enforce, Mode::Warn] {
            (case.tenant, case.mode) = (tenant, mode);
            let decision = case.request(&asked);
            assert_eq!(told(&decision), (Outcome::Deny, vec!["policy.tenant_unlisted example".to_owned()], NONE));
            assert!(!decision.to_string().contains(tenant), "{decision}");
            let [one] = decision.violations() else { panic!("{decision}") };
            let said = [one.rule_id(), one.expected(), &one.actual().to_string()].map(str::to_owned);
            assert_eq!(said, ["policy.listed_tenants_only", "a tenant that the policy lists", "nothing"]);
            assert_eq!(case.call(&call()).outcome(), Outcome::Deny);
        }
    }
    case.facts = modest_facts();
    assert_eq!(told(&case.pack()).1, ["policy.tenant_unlisted example"]);
    case.tenant = "plain";
    assert_eq!(case.pack().outcome(), Outcome::Allow);
}

#[test]
fn a_pack_is_judged_by_the_tenants_rules_too() {
    let policy = policy(TENANT);
    let case = Case { facts: modest_facts(), ..Case::of(&policy) };
    let decision = case.pack();
    let all = [
        "model_not_allowed planner=acme.large-1",
        "scope_not_granted fs:read",
        "scope_not_granted ns:sub:*",
        "tool_not_allowed digest.files",
    ];
    assert_eq!(told(&decision), (Outcome::Deny, all.map(|one| format!("policy.{one}")).into(), NONE));
    assert!(decision.violations().iter().all(|one| one.rule_id().starts_with("tenant.")));
    assert_eq!(Case { tenant: "plain", ..case }.pack().outcome(), Outcome::Allow);
}

#[test]
fn what_is_delegated_is_asked_about_all_the_same() {
    let policy = policy("[asks]\ntools = [\"fs.list\"]");
    let rights = Rights { tools: [tool("fs.list")].into(), scopes: [grant("ns:*")].into_iter().collect() };
    let case = Case { rights: Some(rights), ..Case::of(&policy) };
    let decision = case.request(&request(&["fs.list"], &["ns:a"], &[]));
    assert_eq!(told(&decision), (Outcome::Ask, NONE, vec!["fs.list by policy.asks".to_owned()]));
    let decision = case.request(&request(&["fs.list"], &["fs:read"], &[]));
    let asked = vec!["fs.list by policy.asks".to_owned()];
    assert_eq!(told(&decision), (Outcome::Deny, vec!["policy.scope_not_delegated fs:read".to_owned()], asked));
}

#[test]
fn p18_a_permit_is_for_the_tenant_that_was_judged() {
    let policy = policy("");
    let code = |tenant: &str| {
        let decision = Case { tenant, ..Case::of(&policy) }.call(&call());
        decision.permit(binding(), at("2026-06-01T00:01:00Z")).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(binding().tenant, acme());
    assert_eq!((code("acme"), code("other")), ("ok", "policy.permit_run_mismatch"));
}
