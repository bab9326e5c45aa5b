//! What is not allowed is no success of any command, and every refusal stands in the ledger, however
//! much there is to say of it.

use std::{collections::BTreeSet, fs, path::Path};

use reach_audit_ledger::{Author, EntryKind};
use reach_replay::{
    Approved, EndReason, Event, Frame, Header, Limits, PolicyMode, Recorder, Verdict, VerdictOutcome, read_frames,
};
use reach_runner::{Access, Environment, State, World, recover};
use reach_signing::{Role, SigningKey};
use reach_types::{Blake3Digest, KeyId, RunId, Sha256Digest, Timestamp, ToolId};
use serde_json::{Value, json};

use super::bad_input::copy_tree;
use crate::support::{Demo, reach};

/// Signs the demonstration's policy as version 2, changed by `change`.
fn policy_of(demo: &Demo, change: impl FnOnce(String) -> String) -> String {
    let source = String::from_utf8(demo.read("policy.toml")).unwrap().replace("version = 1\n", "version = 2\n");
    let (toml, bundle) = (demo.beside("changed.toml"), demo.beside("changed.reachpolicy"));
    fs::write(&toml, change(source)).unwrap();
    let built = reach(&["policy", "build", &toml, "--out", &bundle, "--key", &demo.path("keys/policy.pem")]);
    assert_eq!(built.exit, 0, "{}", built.err);
    bundle
}

