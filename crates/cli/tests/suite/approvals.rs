//! A run that asks a person about one of its calls, and what the person answers: POLICY-R, POLICY-X1.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use reach_pack_integrity::{Expected, Verification};
use reach_policy::{Approval, AskedCall, Mode, Outcome, Permit, VerifiedApproval};
use reach_replay::{
    Approved, EndReason, Event, Frame, Header, Limits, PolicyMode, Recorder, Verdict, VerdictOutcome, Warned,
    read_frames,
};
use reach_runner::{
    Access, AllowedCall, BuiltinTools, CallSite, Environment, Stage, State, ToolHost, World, admit, keys,
    packs::{self, PackFiles},
    policies,
};
use reach_signing::Role;
use reach_types::{Blake3Digest, Code, KeyId, Scope, Sha256Digest, Timestamp, ToolCall, ToolId};
use serde_json::Value;

use crate::support::{Answer, Demo, reach, reach_shifted, reach_under};

/// A node under a policy that asks about `fs.write`, and an operator, olga, in its trust document.
struct Node {
    demo: Demo,
    trust: String,
    operator: String,
    policy: String,
    approvals: PathBuf,
}

impl Node {
    fn new() -> Self {
        let demo = Demo::new();
        let (operator, trust) = (demo.beside("olga.pem"), demo.beside("trust2.dsse.json"));
        generate("operator", &operator);
        let signer = format!("olga={}:operator", operator.replace(".pem", ".pub.pem"));
        let (old, root) = (demo.path("trust.dsse.json"), demo.path("keys/root.pem"));
        let added = reach(&["trust", "add", &old, "--signer", &signer, "--root", &root, "--out", &trust]);
        assert_eq!(added.exit, 0, "{}", added.err);
        let policy = policy_of(&demo, "asking", |toml| format!("{toml}\n[asks]\ntools = [\"fs.write\"]\n"));
        let approvals = PathBuf::from(demo.beside("approvals"));
        fs::create_dir(&approvals).unwrap();
        Self { demo, trust, operator, policy, approvals }
    }

    fn words(&self) -> Vec<String> {
        let (pack, state, tree) =
            (self.demo.path("inventory.reachpack"), self.demo.path("state"), self.demo.path("keys"));
        ["run", &pack, "--policy", &self.policy, "--trust", &self.trust, "--state", &state, "--workspace", &tree]
            .map(str::to_owned)
            .to_vec()
    }

    /// Runs the pack while `person` is handed the question.
    fn run(&self, person: impl FnOnce(&Path)) -> Answer {
        let mut words = self.words();
        words.extend(["--approvals", self.approvals.to_str().unwrap(), "--ask-timeout", "60"].map(str::to_owned));
        thread::scope(|scope| {
            let run = scope.spawn(move || reach(&words.iter().map(String::as_str).collect::<Vec<_>>()));
            loop {
                if let Some(question) = self.questions().first() {
                    person(question);
                    break;
                }
                assert!(!run.is_finished(), "the run asked nobody: {}", run.join().unwrap().out);
                thread::sleep(Duration::from_millis(20));
            }
            run.join().unwrap()
        })
    }

    fn questions(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.approvals).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.to_str().unwrap().ends_with(".ask.json")).collect()
    }

    fn approve(&self, question: &Path, more: &[&str]) -> Answer {
        reach(&[&["policy", "approve", question.to_str().unwrap(), "--key", &self.operator][..], more].concat())
    }

    /// The payloads of the run's entries of one kind.
    fn entries(&self, run: &Answer, kind: &str) -> Vec<Value> {
        let run = run.json()["run"].as_str().unwrap().to_owned();
        let state = self.demo.path("state");
        let tenant = reach(&["status", "--state", &state]).json()["tenant"].as_str().unwrap().to_owned();
        let listed = reach(&["audit", "list", "--state", &state, "--tenant", &tenant, "--run", &run]);
        let listed = listed.json()["entries"].as_array().unwrap().clone();
        listed.into_iter().filter(|entry| entry["kind"] == kind).map(|entry| entry["payload"].clone()).collect()
    }

    fn replay(&self, log: &str) -> Answer {
        let (pack, state) = (self.demo.path("inventory.reachpack"), self.demo.path("state"));
        let words = ["--trust", &self.trust, "--pack", &pack, "--policy", &self.policy, "--state", &state];
        reach(&[&["replay", "verify", log][..], &words].concat())
    }
}

