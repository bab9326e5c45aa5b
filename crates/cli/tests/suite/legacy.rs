//! Unsigned packs: refused, each way with its code, and let through only by switch and entry both.

use std::{collections::BTreeMap, fs, os::unix::fs::symlink, path::Path, process::Command};

use reach_audit_ledger::EntryKind;
use reach_pack_integrity::MAX_ARCHIVE_BYTES;
use reach_runner::{Access, Environment, Stage, State};
use serde_json::Value;

use crate::support::{Answer, Demo, reach, reach_under};

const SWITCH: &str = "REACH_ALLOW_LEGACY_UNSIGNED_PACKS";
const LATER: &str = "2090-01-01T00:00:00Z";
const REASON: &str = "older than our keys";

/// A demo with the inventory pack beside it, unsigned.
struct Legacy {
    demo: Demo,
    pack: String,
    versions: std::cell::Cell<u32>,
}

impl Legacy {
    fn new() -> Self {
        let demo = Demo::new();
        let pack = demo.beside("legacy.reachpack");
        fs::write(&pack, demo.read("inventory.reachpack")).unwrap();
        Self { demo, pack, versions: 1.into() }
    }

    fn digest(&self) -> String {
        reach_types::Blake3Digest::of(&fs::read(&self.pack).unwrap()).to_string()
    }

    /// A newer policy bundle with `text` at the end of its source.
    fn policy(&self, text: &str) -> String {
        let version = self.versions.get() + 1;
        self.versions.set(version);
        let source = String::from_utf8(self.demo.read("policy.toml")).unwrap();
        let source = source.replace("version = 1\n", &format!("version = {version}\n"));
        let (toml, bundle) =
            (self.demo.beside(&format!("{version}.toml")), self.demo.beside(&format!("{version}.reachpolicy")));
        fs::write(&toml, format!("{source}\n{text}")).unwrap();
        let built = reach(&["policy", "build", &toml, "--out", &bundle, "--key", &self.demo.path("keys/policy.pem")]);
        assert_eq!(built.exit, 0, "{}", built.err);
        bundle
    }

    fn entry(&self, until: &str) -> String {
        self.policy(&entry(&self.digest(), until))
    }

    fn run(&self, policy: &str, environment: Environment) -> Answer {
        let words = self.demo.run_words(&self.pack, policy);
        reach_under(&words.iter().map(String::as_str).collect::<Vec<_>>(), environment)
    }

    fn verify(&self, words: &[&str], environment: Environment) -> Answer {
        let trust = self.demo.path("trust.dsse.json");
        reach_under(&[&["pack", "verify", &self.pack, "--trust", &trust][..], words].concat(), environment)
    }

    /// Verified under the policy, with the node's ledger to record an exception.
    fn verify_recorded(&self, policy: &str) -> Answer {
        self.verify(&["--policy", policy, "--state", &self.demo.path("state")], switched())
    }

    /// The payloads of all relaxations that the node has noted.
    fn noted(&self) -> Vec<Value> {
        let state = State::open(&self.demo.dir().join("state"), Access::Read).unwrap();
        let view = state.ledger().tenant(state.config().tenant.clone());
        let entries = (0..state.ledger().head().unwrap().size).map(|seq| view.entry(seq).unwrap());
        let noted = entries.filter(|entry| entry.header.kind == EntryKind::RelaxationNoted);
        noted.map(|entry| serde_json::from_slice(&entry.payload).unwrap()).collect()
    }

    fn entries(&self, run: &str) -> Vec<Value> {
        let state = self.demo.path("state");
        let listed = reach(&["audit", "list", "--state", &state, "--tenant", "default", "--run", run]).json();
        listed["entries"].as_array().unwrap().clone()
    }
}

fn entry(digest: &str, until: &str) -> String {
    format!("[[legacy_packs]]\ndigest = \"{digest}\"\nreason = \"{REASON}\"\nuntil = \"{until}\"\n")
}

