//! `reach policy diff`: what a reviewer reads, and what a machine refuses by.

use std::fs;

use tempfile::TempDir;

use crate::{
    pack_diff::text,
    support::{Demo, reach},
};

const POLICY: &str = r#"schema = "reach-policy/1"
name = "example"
version = 1
not_before = "2020-01-01T00:00:00Z"
expires = "2990-01-01T00:00:00Z"
require_deterministic = true
tools = ["digest.files", "fs.list"]
scopes = ["output:*", "workspace:read"]

[models]
planner = ["acme.large-1"]

[[limits]]
id = "reports-only"
tool = "fs.list"
at = "/path"
below = ["reports"]

[asks]
tools = ["digest.files"]

[tenants.acme]
tools = ["fs.list"]
"#;

const WIDER: &[(&str, &str)] = &[
    ("version = 1", "version = 2"),
    ("require_deterministic = true", "warn_until = \"2030-01-01T00:00:00Z\"\nrequire_deterministic = false"),
    ("\"digest.files\", \"fs.list\"]\nscopes", "\"fs.list\", \"text.search\"]\nscopes"),
    ("\"output:*\", \"workspace:read\"", "\"output:report\", \"workspace:*\""),
    ("large-1", "large-2"),
    ("below = [\"reports\"]", "below = [\"reports\", \"drafts\"]"),
    ("[asks]\ntools = [\"digest.files\"]\n", ""),
    ("[tenants.acme]\n", "[tenants.acme]\nenforce = true\n"),
];

/// Policies written in a directory that is gone afterwards.
struct Policies(TempDir);

impl Policies {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, edits: &[(&str, &str)]) -> String {
        let text = edits.iter().fold(POLICY.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

#[test]
fn a_difference_is_told_with_its_examples() {
    let policies = Policies::new();
    let (old, new) = (policies.write("old.toml", &[]), policies.write("new.toml", WIDER));
    insta::assert_snapshot!("policy_diff_widened", text(&["policy", "diff", &old, &new]));
    insta::assert_snapshot!("policy_diff_denied", text(&["policy", "diff", &old, &new, "--deny-widening"]));
    insta::assert_snapshot!("policy_diff_equal", text(&["policy", "diff", &old, &old, "--deny-widening"]));
    let answer = reach(&["policy", "diff", &old, &new]);
    let json = answer.json();
    assert_eq!((answer.exit, json["verdict"].as_str(), json["widens"].as_bool()), (0, Some("widened"), Some(true)));
    assert_eq!((json["old"]["version"].as_u64(), json["old"]["kind"].as_str()), (Some(1), Some("authored")));
    let group = &json["rights"][0];
    assert_eq!((group["for"]["unnamed"].as_bool(), group["for"]["tenants"].as_array().unwrap().len()), (Some(true), 0));
    let scope = &group["changes"][1];
    let expected = serde_json::json!({
        "direction": "widened", "aspect": "scope", "subject": "workspace:*", "except": ["workspace:read"],
        "before": "refused", "after": "allowed", "example": "workspace:x",
    });
    assert_eq!(scope, &expected);
    assert_eq!(group["allowed"]["tools"], serde_json::json!(["text.search"]));
    let denied = reach(&["policy", "diff", &old, &new, "--deny-widening"]);
    assert_eq!((denied.code().as_str(), denied.exit), ("policy.diff_widens", 1));
    assert_eq!(denied.json()["rights"], json["rights"]);
}

#[test]
fn a_gate_for_machines_lets_everything_else_pass() {
    let policies = Policies::new();
    let old = policies.write("old.toml", &[]);
    let verdict = |name: &str, edits: &[(&str, &str)]| {
        let new = policies.write(name, edits);
        let answer = reach(&["policy", "diff", &old, &new, "--deny-widening"]);
        (answer.json()["difference"].as_str().unwrap().to_owned(), answer.code(), answer.exit)
    };
    let ok = |word: &str| (word.to_owned(), "ok".to_owned(), 0);
    assert_eq!(verdict("same.toml", &[]), ok("equal"));
    assert_eq!(verdict("less.toml", &[(", \"workspace:read\"", "")]), ok("narrowed"));
    assert_eq!(verdict("later.toml", &[("expires = \"2990", "expires = \"2991")]), ok("changed"));
    let widened = |edits| verdict("more.toml", edits).1;
    assert_eq!(widened(&[("below = [\"reports\"]", "below = [\"drafts\"]")]), "policy.diff_widens");
    assert_eq!(widened(&[("[asks]\ntools = [\"digest.files\"]\n", "")]), "policy.diff_widens");
    assert_eq!(widened(&[("require_deterministic = true", "require_deterministic = false")]), "policy.diff_widens");
}

#[test]
fn bundles_are_compared_once_they_are_verified() {
    let demo = Demo::new();
    let (toml, bundle, trust) =
        (demo.path("policy.toml"), demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"));
    let same = reach(&["policy", "diff", &toml, &bundle, "--trust", &trust]);
    assert_eq!((same.exit, same.json()["difference"].as_str()), (0, Some("equal")), "{}", same.err);
    let new = &same.json()["new"];
    assert_eq!((new["kind"].as_str(), new["signers"].as_array().unwrap().len()), (Some("bundle"), 1));
    let untrusted = reach(&["policy", "diff", &toml, &bundle]);
    assert_eq!((untrusted.code().as_str(), untrusted.exit), ("cli.flag_value", 2));
    let bytes = demo.read("policy.reachpolicy");
    let forged = demo.beside("forged.reachpolicy");
    fs::write(&forged, String::from_utf8(bytes).unwrap().replacen("\"sig\":\"", "\"sig\":\"AAAA", 1)).unwrap();
    let answer = reach(&["policy", "diff", &toml, &forged, "--trust", &trust]);
    assert_ne!(answer.exit, 0);
    assert_eq!(reach(&["policy", "diff", &toml, &demo.beside("absent.toml")]).code(), "file.missing");
}