fn generate(role: &str, out: &str) {
    assert_eq!(reach(&["key", "generate", "--role", role, "--out", out]).exit, 0);
}

/// Signs the demonstration's policy as version 2, changed by `change`.
fn policy_of(demo: &Demo, name: &str, change: impl FnOnce(String) -> String) -> String {
    let source = String::from_utf8(demo.read("policy.toml")).unwrap().replace("version = 1\n", "version = 2\n");
    let (toml, bundle) = (demo.beside(&format!("{name}.toml")), demo.beside(&format!("{name}.reachpolicy")));
    fs::write(&toml, change(source)).unwrap();
    let built = reach(&["policy", "build", &toml, "--out", &bundle, "--key", &demo.path("keys/policy.pem")]);
    assert_eq!(built.exit, 0, "{}", built.err);
    bundle
}

/// A policy under which mode warn works, and which does not allow `fs.write`.
fn warning_policy(demo: &Demo) -> String {
    policy_of(demo, "warning", |toml| {
        let expires = toml.lines().find(|line| line.starts_with("expires")).unwrap().to_owned();
        let until = expires.replace("expires", "warn_until");
        toml.replace(&expires, &format!("{expires}\n{until}")).replace(", \"fs.write\"]", "]")
    })
}

fn answer_of(question: &Path) -> PathBuf {
    PathBuf::from(question.to_str().unwrap().replace(".ask.json", ".approval.dsse.json"))
}

/// The frames of a log, as `replay show` prints them, of one kind.
fn frames(log: &str, kind: &str) -> Vec<Value> {
    let shown = reach(&["replay", "show", log]).json()["frames"].as_array().unwrap().clone();
    shown.into_iter().filter(|frame| frame["frame"] == kind).map(|frame| frame["content"].clone()).collect()
}

/// The log at `log` recorded again with the node's own key, with its events changed.
fn recorded_again(node: &Node, log: &str, change: impl Fn(Event) -> Option<Event>) -> String {
    let (mut header, mut events): (Option<Header>, _) = (None, Vec::new());
    let bytes = fs::read(log).unwrap();
    read_frames(bytes.as_slice(), &Limits::default(), &mut |_, frame| match frame {
        Frame::Header(one) => header = Some(one.as_ref().clone()),
        Frame::Event(event) => events.extend(change(event.clone())),
        Frame::Checkpoint(_) | Frame::End(_) => {}
    })
    .unwrap();
    let mut again = Vec::new();
    let mut recorder = Recorder::start(&mut again, header.unwrap(), Limits::default()).unwrap();
    for event in events {
        let _ = recorder.record(event).unwrap();
    }
    let key = keys::read_unattended(&node.demo.dir().join("keys/run.pem"), Role::Run).unwrap();
    recorder.finish(EndReason::Completed, Timestamp::from_millis(1), &key).unwrap();
    let path = node.demo.beside("again.rlog");
    fs::write(&path, again).unwrap();
    path
}

