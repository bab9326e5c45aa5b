//! Clocks that are set back or run ahead: validities hold, and the anomaly is recorded.

use crate::support::{Demo, reach, reach_shifted};

const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;

fn run_words(demo: &Demo) -> Vec<String> {
    demo.run_words(&demo.path("inventory.reachpack"), &demo.path("policy.reachpolicy"))
}

fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

#[test]
fn k23_k24_what_has_expired_is_refused_and_what_is_to_come_too() {
    let demo = Demo::new();
    let (pack, trust) = (demo.path("inventory.reachpack"), demo.path("trust.dsse.json"));
    let verify = |seconds| reach_shifted(&["pack", "verify", &pack, "--trust", &trust], seconds);
    assert_eq!(verify(YEAR - HOUR).code(), "ok");
    let expired = verify(YEAR + HOUR);
    assert_eq!((expired.code().as_str(), expired.exit), ("trust.expired", 5));
    assert_eq!(verify(-HOUR).code(), "sign.key_not_yet_valid");
}

#[test]
fn a10_a_clock_set_back_changes_no_order_and_is_recorded_itself() {
    let demo = Demo::new();
    let (state, trust) = (demo.path("state"), demo.path("trust.dsse.json"));
    let run = run_words(&demo);
    let back = reach_shifted(&words(&run), -2 * HOUR);
    assert_eq!(back.exit, 0, "validities are decided by the latest time seen: {}", back.err);
    let audit = reach(&["audit", "verify", "--state", &state, "--trust", &trust]);
    assert_eq!(audit.exit, 0, "{}", audit.out);
    // Quickstart leaves five entries; the anomaly comes before what the run adds.
    let proof = demo.beside("p.tlog-proof");
    assert_eq!(reach(&["audit", "prove", "--state", &state, "--seq", "5", "--out", &proof]).exit, 0);
    let (leaf, opening, vkey) = (demo.beside("p.leaf"), demo.beside("p.opening.json"), demo.path("log.vkey"));
    let proven =
        reach(&["audit", "verify-proof", &proof, "--leaf", &leaf, "--opening", &opening, "--vkey", &vkey]).json();
    assert_eq!(proven["kind"], "node.clock_anomaly");
    assert!((2 * HOUR - 60..=2 * HOUR + 60).contains(&proven["payload"]["behind_seconds"].as_i64().unwrap()));
}

#[test]
fn d12_d14_d16_a_delegation_ends_with_its_ttl_and_no_clock_brings_it_back() {
    let demo = Demo::new();
    let (pack, policy, trust) =
        (demo.path("inventory.reachpack"), demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"));
    let (state, peer) = (demo.path("state"), demo.path("peer/state"));
    let subject = ["--pack", &pack, "--policy", &policy, "--trust", &trust];
    let issue = |name: &str| {
        let chain = demo.beside(name);
        let words = ["delegate", "issue", "--state", &state, "--to", "node-b", "--ttl", "60", "--out", &chain];
        assert_eq!(reach(&[&words[..], &subject].concat()).exit, 0);
        chain
    };
    let accept = |chain: &str, seconds| {
        reach_shifted(&[&["delegate", "accept", chain, "--state", &peer][..], &subject].concat(), seconds).code()
    };
    let (first, second) = (issue("a.json"), issue("b.json"));
    assert_eq!(accept(&first, -HOUR), "mesh.clock_rollback");
    assert_eq!(accept(&first, 89), "ok");
    assert_eq!(accept(&second, 100), "mesh.expired");
    assert_eq!(accept(&first, 0), "mesh.clock_rollback");
}
