//! Encrypted keys and signing commands, from the command line.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{Answer, Demo, reach};

/// A quickstart with a passphrase file, and an encrypted key.
struct Sealed {
    demo: Demo,
    passphrase: String,
}

impl Sealed {
    fn new() -> Self {
        let demo = Demo::new();
        let passphrase = demo.path("passphrase");
        let sealed = Self { demo, passphrase };
        sealed.private("passphrase", "correct horse\n");
        sealed
    }

    fn private(&self, name: &str, text: &str) -> String {
        let path = self.demo.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Makes an encrypted key and returns its file.
    fn key(&self, role: &str, name: &str) -> String {
        let out = self.demo.path(name);
        let made = self.with(&["key", "generate", "--role", role, "--out", &out, "--encrypt"]);
        assert_eq!(made.exit, 0, "{}{}", made.out, made.err);
        assert_eq!(made.json()["encrypted"], true);
        assert!(fs::read_to_string(&out).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        out
    }

    /// A command line with the passphrase.
    fn with(&self, words: &[&str]) -> Answer {
        reach(&[words, &["--passphrase-file", &self.passphrase]].concat())
    }
}

#[test]
fn a_passphrase_is_never_taken_and_then_not_used() {
    let at = Sealed::new();
    let out = at.demo.path("plain.pem");
    let refused = at.with(&["key", "generate", "--role", "pack", "--out", &out]);
    assert_eq!((refused.code().as_str(), refused.exit), ("cli.flag_value", 2));
    assert!(!Path::new(&out).exists());
    assert_eq!(at.with(&["key", "generate", "--role", "pack", "--out", &out, "--encrypt"]).exit, 0);
}

#[test]
fn every_command_that_signs_opens_encrypted_keys() {
    let sealed = Sealed::new();
    let demo = &sealed.demo;
    let (root, pack, policy) =
        (sealed.key("root", "s.root.pem"), sealed.key("pack", "s.pack.pem"), sealed.key("policy", "s.policy.pem"));
    let trust = demo.path("s.trust.json");
    let signer = |name: &str, key: &str, role: &str| format!("{name}={}:{role}", key.replace(".pem", ".pub.pem"));
    let (alice, bob) = (signer("alice", &pack, "pack"), signer("bob", &policy, "policy"));
    let init = ["trust", "init", "--root", &root, "--signer", &alice, "--signer", &bob, "--out", &trust];
    let archive = demo.path("inventory.reachpack");
    let sign = ["pack", "sign", &archive, "--key", &pack, "--out", &demo.path("s.dsse.json")];
    let build = ["policy", "build", &demo.path("policy.toml"), "--key", &policy, "--out", &demo.path("s.reachpolicy")];
    let wrong = sealed.private("wrong", "incorrect horse\n");
    for words in [&init[..], &sign, &build] {
        let code = |more: &[&str]| reach(&[words, more].concat()).code();
        assert_eq!(code(&[]), "key.passphrase_needed", "{words:?}");
        assert_eq!(code(&["--passphrase-file", &wrong]), "key.passphrase_wrong", "{words:?}");
        let good = sealed.with(words);
        assert_eq!(good.exit, 0, "{words:?} {}{}", good.out, good.err);
    }
    let signature = demo.path("s.dsse.json");
    let verified = reach(&["pack", "verify", &archive, "--trust", &trust, "--signature", &signature]);
    assert_eq!(verified.exit, 0, "{}{}", verified.out, verified.err);
    let verified = reach(&["policy", "verify", &demo.path("s.reachpolicy"), "--trust", &trust]);
    assert_eq!(verified.exit, 0, "{}{}", verified.out, verified.err);
}

#[test]
fn a_node_keeps_an_imported_key_unencrypted_and_to_itself() {
    let sealed = Sealed::new();
    let demo = &sealed.demo;
    let (root, log) = (demo.path("keys/root.pem"), sealed.key("log", "s.log.pem"));
    let (trust, signer) = (demo.path("s.trust.json"), format!("node={}:log", log.replace(".pem", ".pub.pem")));
    assert_eq!(reach(&["trust", "init", "--root", &root, "--signer", &signer, "--out", &trust]).exit, 0);
    let (state, anchor) = (demo.path("s.state"), demo.path("s.anchor"));
    let init = ["init", "--state", &state, "--origin", "x", "--trust", &trust, "--anchor", &anchor, "--key", &log];
    assert_eq!(reach(&init).code(), "key.passphrase_needed");
    assert!(!demo.dir().join("s.state").exists());
    let made = sealed.with(&init);
    assert_eq!(made.exit, 0, "{}{}", made.out, made.err);
    let kept = demo.dir().join("s.state/keys/log.pem");
    assert!(fs::read_to_string(&kept).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    // Nobody is asked any more.
    assert_eq!(reach(&["audit", "verify", "--state", &state, "--trust", &trust]).exit, 0);
}

#[test]
fn a_passphrase_comes_from_the_first_line_of_standard_input() {
    let sealed = Sealed::new();
    let key = sealed.key("pack", "s.pack.pem");
    let show = |input: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reach"));
        command.args(["--json", "key", "show", &key, "--passphrase-file", "-"]).env_clear();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let expected = reach(&["key", "show", &key.replace(".pem", ".pub.pem")]).json()["keyid"].clone();
    assert_eq!(show("correct horse\nmore\n")["keyid"], expected);
    assert_eq!(show("correct horse")["keyid"], expected);
    assert_eq!(show("correct horse \n")["code"], "key.passphrase_wrong");
    assert_eq!(show("\ncorrect horse\n")["code"], "key.passphrase_empty");
    assert_eq!(show("")["code"], "key.passphrase_empty");
}

#[test]
fn a_passphrase_that_is_not_there_or_lies_open_is_refused() {
    let sealed = Sealed::new();
    let out = sealed.demo.path("s.pem");
    let generate =
        |more: &[&str]| reach(&[&["key", "generate", "--role", "pack", "--out", &out, "--encrypt"], more].concat());
    let needed = generate(&[]);
    assert_eq!((needed.code().as_str(), needed.exit), ("key.passphrase_needed", 2));
    assert!(needed.err.contains("--passphrase-file"), "{}", needed.err);
    fs::set_permissions(&sealed.passphrase, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(generate(&["--passphrase-file", &sealed.passphrase]).code(), "file.key_exposed");
    assert_eq!(generate(&["--passphrase-file", &sealed.private("empty", "\n")]).code(), "key.passphrase_empty");
    assert_eq!(generate(&["--passphrase-file", &sealed.demo.path("none")]).code(), "file.missing");
    assert!(!Path::new(&out).exists());
    assert_eq!(generate(&["--passphrase-file", &sealed.private("good", "x\n")]).exit, 0);
}

#[test]
fn a_key_file_is_shown_by_its_kind() {
    let sealed = Sealed::new();
    let key = sealed.key("pack", "s.pack.pem");
    let shown = |answer: Answer| (answer.json()["kind"].clone(), answer.json()["keyid"].is_string());
    assert_eq!(shown(reach(&["key", "show", &key])), ("encrypted private".into(), false));
    assert_eq!(shown(sealed.with(&["key", "show", &key])), ("encrypted private".into(), true));
    let plain = sealed.demo.path("keys/pack.pem");
    assert_eq!(shown(reach(&["key", "show", &plain])), ("private".into(), true));
    assert_eq!(shown(reach(&["key", "show", &plain.replace(".pem", ".pub.pem")])), ("public".into(), true));
}

#[test]
fn one_key_signs_once() {
    let demo = Demo::new();
    let (pack, key) = (demo.path("inventory.reachpack"), demo.path("keys/pack.pem"));
    let (policy, policy_key) = (demo.path("policy.toml"), demo.path("keys/policy.pem"));
    let out = demo.path("s.json");
    let sign = ["pack", "sign", &pack, "--out", &out, "--key", &key];
    let build = ["policy", "build", &policy, "--out", &out, "--key", &policy_key];
    for (words, key) in [(&sign[..], &key), (&build, &policy_key)] {
        let twice = reach(&[words, &["--key", key]].concat());
        assert_eq!((twice.code().as_str(), twice.exit), ("key.twice", 2));
        assert!(!Path::new(&out).exists());
        assert_eq!(reach(words).exit, 0);
        fs::remove_file(&out).unwrap();
    }
    let root = demo.path("keys/root.pem");
    let signer = format!("alice={}:pack", demo.path("keys/pack.pub.pem"));
    let words = ["trust", "init", "--root", &root, "--root", &root, "--signer", &signer, "--out", &out];
    assert_eq!(reach(&words).code(), "key.twice");
}

#[test]
fn a_command_that_signs_with_another_key_is_found_out() {
    let demo = Demo::new();
    let (pack, out) = (demo.path("inventory.reachpack"), demo.path("s.json"));
    let public = demo.path("keys/pack.pub.pem");
    // Sixty-four bytes, but not this key's signature.
    let command = format!("{public}=sh -c 'cat > /dev/null; head -c 64 /dev/zero'");
    let answer = reach(&["pack", "sign", &pack, "--out", &out, "--signer", &command]);
    assert_eq!((answer.code().as_str(), answer.exit), ("pack.signer_faulty", 74));
    let answer = reach(&["policy", "build", &demo.path("policy.toml"), "--out", &out, "--signer", &command]);
    assert_eq!((answer.code().as_str(), answer.exit), ("policy.signer_faulty", 74));
    let refuses = format!("{public}=sh -c 'printf \"no \\033[31mtoken\" >&2; exit 1'");
    let answer = reach(&["pack", "sign", &pack, "--out", &out, "--signer", &refuses]);
    assert_eq!((answer.code().as_str(), answer.exit), ("sign.signer_refused", 74));
    assert!(answer.err.contains("no \\u{1b}[31mtoken"), "{}", answer.err);
    assert!(!answer.err.contains('\u{1b}'), "{}", answer.err);
    let code = |signer: &str| reach(&["pack", "sign", &pack, "--out", &out, "--signer", signer]).code();
    assert_eq!(code(&format!("{public}=cat | sign")), "key.signer_shell");
    assert_eq!(code("no-command"), "key.signer_form");
    assert_eq!(code(&format!("{}=sign", demo.path("keys/pack.pem"))), "key.private");
    assert_eq!(reach(&["pack", "sign", &pack, "--out", &out]).code(), "cli.usage");
    assert!(!Path::new(&out).exists());
}
