//! Limits, questions and tenants: what a policy may say of them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use reach_types::{Code as _, Grants, TenantId};

use crate::{
    Asks, Check, Literal, MAX_CHOICES, MAX_LIMITS, MAX_NARROWED, MAX_TENANTS, Policy, PolicyError,
    testing::{TOML, acme, grant, policy, tool},
};

/// A good policy with `text` after it; tables follow the fields of the policy itself.
fn with(text: &str) -> Result<Policy, PolicyError> {
    Policy::from_toml(&format!("{TOML}{text}"))
}

fn code(text: &str) -> &'static str {
    with(text).map_or_else(|error| error.code(), |_| "ok")
}

/// The message that a good policy with `text` after it is refused with.
fn message(text: &str) -> String {
    with(text).unwrap_err().to_string()
}

fn limit(list: &str, id: &str, check: &str) -> String {
    format!("[[{list}]]\nid = \"{id}\"\ntool = \"fs.list\"\nat = \"/path\"\n{check}\n")
}

/// The code of a limit with this check.
fn checked(check: &str) -> &'static str {
    code(&limit("limits", "a", check))
}

/// The code of two limits with these checks, of the organization, and one of it and one of a tenant.
fn both(one: &str, other: &str) -> &'static str {
    let beside = |list: &str| code(&[limit("limits", "a", one), limit(list, "b", other)].concat());
    let (together, tenants) = (beside("limits"), beside("tenants.acme.limits"));
    assert_eq!(together, tenants, "{one} {other}");
    together
}

#[test]
fn p33_a_limit_is_on_something_that_is_allowed_and_can_be_met() {
    let good = limit("limits", "a", "below = [\"reports\"]");
    assert_eq!(code(&good), "ok");
    assert_eq!(code(&good.replace("fs.list", "fs.write")), "policy.unsatisfiable");
    assert!(message(&good.replace("fs.list", "fs.write")).contains("limits[a]"));
    assert_eq!(checked("one_of = []"), "policy.unsatisfiable");
    assert_eq!(checked("below = []"), "policy.unsatisfiable");
    assert_eq!(checked("min = 1\nmax = 0"), "policy.unsatisfiable");
    assert_eq!(checked("min = 1\nmax = 1"), "ok");
    // Of a tenant, the tool must be left to it.
    let of_tenant = |tools: &str| {
        code(&format!("[tenants.acme]\ntools = [{tools}]\n{}", limit("tenants.acme.limits", "a", "max_bytes = 1")))
    };
    assert_eq!(of_tenant("\"fs.list\""), "ok");
    assert_eq!(of_tenant("\"digest.files\""), "policy.unsatisfiable");
    assert_eq!(of_tenant(""), "policy.unsatisfiable");
}

#[test]
fn p33_a_limit_has_a_name_of_its_own() {
    let (one, two) = (limit("limits", "a", "max_bytes = 1"), limit("limits", "b", "max_bytes = 1"));
    assert_eq!(code(&[&*one, &two].concat()), "ok");
    assert_eq!(code(&[&*one, &one].concat()), "policy.duplicate_id");
    let of = |tenant: &str, id: &str| limit(&format!("tenants.{tenant}.limits"), id, "max_bytes = 1");
    assert_eq!(code(&[one.clone(), of("acme", "b"), of("other", "c")].concat()), "ok");
    assert_eq!(code(&[one, of("acme", "a")].concat()), "policy.duplicate_id");
    let twice = [of("acme", "b"), of("other", "b")].concat();
    assert_eq!(code(&twice), "policy.duplicate_id");
    assert!(message(&twice).contains("tenants.other.limits[b]"), "{}", message(&twice));
}