fn switched() -> Environment {
    Environment { stage: Stage::Development, allow_legacy_packs: true, ..Environment::default() }
}

fn development() -> Environment {
    Environment { stage: Stage::Development, ..Environment::default() }
}

fn outcome(answer: &Answer) -> (String, u8) {
    (answer.code(), answer.exit)
}

fn is(code: &str, exit: u8) -> (String, u8) {
    (code.to_owned(), exit)
}

#[test]
fn k53_every_way_an_override_can_be_wrong_has_its_own_code() {
    let legacy = Legacy::new();
    let plain = legacy.demo.path("policy.reachpolicy");
    assert_eq!(outcome(&legacy.run(&plain, development())), is("pack.unsigned", 3));
    assert_eq!(outcome(&legacy.run(&plain, switched())), is("pack.legacy_not_listed", 3));
    let other = legacy.policy(&entry(&"ab".repeat(32), LATER));
    // With the switch off nobody looks which archive it is.
    assert_eq!(outcome(&legacy.run(&other, development())), is("pack.legacy_switch_off", 3));
    assert_eq!(outcome(&legacy.run(&other, switched())), is("pack.legacy_not_listed", 3));
    let over = legacy.entry("2020-01-01T00:00:00Z");
    assert_eq!(outcome(&legacy.run(&over, switched())), is("pack.legacy_expired", 5));
    assert_eq!(outcome(&legacy.run(&over, development())), is("pack.legacy_switch_off", 3));
    let good = legacy.entry(LATER);
    assert_eq!(outcome(&legacy.run(&good, development())), is("pack.legacy_switch_off", 3));
    // A program that sets the switch where no environment could is refused where it is used.
    for stage in [Stage::Production, Stage::Ci] {
        let environment = Environment { stage, ..switched() };
        assert_eq!(outcome(&legacy.run(&good, environment)), is("runner.relaxation_refused", 2));
    }
    assert_eq!(outcome(&legacy.run(&good, switched())), is("ok", 0));
    let digest = legacy.digest();
    let no_digest = entry(&digest, LATER).replace(&format!("digest = \"{digest}\"\n"), "");
    let toml = legacy.demo.beside("none.toml");
    let source = String::from_utf8(legacy.demo.read("policy.toml")).unwrap();
    fs::write(&toml, format!("{source}\n{no_digest}")).unwrap();
    let key = legacy.demo.path("keys/policy.pem");
    let built = reach(&["policy", "build", &toml, "--out", &legacy.demo.beside("none.reachpolicy"), "--key", &key]);
    assert_eq!(outcome(&built), is("policy.exception_no_digest", 1));
}

#[test]
fn k53_the_process_environment_of_production_and_ci_takes_no_switch() {
    let legacy = Legacy::new();
    let good = legacy.entry(LATER);
    let run = |variables: &[(&str, &str)]| {
        let words = legacy.demo.run_words(&legacy.pack, &good);
        let clean: BTreeMap<String, String> =
            variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_reach"));
        let output = command.arg("--json").args(words).env_clear().envs(clean).output().unwrap();
        // A machine reads one object, whatever is wrong with the environment.
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (answer["code"].as_str().unwrap_or("ok").to_owned(), output.status.code().unwrap())
    };
    assert_eq!(run(&[(SWITCH, "1")]), ("runner.relaxation_refused".to_owned(), 2));
    assert_eq!(run(&[(SWITCH, "1"), ("REACH_ENV", "production")]).0, "runner.relaxation_refused");
    assert_eq!(run(&[(SWITCH, "1"), ("REACH_ENV", "ci")]).0, "runner.relaxation_refused");
    assert_eq!(run(&[(SWITCH, "1"), ("REACH_ENV", "development"), ("CI", "1")]).0, "runner.development_in_ci");
    assert_eq!(run(&[(SWITCH, "yes"), ("REACH_ENV", "development")]).0, "runner.environment_value");
    assert_eq!(run(&[(SWITCH, ""), ("REACH_ENV", "development")]).0, "runner.environment_value");
    assert_eq!(run(&[(SWITCH, "0"), ("REACH_ENV", "development")]).0, "pack.legacy_switch_off");
    assert_eq!(run(&[]).0, "pack.legacy_switch_off");
    assert_eq!(run(&[(SWITCH, "1"), ("REACH_ENV", "development")]), ("ok".to_owned(), 0));
}

