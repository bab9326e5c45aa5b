//! Cases: what passes, what fails, and what no case exercised.

use reach_types::Code as _;

use crate::{CasesReport, MAX_CASES, MAX_CASES_TOML_BYTES, Policy, PolicyCases, Side, testing::TOML};

const HEAD: &str = "schema = \"reach-policy-tests/1\"\n";

fn cases(text: &str) -> PolicyCases {
    PolicyCases::from_toml(&format!("{HEAD}{text}")).unwrap()
}

/// The policy of the tests, with `more` at its end.
fn policy(more: &str) -> Policy {
    Policy::from_toml(&format!("{TOML}{more}")).unwrap()
}

/// What one case comes to: nothing if it passes, else everything that is said of it.
fn failure(policy: &Policy, case: &str) -> Vec<String> {
    let report = cases(&format!("[[cases]]\nname = \"it\"\n{case}\n")).run(policy);
    assert_eq!(report.passed + report.failed.len(), 1);
    let told = report.failed.into_iter().flat_map(|case| {
        let outcome = format!("{}: expected {}, got {}", case.name, case.expected, case.actual);
        let missing = case.missing.into_iter().map(|reason| format!("missing {reason}"));
        let surplus = case.surplus.into_iter().map(|reason| format!("surplus {reason}"));
        let omitted = (case.omitted > 0).then(|| format!("{} more", case.omitted));
        std::iter::once(outcome).chain(missing).chain(surplus).chain(omitted).collect::<Vec<_>>()
    });
    told.collect()
}

const NONE: [&str; 0] = [];

#[test]
fn a_case_passes_with_its_outcome_and_exactly_its_reasons() {
    let policy = policy("");
    let request = "request = { tools = [\"fs.list\", \"shell.exec\"], scopes = [\"net:get\"] }";
    let both = "reasons = [\"policy.scope_not_granted net:get\", \"policy.tool_not_allowed shell.exec\"]";
    assert_eq!(failure(&policy, &format!("expect = \"deny\"\n{both}\n{request}")), NONE);
    // The rule's id may be said too, and must be right.
    let ids = both.replace("net:get", "net:get policy.scopes").replace("exec", "exec policy.tools");
    assert_eq!(failure(&policy, &format!("expect = \"deny\"\n{ids}\n{request}")), NONE);
    let one = "reasons = [\"policy.tool_not_allowed shell.exec\"]";
    assert_eq!(
        failure(&policy, &format!("expect = \"deny\"\n{one}\n{request}")),
        ["it: expected deny, got deny", "surplus policy.scope_not_granted net:get policy.scopes",]
    );
    let other = both.replace("net:get", "net:put").replace("exec\"", "exec tenant.tools\"");
    assert_eq!(
        failure(&policy, &format!("expect = \"deny\"\n{other}\n{request}")),
        [
            "it: expected deny, got deny",
            "missing policy.scope_not_granted net:put",
            "missing policy.tool_not_allowed shell.exec tenant.tools",
            "surplus policy.scope_not_granted net:get policy.scopes",
            "surplus policy.tool_not_allowed shell.exec policy.tools",
        ]
    );
    assert_eq!(failure(&policy, &format!("expect = \"allow\"\n{both}\n{request}")), ["it: expected allow, got deny"]);
    assert_eq!(failure(&policy, "expect = \"allow\"\nrequest = { tools = [\"fs.list\"] }"), NONE);
}

#[test]
fn more_reasons_than_a_decision_lists_pass_nowhere() {
    let tools: String = (0..65).map(|n| format!("\"t{n}\", ")).collect();
    let reasons: String = (0..65).map(|n| format!("\"policy.tool_not_allowed t{n}\", ")).collect();
    let case = format!("expect = \"deny\"\nreasons = [{reasons}]\nrequest = {{ tools = [{tools}] }}");
    assert_eq!(
        failure(&policy(""), &case),
        ["it: expected deny, got deny", "missing policy.tool_not_allowed t9", "1 more",]
    );
}