#[test]
fn policy_r_what_a_person_has_yet_to_approve_is_no_success() {
    let demo = Demo::new();
    let policy = policy_of(&demo, |toml| format!("{toml}\n[asks]\ntools = [\"fs.write\"]\n"));
    let (request, out) = (demo.beside("request.json"), demo.beside("permit"));
    let (pack, trust, state) = (demo.path("inventory.reachpack"), demo.path("trust.dsse.json"), demo.path("state"));
    let ask = |verb: &str, tool: &str, scope: &str, more: &[&str]| {
        fs::write(&request, format!(r#"{{"tools":["{tool}"],"scopes":["{scope}"]}}"#)).unwrap();
        let files = ["--pack", &pack, "--policy", &policy, "--trust", &trust, "--state", &state];
        reach(&[&["policy", verb, "--request", &request][..], &files, more].concat())
    };
    let write = |verb, more: &[&str]| ask(verb, "fs.write", "output:write", more);
    for (verb, more) in [("check", &[][..]), ("explain", &[]), ("check", &["--permit-out", &out])] {
        let answer = write(verb, more);
        assert_eq!((answer.exit, answer.code().as_str()), (1, "policy.approval_required"), "{verb} {more:?}");
        assert_eq!(answer.json()["decision"]["outcome"], "ask");
        assert_ne!(answer.json()["verdict"], "allow");
        assert!(!Path::new(&out).exists());
    }
    // A denial is named before a question, and nothing is sealed for it either.
    let denied = ask("check", "fs.write", "net:get", &["--permit-out", &out]);
    assert_eq!((denied.exit, denied.code().as_str()), (1, "policy.scope_not_granted"));
    assert!(!Path::new(&out).exists());
    // What nobody is asked about is allowed, and has its permit.
    for (verb, more) in [("check", &[][..]), ("explain", &[]), ("check", &["--permit-out", &out])] {
        let answer = ask(verb, "fs.list", "workspace:read", more);
        assert_eq!((answer.exit, answer.code().as_str()), (0, "ok"), "{verb} {more:?}: {}", answer.err);
    }
    assert!(Path::new(&out).exists());
}

/// A scope of 125 bytes.
fn long_scope(kind: &str, index: usize) -> String {
    format!("{kind}:{}{index:04}", "s".repeat(125 - kind.len() - 5))
}

/// The demonstration's pack with 80 more scopes, each of them long.
fn greedy_pack(demo: &Demo) -> String {
    let (dir, pack) = (demo.beside("greedy"), demo.beside("greedy.reachpack"));
    copy_tree(&demo.dir().join("pack"), dir.as_ref());
    let manifest = format!("{dir}/pack.toml");
    let scopes: String = (0..80).map(|index| format!(", \"{}\"", long_scope("net", index))).collect();
    let declared = "scopes = [\"workspace:read\", \"output:write\"";
    let source = fs::read_to_string(&manifest).unwrap();
    assert!(source.contains(declared));
    let source = source.replacen(declared, &format!("{declared}{scopes}"), 1);
    fs::write(&manifest, source.replacen("version = \"1.0.0\"", "version = \"1.0.1\"", 1)).unwrap();
    assert_eq!(reach(&["pack", "build", &dir, "--out", &pack]).exit, 0);
    let signed = reach(&["pack", "sign", &pack, "--key", &demo.path("keys/pack.pem")]);
    assert_eq!(signed.exit, 0, "{}", signed.err);
    pack
}

fn entries(demo: &Demo, run: &str) -> Vec<Value> {
    let listed = reach(&["audit", "list", "--state", &demo.path("state"), "--tenant", "default", "--run", run]);
    listed.json()["entries"].as_array().unwrap().clone()
}

#[test]
fn p34_a_refusal_with_a_great_deal_to_say_is_in_the_ledger() {
    let demo = Demo::new();
    let granted: String = (0..10).map(|index| format!(", \"{}\"", long_scope("db", index))).collect();
    let policy = policy_of(&demo, |toml| toml.replace("\"output:write\"]", &format!("\"output:write\"{granted}]")));
    let refused = demo.run(&greedy_pack(&demo), &policy);
    assert_eq!((refused.exit, refused.code().as_str()), (1, "policy.scope_not_granted"), "{}", refused.err);
    let entries = entries(&demo, refused.json()["run"].as_str().unwrap());
    assert_eq!((entries.len(), &entries[0]["kind"]), (1, &json!("run.refused")));
    let decision = &entries[0]["payload"]["decision"];
    assert_eq!((&decision["outcome"], &decision["mode"]), (&json!("deny"), &json!("enforce")));
    assert_eq!((decision["violations"].as_array().unwrap().len(), &decision["omitted"]), (64, &json!(16)));
    let first = json!({ "code": "policy.scope_not_granted", "subject": long_scope("net", 0), "rule": "policy.scopes" });
    assert_eq!(decision["violations"][0], first);
}

/// The header of the demonstration's own run, for another one that this node began.
fn header(demo: &Demo, state: &State, nonce: u8) -> Header {
    let runs = fs::read_dir(demo.path("state/runs")).unwrap().map(|entry| entry.unwrap().path());
    let log = runs.map(|dir| dir.join("run.rlog")).find(|log| log.is_file()).unwrap();
    let mut found = None;
    read_frames(fs::read(log).unwrap().as_slice(), &Limits::default(), &mut |_, frame: &Frame| {
        if let Frame::Header(header) = frame {
            found = Some(header.as_ref().clone());
        }
    })
    .unwrap();
    let found = found.unwrap();
    Header { run: RunId::derive(&state.node(), &[nonce; 32]), origin_nonce: [nonce; 32], ..found }
}

/// A call that a person was asked about, and approved.
fn approved(call: u64) -> [Event; 2] {
    let (at, digest) = (Timestamp::default(), Blake3Digest::of(b"any"));
    let verdict = Verdict {
        call,
        node: "list".to_owned(),
        tool: ToolId::parse("fs.list").unwrap(),
        definition: digest,
        scopes: BTreeSet::new(),
        arguments: b"{}".to_vec().into(),
        mode: PolicyMode::Enforce,
        outcome: VerdictOutcome::Asked,
        codes: vec!["policy.approval_required".to_owned()],
        now: at,
    };
    let keys = vec![KeyId(Sha256Digest::from_bytes([1; 32]))];
    let (approvers, nonce) = (vec!["olga".to_owned()], [0; 32]);
    let (request, statement) = (digest, digest);
    let one = Approved { call, request, nonce, asked_until: at, approvers, keys, statement, issued: at, until: at, at };
    [Event::Verdict(verdict), Event::Approval(Box::new(one))]
}

/// A log with so many approvals, sealed by `key`.
fn sealed(header: &Header, approvals: u64, key: &SigningKey, now: Timestamp) -> Vec<u8> {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header.clone(), Limits::default()).unwrap();
    for event in (0..approvals).flat_map(approved) {
        let _ = recorder.record(event).unwrap();
    }
    recorder.finish(EndReason::Completed, now, key).unwrap();
    log
}

/// Leaves a run behind that began, and whose log is `log`.
fn leave(demo: &Demo, state: &mut State, header: &Header, log: &[u8]) {
    let world = World::system(Environment::default());
    state.append(&world, header.run, &Author::Operator, &[(EntryKind::RunStarted, json!({}))]).unwrap();
    let dir = demo.dir().join(format!("state/runs/{}", header.run));
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("run.rlog"), log).unwrap();
}