#[test]
fn p33_limits_that_nothing_meets_together_are_refused() {
    let (met, unmet) = ("ok", "policy.unsatisfiable");
    for (one, other, expected) in [
        ("one_of = [\"a\", \"b\"]", "one_of = [\"b\", \"c\"]", met),
        ("one_of = [\"a\"]", "one_of = [\"b\"]", unmet),
        ("one_of = [1]", "one_of = [\"1\"]", unmet),
        ("one_of = [1, true]", "one_of = [true]", met),
        ("one_of = [3, \"a\"]", "min = 3", met),
        ("one_of = [2, \"a\"]", "min = 3", unmet),
        ("one_of = [\"reports/a\"]", "below = [\"reports\"]", met),
        ("one_of = [\"reports/..\"]", "below = [\"reports\"]", unmet),
        ("one_of = [\"abc\"]", "max_bytes = 3", met),
        ("one_of = [\"abc\"]", "max_bytes = 2", unmet),
        ("min = 3", "max = 3", met),
        ("min = 4", "max = 3", unmet),
        ("max = 3", "max = 2", met),
        ("min = 1\nmax = 5", "min = 5\nmax = 9", met),
        ("min = 1\nmax = 5", "min = 6\nmax = 9", unmet),
        ("min = 1", "max_bytes = 9", unmet),
        ("min = 1", "below = [\"a\"]", unmet),
        ("max_bytes = 0", "max_bytes = 9", met),
        ("below = [\"a\", \"b\"]", "below = [\"b/c\"]", met),
        ("below = [\"a\", \"b\"]", "below = [\"c\", \"ab\"]", unmet),
        ("below = [\"abc\"]", "max_bytes = 3", met),
        ("below = [\"abc\"]", "max_bytes = 2", unmet),
        ("below = [\"a/b\"]", "below = [\"a\"]\n", met),
    ] {
        assert_eq!((both(one, other), both(other, one)), (expected, expected), "{one} {other}");
    }
    // Three of which any two can be met together.
    let three = ["one_of = [1, 2]", "one_of = [2, 3]", "one_of = [1, 3]"];
    let blocks: String = three.iter().zip(["a", "b", "c"]).map(|(check, id)| limit("limits", id, check)).collect();
    assert!(message(&blocks).starts_with("nothing can ever meet `limits[c]`"), "{}", message(&blocks));
    // Elsewhere, or of another tenant, they do not meet.
    let (one, two) = (limit("limits", "a", "min = 4"), limit("limits", "b", "max = 3"));
    assert_eq!(code(&[one.clone(), two.replace("/path", "/other")].concat()), met);
    assert_eq!(code(&[one.clone(), two.replace("fs.list", "digest.files")].concat()), met);
    let of = |tenant: &str, text: &str| text.replace("[[limits", &format!("[[tenants.{tenant}.limits"));
    assert_eq!(code(&[of("acme", &one), of("other", &two)].concat()), met);
    assert_eq!(code(&[of("acme", &one), of("acme", &two)].concat()), unmet);
}

#[test]
fn p33_what_a_person_is_asked_is_allowed_to_begin_with() {
    let asks = |text: &str| code(&format!("[asks]\n{text}\n"));
    assert_eq!(asks("tools = [\"fs.list\"]\nscopes = [\"ns:*\", \"ns:a:*\", \"ns:b\", \"fs:read\"]"), "ok");
    assert_eq!(asks("tools = [\"fs.write\"]"), "policy.unsatisfiable");
    for bad in ["ns", "fs:*", "fs:write", "other:*"] {
        assert_eq!(asks(&format!("scopes = [\"{bad}\"]")), "policy.unsatisfiable", "{bad}");
    }
    let of_tenant = |text: &str| code(&format!("[tenants.acme]\n{text}\n"));
    assert_eq!(of_tenant("scopes = [\"ns:a:*\"]\nasks.scopes = [\"ns:a:b\"]"), "ok");
    assert_eq!(of_tenant("scopes = [\"ns:a:*\"]\nasks.scopes = [\"ns:*\"]"), "policy.unsatisfiable");
    assert_eq!(of_tenant("asks.scopes = [\"ns:*\"]"), "ok");
    assert_eq!(of_tenant("tools = [\"fs.list\"]\nasks.tools = [\"fs.list\"]"), "ok");
    assert_eq!(of_tenant("tools = [\"fs.list\"]\nasks.tools = [\"digest.files\"]"), "policy.unsatisfiable");
    assert!(message("[tenants.acme]\nasks.tools = [\"x\"]").contains("`tenants.acme.asks.tools[x]`"));
}

