//! `reach policy sign`, `lint` and `show`: what signers see, and how several of them sign.

use std::{ffi::OsString, fs};

use reach_cli::{Terminal, run};
use reach_runner::{Environment, World};

use super::support::{Answer, Demo, reach, reach_shifted};

/// What a person reads.
fn text(words: &[&str]) -> String {
    let words = ["reach"].iter().chain(words).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    run(words, World::system(Environment::default()), &mut Terminal::new(&mut out, &mut err, false));
    String::from_utf8(out).unwrap()
}

/// A policy that three signers keep, two of whom have to sign.
struct Three {
    demo: Demo,
    trust: String,
}

impl Three {
    fn new() -> Self {
        let demo = Demo::new();
        let mut words = vec!["trust".to_owned(), "init".to_owned(), "--root".to_owned(), demo.beside("root.pem")];
        assert_eq!(reach(&["key", "generate", "--role", "root", "--out", &demo.beside("root.pem")]).exit, 0);
        for name in ["alice", "bob", "carol", "stranger"] {
            let key = demo.beside(&format!("{name}.pem"));
            assert_eq!(reach(&["key", "generate", "--role", "policy", "--out", &key]).exit, 0);
            let public = demo.beside(&format!("{name}.pub.pem"));
            words.extend(
                (name != "stranger")
                    .then(|| ["--signer".to_owned(), format!("{name}={public}:policy")])
                    .into_iter()
                    .flatten(),
            );
        }
        let trust = demo.beside("three.json");
        words.extend(["--threshold".to_owned(), "policy=2".to_owned(), "--out".to_owned(), trust.clone()]);
        let made = reach(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(made.exit, 0, "{}", made.err);
        Self { demo, trust }
    }

    /// The policy of the demonstration, signed by `name` alone.
    fn built(&self, name: &str, out: &str) -> String {
        let (toml, out, key) = (self.demo.path("policy.toml"), self.demo.beside(out), self.key(name));
        assert_eq!(reach(&["policy", "build", &toml, "--out", &out, "--key", &key]).exit, 0);
        out
    }

    fn key(&self, name: &str) -> String {
        self.demo.beside(&format!("{name}.pem"))
    }

    fn sign(&self, bundle: &str, name: &str, more: &[&str]) -> Answer {
        reach(&[&["policy", "sign", bundle, "--key", &self.key(name)], more].concat())
    }

    fn verify(&self, bundle: &str) -> Answer {
        reach(&["policy", "verify", bundle, "--trust", &self.trust])
    }
}

#[test]
fn p28_two_of_three_signers_sign_on_machines_of_their_own() {
    let three = Three::new();
    let bundle = three.built("alice", "p.reachpolicy");
    let alone = three.verify(&bundle);
    assert_eq!((alone.code().as_str(), alone.exit), ("policy.bundle_threshold", 4));
    let before = fs::read(&bundle).unwrap();
    // The same key again adds nothing, and says so.
    let again = three.sign(&bundle, "alice", &[]);
    assert_eq!((again.code().as_str(), again.exit), ("policy.bundle_already_signed", 2));
    assert_eq!(fs::read(&bundle).unwrap(), before);
    // To another file, and then in place.
    let next = three.demo.beside("next.reachpolicy");
    let signed = three.sign(&bundle, "bob", &["--out", &next]);
    assert_eq!((signed.code().as_str(), signed.exit), ("ok", 0), "{}", signed.err);
    assert_eq!(signed.json()["signed_by"].as_array().unwrap().len(), 2);
    assert_eq!(signed.json()["policy"]["tools"][0], "digest.files", "a signer sees what is signed");
    assert_eq!(fs::read(&bundle).unwrap(), before);
    let verified = three.verify(&next);
    assert_eq!(verified.code(), "ok", "{}", verified.err);
    assert_eq!(verified.json()["signers"], serde_json::json!(["alice", "bob"]));
    assert_eq!(verified.json()["digest"], signed.json()["digest"]);
    assert_eq!(three.sign(&next, "carol", &[]).exit, 0);
    assert_eq!(three.verify(&next).json()["signers"], serde_json::json!(["alice", "bob", "carol"]));
    let taken = three.sign(&bundle, "carol", &["--out", &next]);
    assert_eq!((taken.code().as_str(), taken.exit), ("file.exists", 74));
    // Somebody who is no signer of the policy adds nothing but a reason to refuse it.
    assert_eq!(three.sign(&bundle, "stranger", &[]).exit, 0);
    assert_eq!(three.verify(&bundle).code(), "policy.bundle_key_untrusted");
}

#[test]
fn p28_a_second_key_of_one_signer_is_no_second_signer() {
    let three = Three::new();
    let second = three.demo.beside("second.pem");
    assert_eq!(reach(&["key", "generate", "--role", "policy", "--out", &second]).exit, 0);
    let public = format!("alice={}:policy", three.demo.beside("second.pub.pem"));
    let (root, next) = (three.demo.beside("root.pem"), three.demo.beside("four.json"));
    let added = reach(&["trust", "add", &three.trust, "--root", &root, "--signer", &public, "--out", &next]);
    assert_eq!(added.exit, 0, "{}", added.err);
    let bundle = three.built("alice", "p.reachpolicy");
    assert_eq!(reach(&["policy", "sign", &bundle, "--key", &second]).exit, 0);
    let verify = || reach(&["policy", "verify", &bundle, "--trust", &next]).code();
    assert_eq!(verify(), "policy.bundle_threshold");
    assert_eq!(three.sign(&bundle, "bob", &[]).exit, 0);
    assert_eq!(verify(), "ok");
}

#[test]
fn only_a_sound_bundle_is_signed() {
    let three = Three::new();
    let bundle = three.built("alice", "p.reachpolicy");
    let good = fs::read_to_string(&bundle).unwrap();
    let signed = |text: &str| {
        fs::write(&bundle, text).unwrap();
        let answer = three.sign(&bundle, "bob", &[]);
        let unchanged = fs::read_to_string(&bundle).unwrap() == text;
        assert_eq!(unchanged, answer.exit != 0);
        answer.code()
    };
    assert_eq!(signed("{}"), "policy.bundle_malformed");
    assert_eq!(signed(&good.replace("vnd.reach.policy.v1", "vnd.reach.policy.v2")), "policy.bundle_wrong_payload_type");
    // The first six characters of base64 are the encoding's number and the length of the name.
    let start = good.find("\"payload\":\"").unwrap() + 11;
    let payload =
        |text: &str| format!("{}{text}{}", good.get(..start).unwrap(), good.get(start + text.len()..).unwrap());
    assert_eq!(signed(&payload("Cf")), "policy.bundle_format_unknown");
    assert_eq!(signed(&good), "ok");
    let no_key = reach(&["policy", "sign", &bundle]);
    assert_eq!((no_key.code().as_str(), no_key.exit), ("cli.usage", 2));
}

/// The policy of the demonstration with `changes`, and `tables` after it.
fn authored(demo: &Demo, changes: &[(&str, &str)], tables: &str) -> String {
    let mut source = String::from_utf8(demo.read("policy.toml")).unwrap();
    for (from, to) in changes {
        assert!(source.contains(from), "{from}");
        source = source.replacen(from, to, 1);
    }
    let path = demo.beside("next.toml");
    fs::write(&path, source + tables).unwrap();
    path
}

#[test]
fn p33_lint_names_every_slip_with_its_place() {
    let demo = Demo::new();
    let clean = reach(&["policy", "lint", &demo.path("policy.toml")]);
    assert_eq!((clean.code().as_str(), clean.exit), ("ok", 0), "{}", clean.out);
    assert_eq!(clean.json()["findings"], serde_json::json!([]));
    let wide = ("\"output:write\"", "\"output:*\"");
    let information = reach(&["policy", "lint", &authored(&demo, &[wide], "")]);
    assert_eq!((information.code().as_str(), information.exit), ("ok", 0));
    assert_eq!(information.json()["findings"][0]["code"], "policy.lint_wide_grant");
    assert_eq!(information.json()["findings"][0]["information"], true);

    let slips = authored(&demo, &[("\"output:write\"", "\"output:*\", \"output:write\"")], "[tenants.acme]\n");
    let found = reach(&["policy", "lint", &slips]);
    assert_eq!((found.code().as_str(), found.exit), ("policy.lint_covered_grant", 1));
    let json = found.json();
    let listed: Vec<_> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].as_str().unwrap(), one["place"].as_str().unwrap()))
        .collect();
    let expected = [
        ("policy.lint_covered_grant", "scopes[output:write]"),
        ("policy.lint_empty_tenant", "tenants.acme"),
        ("policy.lint_wide_grant", "scopes[output:*]"),
    ];
    assert_eq!(listed, expected);
    assert!(json["findings"][0]["remedy"].as_str().unwrap().starts_with("remove it"));
    assert!(json["message"].as_str().unwrap().starts_with("2 finding(s); `scopes[output:write]`: "));
    // It is built all the same, and the findings are noted.
    let (out, key) = (demo.beside("slips.reachpolicy"), demo.path("keys/policy.pem"));
    let built = reach(&["policy", "build", &slips, "--out", &out, "--key", &key]);
    assert_eq!((built.exit, built.json()["findings"].as_array().unwrap().len()), (0, 3));
    // The bundle is looked at too, once it is verified.
    let trust = demo.path("trust.dsse.json");
    let bundle = |more: &[&str]| reach(&[&["policy", "lint", &out], more].concat());
    assert_eq!(bundle(&["--trust", &trust]).code(), "policy.lint_covered_grant");
    assert_eq!(bundle(&[]).code(), "cli.flag_value");
    let year = 400 * 86_400;
    let later = reach_shifted(&["policy", "lint", &demo.path("policy.toml")], year);
    assert_eq!((later.code().as_str(), later.exit), ("policy.lint_expired", 1));
}