#[test]
fn k01_k02_k53_p01_p02_a_signed_pack_is_never_overridden_however_badly_it_is_signed() {
    let legacy = Legacy::new();
    let good = legacy.entry(LATER);
    let demo = &legacy.demo;
    let (envelope, sidecar) =
        (String::from_utf8(demo.read("inventory.reachpack.dsse.json")).unwrap(), format!("{}.dsse.json", legacy.pack));
    let (head, _) = envelope.split_once("\"signatures\"").unwrap();
    let (before_sig, _) = envelope.split_once("\"sig\":").unwrap();
    let eve = demo.beside("eve.pem");
    assert_eq!(reach(&["key", "generate", "--role", "pack", "--out", &eve]).exit, 0);
    assert_eq!(reach(&["pack", "sign", &legacy.pack, "--key", &eve]).exit, 0);
    let strangers = fs::read_to_string(&sidecar).unwrap();
    let cases = [
        (String::new(), "pack.envelope_malformed"),
        (envelope.get(..envelope.len() / 2).unwrap().to_owned(), "pack.envelope_malformed"),
        (format!("\u{feff}{envelope}"), "pack.envelope_malformed"),
        (format!("{envelope}x"), "pack.envelope_malformed"),
        (format!("{head}\"signatures\":[]}}"), "pack.no_signatures"),
        (format!("{before_sig}\"sig\":\"\"}}]}}"), "pack.no_signatures"),
        (envelope.replace("\"sig\":\"", "\"sig\":\"AAAA"), "pack.bad_signature"),
        (envelope.replace("in-toto", "in-t0t0"), "pack.bad_signature"),
        (strangers, "pack.untrusted"),
    ];
    for (text, code) in cases {
        fs::write(&sidecar, &text).unwrap();
        let warning = Environment { policy_mode: Some("warn".to_owned()), ..switched() };
        for environment in [switched(), warning, development(), Environment::default()] {
            assert_eq!(legacy.run(&good, environment.clone()).code(), code, "{text}");
            assert_eq!(legacy.verify(&["--policy", &good], environment).code(), code, "{text}");
        }
    }
    fs::remove_file(&sidecar).unwrap();
    // What stands in the signature's place and cannot be read is no missing signature either.
    symlink(demo.beside("nowhere"), &sidecar).unwrap();
    assert_eq!(legacy.run(&good, switched()).code(), "pack.unsigned");
    fs::remove_file(&sidecar).unwrap();
    fs::create_dir(&sidecar).unwrap();
    assert_eq!(legacy.run(&good, switched()).code(), "file.not_a_file");
    fs::remove_dir(&sidecar).unwrap();
    // A signature that was named and is not there is a missing file, not a missing signature.
    assert_eq!(legacy.verify(&["--policy", &good, "--signature", &sidecar], switched()).code(), "file.missing");
    assert_eq!(legacy.run(&good, switched()).code(), "ok");
    // Signed well, the pack needs no exception and is not called legacy.
    fs::write(&sidecar, &envelope).unwrap();
    assert_eq!(legacy.run(&good, switched()).json()["provenance"]["kind"], "signed");
}