#[test]
fn policy_r_a_run_waits_for_a_person_and_records_who_approved_which_call() {
    let node = Node::new();
    let run = node.run(|question| {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(question).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let approved = node.approve(question, &[]).json();
        assert_eq!((&approved["verdict"], &approved["tool"]), (&"approved".into(), &"fs.write".into()));
        assert_eq!(approved["questions"], serde_json::json!(["fs.write"]));
        assert_eq!(approved["call"], 3);
        assert!(approved["arguments"].as_str().unwrap().contains("inventory.json"));
    });
    assert_eq!(run.code(), "ok", "{}", run.err);
    assert!(run.err.contains("waiting: a person has to approve a call"), "{}", run.err);
    assert_eq!(node.questions(), Vec::<PathBuf>::new(), "nobody waits any more");

    let log = run.json()["log"].as_str().unwrap().to_owned();
    let verdicts = frames(&log, "verdict");
    let outcomes: Vec<_> = verdicts.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["allowed", "allowed", "allowed", "asked"]);
    assert_eq!(verdicts[3]["codes"], serde_json::json!(["policy.approval_required"]));
    let approval = &frames(&log, "approval")[..];
    let [approval] = approval else { panic!("{approval:?}") };
    assert_eq!((&approval["call"], &approval["approvers"]), (&3.into(), &serde_json::json!(["olga"])));
    let entries = node.entries(&run, "run.approved");
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    for field in ["call", "request", "approvers", "keys", "statement", "issued", "until"] {
        assert_eq!(entry[field], approval[field], "{field}");
    }
    assert_eq!(node.replay(&log).json()["verdict"], "verified");

    // The same log with the approval left out, or with another one in its place, is not this run's.
    let same = recorded_again(&node, &log, Some);
    assert_eq!(node.replay(&same).code(), "replay.ledger_mismatch");
    let without = recorded_again(&node, &log, |event| Some(event).filter(|one| !matches!(one, Event::Approval(_))));
    assert_eq!(node.replay(&without).code(), "replay.result_not_permitted");
    let changed = |change: &dyn Fn(&mut Approved)| {
        let again = recorded_again(&node, &log, |event| match event {
            Event::Approval(mut one) => {
                change(&mut one);
                Some(Event::Approval(one))
            }
            event => Some(event),
        });
        node.replay(&again).code()
    };
    assert_eq!(changed(&|_| ()), "replay.ledger_mismatch");
    assert_eq!(changed(&|one| one.request = Blake3Digest::of(b"other")), "replay.permission_changed");
    assert_eq!(changed(&|one| one.nonce = [0; 32]), "replay.permission_changed");
    assert_eq!(changed(&|one| one.asked_until = Timestamp::default()), "replay.permission_changed");
    assert_eq!(changed(&|one| one.at = one.until), "replay.permission_changed");
    assert_eq!(changed(&|one| one.call = 2), "replay.permission_misplaced");
}

#[test]
fn policy_r_a_call_that_nobody_approves_is_not_made() {
    let node = Node::new();
    let words = node.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let asked = [&words[..], &["--approvals", node.approvals.to_str().unwrap(), "--ask-timeout", "1"]].concat();
    for words in [&words[..], &asked] {
        let run = reach(words);
        assert_eq!((run.exit, run.code()), (1, "policy.approval_required".to_owned()), "{}", run.err);
        let output = run.json()["output"].as_str().unwrap().to_owned();
        assert!(!Path::new(&output).join("inventory.json").exists());
        let refusals = node.entries(&run, "run.call_refused");
        assert_eq!(refusals[0]["codes"], serde_json::json!(["policy.approval_required"]));
        assert_eq!(node.entries(&run, "run.approved"), Vec::<Value>::new());
        let log = run.json()["log"].as_str().unwrap().to_owned();
        assert_eq!(frames(&log, "verdict").last().unwrap()["outcome"], "asked");
        assert_eq!((frames(&log, "approval").len(), frames(&log, "result").len()), (0, 3));
        assert_eq!(node.replay(&log).json()["verdict"], "verified");
    }
    assert_eq!(node.questions(), Vec::<PathBuf>::new());
    let missing = reach(&[&words[..], &["--approvals", &node.demo.beside("nowhere")]].concat());
    assert_eq!((missing.exit, missing.code()), (74, "file.missing".to_owned()));
    assert_eq!(reach(&[&words[..], &["--ask-timeout", "9"]].concat()).exit, 2);
}

#[test]
fn policy_r_a_no_ends_the_run_and_is_recorded_with_who_said_so() {
    let node = Node::new();
    let run = node.run(|question| {
        assert_eq!(node.approve(question, &["--refuse"]).json()["verdict"], "refused");
    });
    assert_eq!((run.exit, run.code()), (1, "policy.approval_refused".to_owned()));
    let refusals = node.entries(&run, "run.call_refused");
    assert_eq!(refusals[0]["codes"], serde_json::json!(["policy.approval_refused"]));
    assert_eq!(refusals[0]["reason"], "olga refused this call");
    assert_eq!(node.entries(&run, "run.approved"), Vec::<Value>::new());
}

