//! The whole path: what quickstart promises, and what it leaves behind.

use std::{collections::BTreeMap, fs, os::unix::fs::symlink};

use serde_json::Value;

use crate::support::{Demo, listing, reach};

#[test]
fn quickstart_leaves_what_it_says_and_never_touches_a_directory_that_exists() {
    let demo = Demo::new();
    let names = [
        "keys",
        "trust.dsse.json",
        "inventory.reachpack",
        "inventory.reachpack.dsse.json",
        "policy.toml",
        "policy.reachpolicy",
        "state",
        "anchor",
        "run.rlog",
        "inventory.json",
        "proof.tlog-proof",
        "proof.leaf",
        "proof.opening.json",
        "log.vkey",
        "tree/checkpoint",
    ];
    for name in names {
        assert!(demo.dir().join(name).exists(), "{name}");
    }
    let before = listing(&demo.dir());
    let again = reach(&["quickstart", &demo.path("")]);
    assert_eq!((again.exit, again.code().as_str()), (2, "quickstart.dir_exists"));
    assert_eq!(listing(&demo.dir()), before);
}

#[test]
fn quickstart_refuses_six_tampered_versions_each_with_its_code() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("demo");
    let answer = reach(&["quickstart", dir.to_str().unwrap(), "--workspace", root.path().to_str().unwrap()]);
    let steps = answer.json()["steps"].clone();
    let refused: Vec<&str> = steps.as_array().unwrap().iter().filter_map(|step| step["code"].as_str()).collect();
    let expected = [
        "policy.model_not_allowed",
        "pack.digest_mismatch",
        "policy.permit_call_mismatch",
        "mesh.nonce_replayed",
        "replay.chain_broken",
        "audit.fsck_leaf_mismatch",
        "spec.major_mismatch",
    ];
    assert_eq!(refused, expected);
}

/// The printed commands, typed by hand in another place, come to the same answers.
#[test]
fn every_printed_command_works_when_typed_by_hand() {
    use std::process::Command;
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_reach"));
    let places = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for place in &places {
        fs::create_dir_all(place.path().join("my dir")).unwrap();
        fs::create_dir(place.path().join("tree")).unwrap();
        fs::write(place.path().join("tree/a.txt"), "hello\n").unwrap();
    }
    let [first, second] = &places;
    let mut quickstart = Command::new(binary);
    quickstart.args(["--json", "quickstart", "my dir/it's", "--workspace", "tree"]).current_dir(first.path());
    let printed: Value = serde_json::from_slice(&quickstart.output().unwrap().stdout).unwrap();
    let steps = printed["steps"].as_array().unwrap();
    assert!(steps.len() > 50, "{}", steps.len());
    for step in steps {
        let line = step["command"].as_str().unwrap();
        let typed = Command::new("bash").args(["-c", line]).current_dir(second.path()).output().unwrap();
        let expected = step["exit"].as_i64().unwrap_or(0);
        let error = String::from_utf8_lossy(&typed.stderr).into_owned();
        assert_eq!(typed.status.code().map(i64::from), Some(expected), "{line}\n{error}");
        if let Some(code) = step["code"].as_str() {
            assert!(error.starts_with(&format!("error[{code}]")), "{line}\n{error}");
        }
    }
}

#[test]
fn a_quickstart_that_cannot_go_on_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("demo");
    let missing = root.path().join("missing");
    let answer = reach(&["quickstart", dir.to_str().unwrap(), "--workspace", missing.to_str().unwrap()]);
    assert_eq!((answer.exit, answer.code().as_str()), (74, "file.missing"));
    assert_eq!(listing(root.path()), Vec::<std::path::PathBuf>::new());
}