#[test]
fn p33_a_tenants_rules_are_about_something() {
    let of_tenant = |text: &str| code(&format!("[tenants.acme]\n{text}\n"));
    assert_eq!(of_tenant("models.planner = []"), "policy.unsatisfiable");
    assert!(message("[tenants.acme]\nmodels.planner = []").contains("tenants.acme.models.planner"));
    // Nothing at all lists a tenant; no tool, no scope or no model shuts it out of just that.
    for good in ["", "tools = []", "scopes = []", "models = {}"] {
        assert_eq!(of_tenant(good), "ok", "{good}");
    }
    // Who may call nothing needs no rules about calls.
    for bad in [
        "scopes = [\"fs:read\"]",
        "models.planner = [\"acme.small-1\"]",
        "asks.scopes = [\"fs:read\"]",
        "enforce = true",
    ] {
        assert_eq!(of_tenant(bad), "ok", "{bad}");
        assert_eq!(of_tenant(&format!("tools = []\n{bad}")), "policy.unsatisfiable", "{bad}");
    }
}

#[test]
fn p07_a_tenant_is_never_allowed_more_than_the_organization() {
    let of_tenant = |text: &str| code(&format!("[tenants.acme]\n{text}\n"));
    let ok = [
        "tools = [\"fs.list\"]",
        "scopes = [\"ns:*\", \"output:reports:*\", \"output:x\", \"fs:read\"]",
        "models.planner = [\"acme.small-1\"]",
        "require_deterministic = false",
    ];
    for good in ok {
        assert_eq!(of_tenant(good), "ok", "{good}");
    }
    for bad in [
        "tools = [\"fs.list\", \"fs.write\"]",
        "scopes = [\"fs:*\"]",
        "scopes = [\"ns\"]",
        "scopes = [\"db:write:users:*\"]",
        "scopes = [\"db:write:users:row_2\"]",
        "models.planner = [\"acme.large-1\", \"acme.huge-1\"]",
        "models.judge = [\"acme.small-1\"]",
    ] {
        assert_eq!(of_tenant(bad), "policy.tenant_widens", "{bad}");
    }
    let place = |text: &str| message(&format!("[tenants.acme]\n{text}\n"));
    assert!(place("tools = [\"x\"]").starts_with("`tenants.acme.tools[x]`"));
    assert!(place("scopes = [\"x:*\"]").starts_with("`tenants.acme.scopes[x:*]`"));
    assert!(place("models.planner = [\"x\"]").starts_with("`tenants.acme.models.planner[x]`"));
    assert!(place("models.judge = [\"x\"]").starts_with("`tenants.acme.models.judge`"));
}

