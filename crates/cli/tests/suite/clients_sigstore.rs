//! The sigstore bundle, verified by sigstore's own client for JavaScript.

use std::fs;

use serde_json::Value;

use crate::{
    clients::{missing, node_with, said},
    support::{Demo, reach},
};

/// Verifies the bundle with one public key, by its hint, and no log and no timestamps.
const SCRIPT: &str = r"
const fs = require('fs');
const { bundleFromJSON } = require('@sigstore/bundle');
const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify');
const [bundlePath, keyPath, hint] = process.argv.slice(1);
const bundle = bundleFromJSON(JSON.parse(fs.readFileSync(bundlePath, 'utf8')));
const rawBytes = require('crypto').createPublicKey(fs.readFileSync(keyPath)).export({ type: 'spki', format: 'der' });
const root = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const material = toTrustMaterial(root, { [hint]: { rawBytes } });
const options = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0, tsaThreshold: 0 };
new Verifier(material, options).verify(toSignedEntity(bundle));
console.log('verified');
";

#[test]
fn k52_sigstores_client_verifies_the_bundle_and_refuses_a_changed_one() {
    let demo = Demo::new();
    let (pack, bundle) = (demo.path("inventory.reachpack"), demo.path("inventory.reachpack.sigstore.json"));
    let exported = reach(&["pack", "export", &pack, "--sigstore"]);
    assert_eq!(exported.exit, 0, "{}{}", exported.out, exported.err);
    let hint = exported.json()["keyid"].as_str().unwrap().to_owned();
    let Some(node) = node_with("@sigstore/verify") else { return missing("@sigstore/verify") };
    let key = demo.path("keys/pack.pub.pem");
    let verified = node(SCRIPT, &[&bundle, &key, &hint]);
    assert!(verified.status.success(), "{}", said(&verified));

    let mut changed: Value = serde_json::from_slice(&fs::read(&bundle).unwrap()).unwrap();
    let payload = changed["dsseEnvelope"]["payload"].as_str().unwrap().to_owned();
    let mut bytes = data_encoding::BASE64.decode(payload.as_bytes()).unwrap();
    bytes[20] ^= 1;
    changed["dsseEnvelope"]["payload"] = data_encoding::BASE64.encode(&bytes).into();
    let bad = demo.beside("bad.json");
    fs::write(&bad, changed.to_string()).unwrap();
    let refused = node(SCRIPT, &[&bad, &key, &hint]);
    assert!(!refused.status.success() && said(&refused).contains("SIGNATURE_ERROR"), "{}", said(&refused));
    let other = node(SCRIPT, &[&bundle, &demo.path("keys/policy.pub.pem"), &hint]);
    assert!(!other.status.success() && said(&other).contains("SIGNATURE_ERROR"), "{}", said(&other));
}

#[test]
fn a_bundle_is_of_one_signature() {
    let demo = Demo::new();
    let (pack, out) = (demo.beside("two.reachpack"), demo.beside("one.json"));
    fs::copy(demo.path("inventory.reachpack"), &pack).unwrap();
    let keys = ["a", "b"].map(|name| demo.beside(&format!("{name}.pem")));
    let id = |key: &String| {
        let made = reach(&["key", "generate", "--role", "pack", "--out", key]);
        made.json()["keyid"].as_str().unwrap().to_owned()
    };
    let ids = [id(&keys[0]), id(&keys[1])];
    assert_eq!(reach(&["pack", "sign", &pack, "--key", &keys[0], "--key", &keys[1]]).code(), "ok");
    let export = |more: &[&str]| reach(&[&["pack", "export", &pack, "--sigstore"][..], more].concat());
    assert_eq!(export(&[]).code(), "pack.signer_ambiguous");
    assert_eq!(export(&["--signer", &"0".repeat(64)]).code(), "pack.signer_missing");
    assert_eq!(export(&["--signer", "publisher"]).code(), "cli.flag_value");
    assert_eq!(export(&["--signer", &ids[1], "--out", &out]).json()["keyid"], ids[1].as_str());
    assert_eq!(export(&["--signer", &ids[1], "--out", &out]).code(), "file.exists");
    let bundle: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    assert_eq!(bundle["verificationMaterial"]["publicKey"]["hint"], ids[1].as_str());
    fs::remove_file(format!("{pack}.dsse.json")).unwrap();
    assert_eq!(export(&[]).code(), "pack.unsigned");
    assert_eq!(reach(&["pack", "export", &pack]).code(), "cli.usage");
}
