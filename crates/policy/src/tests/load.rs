//! Policies as people write them.

use reach_types::Code as _;

use crate::{
    MAX_GRANTS, MAX_MODEL_KEYS, MAX_MODELS_PER_KEY, MAX_POLICY_TOML_BYTES, MAX_TOOLS, Policy, PolicyError,
    testing::{TOML, policy, policy_with},
};

/// The code that replacing `from` by `to` in a good policy ends as.
fn code(from: &str, to: &str) -> &'static str {
    assert!(TOML.contains(from), "{from}");
    text_code(&TOML.replacen(from, to, 1))
}

fn text_code(text: &str) -> &'static str {
    Policy::from_toml(text).map_or_else(|error| error.code(), |_| "ok")
}

fn add_grant(text: &str) -> &'static str {
    code(r#"scopes = ["#, &format!(r#"scopes = ["{text}", "#))
}

#[test]
fn p05_names_in_a_policy_are_never_folded() {
    let add = |text: &str| code(r#"tools = ["#, &format!(r#"tools = ["{text}", "#));
    assert_eq!(add("fs.stat"), "ok");
    for bad in ["Fs.stat", "fs.stat\\u200b", "fs.st\u{430}t", "cafe\u{301}", "fs.stat ", "fs\\r\\nstat", "", "*", "a/b"]
    {
        assert_eq!(add(bad), "policy.entry_malformed", "{bad:?}");
    }
    assert_eq!(code("planner =", "Planner ="), "policy.entry_malformed");
    assert_eq!(code("acme.large-1", "Acme.large-1"), "policy.entry_malformed");
    assert_eq!(code(r#""example""#, r#""Example""#), "policy.name_malformed");
}

#[test]
fn p10_grants_outside_the_grammar_are_refused_at_load() {
    for bad in ["*", "a*", "a:*:b", ":a", "a:b:c:d:e:f:g:h:i", "a:b:c:d:e:f:g:h:*", ":*", ""] {
        assert_eq!(add_grant(bad), "policy.grant_malformed", "{bad}");
    }
    let longest = format!("a:{}", "b".repeat(126));
    assert_eq!(add_grant(&longest), "ok");
    assert_eq!(add_grant(&format!("{longest}b")), "policy.grant_malformed");
    assert_eq!(add_grant("a:b:c:d:e:f:g:*"), "ok");
}

#[test]
fn p11_grants_are_not_case_folded() {
    assert_eq!(add_grant("FS:READ"), "policy.grant_malformed");
    assert_eq!(add_grant("fs:list"), "ok");
}

#[test]
fn p12_path_tricks_in_a_grant_are_refused() {
    for bad in ["//admin", "fs:%2f", "fs:\\\\", "fs:..", "fs:a..b", "fs:."] {
        assert_eq!(add_grant(bad), "policy.grant_malformed", "{bad}");
    }
}

#[test]
fn p14_a_key_stands_once() {
    assert_eq!(code("version = 7", "version = 7\nversion = 8"), "policy.toml_malformed");
    assert_eq!(code("[models]", "[models]\nplanner = [\"a\"]"), "policy.toml_malformed");
    assert_eq!(code("[models]", "[models]\njudge = [\"a\"]"), "ok");
}

#[test]
fn p15_another_case_is_another_field() {
    assert_eq!(code("name = ", "Name = "), "policy.unknown_field");
    assert_eq!(code("version = 7", "version = 7\nName = \"a\""), "policy.unknown_field");
    assert_eq!(code("[models]", "[Models]\n[models]"), "policy.unknown_field");
}

#[test]
fn p21_a_policy_has_no_field_that_approves_itself() {
    for field in ["approved = true", "signed = true", "mode = \"warn\"", "agent_id = \"a\""] {
        assert_eq!(code("version = 7", &format!("version = 7\n{field}")), "policy.unknown_field", "{field}");
    }
}

#[test]
fn p23_determinism_is_a_boolean_that_must_be_there() {
    assert_eq!(code("require_deterministic = true", "require_deterministic = false"), "ok");
    for bad in ["require_deterministic = \"true\"", "require_deterministic = 1", ""] {
        assert_eq!(code("require_deterministic = true", bad), "policy.toml_malformed", "{bad}");
    }
}

#[test]
fn p26_versions_and_dates_are_checked_at_load() {
    for bad in ["0", "-1", "18446744073709551615", "9007199254740993", "\"1.10\"", "1.10", "true"] {
        assert_eq!(code("version = 7", &format!("version = {bad}")), "policy.bundle_version_invalid", "{bad}");
    }
    assert_eq!(policy_with("version = 7", "version = 9007199254740992").version(), 1 << 53);
    assert!(policy_with("version = 7", "version = 10").version() > policy_with("version = 7", "version = 9").version());

    assert_eq!(code("expires = \"2027-01-01", "expires = \"2026-01-01"), "policy.dates_invalid");
    assert_eq!(code("expires = \"2027-01-01", "expires = \"2025-01-01"), "policy.dates_invalid");
    assert_eq!(code("warn_until = \"2026-07-01", "warn_until = \"2026-01-01"), "policy.dates_invalid");
    assert_eq!(
        code("warn_until = \"2026-07-01T00:00:00", "warn_until = \"2027-01-01T00:00:01"),
        "policy.dates_invalid"
    );
    assert_eq!(code("warn_until = \"2026-07-01", "warn_until = \"2027-01-01"), "ok");
    assert_eq!(code("warn_until = \"2026-07-01T00:00:00Z\"", ""), "ok");
    assert_eq!(code("\"2027-01-01T00:00:00Z\"", "\"never\""), "policy.date_malformed");
    assert_eq!(code("\"2027-01-01T00:00:00Z\"", "\"9999-01-01T00:00:00Z\""), "policy.date_malformed");
    assert_eq!(code("\"2027-01-01T00:00:00Z\"", "2027-01-01T00:00:00Z"), "policy.toml_malformed");
}

#[test]
fn p33_entries_that_say_nothing_are_refused() {
    assert_eq!(code("[\"acme.large-1\", \"acme.small-1\"]", "[]"), "policy.unsatisfiable");
    assert_eq!(code("[\"acme.large-1\", \"acme.small-1\"]", "[\"acme.large-1\"]"), "ok");
    assert_eq!(code("\"acme.small-1\"", "\"acme.large-1\""), "policy.duplicate_entry");
    assert_eq!(code("\"digest.files\"", "\"fs.list\""), "policy.duplicate_entry");
    assert_eq!(add_grant("ns:*"), "policy.duplicate_entry");
    assert_eq!(add_grant("ns"), "ok");
}

#[test]
fn p34_a_policy_is_bounded_before_it_is_read() {
    let pad = |bytes: usize| format!("{TOML}#{}", " ".repeat(bytes - TOML.len() - 1));
    assert_eq!(text_code(&pad(MAX_POLICY_TOML_BYTES)), "ok");
    assert_eq!(text_code(&pad(MAX_POLICY_TOML_BYTES + 1)), "policy.file_too_large");

    let list = |n: usize| (0..n).map(|i| format!("\"x{i}\"")).collect::<Vec<_>>().join(",");
    let tools = |n: usize| code(r#"["digest.files", "fs.list"]"#, &format!("[{}]", list(n)));
    assert_eq!((tools(MAX_TOOLS), tools(MAX_TOOLS + 1)), ("ok", "policy.too_many_entries"));
    let models = |n: usize| code("[\"acme.large-1\", \"acme.small-1\"]", &format!("[{}]", list(n)));
    assert_eq!((models(MAX_MODELS_PER_KEY), models(MAX_MODELS_PER_KEY + 1)), ("ok", "policy.too_many_entries"));
    let keys = |n: usize| format!("[models]\n{}", (1..n).map(|i| format!("k{i} = [\"m\"]\n")).collect::<String>());
    assert_eq!(code("[models]", &keys(MAX_MODEL_KEYS)), "ok");
    assert_eq!(code("[models]", &keys(MAX_MODEL_KEYS + 1)), "policy.too_many_entries");
    let (before, rest) = TOML.split_once("scopes = [").unwrap();
    let (_, after) = rest.split_once(']').unwrap();
    let grants = |n: usize| text_code(&format!("{before}scopes = [{}]{after}", list(n)));
    assert_eq!((grants(MAX_GRANTS), grants(MAX_GRANTS + 1)), ("ok", "policy.too_many_entries"));

    assert_eq!(text_code(&format!("{TOML}x = {}", "[".repeat(10_000))), "policy.toml_malformed");
}

#[test]
fn p35_an_error_repeats_no_control_character_of_the_file() {
    let error = Policy::from_toml(&TOML.replace("version = 7", "\"\\u001b[31mred\\n\" = 7")).unwrap_err();
    assert_eq!(error.code(), "policy.unknown_field");
    assert!(error.to_string().chars().all(|c| c.is_ascii_graphic() || c == ' '), "{error}");
    assert!(error.to_string().starts_with("line 4: "), "{error}");
}

#[test]
fn other_files_are_not_policies() {
    assert_eq!(code("reach-policy/1", "reach-policy/2"), "policy.schema_unknown");
    for bad in ["", "{}", "schema", "schema = 1", "\0", "name = \"a\""] {
        assert_eq!(text_code(bad), "policy.toml_malformed", "{bad:?}");
    }
    for field in ["schema", "name", "version", "not_before", "expires", "tools", "scopes"] {
        let line = TOML.lines().find(|line| line.starts_with(field)).unwrap();
        assert_eq!(code(line, ""), "policy.toml_malformed", "{field}");
    }
}

#[test]
fn a_policy_shows_itself_as_json() {
    let json = serde_json::to_value(policy()).unwrap();
    assert_eq!(json["expires"], "2027-01-01T00:00:00Z");
    assert_eq!(json["scopes"][2], "ns:*");
    assert_eq!(json["models"]["planner"][0], "acme.large-1");
}

#[test]
fn an_error_names_the_place() {
    let error = Policy::from_toml(&TOML.replace("acme.small-1", "ACME")).unwrap_err();
    let PolicyError::Entry { place, .. } = error else { panic!("{error}") };
    assert_eq!(place.to_string(), "models.planner[1]");
}