#[test]
fn a_limit_says_one_thing() {
    for good in [
        "one_of = [\"a\", 1, -1, true, false, \"\", \"caf\u{e9}\", 9007199254740992, -9007199254740992]",
        "below = [\"reports\", \"a/b c\"]",
        "min = -9007199254740992\nmax = 9007199254740992",
        "min = 0",
        "max = 0",
        "max_bytes = 0",
        "max_bytes = 1\noptional = true",
        "max_bytes = 1\noptional = false",
    ] {
        assert_eq!(checked(good), "ok", "{good}");
    }
    for bad in [
        "",
        "optional = true",
        "one_of = [\"a\"]\nbelow = [\"a\"]",
        "one_of = [\"a\"]\nmin = 1",
        "one_of = [\"a\"]\nmax = 1",
        "below = [\"a\"]\nmax_bytes = 1",
        "min = 1\nmax_bytes = 1",
        "max = 1\nmax_bytes = 1",
        "one_of = [1.0]",
        "one_of = [[1]]",
        "one_of = [{ a = 1 }]",
        "one_of = [2026-01-01]",
        "one_of = [9007199254740993]",
        "one_of = [-9007199254740993]",
        "one_of = [\"a\\u001b\"]",
        "one_of = [\"a\\nb\"]",
        "min = 9007199254740993",
        "max = -9007199254740993",
        "below = [\"../etc\"]",
        "below = [\"/etc\"]",
        "below = [\"reports/\"]",
        "below = [\"\"]",
    ] {
        assert_eq!(checked(bad), "policy.limit_malformed", "{bad}");
    }
    let text = |bytes: usize| checked(&format!("one_of = [\"{}\"]", "x".repeat(bytes)));
    assert_eq!((text(256), text(257)), ("ok", "policy.limit_malformed"));
    for bad in
        ["one_of = \"a\"", "below = [1]", "min = \"1\"", "min = 1.5", "max_bytes = -1", "optional = \"yes\"\nmin = 1"]
    {
        assert_eq!(checked(bad), "policy.toml_malformed", "{bad}");
    }
    assert_eq!(checked("one_of = [\"a\", \"a\"]"), "policy.duplicate_entry");
    assert_eq!(checked("below = [\"a\", \"a\"]"), "policy.duplicate_entry");
    assert_eq!(checked("contains = [\"a\"]"), "policy.unknown_field");
}

#[test]
fn a_limit_stands_at_one_place() {
    let at = |pointer: &str, check: &str| code(&limit("limits", "a", check).replace("/path", pointer));
    for good in ["/", "/a/*/b", "/a~1b"] {
        assert_eq!(at(good, "min = 1"), "ok", "{good}");
    }
    for bad in ["path", "/~2", "/a\\n", "/caf\u{e9}"] {
        assert_eq!(at(bad, "min = 1"), "policy.limit_malformed", "{bad}");
    }
    assert_eq!(at("", "max_bytes = 1"), "ok");
    assert_eq!(at("", "max_bytes = 1\noptional = true"), "policy.limit_malformed");
    assert_eq!(at("", "min = 1"), "policy.limit_malformed");
    assert_eq!(at("", "one_of = [\"a\"]"), "policy.limit_malformed");
    let good = limit("limits", "a", "min = 1");
    for (from, to, expected) in [
        ("\"a\"", "\"A\"", "policy.entry_malformed"),
        ("fs.list", "Fs.list", "policy.entry_malformed"),
        ("id = \"a\"\n", "", "policy.toml_malformed"),
        ("tool = \"fs.list\"\n", "", "policy.toml_malformed"),
        ("at = \"/path\"\n", "", "policy.toml_malformed"),
        ("[[limits]]", "[limits]", "policy.toml_malformed"),
    ] {
        assert_eq!(code(&good.replace(from, to)), expected, "{from}");
    }
    // A list in the place of a table would be read by position.
    assert_eq!(code("limits = [[\"a\", \"fs.list\", \"/path\"]]\n"), "policy.toml_malformed");
}

#[test]
fn p15_p21_no_table_has_a_field_that_is_not_known() {
    for table in [
        "[asks]\nmodels = []",
        "[asks]\napproved = true",
        "[tenants.acme]\nwarn_until = 1",
        "[tenants.acme]\nTools = []",
    ] {
        assert_eq!(code(table), "policy.unknown_field", "{table}");
    }
    assert_eq!(code("[tenants.acme.asks]\nby = \"me\""), "policy.unknown_field");
    assert_eq!(code(&limit("tenants.acme.limits", "a", "min = 1\nnot = 1")), "policy.unknown_field");
    for bad in
        ["asks = []", "tenants = []", "tenants.acme = []", "tenants.acme.asks = []", "tenants.acme.limits = [[]]"]
    {
        // The fields of the last table of the policy would follow.
        let text = TOML.replace("[models]", &format!("{bad}\n[models]"));
        let refused = Policy::from_toml(&text).map_or_else(|error| error.code(), |_| "ok");
        assert_eq!(refused, "policy.toml_malformed", "{bad}");
    }
    for bad in ["Acme", "a b", "*"] {
        assert_eq!(code(&format!("[tenants.\"{bad}\"]")), "policy.entry_malformed", "{bad}");
    }
    assert!(message("[tenants.Acme]").starts_with("`tenants[0]`"));
}