#[test]
fn k53_an_exempted_pack_runs_loudly_and_on_the_record() {
    let legacy = Legacy::new();
    let good = legacy.entry(LATER);
    let ran = legacy.run(&good, switched());
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let json = ran.json();
    assert_eq!(json["provenance"]["kind"], "legacy_unsigned");
    assert_eq!(
        (json["provenance"]["reason"].as_str(), json["provenance"]["until"].as_str()),
        (Some(REASON), Some(LATER))
    );
    let checks: Vec<&str> = json["checks"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(checks.contains(&"exception") && !checks.contains(&"signatures") && !checks.contains(&"digests"));
    let run = json["run"].as_str().unwrap();
    let entries = legacy.entries(run);
    let kinds: Vec<&str> = entries.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["run.admitted", "node.relaxation_noted", "run.started", "run.ended"]);
    assert_eq!(entries[0]["payload"]["pack"]["provenance"], "legacy_unsigned");
    let noted = &entries[1]["payload"]["legacy_pack"];
    assert_eq!((noted["digest"].as_str(), noted["reason"].as_str()), (Some(&*legacy.digest()), Some(REASON)));
    assert_eq!(noted["until"], LATER);
    // A signed pack under the same switch relaxes nothing, and nothing is noted.
    let signed = legacy.demo.path("inventory.reachpack");
    let words = legacy.demo.run_words(&signed, &good);
    let ran = reach_under(&words.iter().map(String::as_str).collect::<Vec<_>>(), switched());
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let kinds: Vec<Value> =
        legacy.entries(ran.json()["run"].as_str().unwrap()).iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds, ["run.admitted", "run.started", "run.ended"]);
    let status = reach_under(&["status", "--state", &legacy.demo.path("state")], switched()).json();
    assert_eq!(status["relaxed"], serde_json::json!(["REACH_ENV=development", format!("{SWITCH}=1")]));
    let log = json["log"].as_str().unwrap();
    let (trust, state) = (legacy.demo.path("trust.dsse.json"), legacy.demo.path("state"));
    let replay =
        ["replay", "verify", log, "--trust", &trust, "--pack", &legacy.pack, "--policy", &good, "--state", &state];
    assert_eq!(reach_under(&replay, switched()).json()["verdict"], "verified");
    assert_eq!(reach_under(&replay, development()).code(), "pack.legacy_switch_off");
}

#[test]
fn k53_pack_verify_accepts_nothing_unsigned_without_the_policys_word() {
    let legacy = Legacy::new();
    let good = legacy.entry(LATER);
    assert_eq!(outcome(&legacy.verify(&[], switched())), is("pack.unsigned", 3));
    assert_eq!(outcome(&legacy.verify(&["--policy", &good], development())), is("pack.legacy_switch_off", 3));
    assert_eq!(outcome(&legacy.verify(&["--policy", &good, "--require-proof"], switched())), is("pack.unsigned", 3));
    let forged = legacy.demo.beside("forged.reachpolicy");
    let text = fs::read_to_string(&good).unwrap().replace("\"sig\":\"", "\"sig\":\"AAAA");
    fs::write(&forged, text).unwrap();
    let refused = legacy.verify(&["--policy", &forged], switched());
    assert_eq!(outcome(&refused), is("policy.bundle_signature_invalid", 1));
    let accepted = legacy.verify_recorded(&good);
    assert_eq!(accepted.exit, 0, "{}", accepted.err);
    let json = accepted.json();
    assert_eq!(
        (json["verdict"].as_str(), json["provenance"]["kind"].as_str()),
        (Some("legacy_unsigned"), Some("legacy_unsigned"))
    );
    assert_eq!((json["signers"].as_array().unwrap().len(), json["expires"].as_str()), (0, Some(LATER)));
    let shown = reach(&["policy", "show", &good, "--trust", &legacy.demo.path("trust.dsse.json")]).json();
    assert_eq!(shown["policy"]["legacy_packs"][0]["reason"], REASON);
    // Another byte in the archive, and it is another pack that nobody exempted.
    let mut bytes = fs::read(&legacy.pack).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&legacy.pack, &bytes).unwrap();
    assert_eq!(outcome(&legacy.verify(&["--policy", &good], switched())), is("pack.legacy_not_listed", 3));
}

