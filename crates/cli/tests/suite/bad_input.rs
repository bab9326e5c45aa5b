//! Wrong files, wrong keys, wrong state: each with its code and exit status, and nothing left over.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use crate::{
    drift::without_definitions,
    support::{Demo, listing, reach},
};

/// Expects `words` to fail with `code` and `exit`, and to leave `dir` as it was.
fn refused(dir: &Path, words: &[&str], code: &str, exit: u8) {
    let before = listing(dir);
    let answer = reach(words);
    assert_eq!((answer.code().as_str(), answer.exit), (code, exit), "{words:?}: {}", answer.err);
    assert!(answer.err.starts_with(&format!("error[{code}]: ")), "{}", answer.err);
    assert_eq!(listing(dir), before, "{words:?}");
}

#[test]
fn every_reader_tells_wrong_files_apart() {
    let demo = Demo::new();
    let dir = demo.dir();
    let (trust, pack, log) = (demo.path("trust.dsse.json"), demo.path("inventory.reachpack"), demo.path("run.rlog"));
    let (empty, huge) = (demo.path("empty"), demo.path("huge"));
    fs::write(&empty, "").unwrap();
    fs::File::create(&huge).unwrap().set_len(1 << 30).unwrap();
    let missing = demo.path("missing");
    let keys = demo.path("keys");
    let table: &[(&[&str], &str, u8)] = &[
        (&["pack", "verify", &missing, "--trust", &trust], "file.missing", 74),
        (&["pack", "verify", &keys, "--trust", &trust], "file.not_a_file", 74),
        (&["pack", "verify", &pack, "--trust", &missing], "file.missing", 74),
        (&["pack", "verify", &pack, "--trust", &keys], "file.not_a_file", 74),
        (&["pack", "verify", &pack, "--trust", &empty], "input.json_malformed", 1),
        (&["pack", "verify", &pack, "--trust", &huge], "file.too_large", 7),
        (&["pack", "verify", &pack, "--trust", &trust, "--signature", &missing], "file.missing", 74),
        (&["pack", "verify", &pack, "--trust", &trust, "--signature", &empty], "pack.envelope_malformed", 1),
        (&["pack", "verify", &pack, "--trust", &trust, "--signature", &huge], "file.too_large", 7),
        (&["pack", "verify", &log, "--trust", &trust], "pack.unsigned", 3),
        (&["pack", "inspect", &empty], "pack.trailing_data", 6),
        (&["policy", "verify", &empty, "--trust", &trust], "policy.bundle_malformed", 1),
        (&["policy", "verify", &huge, "--trust", &trust], "file.too_large", 7),
        (&["replay", "verify", &empty, "--trust", &trust], "replay.incomplete", 8),
        (&["replay", "verify", &pack, "--trust", &trust], "replay.format_unknown", 1),
        (&["replay", "verify", &keys, "--trust", &trust], "file.not_a_file", 74),
        (&["trust", "show", &log], "input.json_malformed", 1),
        (&["key", "show", &empty], "key.malformed", 1),
        (&["key", "show", &huge], "file.too_large", 7),
        (&["spec", "parse", "01.0.0"], "spec.malformed", 1),
        (&["spec", "negotiate", &empty, &empty], "input.json_malformed", 1),
        (&["audit", "verify", "--state", &missing, "--trust", &trust], "state.uninitialised", 2),
        (&["audit", "verify", "--state", &keys, "--trust", &trust], "state.uninitialised", 2),
        (&["status", "--state", &keys], "state.uninitialised", 2),
        (
            &["audit", "prove", "--state", &demo.path("state"), "--seq", "99", "--out", &demo.path("p.tlog-proof")],
            "audit.not_found",
            1,
        ),
        (
            &["audit", "prove", "--state", &demo.path("state"), "--seq", "1", "--out", &demo.path("p.proof")],
            "audit.proof_name",
            2,
        ),
        (&["key", "generate", "--role", "boss", "--out", &demo.path("boss.pem")], "sign.role_unknown", 2),
        (&["key", "generate", "--role", "pack", "--out", &demo.path("keys/pack.pem")], "file.exists", 74),
        (&["key", "generate", "--role", "pack", "--out", &demo.path("no/such/dir.pem")], "file.missing", 74),
        (&["pack", "build", &keys, "--out", &demo.path("y.reachpack")], "file.missing", 74),
        (&["pack", "build", &pack, "--out", &demo.path("y.reachpack")], "file.not_a_directory", 74),
        (
            &["pack", "sign", &pack, "--key", &demo.path("keys/pack.pub.pem"), "--out", &demo.path("z.json")],
            "key.malformed",
            1,
        ),
        (
            &[
                "run",
                &pack,
                "--policy",
                &demo.path("policy.reachpolicy"),
                "--trust",
                &trust,
                "--state",
                &demo.path("state"),
                "--workspace",
                &log,
            ],
            "file.not_a_directory",
            74,
        ),
        (&["audit", "list", "--state", &demo.path("state"), "--tenant", "default", "--run", "x"], "cli.flag_value", 2),
        (&["pack", "verify", &pack, "--trust", &trust, "--version", "x"], "cli.flag_value", 2),
        (&["spec", "parse", "-1.0.0"], "spec.malformed", 1),
        (
            &["key", "generate", "--role", "log", "--out", &demo.path("l.pem"), "--origin", "bad origin"],
            "cli.flag_value",
            2,
        ),
        (&["quickstart", &demo.path("no/such/demo")], "file.missing", 74),
        (&["replay", "show", &empty], "replay.incomplete", 8),
    ];
    for (words, code, exit) in table {
        refused(&dir, words, code, *exit);
    }
}