#[test]
fn p34_limits_questions_and_tenants_are_bounded() {
    let limits = |list: &str, n: usize| {
        (0..n).map(|i| limit(list, &format!("{}{i}", list.len()), "max_bytes = 1")).collect::<String>()
    };
    let too_many = "policy.too_many_entries";
    assert_eq!(code(&limits("limits", MAX_LIMITS)), "ok");
    assert_eq!(code(&limits("limits", MAX_LIMITS + 1)), too_many);
    let split = |n: usize| code(&[limits("limits", 1000), limits("tenants.acme.limits", n)].concat());
    assert_eq!((split(MAX_LIMITS - 1000), split(MAX_LIMITS - 999)), ("ok", too_many));

    let numbers = |n: usize| (0..n).map(|i| format!("{i},")).collect::<String>();
    let paths = |n: usize| (0..n).map(|i| format!("\"p{i}\",")).collect::<String>();
    let choices = |one: usize, other: usize| {
        let one = limit("limits", "a", &format!("one_of = [{}]", numbers(one)));
        let other = limit("limits", "b", &format!("below = [{}]", paths(other))).replace("/path", "/other");
        code(&[one, other].concat())
    };
    assert_eq!((choices(MAX_CHOICES - 1, 1), choices(MAX_CHOICES, 1)), ("ok", too_many));
    assert_eq!((choices(1, MAX_CHOICES - 1), choices(1, MAX_CHOICES)), ("ok", too_many));
    assert_eq!(
        (
            checked(&format!("one_of = [{}]", numbers(MAX_CHOICES))),
            checked(&format!("one_of = [{}]", numbers(MAX_CHOICES + 1)))
        ),
        ("ok", too_many)
    );

    let tenants = |n: usize| code(&(0..n).map(|i| format!("[tenants.t{i}]\n")).collect::<String>());
    assert_eq!((tenants(MAX_TENANTS), tenants(MAX_TENANTS + 1)), ("ok", too_many));

    // Two tools, two grants, a key and two models; then as much again in questions.
    let seven = "tools = [\"fs.list\", \"digest.files\"]\nscopes = [\"fs:read\", \"ns:*\"]\nmodels.planner = [\"acme.large-1\", \"acme.small-1\"]\n";
    let rest = MAX_NARROWED - 7;
    let grants = |n: usize| (0..n).map(|i| format!("\"ns:g{i}\",")).collect::<String>();
    let narrowed = |n: usize| code(&format!("[asks]\nscopes = [{}]\n[tenants.acme]\n{seven}", grants(n)));
    assert_eq!((narrowed(rest), narrowed(rest + 1)), ("ok", too_many));
    let asked =
        |n: usize| code(&format!("[asks]\ntools = [\"fs.list\"]\n[tenants.acme]\nasks.scopes = [{}]\n", grants(n)));
    assert_eq!((asked(MAX_NARROWED - 1), asked(MAX_NARROWED)), ("ok", too_many));
}

