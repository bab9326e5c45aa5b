//! Bundles as each encoding was first written are still read, and still written, to the byte.

use crate::{
    Floor, Policy, VerifiedBundle, build_bundle,
    testing::{now, policy, policy_with},
    tests::bundle::{alice, trust},
};

const V1: &str = include_str!("../../tests/golden/v1.reachpolicy");
const V1_NO_WARN: &str = include_str!("../../tests/golden/v1-no-warn.reachpolicy");
const V2: &str = include_str!("../../tests/golden/v2.reachpolicy");
const V2_TOML: &str = include_str!("../../tests/golden/v2.toml");
const V3: &str = include_str!("../../tests/golden/v3.reachpolicy");
const V3_TOML: &str = include_str!("../../tests/golden/v3.toml");

fn read(file: &str) -> VerifiedBundle {
    VerifiedBundle::verify(file.as_bytes(), &trust(), now(), &Floor::Unchecked).unwrap()
}

#[test]
fn encoding_1_is_read_and_written_as_it_was() {
    let without_warn = policy_with("warn_until = \"2026-07-01T00:00:00Z\"", "");
    for (file, policy, digest) in [
        (V1, policy(), "81113569f0f50d876c12fa6bdeb07bc002805394be943131c12256217ec69a6f"),
        (V1_NO_WARN, without_warn, "e35d45270ad69bcaa97af55d5f01bd1a923713a50b5010408060896e44f1acb2"),
    ] {
        let bundle = read(file);
        assert_eq!(bundle.policy(), &policy);
        assert_eq!(bundle.digest().to_string(), digest);
        assert_eq!(build_bundle(&policy, &[&alice()]).unwrap(), file);
        assert!(policy.legacy_packs().is_empty() && policy.unsigned_plugins().is_empty());
    }
}

#[test]
fn encoding_2_is_read_and_written_as_it_was() {
    let policy = Policy::from_toml(V2_TOML).unwrap();
    let bundle = read(V2);
    assert_eq!(bundle.policy(), &policy);
    assert_eq!(bundle.digest().to_string(), "7736b99727aeee55af1dae0846046e21cd13b38b7b67cc400385e4d131accec6");
    assert_eq!(build_bundle(&policy, &[&alice()]).unwrap(), V2);
    assert_eq!((policy.legacy_packs().len(), policy.unsigned_plugins().len()), (2, 1));
    assert!(policy.plugin_keyring().is_some());
}

#[test]
fn encoding_3_is_read_and_written_as_it_was() {
    let policy = Policy::from_toml(V3_TOML).unwrap();
    let bundle = read(V3);
    assert_eq!(bundle.policy(), &policy);
    assert_eq!(bundle.digest().to_string(), "ea479f967e872ea0384f9ce0470fbbf698421fe365e0fed873ec8b5879e55e38");
    assert_eq!(build_bundle(&policy, &[&alice()]).unwrap(), V3);
    assert_eq!((policy.limits().len(), policy.tenants().len(), policy.legacy_packs().len()), (4, 3, 1));
}