#[test]
fn what_a_case_does_not_say_is_ordinary() {
    let strict = policy("[tenants.acme]\ntools = [\"fs.list\"]\n");
    let asks = "request = { tools = [\"digest.files\"], models = { planner = \"acme.large-1\" } }";
    assert_eq!(failure(&strict, &format!("expect = \"allow\"\n{asks}")), NONE);
    let own =
        "tenant = \"acme\"\nexpect = \"deny\"\nreasons = [\"policy.tool_not_allowed digest.files tenant.tools\"]\n";
    assert_eq!(failure(&strict, &format!("{own}{asks}")), NONE);
    // At the policy's first moment, and not before.
    let at = |now: &str, code: &str| {
        let reasons = format!("expect = \"deny\"\nreasons = [\"policy.{code} example\"]");
        failure(&strict, &format!("now = \"{now}T00:00:00Z\"\n{reasons}\n{asks}"))
    };
    assert_eq!(at("2025-12-31", "bundle_not_yet_valid"), NONE);
    assert_eq!(at("2027-01-01", "bundle_expired"), NONE);
    assert_eq!(at("2026-01-01", "bundle_expired")[0], "it: expected deny, got allow");
}

#[test]
fn a_pack_declares_what_is_asked_unless_it_says_otherwise() {
    let policy = policy("");
    let asks = "request = { tools = [\"fs.list\"], scopes = [\"fs:read\"], models = { planner = \"acme.large-1\" } }";
    let pack = |says: &str, reasons: &str| {
        failure(&policy, &format!("expect = \"deny\"\nreasons = [{reasons}]\n{asks}\npack = {{ {says} }}"))
    };
    assert_eq!(pack("tools = [\"digest.files\"]", "\"policy.tool_undeclared fs.list\""), NONE);
    assert_eq!(pack("scopes = [\"fs:read:*\"]", "\"policy.scope_undeclared fs:read\""), NONE);
    assert_eq!(pack("models = {}", "\"policy.model_undeclared planner=acme.large-1\""), NONE);
    assert_eq!(pack("deterministic = false", "\"policy.determinism_required pack\""), NONE);
    assert_eq!(pack("deterministic = false, name = \"mine\"", "\"policy.determinism_required mine\""), NONE);
    assert_eq!(failure(&policy, &format!("expect = \"allow\"\n{asks}\npack = {{ scopes = [\"fs:*\"] }}")), NONE);
}

#[test]
fn drift_delegation_and_warnings_can_be_asked_about() {
    let policy = policy("");
    let asks = "request = { tools = [\"fs.list\"], scopes = [\"fs:read\"] }";
    let deny = |more: &str, reasons: &str| {
        failure(&policy, &format!("expect = \"deny\"\nreasons = [{reasons}]\n{more}\n{asks}"))
    };
    assert_eq!(deny("drifted = [\"fs.list\"]", "\"policy.tool_definition_drift fs.list\""), NONE);
    let delegated = "delegated = { tools = [\"digest.files\"], scopes = [\"fs:*\"] }";
    assert_eq!(deny(delegated, "\"policy.tool_not_delegated fs.list\""), NONE);
    let delegated = "delegated = { tools = [\"fs.list\"], scopes = [] }";
    assert_eq!(deny(delegated, "\"policy.scope_not_delegated fs:read\""), NONE);
    let warned = "mode = \"warn\"\nexpect = \"warned\"\nreasons = [\"policy.tool_not_allowed net.get\"]\nrequest = { tools = [\"net.get\"] }";
    assert_eq!(failure(&policy, warned), NONE);
    assert_eq!(failure(&policy, &warned.replace("\"warn\"", "\"enforce\"")), ["it: expected warned, got deny"]);
    let never = Policy::from_toml(&TOML.replace("warn_until = \"2026-07-01T00:00:00Z\"\n", "")).unwrap();
    assert_eq!(
        failure(&never, warned),
        ["it: expected warned, got policy.warn_not_in_policy", "missing policy.tool_not_allowed net.get",]
    );
}

