//! Plugin manifests, their signatures, their files, and the exception for unsigned ones.

use std::{ffi::OsString, fs, path::Path};

use data_encoding::{BASE64, HEXLOWER};
use reach_cli::{Terminal, run};
use reach_runner::{Environment, Stage, World};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

use crate::support::{Answer, Demo};

/// Test keys: see the README beside them.
const PRIVATE_KEY: &str = include_str!("../../../signing/testdata/rsa-2048.TEST-KEY.pem");
const PUBLIC_KEY: &str = include_str!("../../../signing/testdata/rsa-2048.TEST-KEY.pub.pem");

fn reach_under(environment: Environment, words: &[&str]) -> Answer {
    let words = ["reach", "--json"].iter().chain(words).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(words, World::system(environment), &mut Terminal::new(&mut out, &mut err, false));
    Answer { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}

/// A publisher's signature over the exact bytes of a manifest.
pub(crate) fn rsa_sign(message: &[u8]) -> Vec<u8> {
    let base64: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let pair = RsaKeyPair::from_pkcs8(&BASE64.decode(base64.as_bytes()).unwrap()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

/// A plugin in a directory of its own: `main.py`, `manifest.json`, `manifest.sig.json`, and the
/// keyring beside the directory.
pub(crate) struct Plugin {
    root: tempfile::TempDir,
}

impl Plugin {
    pub(crate) fn new() -> Self {
        let plugin = Self { root: tempfile::TempDir::new().unwrap() };
        fs::create_dir(plugin.root.path().join("jira")).unwrap();
        plugin.write("jira/main.py", b"print(\"hi\")\n");
        let pin = sha256(b"print(\"hi\")\n");
        plugin.sign(&json!({ "name": "jira", "version": "2.1.0", "files": { "main.py": { "sha256": pin } } }));
        plugin.write("keyring.json", json!({ "acme": PUBLIC_KEY }).to_string().as_bytes());
        plugin
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.root.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.root.path().join(name), bytes).unwrap();
    }

    fn sign(&self, manifest: &Value) {
        let text = manifest.to_string();
        self.write("jira/manifest.json", text.as_bytes());
        self.write_signature(&rsa_sign(text.as_bytes()));
    }

    pub(crate) fn write_signature(&self, signature: &[u8]) {
        let metadata = json!({ "key_id": "acme", "algorithm": "rsa-sha256", "signature": BASE64.encode(signature) });
        self.write("jira/manifest.sig.json", metadata.to_string().as_bytes());
    }

    fn verify_under(&self, environment: Environment, more: &[&str]) -> Answer {
        let (manifest, signature) = (self.path("jira/manifest.json"), self.path("jira/manifest.sig.json"));
        reach_under(environment, &[&["plugin", "verify", &manifest, &signature], more].concat())
    }

    pub(crate) fn verify(&self) -> Answer {
        self.verify_under(Environment::default(), &["--keys", &self.path("keyring.json")])
    }
}

fn ended(answer: &Answer) -> (String, u8) {
    (answer.code(), answer.exit)
}

#[test]
fn a_signed_plugin_with_its_files_is_verified() {
    let plugin = Plugin::new();
    let answer = plugin.verify();
    let json = answer.json();
    assert_eq!(ended(&answer), ("ok".to_owned(), 0), "{}", answer.err);
    assert_eq!((&json["verdict"], &json["keyring"]), (&json!("verified"), &json!("caller_supplied")));
    assert_eq!(json["checks"], json!(["metadata", "key", "algorithm", "signature", "manifest", "pins", "files"]));
    assert_eq!((&json["key_id"], &json["name"]), (&json!("acme"), &json!("jira")));
}

#[test]
fn k35_a_verdict_says_whether_the_manifest_names_what_is_run() {
    let plugin = Plugin::new();
    let said = || {
        let answer = plugin.verify();
        (answer.code(), answer.json()["entry_point"].as_str().unwrap().to_owned())
    };
    assert_eq!(said(), ("ok".to_owned(), "not named".to_owned()));
    let files = json!({ "main.py": { "sha256": sha256(b"print(\"hi\")\n") } });
    plugin.sign(&json!({ "server": { "entry-point": "main.py" }, "files": files }));
    assert_eq!(said(), ("ok".to_owned(), "pinned".to_owned()));
    plugin.sign(&json!({ "server": { "entry-point": "other.py" }, "files": files }));
    assert_eq!(said(), ("plugin.incomplete".to_owned(), "not pinned".to_owned()));
}

#[test]
fn k34_k35_a_changed_manifest_a_swapped_file_and_no_digests_end_apart() {
    let plugin = Plugin::new();
    let manifest = fs::read(plugin.path("jira/manifest.json")).unwrap();
    plugin.write("jira/manifest.json", &[manifest.as_slice(), b"\n"].concat());
    assert_eq!(ended(&plugin.verify()), ("plugin.bad_signature".to_owned(), 1));
    plugin.write("jira/manifest.json", &manifest);
    assert_eq!(plugin.verify().exit, 0);
    plugin.write("jira/main.py", b"evil()\n");
    let answer = plugin.verify();
    assert_eq!(ended(&answer), ("plugin.digest_mismatch".to_owned(), 1));
    assert!(answer.err.contains("main.py"), "{}", answer.err);
    fs::remove_file(plugin.path("jira/main.py")).unwrap();
    assert_eq!(ended(&plugin.verify()), ("plugin.missing_file".to_owned(), 1));
    std::os::unix::fs::symlink("/dev/null", plugin.path("jira/main.py")).unwrap();
    assert_eq!(ended(&plugin.verify()), ("plugin.not_a_file".to_owned(), 6));
    plugin.sign(&json!({ "name": "jira", "main": "main.py" }));
    let answer = plugin.verify();
    assert_eq!(ended(&answer), ("plugin.incomplete".to_owned(), 8));
    // What did hold is still said: the signature is good, and nothing more.
    let json = answer.json();
    assert_eq!(json["verdict"], "incomplete");
    assert_eq!(json["checks"], json!(["metadata", "key", "algorithm", "signature", "manifest"]));
}

#[test]
fn k01_k33_unsigned_unknown_and_other_algorithms_end_apart() {
    let plugin = Plugin::new();
    let good = fs::read_to_string(plugin.path("jira/manifest.sig.json")).unwrap();
    let with = |metadata: &str| {
        plugin.write("jira/manifest.sig.json", metadata.as_bytes());
        ended(&plugin.verify())
    };
    assert_eq!(with(&good), ("ok".to_owned(), 0));
    assert_eq!(with(&good.replace("acme", "eve")), ("plugin.key_unknown".to_owned(), 4));
    assert_eq!(with(&good.replace("rsa-sha256", "none")), ("plugin.alg_mismatch".to_owned(), 1));
    assert_eq!(with(""), ("plugin.malformed".to_owned(), 1));
    fs::remove_file(plugin.path("jira/manifest.sig.json")).unwrap();
    assert_eq!(ended(&plugin.verify()), ("plugin.unsigned".to_owned(), 3));
    // A link that leads nowhere is something else than no signature.
    std::os::unix::fs::symlink("nowhere", plugin.path("jira/manifest.sig.json")).unwrap();
    assert_eq!(ended(&plugin.verify()), ("file.missing".to_owned(), 74));
}

#[test]
fn k31_k32_k54_a_keyring_that_does_not_load_verifies_nothing() {
    let plugin = Plugin::new();
    let keys: Value = serde_json::from_str(include_str!("../../../signing/testdata/rsa-keys.json")).unwrap();
    let with = |key: &str| {
        plugin.write("keyring.json", json!({ "acme": PUBLIC_KEY, "other": keys[key] }).to_string().as_bytes());
        plugin.verify().code()
    };
    assert_eq!(with("rsa-3072"), "ok");
    assert_eq!(with("rsa-2047"), "sign.weak_rsa_key");
    assert_eq!(with("private-encrypted"), "sign.private_key");
    assert_eq!(with("certificate"), "sign.key_format");
    plugin.write("keyring.json", json!({ "acme": PUBLIC_KEY, "b": PUBLIC_KEY }).to_string().as_bytes());
    assert_eq!(plugin.verify().code(), "plugin.duplicate_public_key");
    // A plugin that brings the keyring it is verified with.
    let own = json!({ "acme": PUBLIC_KEY }).to_string();
    plugin.write("jira/keyring.json", own.as_bytes());
    let verify = |plugin: &Plugin| {
        plugin.verify_under(Environment::default(), &["--keys", &plugin.path("jira/keyring.json")]).code()
    };
    assert_eq!(verify(&plugin), "ok");
    plugin.sign(&json!({ "files": { "keyring.json": { "sha256": sha256(own.as_bytes()) } } }));
    assert_eq!(verify(&plugin), "trust.store_untrusted");
}

/// A policy of the demo's with `more` at its top, signed.
fn policy(demo: &Demo, version: u32, more: &str) -> String {
    let text = String::from_utf8(demo.read("policy.toml")).unwrap();
    let text = text.replacen("version = 1", &format!("version = {version}\n{more}"), 1);
    let (source, bundle) = (demo.beside(&format!("p{version}.toml")), demo.beside(&format!("p{version}.reachpolicy")));
    fs::write(&source, text).unwrap();
    let key = demo.path("keys/policy.pem");
    let built = reach_under(Environment::default(), &["policy", "build", &source, "--out", &bundle, "--key", &key]);
    assert_eq!(built.exit, 0, "{}", built.err);
    bundle
}

#[test]
fn a_keyring_from_the_environment_counts_only_if_the_policy_pins_it() {
    let (plugin, demo) = (Plugin::new(), Demo::new());
    let (keyring, trust) = (plugin.path("keyring.json"), demo.path("trust.dsse.json"));
    let environment = || Environment { plugin_keys: Some(keyring.clone().into()), ..Environment::default() };
    assert_eq!(ended(&plugin.verify_under(Environment::default(), &[])), ("cli.flag_value".to_owned(), 2));
    assert_eq!(ended(&plugin.verify_under(environment(), &[])), ("cli.flag_value".to_owned(), 2));
    let digest = sha256(&fs::read(&keyring).unwrap());
    let pinned = policy(&demo, 2, &format!("plugin_keyring = \"{digest}\""));
    let other = policy(&demo, 3, &format!("plugin_keyring = \"{}\"", "0".repeat(64)));
    let none = demo.path("policy.reachpolicy");
    let under = |bundle: &str, more: &[&str]| {
        plugin.verify_under(environment(), &[&["--policy", bundle, "--trust", &trust], more].concat())
    };
    let answer = under(&pinned, &[]);
    assert_eq!(ended(&answer), ("ok".to_owned(), 0), "{}", answer.err);
    assert_eq!(answer.json()["keyring"], "pinned");
    let not_pinned = ("plugin.keyring_not_pinned".to_owned(), 4);
    assert_eq!(ended(&under(&other, &[])), not_pinned);
    assert_eq!(ended(&under(&none, &[])), not_pinned);
    // Named by the caller it is the caller's word, except against a policy that says another.
    assert_eq!(under(&none, &["--keys", &keyring]).json()["keyring"], "caller_supplied");
    assert_eq!(under(&pinned, &["--keys", &keyring]).json()["keyring"], "pinned");
    assert_eq!(ended(&under(&other, &["--keys", &keyring])), not_pinned);
    assert_eq!(under(&none, &["--keys", &keyring]).json()["trust_root"], "caller_supplied");
}

#[test]
fn k53_an_unsigned_plugin_needs_the_switch_the_entry_and_a_record() {
    let (plugin, demo) = (Plugin::new(), Demo::new());
    let (keyring, trust, state) = (plugin.path("keyring.json"), demo.path("trust.dsse.json"), demo.path("state"));
    let manifest = fs::read(plugin.path("jira/manifest.json")).unwrap();
    let signature = fs::read(plugin.path("jira/manifest.sig.json")).unwrap();
    fs::remove_file(plugin.path("jira/manifest.sig.json")).unwrap();
    let entry = |digest: &str, until: &str| {
        format!("unsigned_plugins = [{{ digest = \"{digest}\", reason = \"in review\", until = \"{until}\" }}]")
    };
    let digest = reach_types::Blake3Digest::of(&manifest).to_string();
    let listed = policy(&demo, 2, &entry(&digest, "2090-01-01T00:00:00Z"));
    let expired = policy(&demo, 3, &entry(&digest, "2020-01-01T00:00:00Z"));
    let other = policy(&demo, 4, &entry(&"0".repeat(64), "2090-01-01T00:00:00Z"));
    let (on, off) = (true, false);
    let under = |switch: bool, stage: Stage, bundle: &str, more: &[&str]| {
        let environment = Environment { stage, allow_unsigned_plugins: switch, ..Environment::default() };
        plugin.verify_under(environment, &[&["--keys", &keyring, "--policy", bundle, "--trust", &trust], more].concat())
    };
    let development = Stage::Development;
    let entries = || {
        let audit = reach_under(Environment::default(), &["audit", "verify", "--state", &state, "--trust", &trust]);
        assert_eq!(audit.exit, 0, "{}", audit.err);
        audit.json()["entries"].as_u64().unwrap()
    };
    let before = entries();
    for (answer, code, exit) in [
        (under(off, development, &other, &[]), "plugin.unsigned", 3),
        (under(off, development, &listed, &[]), "plugin.unsigned_switch_off", 3),
        (under(on, development, &other, &[]), "plugin.unsigned_not_listed", 3),
        (under(on, development, &expired, &[]), "plugin.exception_expired", 5),
        (under(on, development, &listed, &[]), "plugin.unsigned_unrecorded", 2),
        (under(on, Stage::Production, &listed, &["--state", &state]), "runner.relaxation_refused", 2),
        (under(on, Stage::Ci, &listed, &["--state", &state]), "runner.relaxation_refused", 2),
    ] {
        assert_eq!(ended(&answer), (code.to_owned(), exit), "{}", answer.err);
    }
    assert_eq!(entries(), before);
    let answer = under(on, development, &listed, &["--state", &state]);
    assert_eq!(ended(&answer), ("ok".to_owned(), 0), "{}", answer.err);
    assert_eq!(answer.json()["verdict"], "unsigned_allowed");
    assert_eq!(answer.json()["exception"]["reason"], "in review");
    assert_eq!(entries(), before + 1);
    // A signature that is there and bad is bad, and the files still count.
    plugin.write_signature(&[7; 256]);
    assert_eq!(under(on, development, &listed, &["--state", &state]).code(), "plugin.bad_signature");
    plugin.write("jira/manifest.sig.json", &signature);
    assert_eq!(under(on, development, &listed, &["--state", &state]).json()["verdict"], "verified");
    fs::remove_file(plugin.path("jira/manifest.sig.json")).unwrap();
    plugin.write("jira/main.py", b"evil()\n");
    assert_eq!(under(on, development, &listed, &["--state", &state]).code(), "plugin.digest_mismatch");
    assert_eq!(entries(), before + 1);
}

#[test]
fn what_a_manifest_says_of_itself_is_escaped() {
    let plugin = Plugin::new();
    let pin = sha256(b"print(\"hi\")\n");
    plugin.sign(&json!({ "name": "\u{1b}[2Jverified\u{202e}", "files": { "main.py": { "sha256": pin } } }));
    let words = ["plugin", "verify", &plugin.path("jira/manifest.json"), &plugin.path("jira/manifest.sig.json")]
        .map(str::to_owned);
    let more = ["--keys".to_owned(), plugin.path("keyring.json")];
    let words = ["reach".to_owned()].into_iter().chain(words).chain(more).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let world = World::system(Environment::default());
    assert_eq!(run(words, world, &mut Terminal::new(&mut out, &mut err, false)), 0);
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && text.contains("verified"), "{text}");
    assert!(Path::new(&plugin.path("jira/main.py")).exists());
}