#[test]
fn policy_r_only_an_operator_in_the_trust_document_answers() {
    let node = Node::new();
    let stranger = node.demo.beside("stranger.pem");
    generate("operator", &stranger);
    // A stranger's key, and one that the trust document gives another role.
    for key in [stranger, node.demo.path("keys/policy.pem")] {
        let run = node.run(|question| {
            let question = question.to_str().unwrap();
            assert_eq!(reach(&["policy", "approve", question]).exit, 2);
            assert_eq!(reach(&["policy", "approve", question, "--key", &key]).exit, 0);
        });
        assert_eq!((run.exit, run.code()), (4, "policy.approval_untrusted".to_owned()));
    }
    // Olga was trusted when the run began, and is not when the answer comes.
    let revoked = node.run(|question| {
        let (next, root) = (node.demo.beside("trust3.dsse.json"), node.demo.path("keys/root.pem"));
        let key =
            keys::read_public(Path::new(&node.operator.replace(".pem", ".pub.pem"))).unwrap().key_id().to_string();
        let words = ["trust", "revoke", &node.trust, "--key", &key, "--reason", "compromised"];
        let made = reach(&[&words[..], &["--root", &root, "--out", &next]].concat());
        assert_eq!(made.exit, 0, "{}", made.err);
        fs::rename(&next, &node.trust).unwrap();
        assert_eq!(node.approve(question, &[]).exit, 0);
    });
    assert_eq!((revoked.exit, revoked.code()), (5, "sign.key_revoked".to_owned()));
}

#[test]
fn policy_r_an_approval_is_for_that_call_of_that_run_and_is_not_used_again() {
    let node = Node::new();
    let kept = node.demo.beside("kept.json");
    let first = node.run(|question| {
        assert_eq!(node.approve(question, &[]).exit, 0);
        fs::copy(answer_of(question), &kept).unwrap();
    });
    assert_eq!(first.code(), "ok");
    let again = node.run(|question| {
        fs::copy(&kept, answer_of(question)).unwrap();
    });
    assert_eq!((again.exit, again.code()), (1, "policy.approval_mismatch".to_owned()));
    // A question that somebody changed before it was put to the person.
    for (from, to) in [("\"index\": 3", "\"index\": 2"), ("\"mode\": \"enforce\"", "\"mode\": \"warn\"")] {
        let run = node.run(|question| {
            let (text, changed) = (fs::read_to_string(question).unwrap(), node.demo.beside("changed.ask.json"));
            assert!(text.contains(from), "{text}");
            fs::write(&changed, text.replace(from, to)).unwrap();
            let place = answer_of(question);
            let approved = node.approve(Path::new(&changed), &["--out", place.to_str().unwrap()]);
            assert_eq!(approved.exit, 0, "{}", approved.err);
        });
        assert_eq!((run.exit, run.code()), (1, "policy.approval_mismatch".to_owned()));
    }
}

#[test]
fn policy_r_an_approval_that_was_changed_is_refused() {
    let node = Node::new();
    let run = node.run(|question| {
        let aside = node.demo.beside("aside.json");
        assert_eq!(node.approve(question, &["--out", &aside]).exit, 0);
        let text = fs::read_to_string(&aside).unwrap();
        let at = text.find("\"sig\":\"").unwrap() + 20;
        let (mut bytes, place) = (text.into_bytes(), answer_of(question));
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        fs::write(&aside, bytes).unwrap();
        fs::rename(&aside, place).unwrap();
    });
    assert_eq!((run.exit, run.code()), (1, "sign.bad_signature".to_owned()));
    let run = node.run(|question| {
        let aside = node.demo.beside("none.json");
        fs::write(&aside, "{}").unwrap();
        fs::rename(&aside, answer_of(question)).unwrap();
    });
    assert_eq!((run.exit, run.code()), (1, "policy.approval_malformed".to_owned()));
}

#[test]
fn policy_r_an_approval_ends() {
    let node = Node::new();
    let shifted = |seconds: i64| {
        node.run(|question| {
            let words = ["policy", "approve", question.to_str().unwrap(), "--key", &node.operator, "--ttl", "30"];
            assert_eq!(reach_shifted(&words, seconds).exit, 0);
        })
        .code()
    };
    assert_eq!(shifted(-31), "policy.approval_expired");
    assert_eq!(shifted(20), "policy.approval_not_yet_valid");
    // Nor is a question answered that nobody waits with any more.
    let run = node.run(|question| {
        let words = ["policy", "approve", question.to_str().unwrap(), "--key", &node.operator];
        assert_eq!(reach_shifted(&words, 62).code(), "policy.approval_expired");
        assert_eq!(node.approve(question, &[]).exit, 0);
        assert_eq!(node.approve(question, &[]).code(), "file.exists");
    });
    assert_eq!(run.code(), "ok");
    let ttl = |seconds: &str| reach(&["policy", "approve", "x.ask.json", "--key", "k", "--ttl", seconds]).exit;
    assert_eq!((ttl("3600"), ttl("3601"), ttl("0")), (74, 2, 2));
}