#[test]
fn p33_what_does_not_load_is_refused_with_its_own_code() {
    let demo = Demo::new();
    let limit =
        |id: &str, check: &str| format!("[[limits]]\nid = \"{id}\"\ntool = \"fs.write\"\nat = \"/path\"\n{check}\n");
    let code = |tables: &str| {
        let path = authored(&demo, &[], tables);
        let linted = reach(&["policy", "lint", &path]);
        let built =
            reach(&["policy", "build", &path, "--out", &demo.beside("x"), "--key", &demo.path("keys/policy.pem")]);
        assert_eq!((linted.exit, linted.code()), (built.exit, built.code()));
        assert_eq!(linted.exit, 1);
        linted.code()
    };
    assert_eq!(code(&limit("a", "below = []")), "policy.unsatisfiable");
    assert_eq!(code(&(limit("a", "min = 1") + &limit("b", "max = 0"))), "policy.unsatisfiable");
    assert_eq!(code(&(limit("a", "min = 1") + &limit("a", "max = 3"))), "policy.duplicate_id");
    assert_eq!(code(&limit("a", "")), "policy.limit_malformed");
    assert_eq!(code("[tenants.acme]\ntools = [\"net.fetch\"]\n"), "policy.tenant_widens");
}

#[test]
fn show_says_all_that_a_bundle_says() {
    let demo = Demo::new();
    let tables = r#"
[asks]
tools = ["fs.write"]
scopes = ["output:write"]

[[limits]]
id = "reports-only"
tool = "fs.write"
at = "/path"
below = ["reports", "a", "b", "c", "d"]

[[limits]]
id = "short"
tool = "fs.write"
at = ""
max_bytes = 9

[tenants.acme]
tools = ["fs.list"]
scopes = []
enforce = true
models.planner = ["acme.small-1"]

[[tenants.acme.limits]]
id = "modes"
tool = "fs.list"
at = "/mode"
one_of = ["a\"b", 1, true]
optional = true
"#;
    let toml = authored(&demo, &[("version = 1", "version = 1\nlisted_tenants_only = true")], tables);
    let (out, key, trust) =
        (demo.beside("full.reachpolicy"), demo.path("keys/policy.pem"), demo.path("trust.dsse.json"));
    assert_eq!(reach(&["policy", "build", &toml, "--out", &out, "--key", &key]).exit, 0);
    let shown = reach(&["policy", "show", &out, "--trust", &trust]);
    assert_eq!(shown.json()["policy"]["limits"][0]["check"]["below"][4], "reports");
    assert_eq!(
        shown.json()["policy"]["tenants"]["acme"]["limits"][0]["check"]["one_of"],
        serde_json::json!([true, 1, "a\"b"])
    );
    let text = text(&["policy", "show", &out, "--trust", &trust]);
    for line in [
        "  ask before tool  fs.write",
        "  ask before scope output:write",
        "  limit reports-only: fs.write /path: a plain path below a, b, c, d, reports",
        "  limit short: fs.write whole argument: at most 9 bytes",
        "  tenants that are not listed are refused",
        "  tenant acme",
        "    only tool fs.list",
        "    no scope",
        "    only model planner = acme.small-1",
        "    never in mode warn",
        "    limit modes: fs.list /mode: one of true, 1, \"a\\\"b\", if it is there",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
}
