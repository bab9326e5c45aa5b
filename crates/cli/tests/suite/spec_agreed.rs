//! What was agreed on: kept to, recorded, receipted, and told to nobody else.

use std::{fs, path::Path};

use reach_signing::{Envelope, Role};
use reach_spec_version::{Feature, FeatureId, Offer, SpecVersion, own_offer};
use serde_json::{Value, json};

use crate::{
    spec_peers::{Peers, feature, offer, replaced, with_features},
    support::reach,
};

#[test]
fn v06_an_offer_that_was_altered_is_not_the_one_that_was_signed_for() {
    let peers = Peers::new();
    let own = own_offer().unwrap();
    let critical = Feature::new(FeatureId::parse("mesh.link").unwrap(), 1, 1, true).unwrap();
    let altered = [
        replaced("mesh.receipt", None),
        replaced("mesh.link", Some(critical)),
        replaced("mesh.receipt", Some(feature("mesh.receipt", 1, 1))),
        offer(1, 0),
        offer(0, 1),
    ];
    for other in altered {
        // The issuer signed the transcript of its own offer, and another offer stands beside it.
        let chain = peers.chain_with(&own, |terms| terms.offer = other.encode().unwrap());
        assert_eq!(peers.accept(&chain, &[]).code(), "mesh.transcript_mismatch", "{other:?}");
    }
    assert_eq!(peers.accept(&peers.chain(&own), &[]).code(), "ok");
}

#[test]
fn v08_what_was_not_agreed_on_is_refused_and_recorded() {
    let peers = Peers::new();
    let receipt = peers.demo.beside("receipt.json");
    for link in [None, Some(feature("mesh.link", 2, 3))] {
        let chain = peers.chain(&replaced("mesh.link", link));
        let refused = peers.accept(&chain, &["--receipt", &receipt]);
        assert_eq!((refused.code().as_str(), refused.exit), ("spec.feature_not_agreed", 1));
        let payload = peers.last_entry("peer/state")["payload"].clone();
        assert_eq!(payload["use"], json!({ "feature": "mesh.link", "agreed": null, "used": 1 }));
        assert_eq!(peers.receipt(&receipt, &chain).0, ["mesh.spec_incompatible"]);
        fs::remove_file(&receipt).unwrap();
    }
    let chain = peers.chain(&replaced("mesh.link", Some(feature("mesh.link", 1, 3))));
    assert_eq!(peers.accept(&chain, &[]).code(), "ok");
}

#[test]
fn v08_a_pack_is_made_in_the_revisions_that_it_asks_for() {
    let peers = Peers::new();
    let demo = &peers.demo;
    let manifest = String::from_utf8(demo.read("pack/pack.toml")).unwrap();
    let ustar = "id = \"pack.ustar\"\nmin = 1\nmax = 1\ncritical = true";
    assert!(manifest.contains(ustar));
    // A version of its own: one version is one archive.
    let text = |version: &str, range: &str| {
        let text = manifest.replacen("version = \"1.0.0\"", &format!("version = \"{version}\""), 1);
        text.replace(ustar, &format!("id = \"pack.ustar\"\n{range}"))
    };
    let run = |version: &str, range: &str| {
        let (dir, out) = (demo.beside(version), demo.beside(&format!("{version}.reachpack")));
        fs::create_dir(&dir).unwrap();
        fs::copy(demo.path("pack/README.md"), Path::new(&dir).join("README.md")).unwrap();
        fs::write(Path::new(&dir).join("pack.toml"), text(version, range)).unwrap();
        assert_eq!(reach(&["pack", "build", &dir, "--out", &out]).exit, 0);
        assert_eq!(reach(&["pack", "sign", &out, "--key", &demo.path("keys/pack.pem")]).exit, 0);
        demo.run(&out, &demo.path("policy.reachpolicy"))
    };
    let refused = run("1.0.1", "min = 2\nmax = 3\ncritical = false");
    assert_eq!((refused.code().as_str(), refused.exit), ("spec.feature_not_agreed", 1), "{}", refused.err);
    let entry = peers.last_entry("state");
    assert_eq!(entry["kind"], "run.refused");
    assert_eq!(entry["payload"]["use"], json!({ "feature": "pack.ustar", "agreed": null, "used": 1 }));
    assert_eq!(run("1.0.2", "min = 1\nmax = 3\ncritical = false").code(), "ok");
}

#[test]
fn v08_a_receipt_is_written_as_the_issuer_reads_it() {
    let peers = Peers::new();
    let written = |offer: &Offer, name: &str| {
        let (chain, receipt) = (peers.chain(offer), peers.demo.beside(name));
        let accepted = peers.accept(&chain, &["--receipt", &receipt]);
        assert_eq!(accepted.code(), "ok", "{}", accepted.err);
        (accepted.json()["receipt"].clone(), chain, receipt)
    };
    let (_, chain, receipt) = written(&own_offer().unwrap(), "second.json");
    let transcript = peers.transcript(&own_offer().unwrap()).unwrap().to_string();
    assert_eq!(peers.receipt(&receipt, &chain), (vec![], 2, Some(transcript)));
    let first = replaced("mesh.receipt", Some(feature("mesh.receipt", 1, 1)));
    let (_, chain, receipt) = written(&first, "first.json");
    assert_eq!(peers.receipt(&receipt, &chain), (vec![], 1, None));
    // To one that reads none, none is given: the acceptance stands in the ledger.
    let (text, _, receipt) = written(&replaced("mesh.receipt", None), "none.json");
    assert_eq!((text, Path::new(&receipt).exists()), (Value::Null, false));
    assert_eq!(peers.last_entry("peer/state")["kind"], "delegation.accepted");
}

