//! Peers that offer less than they once did: floors that hold, and exceptions that operators sign.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use reach_runner::{NodeMemory, SpecException};
use reach_signing::{Envelope, Role, SigningKey};
use reach_spec_version::{Offer, SpecVersion, own_offer};
use reach_types::{Blake3Digest, PackName, Timestamp};
use serde_json::{Value, json};

use crate::{
    spec_peers::{DAY, PAYLOAD_TYPE, Peers, now, offer, with_features},
    support::reach,
};

const HOUR: i64 = 3600;

#[test]
fn v04_a_peer_that_offers_less_than_it_once_did_is_refused_and_learns_nothing() {
    let peers = Peers::new();
    // The same again is no less, and neither is a lower patch.
    assert_eq!(peers.accept(&peers.chain(&offer(0, 9)), &[]).code(), "ok");
    assert_eq!(peers.accept(&peers.chain(&offer(0, 0)), &[]).code(), "ok");
    assert_eq!(peers.accept(&peers.chain(&offer(1, 3)), &[]).code(), "ok");
    let (chain, receipt) = (peers.chain(&offer(0, 0)), peers.demo.beside("receipt.json"));
    let refused = peers.accept(&chain, &["--receipt", &receipt]);
    assert_eq!((refused.code().as_str(), refused.exit), ("spec.regressed", 5));
    let entry = peers.last_entry("peer/state");
    assert_eq!(entry["kind"], "delegation.refused");
    let payload = &entry["payload"];
    assert_eq!(payload["codes"], json!(["spec.regressed"]));
    assert_eq!(payload["regressed"], json!({ "offered": "1.0.0", "floor": "1.1.3" }));
    assert_eq!(payload["spec"], json!({ "agreed": "1.0", "peer": "1.0.0" }));
    let transcript = peers.transcript(&offer(0, 0)).unwrap().to_string();
    assert_eq!(payload["transcript"], json!(transcript));
    // The receipt is signed, and says neither which rule it was nor from which version.
    assert_eq!(peers.receipt(&receipt, &chain), (vec!["mesh.spec_incompatible".to_owned()], 2, Some(transcript)));
    // Its nonce was not used up: with an operator's leave the very same chain is accepted.
    assert_eq!(peers.accept(&peers.chain(&offer(1, 0)), &[]).code(), "ok", "a lower patch");
    let exception = peers.statement("1.0.0");
    assert_eq!(peers.accept(&chain, &["--spec-exception", &exception]).code(), "ok");
    assert_eq!(peers.accept(&chain, &["--spec-exception", &exception]).code(), "mesh.nonce_replayed");
    let audit = reach(&["audit", "verify", "--state", &peers.demo.path("peer/state"), "--trust", &peers.trust]);
    assert_eq!(audit.exit, 0, "{}", audit.err);
}