/// A file's text, and the rule and line that it must be found by.
type Planted = (String, Option<(&'static str, u64)>);

/// Secrets are put together here, so that this file holds none.
fn planted() -> BTreeMap<&'static str, Planted> {
    let key = |kind: &str| format!("-----BEGIN {kind}PRIVATE KEY-----\nMIIB\n");
    let access = format!("AKIA{}", "IOSFODNN7EXAMPLE");
    [
        ("a.pem", (key("RSA "), Some(("private-key", 1)))),
        ("b.pem", (format!("x\n\n{}", key("")), Some(("private-key", 3)))),
        ("c.key", (key("OPENSSH "), Some(("private-key", 1)))),
        (".env", (format!("A=1\r\nAWS_ACCESS_KEY_ID={access}\r\n"), Some(("aws-access-key-id", 2)))),
        ("d.json", (format!("{{\"id\":\"{access}\"}}"), Some(("aws-access-key-id", 1)))),
        ("long.txt", (format!("{} {access}", "x".repeat(3_000_000)), Some(("aws-access-key-id", 1)))),
        ("clean.txt", ("-----BEGIN PUBLIC KEY-----\nAKIA\nthe PRIVATE KEY\n".to_owned(), None)),
        ("near.txt", (format!("X{access}\n{access}X\n-----BEGIN PRIVATE KEY\n"), None)),
        ("binary", (format!("\0{access}\n"), None)),
    ]
    .into()
}

#[test]
fn the_inventory_digests_every_file_and_finds_exactly_what_was_planted() {
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    fs::create_dir_all(tree.join(".git")).unwrap();
    fs::create_dir(tree.join("sub")).unwrap();
    for (name, (text, _)) in planted() {
        fs::write(tree.join(name), text).unwrap();
    }
    fs::write(tree.join("sub/é \"quoted\".txt"), "").unwrap();
    fs::write(tree.join(".gitignore"), "ignored/\n").unwrap();
    fs::create_dir(tree.join("ignored")).unwrap();
    fs::write(tree.join("ignored/secret.pem"), "x").unwrap();
    fs::write(tree.join(".git/config"), "x").unwrap();
    symlink("/etc/passwd", tree.join("link")).unwrap();
    let dir = tree.join("demo");
    let answer = reach(&["quickstart", dir.to_str().unwrap(), "--workspace", tree.to_str().unwrap()]);
    assert_eq!(answer.exit, 0, "{}", answer.err);
    let inventory: Value = serde_json::from_slice(&fs::read(dir.join("inventory.json")).unwrap()).unwrap();
    check_files(&inventory, &tree);
    let findings: Vec<_> = inventory["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["path"].as_str().unwrap(), f["rule"].as_str().unwrap(), f["line"].as_u64().unwrap()))
        .collect();
    let wanted: Vec<_> =
        planted().into_iter().filter_map(|(name, (_, found))| found.map(|(rule, line)| (name, rule, line))).collect();
    assert_eq!(findings, wanted);
    assert_eq!(inventory["skipped"], serde_json::json!([{ "path": "link", "reason": "symlink" }]));
}

fn check_files(inventory: &Value, tree: &std::path::Path) {
    let files = inventory["files"].as_array().unwrap();
    let mut names: Vec<&str> = planted().into_keys().collect();
    names.extend([".gitignore", "sub/é \"quoted\".txt"]);
    names.sort_unstable();
    assert_eq!(files.iter().map(|file| file["path"].as_str().unwrap()).collect::<Vec<_>>(), names);
    for file in files {
        let content = fs::read(tree.join(file["path"].as_str().unwrap())).unwrap();
        assert_eq!(file["size"], content.len());
        let sha256 = data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, &content).as_ref());
        assert_eq!(file["sha256"], sha256);
        assert_eq!(file["blake3"], reach_types::Blake3Digest::of(&content).to_string());
    }
}

#[test]
fn building_twice_on_two_paths_gives_the_same_bytes() {
    let demo = Demo::new();
    let copy = demo.beside("elsewhere");
    fs::create_dir(&copy).unwrap();
    for name in ["README.md", "pack.toml"] {
        fs::copy(demo.dir().join("pack").join(name), format!("{copy}/{name}")).unwrap();
    }
    let out = demo.beside("again.reachpack");
    assert_eq!(reach(&["pack", "build", &copy, "--out", &out]).exit, 0);
    assert_eq!(fs::read(out).unwrap(), demo.read("inventory.reachpack"));
}

#[test]
fn a_run_is_refused_as_a_whole_and_the_refusal_is_in_the_ledger() {
    let demo = Demo::new();
    let narrow = String::from_utf8(demo.read("policy.toml"))
        .unwrap()
        .replace(", \"output:write\"", "")
        .replace("version = 1", "version = 2");
    let (source, bundle) = (demo.beside("narrow.toml"), demo.beside("narrow.reachpolicy"));
    fs::write(&source, narrow).unwrap();
    assert_eq!(reach(&["policy", "build", &source, "--out", &bundle, "--key", &demo.path("keys/policy.pem")]).exit, 0);
    let state = demo.path("state");
    let refused = demo.run(&demo.path("inventory.reachpack"), &bundle);
    assert_eq!((refused.exit, refused.code().as_str()), (1, "policy.scope_not_granted"));
    let run = refused.json()["run"].as_str().unwrap().to_owned();
    let listed = reach(&["audit", "list", "--state", &state, "--tenant", "default", "--run", &run]).json();
    assert_eq!(listed["entries"][0]["kind"], "run.refused");
    assert_eq!(listed["entries"][0]["payload"]["decision"]["violations"][0]["code"], "policy.scope_not_granted");
    // A bundle that denies is the very one somebody would roll back.
    let older = demo.run(&demo.path("inventory.reachpack"), &demo.path("policy.reachpolicy"));
    assert_eq!((older.exit, older.code().as_str()), (5, "policy.bundle_rollback"));
}

#[test]
fn a07_another_tenants_run_is_answered_as_one_that_is_not_there() {
    let demo = Demo::new();
    let state = demo.path("state");
    let run = String::from_utf8(demo.read("run.rlog")).is_ok();
    assert!(!run, "a log is not text");
    let shown = reach(&["replay", "show", &demo.path("run.rlog")]).json();
    let run = shown["frames"][0]["content"]["run"].as_str().unwrap().to_owned();
    let list = |tenant: &str, run: &str| reach(&["audit", "list", "--state", &state, "--tenant", tenant, "--run", run]);
    assert_eq!(list("default", &run).exit, 0);
    let (other, absent) = (list("other", &run), list("default", &"0".repeat(64)));
    assert_eq!((other.code(), other.out.len()), (absent.code(), absent.out.len()));
    assert_eq!(other.code(), "audit.not_found");
    assert_eq!(list("default", &run.to_uppercase()).code(), "cli.flag_value");
}