const LIMITS: &str = r#"
[asks]
tools = ["digest.files"]
scopes = ["ns:*"]
[[limits]]
id = "reports-only"
tool = "fs.list"
at = "/path"
below = ["reports"]
[tenants.acme]
[[tenants.acme.limits]]
id = "short"
tool = "fs.list"
at = "/path"
max_bytes = 12
"#;

#[test]
fn a_call_is_judged_by_its_arguments() {
    let policy = policy(LIMITS);
    let call = |who: &str, arguments: &str, expect: &str, reasons: &str| {
        let call = format!("call = {{ tool = \"fs.list\", arguments = '{arguments}' }}");
        failure(&policy, &format!("{who}expect = \"{expect}\"\nreasons = [{reasons}]\n{call}"))
    };
    assert_eq!(call("", r#"{"path":"reports/2026/a"}"#, "allow", ""), NONE);
    let refused = "\"policy.argument_not_allowed fs.list/path";
    assert_eq!(call("", r#"{"path":"secrets"}"#, "deny", &format!("{refused} reports-only\"")), NONE);
    let both = format!("{refused} reports-only\", {refused} short\"");
    assert_eq!(call("tenant = \"acme\"\n", r#"{"path":"secrets/of/others"}"#, "deny", &both), NONE);
    // Without a rule's id, one line stands for both.
    assert_eq!(call("tenant = \"acme\"\n", r#"{"path":"secrets/of/others"}"#, "deny", &format!("{refused}\"")), NONE);
    assert_eq!(call("", "{}", "deny", "\"policy.argument_missing fs.list/path\""), NONE);
    let asked = "expect = \"ask\"\nreasons = [\"policy.approval_required digest.files\"]\ncall = { tool = \"digest.files\", arguments = \"\" }";
    assert_eq!(failure(&policy, asked), NONE);
}

fn unexercised(report: &CasesReport) -> Vec<String> {
    report.rules_unexercised.iter().map(|one| format!("{} {}", one.rule, one.side.as_str())).collect()
}

#[test]
fn what_no_case_meets_is_listed() {
    let policy = policy(LIMITS);
    let report =
        cases("[[cases]]\nname = \"a\"\nexpect = \"allow\"\nrequest = { tools = [\"fs.list\"] }\n").run(&policy);
    assert_eq!(report.passed, 1);
    assert_eq!(
        unexercised(&report),
        [
            "ask scope ns:* asked",
            "ask tool digest.files asked",
            "limit reports-only allowed",
            "limit reports-only refused",
            "limit short allowed",
            "limit short refused",
            "models allowed",
            "models refused",
            "require_deterministic refused",
            "scopes allowed",
            "scopes refused",
            "tenant acme allowed",
            "tenant acme refused",
            "tools refused",
        ]
    );
    assert_eq!(report.codes_unexercised.len(), super::read::codes().count());
    assert!(report.codes_unexercised.is_sorted() && report.codes_unexercised.contains(&"policy.bundle_expired"));
}

/// One case for each rule and side; each takes out what it is for.
#[test]
fn each_case_takes_what_it_meets_off_the_list() {
    let policy = policy(LIMITS);
    let case = |body: &str| {
        let report = cases(&format!("[[cases]]\nname = \"a\"\n{body}\n")).run(&policy);
        assert_eq!(report.failed, [], "{body}");
        let all = unexercised(&cases("[[cases]]\nname = \"a\"\nexpect = \"deny\"\nreasons = [\"policy.determinism_required pack\"]\nrequest = {}\npack = { deterministic = false }\n").run(&policy));
        let left = unexercised(&report);
        all.into_iter().filter(|one| !left.contains(one)).collect::<Vec<_>>()
    };
    let asks = |expect: &str, reasons: &str, what: &str| {
        case(&format!("expect = \"{expect}\"\nreasons = [{reasons}]\nrequest = {{ {what} }}"))
    };
    // Every deterministic pack meets determinism from its allowed side.
    let plus = |more: &[&str]| {
        [&["require_deterministic allowed"], more]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let set = |met: Vec<String>| met.into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(set(asks("allow", "", "tools = [\"fs.list\"]")), plus(&["tools allowed"]));
    assert_eq!(set(asks("deny", "\"policy.tool_not_allowed x\"", "tools = [\"x\"]")), plus(&["tools refused"]));
    assert_eq!(set(asks("allow", "", "scopes = [\"fs:read\"]")), plus(&["scopes allowed"]));
    assert_eq!(set(asks("deny", "\"policy.scope_not_granted x\"", "scopes = [\"x\"]")), plus(&["scopes refused"]));
    assert_eq!(
        set(asks("ask", "\"policy.approval_required ns:a\"", "scopes = [\"ns:a\"]")),
        plus(&["scopes allowed", "ask scope ns:* asked"])
    );
    assert_eq!(
        set(asks("ask", "\"policy.approval_required digest.files\"", "tools = [\"digest.files\"]")),
        plus(&["tools allowed", "ask tool digest.files asked"])
    );
    assert_eq!(set(asks("allow", "", "models = { planner = \"acme.large-1\" }")), plus(&["models allowed"]));
    assert_eq!(
        set(asks("deny", "\"policy.model_not_allowed planner=x\"", "models = { planner = \"x\" }")),
        plus(&["models refused"])
    );
    let tenant = |body: &str| set(case(&format!("tenant = \"acme\"\n{body}")));
    assert_eq!(
        tenant("expect = \"allow\"\nrequest = { tools = [\"fs.list\"] }"),
        plus(&["tenant acme allowed", "tools allowed"])
    );
    assert_eq!(
        tenant("expect = \"deny\"\nreasons = [\"policy.tool_not_allowed x\"]\nrequest = { tools = [\"x\"] }"),
        plus(&["tenant acme refused", "tools refused"])
    );
    let call = |expect: &str, reasons: &str, arguments: &str| {
        let call = format!("call = {{ tool = \"fs.list\", arguments = '{arguments}' }}");
        tenant(&format!("expect = \"{expect}\"\nreasons = [{reasons}]\n{call}"))
    };
    let allowed = ["limit reports-only allowed", "limit short allowed", "tenant acme allowed", "tools allowed"];
    assert_eq!(call("allow", "", r#"{"path":"reports"}"#), plus(&allowed));
    let refused = "\"policy.argument_not_allowed fs.list/path\"";
    let met = ["limit reports-only allowed", "limit short refused", "tenant acme refused", "tools allowed"];
    assert_eq!(call("deny", refused, r#"{"path":"reports/in/2026"}"#), plus(&met));
    let met = ["limit reports-only refused", "limit short allowed", "tenant acme refused", "tools allowed"];
    assert_eq!(call("deny", refused, r#"{"path":"x"}"#), plus(&met));
    // Nothing is known of limits where the arguments cannot be read.
    let malformed = "\"policy.argument_malformed fs.list\"";
    let met = ["tenant acme refused", "tools allowed"];
    assert_eq!(call("deny", malformed, r#"{"path":"reports","PATH":"x"}"#), plus(&met));
}

#[test]
fn codes_that_a_case_leads_to_are_off_the_list() {
    let case = "[[cases]]\nname = \"a\"\nexpect = \"ask\"\nreasons = [\"policy.approval_required digest.files\"]\nrequest = { tools = [\"digest.files\"] }\n";
    let report = cases(case).run(&policy(LIMITS));
    assert_eq!((report.failed.len(), report.codes_unexercised.contains(&"policy.approval_required")), (0, false));
    let deny = case
        .replace("ask\"", "deny\"")
        .replace("approval_required digest.files", "tool_not_allowed x")
        .replace("digest.files", "x");
    let report = cases(&deny).run(&policy(LIMITS));
    assert_eq!((report.failed.len(), report.codes_unexercised.contains(&"policy.tool_not_allowed")), (0, false));
    assert!(report.codes_unexercised.contains(&"policy.approval_required"));
    assert_eq!([Side::Allowed, Side::Asked, Side::Refused].map(Side::as_str), ["allowed", "asked", "refused"]);
}

fn refusal(text: &str) -> String {
    let error = PolicyCases::from_toml(text).unwrap_err();
    format!("{}: {error}", error.code())
}

#[test]
fn files_outside_the_format_are_refused() {
    let case = "[[cases]]\nname = \"a\"\nexpect = \"allow\"\nrequest = {}\n";
    let good = format!("{HEAD}{case}");
    assert_eq!(PolicyCases::from_toml(&good).unwrap().len(), 1);
    assert!(!PolicyCases::from_toml(&good).unwrap().is_empty());
    let code = |text: &str| refusal(text).split(':').next().unwrap().to_owned();
    assert_eq!(code(HEAD), "policy.cases_empty");
    assert_eq!(code(&format!("{HEAD}cases = []\n")), "policy.cases_empty");
    assert_eq!(code(&good.replace("tests/1", "tests/2")), "policy.cases_schema_unknown");
    assert_eq!(code(&format!("more = 1\n{good}")), "policy.cases_unknown_field");
    assert_eq!(code(&format!("{good}Expect = 1\n")), "policy.cases_unknown_field");
    assert_eq!(code(&format!("{good}expect = \"deny\"\n")), "policy.cases_malformed");
    assert_eq!(code(&format!("{HEAD}cases = [[\"a\", \"allow\"]]\n")), "policy.cases_malformed");
    assert_eq!(
        refusal("\n\nschema = 1\n"),
        "policy.cases_malformed: line 3: invalid type: integer `1`, expected a string"
    );
    assert_eq!(refusal(&format!("{good}{case}")), "policy.case_duplicate: `cases[1].name` repeats an earlier one");
    assert_eq!(code(&good.replace("request = {}\n", "")), "policy.case_asks_nothing");
    assert_eq!(
        refusal(&format!("{good}call = {{ tool = \"a\", arguments = \"\" }}\n")),
        "policy.case_asks_nothing: `cases[0]` has not exactly one of `request` and `call`"
    );
}

#[test]
fn p34_a_file_of_cases_is_bounded() {
    let one = |n: usize| format!("[[cases]]\nname = \"{n}\"\nexpect = \"allow\"\nrequest = {{}}\n");
    let many = |count: usize| format!("{HEAD}{}", (0..count).map(one).collect::<String>());
    assert_eq!(PolicyCases::from_toml(&many(MAX_CASES)).unwrap().len(), MAX_CASES);
    assert_eq!(
        refusal(&many(MAX_CASES + 1)),
        "policy.cases_too_many: the file has 4097 cases, at most 4096 are allowed"
    );
    let good = many(1);
    let full = format!("{good}{}", "#".repeat(MAX_CASES_TOML_BYTES - good.len()));
    assert_eq!(PolicyCases::from_toml(&full).unwrap().len(), 1);
    assert_eq!(
        refusal(&format!("{full}#")),
        "policy.cases_too_large: the file has 4194305 bytes, at most 4194304 are allowed"
    );
}

#[test]
fn every_entry_is_parsed() {
    let good = format!(
        "{HEAD}[[cases]]\nname = \"a b\"\nnow = \"2026-06-01T00:00:00Z\"\ntenant = \"acme\"\nmode = \"warn\"\n\
         expect = \"deny\"\nreasons = [\"policy.tool_undeclared t\"]\ndrifted = [\"u\"]\n\
         request = {{ tools = [\"t\"], scopes = [\"s\"], models = {{ k = \"m\" }} }}\n\
         pack = {{ name = \"p\", tools = [\"u\"], scopes = [\"g:*\"], models = {{ q = \"n\" }} }}\n\
         delegated = {{ tools = [\"d\"], scopes = [\"e:*\"] }}\n"
    );
    assert_eq!(PolicyCases::from_toml(&good).unwrap().len(), 1);
    let malformed = [
        ("\"a b\"", "\"\"", "name` is not a sentence of plain ASCII"),
        ("\"a b\"", "\"a\\n\"", "name` is not a sentence of plain ASCII"),
        ("2026-06-01T00:00:00Z", "2026-06-01", "now` is not a date written `YYYY-MM-DDTHH:MM:SSZ`"),
        ("\"acme\"", "\"Acme\"", "tenant` is not a tenant"),
        ("\"warn\"", "\"Warn\"", "mode` is not `enforce` or `warn`"),
        ("\"deny\"", "\"denied\"", "expect` is not `allow`, `ask`, `warned` or `deny`"),
        ("tool_undeclared t", "tool_undeclared", "reasons[0]` is not a code of the gate, a space and its subject"),
        ("tool_undeclared t", "tool_undeclared ", "reasons[0]` is not a code of the gate, a space and its subject"),
        ("tool_undeclared t", "tool_undeclared t ", "reasons[0]` is not a code of the gate, a space and its subject"),
        (
            "tool_undeclared t",
            "tool_undeclared t a b",
            "reasons[0]` is not a code of the gate, a space and its subject",
        ),
        ("tool_undeclared t", "tool_unknown t", "reasons[0]` is not a code of the gate, a space and its subject"),
        ("drifted = [\"u\"]", "drifted = [\"t\"]", "drifted[0]` is not a tool that the pack declares"),
        ("tools = [\"t\"]", "tools = [\"T\"]", "request.tools[0]` is not a tool"),
        ("scopes = [\"s\"]", "scopes = [\"s:*\"]", "request.scopes[0]` is not an exact scope"),
        ("k = \"m\"", "K = \"m\"", "request.models[0]` is not a model for a key"),
        ("k = \"m\"", "k = \"M\"", "request.models[0]` is not a model for a key"),
        ("name = \"p\"", "name = \"P\"", "pack.name` is not a pack's name"),
        ("tools = [\"u\"]", "tools = [\"U\"]", "pack.tools[0]` is not a tool"),
        ("\"g:*\"", "\"*\"", "pack.scopes[0]` is not a grant"),
        ("q = \"n\"", "q = \"N\"", "pack.models[0]` is not a model for a key"),
        ("tools = [\"d\"]", "tools = [\"D\"]", "delegated.tools[0]` is not a tool"),
        ("\"e:*\"", "\"e:*:f\"", "delegated.scopes[0]` is not a grant"),
    ];
    for (from, to, told) in malformed {
        assert!(good.contains(from), "{from}");
        let wanted = format!("policy.case_entry_malformed: `cases[0].{told}");
        assert_eq!(refusal(&good.replacen(from, to, 1)), wanted, "{to}");
    }
    let call = "call = { tool = \"t\", scopes = [\"s\"], arguments = \"{}\" }\n";
    let call = format!("{HEAD}[[cases]]\nname = \"a\"\nexpect = \"allow\"\n{call}");
    assert_eq!(PolicyCases::from_toml(&call).unwrap().len(), 1);
    assert!(refusal(&call.replace("\"t\"", "\"T\"")).ends_with("`cases[0].call.tool` is not a tool"));
    assert!(refusal(&call.replace("\"s\"", "\"S\"")).ends_with("`cases[0].call.scopes[0]` is not an exact scope"));
    for (list, twice) in [("[\"t\"]", "[\"t\", \"t\"]"), ("[\"u\"]", "[\"u\", \"u\"]"), ("[\"s\"]", "[\"s\", \"s\"]")] {
        assert!(refusal(&good.replace(list, twice)).starts_with("policy.case_duplicate: "), "{twice}");
    }
}