#[test]
fn v04_a_floor_outlives_a_process_that_is_killed() {
    let peers = Peers::new();
    let (chain, receipt) = (peers.chain(&offer(1, 0)), peers.demo.beside("receipt.json"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_reach"))
        .args(peers.accept_words(&chain, &["--receipt", &receipt]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It has answered once there is a receipt.
    while !Path::new(&receipt).exists() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(1));
    }
    let _ = child.kill();
    child.wait().unwrap();
    assert!(Path::new(&receipt).exists());
    assert_eq!(peers.accept(&peers.chain(&offer(0, 0)), &[]).code(), "spec.regressed");
    assert_eq!(peers.accept(&peers.chain(&offer(1, 0)), &[]).code(), "ok");
}

#[test]
fn v04_nobody_raises_a_floor_but_by_a_chain_that_was_accepted() {
    let peers = Peers::new();
    let high = offer(2, 0);
    let other = peers.chain_with(&high, |terms| terms.transcript = Blake3Digest::of(b"another"));
    assert_eq!(peers.accept(&other, &[]).code(), "mesh.transcript_mismatch");
    let payload = peers.last_entry("peer/state")["payload"].clone();
    assert_eq!(
        payload["transcript"],
        json!(peers.transcript(&high).unwrap().to_string()),
        "our own, not the one signed"
    );
    let elsewhere = peers.chain_with(&high, |terms| terms.registry = Blake3Digest::of(b"another"));
    assert_eq!(peers.accept(&elsewhere, &[]).code(), "mesh.registry_mismatch");
    // Signed by another node's key in the first one's name.
    let good = fs::read_to_string(peers.chain(&high)).unwrap();
    let list: Value = serde_json::from_str(&good).unwrap();
    let payload = data_encoding::BASE64.decode(list[0]["payload"].as_str().unwrap().as_bytes()).unwrap();
    let forger = peers.key("peer/node.pem", Role::Node);
    let forged = Envelope::sign("application/vnd.reach.mesh.link.v1", payload, &[&forger]).unwrap().to_json();
    let path = peers.demo.beside("forged.json");
    fs::write(&path, format!("[{forged}]")).unwrap();
    assert_eq!(peers.accept(&path, &[]).code(), "mesh.link_signature_invalid");
    assert_eq!(peers.accept(&peers.chain(&offer(0, 0)), &[]).code(), "ok", "no floor was raised");
    assert_eq!(peers.accept(&peers.chain(&high), &[]).code(), "ok");
    assert_eq!(peers.accept(&peers.chain(&offer(1, 9)), &[]).code(), "spec.regressed");
}

#[test]
fn v04_a_floor_that_is_lost_is_missed() {
    let peers = Peers::new();
    assert_eq!(peers.accept(&peers.chain(&offer(1, 0)), &[]).code(), "ok");
    let path = peers.demo.dir().join("peer/state/node.redb");
    let (bundle, trust, pack, name) = {
        let memory = NodeMemory::open_read_only(&path).unwrap();
        let text = String::from_utf8(peers.demo.read("policy.toml")).unwrap();
        let line = text.lines().find(|line| line.starts_with("name")).unwrap();
        let policy = line.split('"').nth(1).unwrap().to_owned();
        let name = PackName::parse("inventory").unwrap();
        let pack = reach_pack_integrity::SeenVersions::highest(&memory, &name).unwrap().unwrap();
        (memory.bundle_floor(&policy).unwrap().unwrap(), memory.trust_floor().unwrap().unwrap(), pack, policy)
    };
    // A memory that was written often enough and has every other floor, but not the peer's.
    fs::remove_file(&path).unwrap();
    let forged = NodeMemory::create(&path).unwrap();
    for millis in 0..200 {
        forged.raise_high_water(Timestamp::from_millis(millis)).unwrap();
    }
    forged.raise_bundle_floor(&name, &bundle).unwrap();
    forged.raise_trust_floor(trust.0, trust.1).unwrap();
    forged.raise_pack_floor(&PackName::parse("inventory").unwrap(), pack.0, pack.1).unwrap();
    drop(forged);
    // The second time too, though the first is recorded meanwhile.
    for minor in [0, 1] {
        let refused = peers.accept(&peers.chain(&offer(minor, 0)), &[]);
        assert_eq!((refused.code().as_str(), refused.exit), ("spec.floor_store", 74));
    }
}

#[test]
fn v04_an_exception_is_for_one_peer_one_floor_and_a_time() {
    let peers = Peers::new();
    assert_eq!(peers.accept(&peers.chain(&offer(2, 0)), &[]).code(), "ok");
    let (olga, chain) = (peers.key("olga", Role::Operator), peers.chain(&offer(0, 0)));
    let by = |change: &dyn Fn(&mut SpecException)| peers.changed(&chain, change, &[&olga]);
    let shift = |time: Timestamp, by: u64| Timestamp::from_millis(time.as_millis() + by);
    let entries = || reach(&["status", "--state", &peers.demo.path("peer/state")]).json()["entries"].as_u64().unwrap();

    let other = peers.node("peer/node.pem");
    assert_eq!(by(&|s| s.peer = other), "spec.exception_other_peer");
    assert_eq!(peers.last_entry("peer/state")["payload"]["regressed"], json!({ "offered": "1.0.0", "floor": "1.2.0" }));
    assert_eq!(by(&|s| s.floor = SpecVersion::new(1, 1, 0)), "spec.exception_too_high");
    let before = entries();
    assert_eq!(by(&|s| s.floor = SpecVersion::new(2, 0, 0)), "spec.exception_major");
    assert_eq!(by(&|s| s.floor = SpecVersion::new(0, 9, 0)), "spec.exception_major");
    assert_eq!(by(&|s| s.until = shift(s.until, 1)), "spec.exception_dates");
    assert_eq!(by(&|s| s.until = s.created), "spec.exception_dates");
    let future = |s: &mut SpecException| s.created = shift(s.created, 3_600_000);
    assert_eq!(by(&future), "spec.exception_not_yet_valid");
    assert_eq!(by(&|s| s.until = shift(s.created, 1)), "spec.exception_ended");
    assert_eq!(entries(), before, "a statement that is not believed answers nothing");
    // None of it used up the chain, and a patch of the floor decides nothing.
    assert_eq!(by(&|s| s.floor = SpecVersion::new(1, 0, 7)), "ok");

    let exception = peers.statement("1.0.0");
    let late = peers.accept_shifted(&peers.chain(&offer(0, 0)), &["--spec-exception", &exception], 11 * 24 * HOUR);
    assert_eq!((late.code().as_str(), late.exit), ("spec.exception_ended", 5));
}

#[test]
fn v04_an_exception_lets_through_and_lowers_nothing() {
    let peers = Peers::new();
    assert_eq!(peers.accept(&peers.chain(&offer(2, 0)), &[]).code(), "ok");
    let exception = peers.statement("1.1.0");
    let with = |offer: &Offer| peers.accept(&peers.chain(offer), &["--spec-exception", &exception]).code();
    assert_eq!(with(&offer(1, 0)), "ok");
    let payload = peers.last_entry("peer/state")["payload"].clone();
    let digest = Blake3Digest::derive("reach 2026 spec exception v1", &[&fs::read(&exception).unwrap()]);
    let spec = json!({ "agreed": "1.0", "peer": "1.1.0", "exception": digest });
    assert_eq!(payload["spec"], spec);
    assert_eq!(with(&offer(0, 0)), "spec.exception_too_high");
    assert_eq!(peers.accept(&peers.chain(&offer(1, 0)), &[]).code(), "spec.regressed", "the floor is where it was");
    assert_eq!(with(&offer(1, 5)), "ok", "as often as it is needed");
    // One that was not needed is not named.
    assert_eq!(with(&offer(2, 0)), "ok");
    assert_eq!(peers.last_entry("peer/state")["payload"]["spec"], json!({ "agreed": "1.0", "peer": "1.2.0" }));
    // A major is no matter of floors: there is nothing to agree on.
    let older = with_features(SpecVersion::new(0, 9, 0), own_offer().unwrap().features().to_vec());
    assert_eq!(with(&older), "spec.major_mismatch");
    let payload = peers.last_entry("peer/state")["payload"].clone();
    assert_eq!((&payload["codes"], &payload["spec"]), (&json!(["spec.major_mismatch"]), &Value::Null));
}

#[test]
fn v04_only_operators_sign_an_exception() {
    let peers = Peers::new();
    assert_eq!(peers.accept(&peers.chain(&offer(1, 0)), &[]).code(), "ok");
    let (chain, olga) = (peers.chain(&offer(0, 0)), peers.key("olga", Role::Operator));
    let stranger = SigningKey::from_seed(Role::Operator, &[9; 32]).unwrap();
    assert_eq!(peers.changed(&chain, |_| (), &[&stranger]), "sign.untrusted");
    // A key of the trust document that has another role, with a tool that signs anything.
    for name in ["keys/pack.pem", "keys/node.pem", "keys/root.pem"] {
        assert_eq!(peers.changed(&chain, |_| (), &[&peers.key(name, Role::Operator)]), "sign.untrusted", "{name}");
    }
    let good = peers.statement("1.0.0");
    let text = fs::read_to_string(&good).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let payload = data_encoding::BASE64.decode(file["payload"].as_str().unwrap().as_bytes()).unwrap();
    let with = |payload_type: &str, payload: &[u8]| peers.offered(&chain, payload_type, payload, &[&olga]);
    // An operator's word on something else is no word on this.
    assert_eq!(with("application/vnd.reach.operator.downgrade.v1", &payload), "sign.wrong_payload_type");
    assert_eq!(with(PAYLOAD_TYPE, &[&[2], &payload[1..]].concat()), "spec.exception_format_unknown");
    assert_eq!(with(PAYLOAD_TYPE, &payload[..payload.len() - 1]), "input.malformed");
    assert_eq!(with(PAYLOAD_TYPE, &[&payload[..], &[0]].concat()), "input.non_canonical");
    // One flipped bit in the payload, each byte in turn.
    let bad = peers.demo.beside("bad.json");
    for at in [0, 1, 16, 32, 33, 34, 35, payload.len() - 1] {
        let mut flipped = payload.clone();
        flipped[at] ^= 1;
        fs::write(&bad, text.replace(file["payload"].as_str().unwrap(), &data_encoding::BASE64.encode(&flipped)))
            .unwrap();
        let refused = peers.accept(&chain, &["--spec-exception", &bad]);
        assert_eq!((refused.code().as_str(), refused.exit), ("sign.bad_signature", 1), "{at}");
    }
    fs::write(&bad, "").unwrap();
    assert_eq!(peers.accept(&chain, &["--spec-exception", &bad]).code(), "sign.envelope_malformed");
    fs::write(&bad, " ".repeat(4097)).unwrap();
    assert_eq!(peers.accept(&chain, &["--spec-exception", &bad]).code(), "file.too_large");
    assert_eq!(peers.accept(&chain, &["--spec-exception", &good]).code(), "ok");
}

#[test]
fn v04_operators_are_counted_against_their_threshold() {
    let peers = Peers::new();
    let (root, trust) = (peers.demo.path("keys/root.pem"), peers.demo.beside("trust-two.dsse.json"));
    let words = ["trust", "add", &peers.trust, "--threshold", "operator=2", "--root", &root, "--out", &trust];
    assert_eq!(reach(&words).exit, 0);
    let peers = Peers { trust, ..peers };
    assert_eq!(peers.accept(&peers.chain(&offer(1, 0)), &[]).code(), "ok");
    let (chain, one) = (peers.chain(&offer(0, 0)), peers.statement("1.0.0"));
    let refused = peers.accept(&chain, &["--spec-exception", &one]);
    assert_eq!((refused.code().as_str(), refused.exit), ("sign.threshold", 4));
    let [olga, otto] = ["olga", "otto"].map(|name| peers.key(name, Role::Operator));
    assert_eq!(peers.changed(&chain, |_| (), &[&olga, &otto]), "ok");
}

#[test]
fn v04_what_no_node_would_believe_is_not_signed() {
    let peers = Peers::new();
    let (key, until) = (peers.demo.beside("olga.pem"), Timestamp::from_millis((now() / DAY + 10) * DAY).to_string());
    let far = Timestamp::from_millis((now() / DAY + 92) * DAY).to_string();
    let out = peers.demo.beside("out.json");
    let code = |peer: &str, floor: &str, until: &str, key: &str| {
        peers.except(&["--peer", peer, "--floor", floor, "--until", until, "--key", key, "--out", &out]).code()
    };
    assert_eq!(code("node-c", "1.0.0", &until, &key), "mesh.node_unknown");
    assert_eq!(code("olga", "1.0.0", &until, &key), "mesh.node_unknown");
    assert_eq!(code("node-a", "1.0", &until, &key), "cli.flag_value");
    assert_eq!(code("node-a", "2.0.0", &until, &key), "spec.exception_major");
    assert_eq!(code("node-a", "1.0.0", "tomorrow", &key), "cli.flag_value");
    assert_eq!(code("node-a", "1.0.0", &far, &key), "spec.exception_dates");
    assert_eq!(code("node-a", "1.0.0", "2020-01-01T00:00:00Z", &key), "spec.exception_dates");
    assert!(!Path::new(&out).exists());
    let id = peers.node("keys/node.pem").to_string();
    assert_eq!(code(&id, "1.0.0", &until, &key), "ok");
    assert_eq!(code(&id, "1.0.0", &until, &key), "file.exists");
}
