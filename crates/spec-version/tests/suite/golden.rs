//! What released versions wrote is still read, to the byte.

use reach_spec_version::{
    Agreement, Offer, Party, SpecVersion, negotiate, own_offer, registry, released_offers, transcript_hash,
};
use serde_json::Value;

const NODE_JSON: &str = include_str!("../golden/1.0.0/node.offer.json");
const NODE: &[u8] = include_bytes!("../golden/1.0.0/node.offer.bin");
const PEER_JSON: &str = include_str!("../golden/1.0.0/peer.offer.json");
const PEER: &[u8] = include_bytes!("../golden/1.0.0/peer.offer.bin");
const AGREEMENT_JSON: &str = include_str!("../golden/1.0.0/node-peer.agreement.json");
const AGREEMENT: &[u8] = include_bytes!("../golden/1.0.0/node-peer.agreement.bin");

#[test]
fn offers_of_1_0_0_are_read_and_written_alike() {
    for (json, bytes) in [(NODE_JSON, NODE), (PEER_JSON, PEER)] {
        let offer = Offer::decode(bytes).unwrap();
        assert_eq!(offer, Offer::from_json(json.as_bytes()).unwrap());
        assert_eq!(offer.encode().unwrap(), bytes);
        assert_eq!(offer.to_json().unwrap(), json.trim_end());
    }
}

#[test]
fn the_agreement_of_1_0_0_is_still_reached() {
    let (node, peer) = (Offer::decode(NODE).unwrap(), Offer::decode(PEER).unwrap());
    let agreement = negotiate(&node, &peer).unwrap();
    assert_eq!(agreement, Agreement::decode(AGREEMENT).unwrap());
    assert_eq!(agreement.encode().unwrap(), AGREEMENT);
    assert_eq!(serde_json::to_string(&agreement).unwrap(), AGREEMENT_JSON.trim_end());
}

#[test]
fn the_transcripts_of_1_0_0_are_still_the_same() {
    let (node, peer) = (Offer::decode(NODE).unwrap(), Offer::decode(PEER).unwrap());
    let agreement = Agreement::decode(AGREEMENT).unwrap();
    let (node, peer) = (Party { id: &[1; 32], offer: &node }, Party { id: &[2; 32], offer: &peer });
    let there = transcript_hash(node, peer, &agreement).unwrap();
    let back = transcript_hash(peer, node, &agreement).unwrap();
    assert_eq!(there.to_string(), "6b16f0cf64835b47ad2a6a0bc8c6f418948e99b61e0cd881d8365e1fe6e27e6b");
    assert_eq!(back.to_string(), "69771747d62a4bcb434df20da8ae765fb6f30dad7e2e6cc4dc543e5d06495508");
}

#[test]
fn this_release_still_agrees_with_a_1_0_0_node() {
    let agreement = negotiate(&own_offer().unwrap(), &Offer::decode(NODE).unwrap()).unwrap();
    assert_eq!(agreement.spec().to_string(), "1.0");
    for feature in ["audit.leaf", "mesh.link", "pack.statement", "pack.ustar", "policy.bundle", "replay.log"] {
        assert_eq!(agreement.revision(feature), Some(1), "{feature}");
    }
}

/// A file of the release `version`.
fn golden(version: SpecVersion, name: &str) -> Vec<u8> {
    let path = format!("{}/tests/golden/{version}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}. {WHAT_TO_DO}"))
}

/// What somebody does whose change of the registry made a test here fail.
const WHAT_TO_DO: &str = "\
    What a released version offers never changes. Raise the minor of `SpecVersion::CURRENT`, add it to \
    `RELEASES`, give the new revision or feature that version as its `since`, and write the new release's files \
    into a folder of its own in `tests/golden`. Only while the current version was never released may its own \
    folder be changed.";

#[test]
fn every_release_offers_what_it_offered() {
    for offer in released_offers().unwrap() {
        let version = offer.spec();
        assert_eq!(offer.encode().unwrap(), golden(version, "own.offer.bin"), "{version}: {WHAT_TO_DO}");
        let json = String::from_utf8(golden(version, "own.offer.json")).unwrap();
        assert_eq!(offer.to_json().unwrap(), json.trim_end(), "{version}: {WHAT_TO_DO}");
        assert_eq!(Offer::from_json(json.as_bytes()).unwrap(), offer);
    }
    assert_eq!(own_offer().unwrap().encode().unwrap(), golden(SpecVersion::CURRENT, "own.offer.bin"), "{WHAT_TO_DO}");
}

/// What is said about a feature may be said better later; what it is may not.
fn without_texts(mut features: Value) -> Value {
    for row in features.as_array_mut().unwrap() {
        assert!(row["what"].is_string() && row["absent"].is_string());
        row["what"].take();
        row["absent"].take();
        row["revisions"].as_array_mut().unwrap().iter_mut().for_each(|revision| drop(revision["what"].take()));
    }
    features
}

fn golden_registry(version: SpecVersion) -> Value {
    let golden: Value = serde_json::from_slice(&golden(version, "registry.json")).unwrap();
    assert_eq!(golden["spec"], version.to_string());
    without_texts(golden["features"].clone())
}

#[test]
fn the_registry_is_the_golden_one() {
    let listed = without_texts(serde_json::to_value(registry()).unwrap());
    assert_eq!(listed, golden_registry(SpecVersion::CURRENT), "{WHAT_TO_DO}");
}

#[test]
fn no_feature_and_no_revision_of_a_release_is_taken_back() {
    let listed = without_texts(serde_json::to_value(registry()).unwrap());
    for release in released_offers().unwrap() {
        for old in golden_registry(release.spec()).as_array().unwrap() {
            let now = listed.as_array().unwrap().iter().find(|row| row["id"] == old["id"]);
            let now = now.unwrap_or_else(|| panic!("{} is gone. {WHAT_TO_DO}", old["id"]));
            let (before, after) = (old["revisions"].as_array().unwrap(), now["revisions"].as_array().unwrap());
            assert_eq!(after.get(..before.len()), Some(&before[..]), "{}: {WHAT_TO_DO}", old["id"]);
        }
    }
}

#[test]
fn every_release_agrees_with_a_later_peer_as_it_did() {
    for offer in released_offers().unwrap() {
        let read = |name| golden(offer.spec(), name);
        let later = Offer::decode(&read("later.offer.bin")).unwrap();
        assert_eq!(later, Offer::from_json(&read("later.offer.json")).unwrap());
        let agreement = negotiate(&offer, &later).unwrap();
        assert_eq!(agreement.encode().unwrap(), read("own-later.agreement.bin"));
        assert_eq!(Agreement::decode(&read("own-later.agreement.bin")).unwrap(), agreement);
        let json = String::from_utf8(read("own-later.agreement.json")).unwrap();
        assert_eq!(serde_json::to_string(&agreement).unwrap(), json.trim_end());
    }
}
