//! A log that is chained and sealed by the right key, and still not what this node would have done.

use std::{fs, path::Path};

use reach_pack_integrity::{Expected, Verification};
use reach_policy::Mode;
use reach_replay::{EndReason, Event, Header, Limits, PolicyMode, Recorder, Verdict, VerdictOutcome};
use reach_runner::{
    Access, BuiltinTools, State, ToolHost, admit, keys,
    packs::{self, PackFiles},
    policies,
};
use reach_signing::Role;
use reach_types::{Scope, Timestamp, ToolId};

use crate::support::{Demo, reach};

/// A log of the first node's, with one verdict, sealed with the node's own key.
fn sealed_log(demo: &Demo, scope: &str, outcome: VerdictOutcome, codes: &[&str]) -> Vec<u8> {
    let state = State::open(&demo.dir().join("state"), Access::Read).unwrap();
    let now = state.memory.high_water().unwrap();
    let trust = state.load_trust(Path::new(&demo.path("trust.dsse.json")), now).unwrap();
    let pack = Path::new(&demo.path("inventory.reachpack")).to_path_buf();
    let asked = Verification { trust: &trust, expected: &Expected::default(), now, seen: None, evidence: None };
    let trust_file = demo.path("trust.dsse.json");
    let pack = packs::verify(&PackFiles::of(&pack, None, Path::new(&trust_file)), &asked).unwrap();
    let bundle = policies::verify(Path::new(&demo.path("policy.reachpolicy")), &trust, now, None).unwrap();
    let host = BuiltinTools::definitions_only();
    let admission = admit(&pack, &bundle, None, &host, &state.place(), Mode::Enforce, now).unwrap();
    let header = Header::new(state.node(), [7; 32], state.config().tenant.clone(), now, admission.guards());
    let tool = ToolId::parse("fs.list").unwrap();
    let verdict = Verdict {
        call: 0,
        node: "list".to_owned(),
        definition: host.registry()[&tool],
        tool,
        scopes: [Scope::parse(scope).unwrap()].into(),
        arguments: b"{}".to_vec().into(),
        mode: PolicyMode::Enforce,
        outcome,
        codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        now,
    };
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header, Limits::default()).unwrap();
    let _ = recorder.record(Event::Verdict(verdict)).unwrap();
    let key = keys::read_unattended(&demo.dir().join("keys/run.pem"), Role::Run).unwrap();
    recorder.finish(EndReason::Completed, Timestamp::from_millis(now.as_millis() + 1), &key).unwrap();
    log
}

#[test]
fn r17_a_recorded_verdict_that_the_policy_does_not_give_is_a_divergence() {
    let demo = Demo::new();
    let judge = |scope: &str, outcome, codes: &[&str]| {
        let log = demo.beside("forged.rlog");
        fs::write(&log, sealed_log(&demo, scope, outcome, codes)).unwrap();
        let sealed = reach(&["replay", "verify", &log, "--trust", &demo.path("trust.dsse.json")]);
        assert_eq!(sealed.json()["verdict"], "sealed", "{}", sealed.err);
        let (pack, policy, state) =
            (demo.path("inventory.reachpack"), demo.path("policy.reachpolicy"), demo.path("state"));
        let trust = demo.path("trust.dsse.json");
        let words = ["--trust", &trust, "--pack", &pack, "--policy", &policy, "--state", &state];
        reach(&[&["replay", "verify", &log][..], &words].concat()).code()
    };
    let denied = ["policy.scope_not_granted", "policy.scope_undeclared"];
    // What the policy gives is as recorded; that no ledger knows this run is then what is left.
    assert_eq!(judge("workspace:read", VerdictOutcome::Allowed, &[]), "replay.not_in_ledger");
    assert_eq!(judge("network:any", VerdictOutcome::Denied, &denied), "replay.not_in_ledger");
    assert_eq!(judge("network:any", VerdictOutcome::Allowed, &[]), "replay.verdict_changed");
    assert_eq!(judge("workspace:read", VerdictOutcome::Denied, &denied), "replay.verdict_changed");
    assert_eq!(judge("network:any", VerdictOutcome::Denied, &denied[..1]), "replay.verdict_changed");
    assert_eq!(judge("network:any", VerdictOutcome::Warned, &denied), "replay.verdict_changed");
}