#[test]
fn k53_verify_uses_an_exception_only_on_the_record() {
    let legacy = Legacy::new();
    let good = legacy.entry(LATER);
    assert_eq!(legacy.noted(), Vec::<Value>::new());
    let unrecorded = legacy.verify(&["--policy", &good], switched());
    assert_eq!(outcome(&unrecorded), is("pack.legacy_unrecorded", 3));
    // Explaining uses none, with a ledger at hand or without.
    let (trust, state) = (legacy.demo.path("trust.dsse.json"), legacy.demo.path("state"));
    let explain = ["pack", "explain", &legacy.pack, "--trust", &trust, "--policy", &good];
    for words in [&explain[..], &[&explain[..], &["--state", &state]].concat()] {
        let explained = reach_under(words, switched());
        assert_eq!(outcome(&explained), is("pack.legacy_unrecorded", 3));
        assert_eq!(explained.json()["failed"]["check"], "envelope");
    }
    // A verdict that comes to something else uses none either.
    let wrong = ["--policy", &good, "--state", &state, "--name", "exporter"];
    assert_eq!(legacy.verify(&wrong, switched()).code(), "pack.subject_mismatch");
    assert_eq!(legacy.noted(), Vec::<Value>::new());
    for times in 1..=2 {
        let accepted = legacy.verify_recorded(&good);
        assert_eq!(accepted.json()["verdict"], "legacy_unsigned", "{}", accepted.err);
        let noted = legacy.noted();
        assert_eq!(noted.len(), times);
        let one = &noted[times - 1]["legacy_pack"];
        assert_eq!((one["digest"].as_str(), one["reason"].as_str()), (Some(&*legacy.digest()), Some(REASON)));
    }
    assert_eq!(reach(&["audit", "verify", "--state", &state, "--trust", &trust]).code(), "ok");
    // What is signed relaxes nothing, and nothing is recorded of it.
    let signed = legacy.demo.path("inventory.reachpack");
    let words = ["pack", "verify", &signed, "--trust", &trust, "--policy", &good, "--state", &state];
    assert_eq!(reach_under(&words, switched()).json()["verdict"], "verified");
    assert_eq!(legacy.noted().len(), 2);
    // Where the record cannot be written there is no verdict.
    let writing = State::open(Path::new(&state), Access::Write).unwrap();
    assert_eq!(legacy.verify_recorded(&good).exit, 74);
    drop(writing);
}

#[test]
fn k54_an_exempted_pack_does_not_bring_its_trust_file_either() {
    let legacy = Legacy::new();
    let good = legacy.entry(LATER);
    fs::copy(legacy.demo.path("pack/pack.toml"), legacy.demo.path("pack.toml")).unwrap();
    assert_eq!(outcome(&legacy.verify_recorded(&good)), is("trust.store_untrusted", 74));
    assert_eq!(legacy.run(&good, switched()).code(), "trust.store_untrusted");
    assert_eq!(legacy.noted(), Vec::<Value>::new());
    fs::remove_file(legacy.demo.path("pack.toml")).unwrap();
    assert_eq!(legacy.verify_recorded(&good).code(), "ok");
}

#[test]
fn k45_k53_no_file_is_so_large_that_a_node_digests_it_for_ever() {
    let legacy = Legacy::new();
    let good = legacy.entry(LATER);
    // Holes only; digesting them would take minutes all the same.
    let file = fs::OpenOptions::new().write(true).open(&legacy.pack).unwrap();
    file.set_len(MAX_ARCHIVE_BYTES + 1).unwrap();
    assert_eq!(outcome(&legacy.run(&good, switched())), is("pack.limit_archive_size", 7));
    // One that a node with the switch on would read is not read where it is off.
    file.set_len(MAX_ARCHIVE_BYTES).unwrap();
    assert_eq!(outcome(&legacy.run(&good, Environment::default())), is("pack.legacy_switch_off", 3));
    let plain = legacy.demo.path("policy.reachpolicy");
    assert_eq!(outcome(&legacy.verify(&["--policy", &plain], Environment::default())), is("pack.unsigned", 3));
}