#[test]
fn policy_x1_what_mode_warn_lets_through_is_a_denial_with_a_frame_of_its_own() {
    let node = Node::new();
    let node = Node { policy: warning_policy(&node.demo), ..node };
    let words = node.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let warning =
        Environment { stage: Stage::Development, policy_mode: Some("warn".to_owned()), ..Environment::default() };
    assert_eq!(reach(&words).code(), "policy.tool_not_allowed");
    let run = reach_under(&words, warning.clone());
    assert_eq!(run.code(), "ok", "{}", run.err);
    let log = run.json()["log"].as_str().unwrap().to_owned();
    let verdict = frames(&log, "verdict").pop().unwrap();
    assert_eq!(
        (&verdict["outcome"], &verdict["codes"]),
        (&"denied".into(), &serde_json::json!(["policy.tool_not_allowed"]))
    );
    let warned = frames(&log, "warned");
    let [warned] = &warned[..] else { panic!("{warned:?}") };
    assert_eq!(warned["call"], 3);
    assert_eq!(node.replay(&log).json()["verdict"], "verified");
    let changed = |change: &dyn Fn(&mut Warned)| {
        let again = recorded_again(&node, &log, |event| match event {
            Event::Warned(mut one) => {
                change(&mut one);
                Some(Event::Warned(one))
            }
            event => Some(event),
        });
        node.replay(&again).code()
    };
    assert_eq!(changed(&|_| ()), "replay.ledger_mismatch");
    assert_eq!(changed(&|one| one.permit = Blake3Digest::of(b"other")), "replay.permission_changed");
    assert_eq!(changed(&|one| one.until = Timestamp::default()), "replay.permission_changed");
    let without = recorded_again(&node, &log, |event| Some(event).filter(|one| !matches!(one, Event::Warned(_))));
    assert_eq!(node.replay(&without).code(), "replay.result_not_permitted");
    // As logs wrote it before there were warned frames.
    let old = recorded_again(&node, &log, |event| match event {
        Event::Warned(_) => None,
        Event::Verdict(mut one) if one.call == 3 => {
            one.outcome = VerdictOutcome::Warned;
            Some(Event::Verdict(one))
        }
        event => Some(event),
    });
    assert_eq!(node.replay(&old).code(), "replay.ledger_mismatch");
}

/// What redeeming a permit for a call of `fs.write` comes to after each of `frames` was recorded:
/// the permit is made anew for each, under `policy`.
fn redeemed(node: &Node, policy: &str, mode: Mode, frames: &[&dyn Fn(&Permit) -> Event]) -> Vec<&'static str> {
    let state = State::open(&node.demo.dir().join("state"), Access::Read).unwrap();
    let now = World::system(Environment::default()).now();
    let trust = state.load_trust(Path::new(&node.trust), now).unwrap();
    let (pack, trust_file) = (node.demo.path("inventory.reachpack"), Path::new(&node.trust));
    let asked = Verification { trust: &trust, expected: &Expected::default(), now, seen: None, evidence: None };
    let pack = packs::verify(&PackFiles::of(Path::new(&pack), None, trust_file), &asked).unwrap();
    let bundle = policies::verify(Path::new(policy), &trust, now, None).unwrap();
    let host = BuiltinTools::definitions_only();
    let admission = admit(&pack, &bundle, None, &host, &state.place(), mode, now).unwrap();
    let header = Header::new(state.node(), [7; 32], state.config().tenant.clone(), now, admission.guards());
    let tenant = state.config().tenant.clone();
    let site = CallSite { run: header.run, index: 0, node: state.node(), tenant, host: host.identity() };
    let call = ToolCall {
        tool: ToolId::parse("fs.write").unwrap(),
        scopes: [Scope::parse("output:write").unwrap()].into(),
        arguments: b"{}".to_vec(),
    };
    let permit = || {
        let (decision, binding) = (admission.judge(&call, now), admission.binding(&call, &site).unwrap());
        if decision.outcome() != Outcome::Ask {
            return decision.permit(binding, pack.expires()).unwrap();
        }
        let until = now.saturating_add(Duration::from_secs(60));
        let (facts, policy) = (pack.facts(), bundle.policy());
        let question = AskedCall { binding: binding.clone(), call: &call, pack: facts, policy, until, nonce: [0; 32] };
        let question = decision.ask(question).unwrap();
        let yes = Approval { request: question.digest(), approved: true, issued: now, expires: until };
        let key = keys::read_unattended(Path::new(&node.operator), Role::Operator).unwrap();
        let yes = VerifiedApproval::verify(yes.sign(&[&key]).unwrap().as_bytes(), &question, &trust, now).unwrap();
        decision.permit_approved(binding, yes, pack.expires()).unwrap()
    };
    let mut recorder = Recorder::start(Vec::new(), header, Limits::default()).unwrap();
    let mut code = |frame: &dyn Fn(&Permit) -> Event| {
        let permit = permit();
        let frame = recorder.record(frame(&permit)).unwrap();
        let allowed = AllowedCall::redeem(permit, frame, &admission, &call, &site, now);
        allowed.map_or_else(|error| error.code(), |_| "ok")
    };
    frames.iter().map(|frame| code(*frame)).collect()
}