#[test]
fn everything_is_read_into_its_place() {
    let policy = Policy::from_toml(include_str!("../../tests/golden/v3.toml")).unwrap();
    assert!(policy.listed_tenants_only());
    let ids: Vec<_> = policy.limits().iter().map(|limit| limit.id.as_str()).collect();
    assert_eq!(ids, ["few-files", "known-formats", "reports-only", "short-calls"]);
    let [few, formats, reports, short] = policy.limits() else { panic!("{ids:?}") };
    assert_eq!(few.check, Check::Range { min: Some(1), max: None });
    let literals = [Literal::Flag(true), Literal::Number(64), Literal::Text("hex".to_owned())];
    assert_eq!(formats.check, Check::OneOf(literals.into()));
    assert_eq!(
        (formats.tool.as_str(), formats.at.to_string(), formats.optional),
        ("digest.files", "/formats/*".to_owned(), true)
    );
    assert!(matches!(&reports.check, Check::Below(prefixes) if prefixes.len() == 2) && !reports.optional);
    assert!(short.at.is_whole());
    assert_eq!(short.check, Check::MaxBytes(65_536));
    assert_eq!(policy.asks(), &Asks { tools: [tool("digest.files")].into(), scopes: grants(&["output:reports:*"]) });

    assert_eq!(policy.tenants().keys().map(TenantId::as_str).collect::<Vec<_>>(), ["acme", "bare", "shut-out"]);
    let rules = &policy.tenants()[&acme()];
    assert_eq!(rules.tools, Some([tool("fs.list")].into()));
    assert_eq!(rules.scopes, Some(grants(&["output:reports:*", "workspace:read"])));
    assert_eq!(rules.models.as_ref().unwrap()["planner"].len(), 1);
    assert!(rules.require_deterministic && rules.enforce);
    assert_eq!(rules.asks, Asks { tools: [tool("fs.list")].into(), scopes: grants(&["workspace:read"]) });
    assert_eq!(rules.limits[0].check, Check::Range { min: None, max: Some(9) });
    assert_eq!(policy.tenants()["shut-out"].tools, Some(BTreeSet::new()));
    assert_eq!((&policy.tenants()["bare"].scopes, policy.tenants()["bare"].enforce), (&None, false));

    let json = serde_json::to_value(&policy).unwrap();
    assert_eq!(json["limits"][1]["check"]["one_of"], serde_json::json!([true, 64, "hex"]));
    assert_eq!(json["limits"][1]["at"], "/formats/*");
    assert_eq!(json["limits"][0]["check"]["range"], serde_json::json!({ "min": 1, "max": null }));
    assert_eq!(json["tenants"]["acme"]["asks"]["tools"][0], "fs.list");
    assert_eq!(json["listed_tenants_only"], true);
}

fn grants(texts: &[&str]) -> Grants {
    texts.iter().map(|text| grant(text)).collect()
}

