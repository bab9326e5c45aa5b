//! Each finding of the lint, and its nearest miss.

use reach_types::Timestamp;

use crate::{
    Finding, Lint, Policy, lint,
    testing::{TOML, at, now},
};

/// A policy in which nothing is found.
const CLEAN: &str = r#"
schema = "reach-policy/1"
name = "example"
version = 7
not_before = "2026-01-01T00:00:00Z"
expires = "2027-01-01T00:00:00Z"
require_deterministic = false
tools = ["digest.files", "fs.list"]
scopes = ["db:read", "db:write:*", "ns:a:*"]

[models]
planner = ["acme.large-1", "acme.small-1"]
"#;

/// `code place` of what is found in `text`, at a time within the policy.
fn found_at(text: &str, now: Option<Timestamp>) -> Vec<String> {
    let findings = lint(&Policy::from_toml(text).unwrap(), now);
    findings.iter().map(|one| format!("{} {}", one.code().strip_prefix("policy.lint_").unwrap(), one.place())).collect()
}

fn found(text: &str) -> Vec<String> {
    found_at(text, Some(now()))
}

/// With the policy's own fields, and tables after them.
fn with(fields: &str, tables: &str) -> String {
    format!("{}{tables}", CLEAN.replace("version = 7\n", &format!("version = 7\n{fields}\n")))
}

fn changed(from: &str, to: &str) -> String {
    assert!(CLEAN.contains(from), "{from}");
    CLEAN.replace(from, to)
}

fn limit(list: &str, id: &str, at: &str, rest: &str) -> String {
    format!("[[{list}]]\nid = \"{id}\"\ntool = \"fs.list\"\nat = \"{at}\"\n{rest}\n")
}

const NONE: [&str; 0] = [];

#[test]
fn nothing_is_found_in_a_policy_without_slips() {
    assert_eq!(found(CLEAN), NONE);
    assert_eq!(found_at(CLEAN, None), NONE);
    // In the policy of the other tests: everything below `ns` and `output`.
    assert_eq!(found(TOML), ["wide_grant scopes[ns:*]", "wide_grant scopes[output:*]"]);
}

#[test]
fn p33_a_grant_within_another_of_its_list_is_found() {
    let scopes = |list: &str| found(&changed("\"db:read\", ", list));
    assert_eq!(scopes("\"db:write:a\", "), ["covered_grant scopes[db:write:a]"]);
    assert_eq!(scopes("\"db:write:a:*\", "), ["covered_grant scopes[db:write:a:*]"]);
    assert_eq!(scopes("\"db:write\", "), NONE);
    assert_eq!(scopes("\"db:writer:a\", "), NONE);
    let asks = found(&with("", "[asks]\nscopes = [\"ns:a:*\", \"ns:a:b\", \"db:read\"]"));
    assert_eq!(asks, ["covered_grant asks.scopes[ns:a:b]"]);
    let tenant = |text: &str| found(&with("", &format!("[tenants.acme]\n{text}")));
    assert_eq!(tenant("scopes = [\"ns:a:*\", \"ns:a:b\"]"), ["covered_grant tenants.acme.scopes[ns:a:b]"]);
    assert_eq!(tenant("scopes = [\"ns:a:b\", \"ns:a:c\"]"), NONE);
    assert_eq!(tenant("asks.scopes = [\"ns:a:*\", \"ns:a:b\"]"), ["covered_grant tenants.acme.asks.scopes[ns:a:b]"]);
    let findings = lint(&Policy::from_toml(&changed("\"db:read\", ", "\"db:write:a\", ")).unwrap(), None);
    assert_eq!(findings[0].to_string(), "`scopes[db:write:a]`: `db:write:*` of the same list covers it already");
    assert!(findings[0].row().remedy.starts_with("remove it"));
}

#[test]
fn a_very_wide_grant_is_information_and_comes_last() {
    let findings = lint(&Policy::from_toml(&changed("\"db:read\", ", "\"db:*\", ")).unwrap(), None);
    let codes: Vec<_> = findings.iter().map(|one| (one.code(), one.is_information())).collect();
    assert_eq!(codes, [("policy.lint_covered_grant", false), ("policy.lint_wide_grant", true)]);
    assert_eq!(findings[1].lint(), &Lint::WideGrant);
}