#[test]
fn k25_what_nobody_signed_raises_no_floor() {
    let mut legacy = Legacy::new();
    let (source, dir) = (legacy.demo.dir().join("pack"), legacy.demo.beside("src"));
    fs::create_dir(&dir).unwrap();
    for entry in fs::read_dir(&source).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), Path::new(&dir).join(entry.file_name())).unwrap();
    }
    let manifest = Path::new(&dir).join("pack.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("version = \"1.0.0\"", "version = \"9.9.9\"", 1)).unwrap();
    legacy.pack = legacy.demo.beside("nine.reachpack");
    assert_eq!(reach(&["pack", "build", &dir, "--out", &legacy.pack]).exit, 0);
    let good = legacy.entry(LATER);
    assert_eq!(legacy.run(&good, switched()).code(), "ok");
    let (trust, state) = (legacy.demo.path("trust.dsse.json"), legacy.demo.path("state"));
    let chain = legacy.demo.beside("chain.json");
    let subject = ["--pack", legacy.pack.as_str(), "--policy", &good, "--trust", &trust];
    let issue = ["delegate", "issue", "--state", &state, "--to", "node-b", "--out", &chain];
    assert_eq!(reach_under(&[&issue[..], &subject].concat(), switched()).code(), "runner.legacy_delegated");
    // Version 1.0.0, which somebody did sign, is as high as ever.
    assert_eq!(legacy.demo.run(&legacy.demo.path("inventory.reachpack"), &good).code(), "ok");
    assert_eq!(legacy.run(&good, switched()).code(), "ok");
}

#[test]
fn k53_a_malformed_archive_is_refused_as_that_though_it_is_exempted() {
    let legacy = Legacy::new();
    let mut bytes = fs::read(&legacy.pack).unwrap();
    bytes.push(0);
    fs::write(&legacy.pack, bytes).unwrap();
    let good = legacy.entry(LATER);
    assert_eq!(legacy.run(&good, switched()).code(), "pack.trailing_data");
}

#[test]
fn k53_what_is_exempted_is_never_delegated() {
    let legacy = Legacy::new();
    let good = legacy.entry(LATER);
    let (trust, state) = (legacy.demo.path("trust.dsse.json"), legacy.demo.path("state"));
    let chain = legacy.demo.beside("chain.json");
    let subject = ["--pack", legacy.pack.as_str(), "--policy", &good, "--trust", &trust];
    let issue = ["delegate", "issue", "--state", &state, "--to", "node-b", "--out", &chain];
    let refused = reach_under(&[&issue[..], &subject].concat(), switched());
    assert_eq!(outcome(&refused), is("runner.legacy_delegated", 3));
    assert!(!Path::new(&chain).exists());
    // A chain for the very same archive, issued where it was signed, is not accepted where it is not.
    fs::write(format!("{}.dsse.json", legacy.pack), legacy.demo.read("inventory.reachpack.dsse.json")).unwrap();
    assert_eq!(reach(&[&issue[..], &subject].concat()).exit, 0);
    fs::remove_file(format!("{}.dsse.json", legacy.pack)).unwrap();
    let peer = legacy.demo.path("peer/state");
    let accept = [&["delegate", "accept", &chain, "--state", &peer][..], &subject].concat();
    assert_eq!(outcome(&reach_under(&accept, switched())), is("runner.legacy_delegated", 3));
    fs::write(format!("{}.dsse.json", legacy.pack), legacy.demo.read("inventory.reachpack.dsse.json")).unwrap();
    assert_eq!(reach(&accept).code(), "ok", "its nonce was not used up");
}