#[test]
fn k54_keys_and_trust_that_others_can_touch_are_refused() {
    let demo = Demo::new();
    let (key, trust, pack) =
        (demo.path("keys/pack.pem"), demo.path("trust.dsse.json"), demo.path("inventory.reachpack"));
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    refused(
        &demo.dir(),
        &["pack", "sign", &pack, "--key", &key, "--out", &demo.path("s.json")],
        "file.key_exposed",
        74,
    );
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(reach(&["pack", "sign", &pack, "--key", &key, "--out", &demo.path("s.json")]).exit, 0);
    fs::set_permissions(&trust, Permissions::from_mode(0o666)).unwrap();
    refused(&demo.dir(), &["pack", "verify", &pack, "--trust", &trust], "trust.store_untrusted", 74);
    fs::set_permissions(&trust, Permissions::from_mode(0o644)).unwrap();
    let link = demo.path("link.json");
    std::os::unix::fs::symlink(&trust, &link).unwrap();
    refused(&demo.dir(), &["pack", "verify", &pack, "--trust", &link], "trust.store_untrusted", 74);
}

#[test]
fn k32_a_private_key_never_stands_where_a_public_one_belongs() {
    let demo = Demo::new();
    let signer = format!("eve={}:pack", demo.path("keys/pack.pem"));
    let words =
        ["trust", "init", "--root", &demo.path("keys/root.pem"), "--signer", &signer, "--out", &demo.path("t.json")];
    refused(&demo.dir(), &words, "key.private", 1);
}

#[test]
fn k26_another_trust_document_is_refused_under_the_pinned_root() {
    let demo = Demo::new();
    let root = demo.trust_root();
    let signer = format!("eve={}:pack", demo.path("keys/pack.pub.pem"));
    let eve = demo.beside("eve.pem");
    assert_eq!(reach(&["key", "generate", "--role", "root", "--out", &eve]).exit, 0);
    let (theirs, pack) = (demo.beside("theirs.json"), demo.path("inventory.reachpack"));
    assert_eq!(reach(&["trust", "init", "--root", &eve, "--signer", &signer, "--out", &theirs]).exit, 0);
    let verify = ["pack", "verify", &pack, "--trust", &theirs];
    let bare = reach(&verify);
    assert_eq!((bare.exit, bare.json()["trust_root"].as_str().unwrap()), (0, "caller_supplied"));
    refused(&demo.dir(), &[&verify[..], &["--trust-root", &root]].concat(), "trust.root_mismatch", 4);
    refused(&demo.dir(), &[&verify[..], &["--state", &demo.path("state")]].concat(), "trust.root_mismatch", 4);
}

