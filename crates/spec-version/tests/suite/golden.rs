//! What released versions wrote is still read, to the byte.

use reach_spec_version::{Agreement, Offer, Party, negotiate, own_offer, transcript_hash};

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