fn verdict(call: u64, outcome: VerdictOutcome) -> Event {
    Event::Verdict(Verdict {
        call,
        node: "report".to_owned(),
        tool: ToolId::parse("fs.write").unwrap(),
        definition: Blake3Digest::of(b"definition"),
        scopes: [].into(),
        arguments: b"{}".to_vec().into(),
        mode: PolicyMode::Warn,
        outcome,
        codes: vec![],
        now: Timestamp::default(),
    })
}

fn warned(call: u64, permit: Blake3Digest) -> Event {
    Event::Warned(Warned { call, permit, until: Timestamp::default(), at: Timestamp::default() })
}

fn approved(call: u64, request: Blake3Digest) -> Event {
    let (at, other) = (Timestamp::default(), Blake3Digest::of(b"other"));
    let keys = vec![KeyId(Sha256Digest::from_bytes([1; 32]))];
    let (approvers, statement, nonce) = (vec!["olga".to_owned()], other, [0; 32]);
    let one = Approved { call, request, nonce, asked_until: at, approvers, keys, statement, issued: at, until: at, at };
    Event::Approval(Box::new(one))
}

#[test]
fn p38_a_permit_is_redeemed_only_with_the_frame_that_it_stands_on() {
    let node = Node::new();
    let (denied, other) = ("policy.permit_denied", Blake3Digest::of(b"other"));
    // The policy allows it: the verdict is enough, and nothing else is.
    let allowed = redeemed(
        &node,
        &node.demo.path("policy.reachpolicy"),
        Mode::Enforce,
        &[
            &|_| verdict(0, VerdictOutcome::Allowed),
            &|_| verdict(1, VerdictOutcome::Allowed),
            &|_| verdict(0, VerdictOutcome::Denied),
            &|_| verdict(0, VerdictOutcome::Asked),
            &|_| verdict(0, VerdictOutcome::Warned),
            &|permit| warned(0, *permit.digest()),
            &|permit| approved(0, *permit.digest()),
        ],
    );
    assert_eq!(allowed, ["ok", denied, denied, denied, denied, denied, denied]);
    // A person approved it: that approval.
    let asked = redeemed(
        &node,
        &node.policy,
        Mode::Enforce,
        &[
            &|permit| approved(0, *permit.approval().unwrap()),
            &|permit| approved(1, *permit.approval().unwrap()),
            &|_| approved(0, other),
            &|_| verdict(0, VerdictOutcome::Asked),
            &|_| verdict(0, VerdictOutcome::Allowed),
            &|permit| warned(0, *permit.digest()),
        ],
    );
    assert_eq!(asked, ["ok", denied, denied, denied, denied, denied]);
    // It is only warned about: the warned frame with this permit.
    let warning = redeemed(
        &node,
        &warning_policy(&node.demo),
        Mode::Warn,
        &[
            &|permit| warned(0, *permit.digest()),
            &|permit| warned(1, *permit.digest()),
            &|_| warned(0, other),
            &|_| verdict(0, VerdictOutcome::Denied),
            &|_| verdict(0, VerdictOutcome::Allowed),
            &|_| verdict(0, VerdictOutcome::Warned),
        ],
    );
    assert_eq!(warning, ["ok", denied, denied, denied, denied, denied]);
}