#[test]
fn k01_k02_unsigned_is_not_bad() {
    let demo = Demo::new();
    let (trust, pack) = (demo.path("trust.dsse.json"), demo.beside("x.reachpack"));
    fs::write(&pack, demo.read("inventory.reachpack")).unwrap();
    refused(&demo.dir(), &["pack", "verify", &pack, "--trust", &trust], "pack.unsigned", 3);
    let envelope = String::from_utf8(demo.read("inventory.reachpack.dsse.json")).unwrap();
    let (head, _) = envelope.split_at(envelope.find("\"signatures\"").unwrap());
    fs::write(format!("{pack}.dsse.json"), format!("{head}\"signatures\":[]}}")).unwrap();
    refused(&demo.dir(), &["pack", "verify", &pack, "--trust", &trust], "pack.no_signatures", 3);
}

#[test]
fn a03_an_older_state_is_refused_while_the_anchor_is_ahead() {
    let demo = Demo::new();
    let (state, anchor) = (demo.dir().join("state"), demo.dir().join("anchor"));
    let backup = demo.beside("backup");
    copy_tree(&state, Path::new(&backup));
    assert_eq!(demo.run_again().exit, 0);
    fs::rename(&state, demo.beside("newer")).unwrap();
    copy_tree(Path::new(&backup), &state);
    refused(&demo.dir(), &["status", "--state", state.to_str().unwrap()], "audit.rolled_back", 5);
    fs::remove_dir_all(&state).unwrap();
    fs::rename(demo.beside("newer"), &state).unwrap();
    assert_eq!(reach(&["status", "--state", state.to_str().unwrap()]).exit, 0);
    fs::remove_file(&anchor).unwrap();
    refused(&demo.dir(), &["status", "--state", state.to_str().unwrap()], "state.anchor_missing", 5);
}

pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn p17_p18_a_permit_is_for_one_exact_call() {
    let demo = Demo::new();
    let (pack, policy, trust) =
        (demo.path("inventory.reachpack"), demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"));
    let (given, wider) = (demo.path("tampered/preflight.json"), demo.path("tampered/widened.json"));
    let check = |later: &str| {
        reach(&[
            "policy",
            "check",
            "--pack",
            &pack,
            "--policy",
            &policy,
            "--trust",
            &trust,
            "--request",
            &given,
            "--redeem",
            later,
        ])
    };
    assert_eq!(check(&given).code(), "ok");
    assert_eq!(check(&wider).code(), "policy.permit_call_mismatch");
    let spaced = demo.path("spaced.json");
    fs::write(&spaced, fs::read_to_string(&given).unwrap().replace("\":", "\": ")).unwrap();
    assert_eq!(check(&spaced).code(), "policy.permit_call_mismatch");
}

#[test]
fn p14_p15_p21_requests_with_odd_json_are_refused() {
    let demo = Demo::new();
    let (pack, policy, trust) =
        (demo.path("inventory.reachpack"), demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"));
    let request = demo.path("r.json");
    for (text, code) in [
        (r#"{"tools":["fs.list"]}"#, "ok"),
        (r#"{"tools":["fs.list"],"tools":[]}"#, "input.duplicate_key"),
        (r#"{"Tools":["fs.list"]}"#, "input.unknown_field"),
        (r#"{"tools":["fs.list"],"approved":true}"#, "input.unknown_field"),
        (r#"{"tools":["fs.list"],"mode":"warn"}"#, "input.unknown_field"),
        (r#"[{"tools":["fs.list"]}]"#, "input.json_shape"),
        (r#"{"scopes":["workspace:*"]}"#, "policy.scope_wildcard_in_request"),
        (r#"{"scopes":["Workspace:Read"]}"#, "policy.scope_malformed"),
        (r#"{"tools":["fs.list "]}"#, "policy.identifier_malformed"),
        (r#"{"tools":["shell.exec"]}"#, "policy.tool_not_allowed"),
    ] {
        fs::write(&request, text).unwrap();
        let answer =
            reach(&["policy", "check", "--pack", &pack, "--policy", &policy, "--trust", &trust, "--request", &request]);
        assert_eq!(answer.code(), code, "{text}");
    }
}

#[test]
fn p19_p37_a_drifted_tool_definition_is_denied_when_admitted() {
    let demo = Demo::new();
    let drifted = demo.beside("drifted");
    copy_tree(&demo.dir().join("pack"), Path::new(&drifted));
    let manifest = fs::read_to_string(format!("{drifted}/pack.toml")).unwrap();
    let manifest = without_definitions(&manifest);
    let line = manifest.lines().find(|line| line.starts_with("\"fs.list\"")).unwrap();
    fs::write(
        format!("{drifted}/pack.toml"),
        manifest.replace(line, &format!("\"fs.list\" = \"{}\"", "1".repeat(64))).replacen(
            "version = \"1.0.0\"",
            "version = \"1.0.1\"",
            1,
        ),
    )
    .unwrap();
    let pack = demo.beside("x.reachpack");
    assert_eq!(reach(&["pack", "build", &drifted, "--out", &pack]).exit, 0);
    assert_eq!(reach(&["pack", "sign", &pack, "--key", &demo.path("keys/pack.pem")]).exit, 0);
    let (policy, trust, state) =
        (demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"), demo.path("peer/state"));
    let answer = reach(&[
        "run",
        &pack,
        "--policy",
        &policy,
        "--trust",
        &trust,
        "--state",
        &state,
        "--workspace",
        &demo.path("keys"),
    ]);
    assert_eq!(answer.code(), "policy.tool_definition_drift");
}

#[test]
fn a20_a_second_writer_is_refused_at_once_and_readers_are_not() {
    let demo = Demo::new();
    let held = reach_runner::State::open(&demo.dir().join("state"), reach_runner::Access::Write).unwrap();
    let (trust, state) = (demo.path("trust.dsse.json"), demo.path("state"));
    let words = demo.run_words(&demo.path("inventory.reachpack"), &demo.path("policy.reachpolicy"));
    refused(&demo.dir(), &words.iter().map(String::as_str).collect::<Vec<_>>(), "audit.locked", 74);
    assert_eq!(reach(&["status", "--state", &state]).exit, 0);
    assert_eq!(reach(&["audit", "verify", "--state", &state, "--trust", &trust]).exit, 0);
    drop(held);
    assert_eq!(demo.run_again().exit, 0);
}

#[test]
fn r07_r08_a_log_is_held_against_the_policy_and_the_ledger() {
    let demo = Demo::new();
    let (pack, policy, trust, state, log) = (
        demo.path("inventory.reachpack"),
        demo.path("policy.reachpolicy"),
        demo.path("trust.dsse.json"),
        demo.path("state"),
        demo.path("run.rlog"),
    );
    let verify = |policy: &str, state: &str| {
        reach(&["replay", "verify", &log, "--trust", &trust, "--pack", &pack, "--policy", policy, "--state", state])
    };
    assert_eq!(verify(&policy, &state).json()["verdict"], "verified");
    let sealed = reach(&["replay", "verify", &log, "--trust", &trust]);
    assert_eq!((sealed.exit, sealed.json()["verdict"].as_str().unwrap().to_owned()), (0, "sealed".to_owned()));
    // The peer is another node: its transcript with the pack is another.
    assert_eq!(verify(&policy, &demo.path("peer/state")).code(), "replay.guard_mismatch");
    let source = String::from_utf8(demo.read("policy.toml")).unwrap().replace("version = 1", "version = 2");
    fs::write(demo.beside("p.toml"), source).unwrap();
    let other = demo.beside("p.reachpolicy");
    assert_eq!(
        reach(&["policy", "build", &demo.beside("p.toml"), "--out", &other, "--key", &demo.path("keys/policy.pem")])
            .exit,
        0
    );
    assert_eq!(verify(&other, &state).code(), "replay.guard_mismatch");
}

#[test]
fn k25_p25_what_was_run_once_is_not_rolled_back() {
    let demo = Demo::new();
    let (pack, trust, state) = (demo.path("inventory.reachpack"), demo.path("trust.dsse.json"), demo.path("state"));
    let source = String::from_utf8(demo.read("policy.toml")).unwrap().replace("version = 1", "version = 2");
    fs::write(demo.beside("p.toml"), source).unwrap();
    let newer = demo.beside("p.reachpolicy");
    assert_eq!(
        reach(&["policy", "build", &demo.beside("p.toml"), "--out", &newer, "--key", &demo.path("keys/policy.pem")])
            .exit,
        0
    );
    let run = |policy: &str| demo.run(&pack, policy);
    assert_eq!(run(&demo.path("policy.reachpolicy")).code(), "ok");
    assert_eq!(run(&newer).code(), "ok");
    assert_eq!(run(&demo.path("policy.reachpolicy")).code(), "policy.bundle_rollback");
    let older = demo.beside("older");
    copy_tree(&demo.dir().join("pack"), Path::new(&older));
    let manifest = fs::read_to_string(format!("{older}/pack.toml")).unwrap();
    fs::write(format!("{older}/pack.toml"), manifest.replacen("version = \"1.0.0\"", "version = \"0.9.0\"", 1))
        .unwrap();
    let old = demo.beside("old.reachpack");
    assert_eq!(reach(&["pack", "build", &older, "--out", &old]).exit, 0);
    assert_eq!(reach(&["pack", "sign", &old, "--key", &demo.path("keys/pack.pem")]).exit, 0);
    let verify =
        |words: &[&str]| reach(&[&["pack", "verify", old.as_str(), "--trust", trust.as_str()], words].concat()).code();
    assert_eq!(verify(&[]), "ok");
    assert_eq!(verify(&["--state", &state]), "pack.rollback");
}

#[test]
fn a_state_directory_takes_one_key_of_each_role_and_only_trusted_ones() {
    let demo = Demo::new();
    let (trust, state, anchor) = (demo.path("trust.dsse.json"), demo.path("new"), demo.path("new-anchor"));
    let base = ["init", "--state", &state, "--origin", "example.org/x", "--trust", &trust, "--anchor", &anchor];
    let with = |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| demo.path(key)).collect();
        let flags = keys.iter().flat_map(|key| ["--key", key.as_str()]);
        base.into_iter().chain(flags).map(str::to_owned).collect::<Vec<_>>()
    };
    let stranger = demo.path("stranger.pem");
    assert_eq!(reach(&["key", "generate", "--role", "run", "--out", &stranger]).exit, 0);
    for (keys, code) in [
        (&["keys/run.pem", "peer/run.pem"][..], "state.key_twice"),
        (&["keys/pack.pem"], "state.key_role"),
        (&["stranger.pem"], "state.key_not_trusted"),
    ] {
        let words = with(keys);
        refused(&demo.dir(), &words.iter().map(String::as_str).collect::<Vec<_>>(), code, 2);
    }
    let words = with(&["keys/run.pem"]);
    let made = reach(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((made.exit, &made.json()["generated_keys"]), (0, &serde_json::json!(["log", "node"])));
    refused(&demo.dir(), &words.iter().map(String::as_str).collect::<Vec<_>>(), "state.exists", 2);
}
