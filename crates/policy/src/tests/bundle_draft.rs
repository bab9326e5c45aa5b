//! Signatures that are collected one by one, on a file that stands alone.

use reach_signing::{Envelope, Role, Signer, SigningKey};
use reach_types::Code as _;

use crate::{
    BUNDLE_PAYLOAD_TYPE, BundleDraft, BundleError, Floor, MAX_BUNDLE_BYTES, VerifiedBundle, build_bundle,
    testing::{now, policy},
    tests::bundle::{alice, trust},
    wire,
};

fn bob() -> SigningKey {
    SigningKey::from_seed(Role::Policy, &[4; 32]).unwrap()
}

fn file(signers: &[&dyn Signer]) -> String {
    build_bundle(&policy(), signers).unwrap()
}

fn draft(file: &str) -> BundleDraft {
    BundleDraft::read(file.as_bytes()).unwrap()
}

fn code<T>(result: Result<T, BundleError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn p28_signatures_collected_one_by_one_are_those_made_at_once() {
    let (one, both) = (file(&[&alice()]), file(&[&alice(), &bob()]));
    let signed = draft(&one).countersign(&[&bob()]).unwrap();
    assert_eq!(signed.to_file(), both);
    assert_eq!(draft(&both), signed);
    assert_eq!(signed.signed_by(), [&alice(), &bob()].map(|key| key.public_key().key_id()));
    assert_eq!((signed.policy(), signed.digest()), (&policy(), draft(&one).digest()));
    let verified = VerifiedBundle::verify(one.as_bytes(), &trust(), now(), &Floor::Unchecked).unwrap();
    assert_eq!(verified.digest(), signed.digest());
}

#[test]
fn p28_one_key_signs_once() {
    let one = draft(&file(&[&alice()]));
    assert_eq!(code(one.countersign(&[&alice()])), "policy.bundle_already_signed");
    assert_eq!(code(one.countersign(&[&bob(), &bob()])), "policy.bundle_already_signed");
    assert_eq!(code(one.countersign(&[&bob(), &alice()])), "policy.bundle_already_signed");
    let key = alice().public_key().key_id();
    assert_eq!(one.countersign(&[&alice()]), Err(BundleError::AlreadySigned { key }));
    assert_eq!(code(one.countersign(&[&bob()])), "ok");
    let keys: Vec<_> = (10..26).map(|seed| SigningKey::from_seed(Role::Policy, &[seed; 32]).unwrap()).collect();
    let many: Vec<_> = keys.iter().map(|key| key as &dyn Signer).collect();
    assert_eq!(code(one.countersign(&many)), "policy.bundle_too_many_signatures");
    assert_eq!(code(one.countersign(&many[1..])), "ok");
    let pack = SigningKey::from_seed(Role::Pack, &[5; 32]).unwrap();
    assert_eq!(code(one.countersign(&[&pack])), "sign.role_mismatch");
}

#[test]
fn only_a_sound_bundle_is_a_draft() {
    let read = |file: &str| code(BundleDraft::read(file.as_bytes()));
    let good = file(&[&alice()]);
    assert_eq!(read(&good), "ok");
    assert_eq!(read("{}"), "policy.bundle_malformed");
    assert_eq!(read(&good.replace("policy.v1", "policy.v2")), "policy.bundle_wrong_payload_type");
    assert_eq!(read(&" ".repeat(MAX_BUNDLE_BYTES + 1)), "policy.bundle_too_large");
    let (before, _) = good.split_once("\"signatures\":").unwrap();
    assert_eq!(read(&format!("{before}\"signatures\":[]}}")), "policy.bundle_unsigned");
    let signed = |payload: Vec<u8>| read(&Envelope::sign(BUNDLE_PAYLOAD_TYPE, payload, &[&alice()]).unwrap().to_json());
    let payload = wire::encode(&policy()).unwrap();
    assert_eq!(signed(payload.clone()), "ok");
    assert_eq!(signed([&*payload, &[0]].concat()), "policy.bundle_non_canonical");
    assert_eq!(signed(vec![9]), "policy.bundle_format_unknown");
}

/// A bundle is one file: what others keep in files of their own stands in its payload, so there is
/// no list of files that could name one too few, one too many, or one elsewhere.
#[test]
fn p27_a_bundle_is_one_file_and_lists_no_other() {
    let good = file(&[&alice()]);
    let verify = |file: &str| code(VerifiedBundle::verify(file.as_bytes(), &trust(), now(), &Floor::Unchecked));
    let with = |member: &str| verify(&good.replacen('{', &format!("{{{member},"), 1));
    assert_eq!(verify(&good), "ok");
    for member in [
        r#""files":[{"path":"../data.json","md5":"d41d8cd98f00b204e9800998ecf8427e"}]"#,
        r#""files":{}"#,
        r#""digests":{"sha1":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}"#,
        r#""history":[]"#,
    ] {
        assert_eq!(with(member), "policy.bundle_malformed", "{member}");
    }
    assert_eq!(verify(&[&*good, &good].concat()), "policy.bundle_malformed");
    assert_eq!(verify(&format!("[{good}]")), "policy.bundle_malformed");
    assert_eq!(verify(&format!("{good}\n")), "ok", "white space is not content");
}