#[test]
fn p33_tools_and_tenants_that_are_not_there_are_found() {
    assert_eq!(found(&changed("[\"digest.files\", \"fs.list\"]", "[]")), ["no_tools tools"]);
    assert_eq!(found(&changed("[\"digest.files\", \"fs.list\"]", "[\"fs.list\"]")), NONE);
    let listed = |tables: &str| found(&with("listed_tenants_only = true", tables));
    assert_eq!(listed(""), ["no_tenants listed_tenants_only"]);
    assert_eq!(listed("[tenants.acme]"), NONE);
    let limits = limit("limits", "a", "/a", "min = 1")
        + &limit("limits", "b", "/b", "min = 1").replace("fs.list", "digest.files");
    let list = "[tenants.acme]\ntools = [\"fs.list\"]\n";
    let unused = ["unused_tool tools[digest.files]", "unused_limit limits[b]"];
    assert_eq!(listed(&[&*limits, list].concat()), unused);
    assert_eq!(listed(&[&*limits, list, "[tenants.gone]\ntools = []\n"].concat()), unused);
    assert_eq!(listed(&[&*limits, list, "[tenants.other]\n"].concat()), NONE);
    assert_eq!(listed(&[&*limits, list, "[tenants.other]\ntools = [\"digest.files\"]\n"].concat()), NONE);
    // Anybody else may call it.
    assert_eq!(found(&with("", &[&*limits, list].concat())), NONE);
}

#[test]
fn p33_limits_that_say_nothing_new_are_found() {
    let both = |one: &str, other: &str, list: &str| {
        found(&with("", &[limit("limits", "a", "/a", one), limit(list, "b", "/a", other)].concat()))
    };
    for (list, place) in [("limits", "limits[b]"), ("tenants.acme.limits", "tenants.acme.limits[b]")] {
        assert_eq!(both("min = 1", "min = 1", list), [format!("repeated_limit {place}")]);
        assert_eq!(both("min = 1", "min = 2", list), NONE);
        let optional = "min = 2\noptional = true";
        assert_eq!(both("min = 1", optional, list), [format!("shadowed_optional {place}")]);
        assert_eq!(both("min = 1\noptional = true", optional, list), NONE);
        // Said of itself, it is the other way round: for everybody, or for other tenants only.
        let first: &[&str] = if list == "limits" { &["shadowed_optional limits[a]"] } else { &[] };
        assert_eq!(both(optional, "min = 1", list), first);
        let elsewhere = limit(list, "b", "/a", "min = 1").replace("fs.list", "digest.files");
        assert_eq!(found(&with("", &[limit("limits", "a", "/a", optional), elsewhere].concat())), NONE);
        assert_eq!(both("min = 1", "min = 1\noptional = true", list), [format!("shadowed_optional {place}")]);
        let (one, two) = (limit("limits", "a", "/a", "min = 1"), limit(list, "b", "/a", "min = 1"));
        assert_eq!(found(&with("", &[&*one, &two.replace("fs.list", "digest.files")].concat())), NONE);
        assert_eq!(found(&with("", &[&*one, &two.replace("\"/a\"", "\"/b\"")].concat())), NONE);
    }
    let tenants =
        [limit("tenants.acme.limits", "a", "/a", "min = 1"), limit("tenants.other.limits", "b", "/a", "min = 1")];
    assert_eq!(found(&with("", &tenants.concat())), NONE);
}

#[test]
fn p33_limits_inside_each_other_are_found() {
    let both = |outer: &str, inner: &str| {
        found(&with(
            "",
            &[limit("limits", "a", outer, "max_bytes = 9"), limit("limits", "b", inner, "min = 1")].concat(),
        ))
    };
    assert_eq!(both("/a", "/a/b"), ["limit_in_limit limits[b]"]);
    assert_eq!(both("/a/*", "/a/*/b/c"), ["limit_in_limit limits[b]"]);
    assert_eq!(both("/a/b", "/a"), ["limit_in_limit limits[b]"]);
    for (outer, inner) in [("/a", "/b/a"), ("/a", "/ab"), ("/a/b", "/a/c"), ("/a/*", "/a/0/b"), ("", "/a")] {
        assert_eq!(both(outer, inner), NONE, "{outer} {inner}");
    }
    let of_tenant =
        [limit("limits", "a", "/a/b", "min = 1"), limit("tenants.acme.limits", "b", "/a", "min = 2")].concat();
    assert_eq!(found(&with("", &of_tenant)), ["limit_in_limit tenants.acme.limits[b]"]);
}

