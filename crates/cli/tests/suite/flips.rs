//! Each of the 8 single-bit flips of every byte of each artefact is refused by its command.

use std::fs;

use crate::support::{Demo, reach};

/// Flips every bit of `original`, writes it to `path`, and expects `words` to refuse it with a code
/// other than success and a fault of ours; `exempt` says which bytes are not authenticated.
fn every_flip(original: &[u8], path: &str, words: &[&str], exempt: &dyn Fn(usize) -> bool) {
    fs::write(path, original).unwrap();
    let good = reach(words);
    assert_eq!(good.exit, 0, "the good neighbour: {}{}", good.out, good.err);
    for byte in (0..original.len()).filter(|byte| !exempt(*byte)) {
        for bit in 0..8 {
            let mut bad = original.to_vec();
            bad[byte] ^= 1 << bit;
            fs::write(path, &bad).unwrap();
            let answer = reach(words);
            assert!(
                answer.exit != 0 && answer.exit != 70,
                "byte {byte} bit {bit}: exit {} {}",
                answer.exit,
                answer.out
            );
            assert_ne!(answer.code(), "ok", "byte {byte} bit {bit}");
        }
    }
}

const NONE: &dyn Fn(usize) -> bool = &|_| false;

#[test]
fn k06_every_flip_of_the_pack() {
    let demo = Demo::new();
    let (pack, trust) = (demo.beside("x.reachpack"), demo.path("trust.dsse.json"));
    let signature = demo.path("inventory.reachpack.dsse.json");
    let words = ["pack", "verify", &pack, "--signature", &signature, "--trust", &trust];
    every_flip(&demo.read("inventory.reachpack"), &pack, &words, NONE);
}

#[test]
fn k06_every_flip_of_the_envelope_but_its_unauthenticated_keyid() {
    let demo = Demo::new();
    let (signature, trust, pack) =
        (demo.beside("x.json"), demo.path("trust.dsse.json"), demo.path("inventory.reachpack"));
    let original = demo.read("inventory.reachpack.dsse.json");
    let text = String::from_utf8(original.clone()).unwrap();
    // The member from the quote before its name to the comma after its value.
    let start = text.find("\"keyid\"").unwrap();
    let end = start + text.split_at(start).1.find(',').unwrap();
    let words = ["pack", "verify", &pack, "--signature", &signature, "--trust", &trust];
    every_flip(&original, &signature, &words, &|byte| (start..=end).contains(&byte));
}

#[test]
fn k26_every_flip_of_the_trust_document_under_its_pin() {
    let demo = Demo::new();
    let (trust, root) = (demo.beside("x.json"), demo.trust_root());
    every_flip(&demo.read("trust.dsse.json"), &trust, &["trust", "show", &trust, "--trust-root", &root], NONE);
}

#[test]
fn p28_every_flip_of_the_policy_bundle() {
    let demo = Demo::new();
    let (bundle, trust) = (demo.beside("x.reachpolicy"), demo.path("trust.dsse.json"));
    every_flip(&demo.read("policy.reachpolicy"), &bundle, &["policy", "verify", &bundle, "--trust", &trust], NONE);
}

#[test]
fn r01_every_flip_of_the_run_log() {
    let demo = Demo::new();
    let (log, trust) = (demo.beside("x.rlog"), demo.path("trust.dsse.json"));
    every_flip(&demo.read("run.rlog"), &log, &["replay", "verify", &log, "--trust", &trust], NONE);
}

#[test]
fn a15_a16_every_flip_of_the_proof_its_leaf_and_its_opening() {
    let demo = Demo::new();
    let names = ["proof.tlog-proof", "proof.leaf", "proof.opening.json"];
    for changed in names {
        let mutant = demo.beside("x");
        let [proof, leaf, opening] = names.map(|name| if name == changed { mutant.clone() } else { demo.path(name) });
        let vkey = demo.path("log.vkey");
        let words = ["audit", "verify-proof", &proof, "--leaf", &leaf, "--opening", &opening, "--vkey", &vkey];
        every_flip(&demo.read(changed), &mutant, &words, NONE);
    }
}

#[test]
fn d02_every_flip_of_the_chain_is_refused_before_its_nonce_is_asked_for() {
    let demo = Demo::new();
    let words =
        ["delegate", "accept", &demo.path("chain.json"), "--state", &demo.path("peer/state")].map(str::to_owned);
    let sources = [
        "--pack",
        &demo.path("inventory.reachpack"),
        "--policy",
        &demo.path("policy.reachpolicy"),
        "--trust",
        &demo.path("trust.dsse.json"),
    ];
    let all: Vec<&str> = words.iter().map(String::as_str).chain(sources).collect();
    assert_eq!(reach(&all).code(), "mesh.nonce_replayed");
    let original = demo.read("chain.json");
    // Each attempt is recorded durably, so a sample stands for all: the crate's own test flips every bit.
    for byte in (0..original.len()).step_by(original.len() / 24) {
        let mut bad = original.clone();
        bad[byte] ^= 1;
        fs::write(demo.path("chain.json"), bad).unwrap();
        let answer = reach(&all);
        assert!(
            answer.exit != 0 && answer.exit != 70 && answer.code() != "mesh.nonce_replayed",
            "byte {byte}: {}",
            answer.out
        );
    }
}