#[test]
fn v06_a_receipt_for_another_agreement_or_chain_is_none() {
    let peers = Peers::new();
    let (chain, receipt) = (peers.chain(&offer(0, 0)), peers.demo.beside("receipt.json"));
    assert_eq!(peers.accept(&chain, &["--receipt", &receipt]).code(), "ok");
    let code =
        |chain: &str| reach(&["delegate", "receipt", &receipt, "--chain", chain, "--trust", &peers.trust]).code();
    assert_eq!(code(&chain), "ok");
    assert_eq!(code(&peers.chain(&offer(0, 0))), "mesh.receipt_mismatch");
    assert_eq!(code(&peers.demo.path("policy.toml")), "input.json_malformed");
    // The node signs that it accepted this chain, under another agreement than the chain's.
    let file: Value = serde_json::from_str(&fs::read_to_string(&receipt).unwrap()).unwrap();
    let mut payload = data_encoding::BASE64.decode(file["payload"].as_str().unwrap().as_bytes()).unwrap();
    *payload.last_mut().unwrap() ^= 1;
    let key = peers.key("peer/node.pem", Role::Node);
    let lie = Envelope::sign("application/vnd.reach.mesh.receipt.v1", payload, &[&key]).unwrap().to_json();
    fs::write(&receipt, lie).unwrap();
    assert_eq!(code(&chain), "mesh.receipt_transcript");
}

#[test]
fn v10_the_whole_version_of_a_peer_is_recorded_and_decides_nothing() {
    let peers = Peers::new();
    for patch in [9, 0, 65_535] {
        assert_eq!(peers.accept(&peers.chain(&offer(0, patch)), &[]).code(), "ok");
        let payload = peers.last_entry("peer/state")["payload"].clone();
        assert_eq!(payload["spec"], json!({ "agreed": "1.0", "peer": format!("1.0.{patch}") }));
        assert_eq!(payload["transcript"], json!(peers.transcript(&offer(0, patch)).unwrap().to_string()));
    }
    let terms = peers.issued();
    let entry = peers.last_entry("state");
    assert_eq!(entry["kind"], "delegation.issued");
    assert_eq!(entry["payload"]["spec"], json!({ "agreed": "1.0", "peer": "1.0.0" }));
    assert_eq!(entry["payload"]["transcript"], json!(terms.transcript.to_string()));
}

#[test]
fn v10_what_a_run_was_admitted_under_is_recorded() {
    let peers = Peers::new();
    let ran = peers.demo.run_again();
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert_eq!(ran.json()["spec"], json!({ "agreed": "1.0", "features": 1, "dropped": 1 }));
    let (state, run) = (peers.demo.path("state"), ran.json()["run"].as_str().unwrap().to_owned());
    let listed = reach(&["audit", "list", "--state", &state, "--tenant", "default", "--run", &run]).json();
    let admitted = &listed["entries"][0];
    assert_eq!(admitted["kind"], "run.admitted");
    assert_eq!(admitted["payload"]["spec"], json!({ "agreed": "1.0", "peer": "1.0.0" }));
    let shown = reach(&["replay", "show", &peers.demo.path("run.rlog")]).json();
    let header = &shown["frames"][0]["content"]["guards"];
    assert_eq!(admitted["payload"]["transcript"], header["transcript"], "one pack, one node, one agreement");
}

#[test]
fn v09_nothing_but_one_code_leaves_this_node() {
    let peers = Peers::new();
    assert_eq!(peers.accept(&peers.chain(&offer(1, 0)), &[]).code(), "ok");
    let required = Feature::new(FeatureId::parse("zz.future").unwrap(), 1, 1, true).unwrap();
    let above = Offer::new(SpecVersion::new(1, 4, 0), SpecVersion::new(1, 4, 0), vec![]).unwrap();
    let major = with_features(SpecVersion::new(2, 0, 0), vec![]);
    for (offer, code) in [
        (offer(0, 0), "spec.regressed"),
        (replaced("mesh.link", None), "spec.regressed"),
        (replaced("zz.future", Some(required)), "spec.feature_required"),
        (above, "spec.below_floor"),
        (major, "spec.major_mismatch"),
    ] {
        let (chain, receipt) = (peers.chain(&offer), peers.demo.beside(&format!("receipt-{}.json", peers.number())));
        assert_eq!(peers.accept(&chain, &["--receipt", &receipt]).code(), code);
        let (codes, ..) = peers.receipt(&receipt, &chain);
        assert_eq!(codes, ["mesh.spec_incompatible"], "{code}");
        let file: Value = serde_json::from_str(&fs::read_to_string(&receipt).unwrap()).unwrap();
        let payload = data_encoding::BASE64.decode(file["payload"].as_str().unwrap().as_bytes()).unwrap();
        for word in [&b"1.0"[..], b"1.1", b"spec.", b"zz.future", b"mesh.link"] {
            assert!(!payload.windows(word.len()).any(|window| window == word), "{code}");
        }
    }
    // An offer that is none at all.
    let chain = peers.chain_with(&own_offer().unwrap(), |terms| terms.offer = b"1.0.0".to_vec());
    assert_eq!(peers.accept(&chain, &[]).code(), "spec.offer_encoding");
}