#[test]
fn what_a_tenant_is_told_twice_is_found() {
    let tenant = |text: &str| found(&with("", &format!("[tenants.acme]\n{text}")));
    assert_eq!(tenant("tools = [\"fs.list\", \"digest.files\"]"), ["same_as_organization tenants.acme.tools"]);
    assert_eq!(tenant("tools = [\"fs.list\"]"), NONE);
    assert_eq!(
        tenant("scopes = [\"ns:a:*\", \"db:write:*\", \"db:read\"]"),
        ["same_as_organization tenants.acme.scopes"]
    );
    assert_eq!(tenant("scopes = [\"ns:a:*\", \"db:read\"]"), NONE);
    assert_eq!(
        tenant("models.planner = [\"acme.small-1\", \"acme.large-1\"]"),
        ["same_as_organization tenants.acme.models"]
    );
    assert_eq!(tenant("models.planner = [\"acme.small-1\"]"), NONE);
    assert_eq!(tenant("models = {}"), NONE);
    assert_eq!(tenant("require_deterministic = true"), NONE);
    let strict = changed("require_deterministic = false", "require_deterministic = true");
    assert_eq!(
        found(&format!("{strict}[tenants.acme]\nrequire_deterministic = true")),
        ["same_as_organization tenants.acme.require_deterministic"]
    );
    assert_eq!(found(&format!("{strict}[tenants.acme]\nenforce = false")), ["empty_tenant tenants.acme"]);

    let asked = |text: &str| {
        found(&with("", &format!("[asks]\ntools = [\"fs.list\"]\nscopes = [\"ns:a:*\"]\n[tenants.acme]\n{text}")))
    };
    assert_eq!(asked("asks.tools = [\"fs.list\", \"digest.files\"]"), ["covered_ask tenants.acme.asks.tools[fs.list]"]);
    assert_eq!(asked("asks.tools = [\"digest.files\"]"), NONE);
    assert_eq!(asked("asks.scopes = [\"db:read\", \"ns:a:b\"]"), ["covered_ask tenants.acme.asks.scopes[ns:a:b]"]);
    assert_eq!(asked("asks.scopes = [\"ns:a:*\"]"), ["covered_ask tenants.acme.asks.scopes[ns:a:*]"]);
    assert_eq!(asked("asks.scopes = [\"db:read\"]"), NONE);
}

#[test]
fn what_mode_warn_has_to_do_with_nobody_is_found() {
    let warn = "warn_until = \"2026-07-01T00:00:00Z\"\n";
    assert_eq!(found(&with("", "[tenants.acme]\nenforce = true")), ["enforce_unused tenants.acme.enforce"]);
    assert_eq!(found(&with(warn, "[tenants.acme]\nenforce = true")), NONE);
    let listed = |tables: &str| found(&with(&format!("{warn}listed_tenants_only = true"), tables));
    assert_eq!(listed("[tenants.acme]\nenforce = true"), ["warn_unused warn_until"]);
    assert_eq!(listed("[tenants.acme]\nenforce = true\n[tenants.gone]\ntools = []"), ["warn_unused warn_until"]);
    assert_eq!(listed("[tenants.acme]\nenforce = true\n[tenants.other]"), NONE);
    assert_eq!(found_at(&with(warn, ""), Some(at("2026-06-30T23:59:59Z"))), NONE);
    assert_eq!(found_at(&with(warn, ""), Some(at("2026-07-01T00:00:00Z"))), ["warn_past warn_until"]);
    assert_eq!(found_at(&with(warn, ""), None), NONE);
}

#[test]
fn a_tenant_about_which_nothing_is_said_is_found() {
    assert_eq!(found(&with("", "[tenants.acme]")), ["empty_tenant tenants.acme"]);
    assert_eq!(found(&with("listed_tenants_only = true", "[tenants.acme]")), NONE);
    assert_eq!(found(&with("", "[tenants.acme]\ntools = []")), NONE);
}

#[test]
fn exceptions_that_are_over_or_last_too_long_are_found() {
    let digest = "ab".repeat(32);
    for list in ["legacy_packs", "unsigned_plugins"] {
        let until = |date: &str, now| {
            let table = format!("[[{list}]]\ndigest = \"{digest}\"\nreason = \"old\"\nuntil = \"{date}\"\n");
            found_at(&with("", &table), now)
        };
        let past = [format!("exception_past {list}[{digest}]")];
        assert_eq!(until("2026-06-01T00:00:00Z", Some(now())), past);
        assert_eq!(until("2026-06-01T00:00:01Z", Some(now())), NONE);
        assert_eq!(until("2026-01-01T00:00:00Z", None), past);
        assert_eq!(until("2026-01-01T00:00:01Z", None), NONE);
        assert_eq!(until("2026-01-01T00:00:00Z", Some(at("2025-06-01T00:00:00Z"))), past);
        assert_eq!(until("2027-01-01T00:00:00Z", None), NONE);
        assert_eq!(until("2027-01-01T00:00:01Z", None), [format!("exception_outlives {list}[{digest}]")]);
    }
}

#[test]
fn the_end_of_a_policy_is_found_when_it_is_near_over_or_far() {
    let on = |date: &str| found_at(CLEAN, Some(at(date)));
    assert_eq!(on("2026-12-01T23:59:59Z"), NONE);
    assert_eq!(on("2026-12-02T00:00:00Z"), ["expires_soon expires"]);
    assert_eq!(on("2026-12-31T23:59:59Z"), ["expires_soon expires"]);
    assert_eq!(on("2027-01-01T00:00:00Z"), ["expired expires"]);
    let until = |date: &str| lint(&Policy::from_toml(&changed("2027-01-01T00:00:00Z", date)).unwrap(), None);
    assert_eq!(until("2028-01-02T00:00:00Z"), []);
    let found = until("2028-01-02T00:00:01Z");
    assert_eq!(found.iter().map(Finding::lint).collect::<Vec<_>>(), [&Lint::LongValidity { days: 731 }]);
    assert_eq!(found[0].code(), "policy.lint_long_validity");
}