#[test]
fn a_policy_that_says_nothing_of_it_has_none_of_it() {
    let policy = policy();
    assert!(policy.limits().is_empty() && policy.asks().is_empty() && policy.tenants().is_empty());
    assert!(!policy.listed_tenants_only());
    assert!(!with("[asks]\ntools = [\"fs.list\"]").unwrap().asks().is_empty());
    assert!(!with("[asks]\nscopes = [\"fs:read\"]").unwrap().asks().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever a file asks for, a tenant of a policy that loads has no right that the organization
    /// has not.
    #[test]
    fn what_loads_narrows(
        tools in proptest::option::of(proptest::collection::btree_set("(fs\\.list|digest\\.files|fs\\.write)", 0..3)),
        scopes in proptest::option::of(proptest::collection::btree_set("(ns|ns:a|ns:\\*|ns:a:\\*|fs:read|fs:\\*|output:x)", 0..3)),
        models in proptest::option::of(proptest::collection::btree_set("acme\\.(large|small|huge)-1", 1..3)),
    ) {
        let list = |set: &BTreeSet<String>| set.iter().map(|text| format!("\"{text}\",")).collect::<String>();
        let line = |field: &str, set: &Option<BTreeSet<String>>| {
            set.as_ref().map(|set| format!("{field} = [{}]\n", list(set))).unwrap_or_default()
        };
        let text = ["[tenants.acme]\n".to_owned(), line("tools", &tools), line("scopes", &scopes), line("models.planner", &models)];
        let narrower = policy();
        let within = |set: &Option<BTreeSet<String>>, holds: &dyn Fn(&str) -> bool| set.iter().flatten().all(|text| holds(text));
        let narrow = within(&tools, &|text| narrower.tools().contains(text))
            && within(&scopes, &|text| narrower.scopes().contains(&grant(text)))
            && within(&models, &|text| narrower.models()["planner"].contains(text));
        let sense = tools.as_ref().is_none_or(|tools| !tools.is_empty()) || (scopes.is_none() && models.is_none());
        match with(&text.concat()) {
            Ok(policy) => {
                prop_assert!(narrow && sense);
                let rules = &policy.tenants()[&acme()];
                prop_assert!(rules.tools.iter().flatten().all(|tool| policy.tools().contains(tool)));
                prop_assert!(rules.scopes.iter().flatten().all(|grant| policy.scopes().contains(grant)));
            }
            Err(error) if narrow => {
                prop_assert_eq!(error.code(), "policy.unsatisfiable");
                prop_assert!(!sense);
            }
            Err(error) => prop_assert_eq!(error.code(), "policy.tenant_widens"),
        }
    }
}

#[test]
fn every_refusal_says_what_is_wrong_and_where() {
    let one = |check: &str| message(&limit("limits", "a", check));
    let at = |pointer: &str, check: &str| message(&limit("limits", "a", check).replace("/path", pointer));
    for (actual, expected) in [
        (
            message("[tenants.t]\nmodels.planner = []"),
            "nothing can ever meet `tenants.t.models.planner`: it allows no model",
        ),
        (one("below = []"), "nothing can ever meet `limits[a]`: it lists nothing that would be allowed"),
        (one("min = 1\nmax = 0"), "nothing can ever meet `limits[a]`: its `min` is above its `max`"),
        (
            message(&limit("limits", "a", "min = 1").replace("fs.list", "x")),
            "nothing can ever meet `limits[a]`: its tool is not allowed there",
        ),
        (
            message(&[limit("limits", "a", "min = 1"), limit("limits", "b", "max = 0")].concat()),
            "nothing can ever meet `limits[b]`: another limit on the same argument of its tool leaves no value",
        ),
        (
            message("[asks]\ntools = [\"x\"]"),
            "nothing can ever meet `asks.tools[x]`: it is not allowed there to begin with",
        ),
        (
            message("[tenants.t]\ntools = []\nenforce = true"),
            "nothing can ever meet `tenants.t`: its `tools` is empty, so it is about no call",
        ),
        (one(""), "`limits[0]`: a limit has exactly one of `one_of`, `below`, `min` and `max`, or `max_bytes`"),
        (
            at("x", "min = 1"),
            "`limits[0].at`: an argument path is empty, or 1 to 8 parts with a `/` before each (RFC 6901), at most 256 bytes of printable ASCII",
        ),
        (
            one("below = [\"a\", \"..\"]"),
            "`limits[0].below[1]`: a path prefix is plain segments joined by `/`, at most 256 bytes, with no segment that is empty or ends in a dot or a space",
        ),
        (
            one("one_of = [1, 2.5]"),
            "`limits[0].one_of[1]`: a value is true, false, a whole number up to 2^53, or a text of at most 256 bytes without control characters",
        ),
        (one("min = 9007199254740993"), "`limits[a]`: `min` and `max` lie within 2^53 of 0"),
        (
            at("", "min = 1"),
            "`limits[a]`: with `at = \"\"` only `max_bytes` can be asked for, and nothing can be `optional`",
        ),
        (
            message(&[limit("limits", "a", "min = 1"), limit("limits", "a", "min = 1")].concat()),
            "`limits[1]` has the `id` of another limit of this policy",
        ),
        (
            message("[tenants.t]\ntools = [\"x\"]"),
            "`tenants.t.tools[x]` is more than the organization allows: a tenant's rules only narrow",
        ),
    ] {
        assert_eq!(actual, expected);
    }
}