/// The kinds of a run's entries after its start, each once, and the last one's payload.
fn left(demo: &Demo, header: &Header) -> (Vec<(String, usize)>, Value) {
    let state = State::open(&demo.dir().join("state"), Access::Read).unwrap();
    let (mut kinds, mut last) = (Vec::<(String, usize)>::new(), Value::Null);
    let reader = state.ledger().tenant(state.config().tenant.clone());
    for seq in 0..state.ledger().head().unwrap().size {
        let entry = reader.entry(seq).unwrap();
        if entry.header.run != header.run || entry.header.kind == EntryKind::RunStarted {
            continue;
        }
        match kinds.last_mut() {
            Some((kind, count)) if kind == entry.header.kind.name() => *count += 1,
            _ => kinds.push((entry.header.kind.name().to_owned(), 1)),
        }
        last = serde_json::from_slice(&entry.payload).unwrap();
    }
    (kinds, last)
}

#[test]
fn policy_r_recovery_records_the_approvals_of_a_log_that_is_ours_and_counts_others() {
    let demo = Demo::new();
    let world = World::system(Environment::default());
    let mut state = State::open(&demo.dir().join("state"), Access::Write).unwrap();
    let (now, ours) = (state.now(&world).unwrap(), state.signing_key(Role::Run).unwrap());
    let theirs = SigningKey::from_seed(Role::Run, &[9; 32]).unwrap();
    let [good, forged, moved, cut] = [1, 2, 3, 4].map(|nonce| header(&demo, &state, nonce));
    // More of them than one append takes.
    leave(&demo, &mut state, &good, &sealed(&good, 1030, &ours, now));
    leave(&demo, &mut state, &forged, &sealed(&forged, 3, &theirs, now));
    leave(&demo, &mut state, &moved, &sealed(&good, 5, &ours, now));
    let whole = sealed(&cut, 2, &ours, now);
    leave(&demo, &mut state, &cut, &whole[..whole.len() - 1]);
    recover(&world, &mut state, demo.path("trust.dsse.json").as_ref()).unwrap();
    drop(state);

    let kind = |name: &str, count: usize| (name.to_owned(), count);
    let (found, last) = left(&demo, &good);
    assert_eq!(found, [kind("run.approved", 1030), kind("run.ended", 1)]);
    assert_eq!(last["reason"], "completed");
    for (header, approvals) in [(&forged, 3), (&moved, 5), (&cut, 2)] {
        let (found, last) = left(&demo, header);
        assert_eq!(found, [kind("run.interrupted", 1)]);
        assert_eq!(last["approvals"], approvals);
    }
    // Nothing is left to recover.
    assert_eq!(demo.run_again().code(), "ok");
}
