//! Attacks on envelopes, each with its good neighbour.

use data_encoding::{BASE64, BASE64URL};
use reach_types::{Code, PackName};
use serde_json::{Value, json};

use crate::{
    Envelope, KeyEntry, NamePattern, Reader, Revocation, RevocationReason, Role, SigningKey, TrustDocument,
    testing::{NOW, day, document, entry, key, signer, trusted},
};

const TYPE: &str = "application/vnd.in-toto+json";

fn signed(keys: &[&SigningKey]) -> Value {
    let signers: Vec<_> = keys.iter().map(|key| *key as &dyn crate::Signer).collect();
    Envelope::sign(TYPE, b"payload \xff\xfe".to_vec(), &signers).unwrap().to_value()
}

fn check_with(value: &Value, reader: Reader, trust: &TrustDocument, name: Option<&str>) -> &'static str {
    let name = name.map(|name| PackName::parse(name).unwrap());
    let envelope = match Envelope::read(value.to_string().as_bytes(), reader, 1 << 20) {
        Ok(envelope) => envelope,
        Err(error) => return error.code(),
    };
    let verified = envelope.verify(&trusted(trust), Role::Pack, name.as_ref(), TYPE, NOW);
    verified.map_or_else(|error| error.code(), |_| "ok")
}

fn check(value: &Value) -> &'static str {
    check_with(value, Reader::Foreign, &document(), None)
}

fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    *value.pointer_mut(pointer).unwrap() = new;
    value
}

#[test]
fn k02_no_signature_is_not_a_bad_one() {
    let good = signed(&[&key(Role::Pack, 2)]);
    assert_eq!(check(&good), "ok");
    assert_eq!(check(&with(good.clone(), "/signatures", json!([]))), "sign.no_signatures");
    assert_eq!(check(&with(good, "/signatures/0/sig", json!(""))), "sign.no_signatures");
}

#[test]
fn k03_k04_only_one_whole_envelope_reads() {
    let good = signed(&[&key(Role::Pack, 2)]).to_string();
    let read = |bytes: &[u8]| Envelope::read(bytes, Reader::Foreign, 1 << 20).map_or_else(|e| e.code(), |_| "ok");
    assert_eq!(read(good.as_bytes()), "ok");
    assert_eq!(read(b""), "sign.envelope_malformed");
    assert_eq!(read(&good.as_bytes()[..good.len() - 1]), "sign.envelope_malformed");
    assert_eq!(read(format!("\u{feff}{good}").as_bytes()), "sign.envelope_malformed");
    assert_eq!(read(format!("{good}x").as_bytes()), "sign.envelope_malformed");
    let twice = good.replacen('{', r#"{"payloadType":"a","#, 1);
    assert_eq!(read(twice.as_bytes()), "sign.duplicate_key");
    assert_eq!(Envelope::read(good.as_bytes(), Reader::Foreign, 10).unwrap_err().code(), "sign.envelope_too_large");
}

#[test]
fn k06_k08_payload_and_type_are_both_signed() {
    let good = signed(&[&key(Role::Pack, 2)]);
    assert_eq!(check(&with(good.clone(), "/payload", json!(BASE64.encode(b"payload \xff\xfd")))), "sign.bad_signature");
    assert_eq!(check(&with(good, "/payloadType", json!("application/json"))), "sign.bad_signature");
    let trust = trusted(&document());
    let other = Envelope::sign("application/vnd.in-toto+json2", b"x".to_vec(), &[&key(Role::Pack, 2)]).unwrap();
    let error = other.verify(&trust, Role::Pack, None, TYPE, NOW).unwrap_err();
    assert_eq!(error.code(), "sign.wrong_payload_type");
}

#[test]
fn k15_k18_signers_are_counted_not_signatures_and_not_keys() {
    let (a, b) = (key(Role::Pack, 2), key(Role::Pack, 3));
    let mut trust = document();
    trust.thresholds.insert(Role::Pack, 2);
    let judge = |keys: &[&SigningKey], trust: &TrustDocument| check_with(&signed(keys), Reader::Foreign, trust, None);
    assert_eq!(judge(&[&a, &b], &trust), "ok");
    assert_eq!(judge(&[&a, &a], &trust), "sign.threshold");
    assert_eq!(judge(&[&a], &trust), "sign.threshold");
    let a_new = key(Role::Pack, 4);
    trust.signers[1].keys.push(entry(&a_new));
    assert_eq!(judge(&[&a, &a_new], &trust), "sign.threshold");
    assert_eq!(judge(&[&a, &a_new, &b], &trust), "ok");
    // One valid signature beside a stranger's: the stranger neither counts nor harms.
    assert_eq!(judge(&[&a, &b, &key(Role::Pack, 9)], &trust), "ok");
    assert_eq!(judge(&[&a, &key(Role::Pack, 9)], &trust), "sign.threshold");
}

#[test]
fn k20_too_many_signatures_end_before_any_cryptography() {
    let good = signed(&[&key(Role::Pack, 2)]);
    let one = good["signatures"][0].clone();
    assert_eq!(check(&with(good.clone(), "/signatures", json!(vec![one.clone(); 16]))), "ok");
    assert_eq!(check(&with(good, "/signatures", json!(vec![one; 17]))), "sign.too_many_signatures");
}

#[test]
fn k21_k22_k23_a_key_signs_only_while_it_stands() {
    let good = signed(&[&key(Role::Pack, 2)]);
    let judge = |change: &dyn Fn(&mut KeyEntry)| {
        let mut trust = document();
        change(&mut trust.signers[1].keys[0]);
        check_with(&good, Reader::Foreign, &trust, None)
    };
    assert_eq!(judge(&|_| {}), "ok");
    for reason in [RevocationReason::Superseded, RevocationReason::Compromised] {
        assert_eq!(judge(&|key| key.revoked = Some(Revocation { since: day(3), reason })), "sign.key_revoked");
    }
    assert_eq!(judge(&|key| key.retired = Some(NOW)), "sign.key_retired");
    assert_eq!(judge(&|key| key.retired = Some(day(1))), "ok");
    assert_eq!(judge(&|key| key.not_after = NOW), "sign.key_expired");
    assert_eq!(judge(&|key| key.not_after = day(1)), "ok");
    assert_eq!(judge(&|key| key.not_before = day(1)), "sign.key_not_yet_valid");
    assert_eq!(judge(&|key| key.not_before = NOW), "ok");
}

#[test]
fn k28_a_signature_is_exactly_64_bytes_with_a_small_s() {
    let good = signed(&[&key(Role::Pack, 2)]);
    let bytes = BASE64.decode(good["signatures"][0]["sig"].as_str().unwrap().as_bytes()).unwrap();
    let judge = |bytes: &[u8]| check(&with(good.clone(), "/signatures/0/sig", json!(BASE64.encode(bytes))));
    assert_eq!(judge(&bytes), "ok");
    assert_eq!(judge(&bytes[..63]), "sign.bad_signature");
    assert_eq!(judge(&[&bytes[..], &[0]].concat()), "sign.bad_signature");
    // S + L, which a verifier without the range check accepts.
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut raised = bytes.clone();
    let mut carry = 0u16;
    for (byte, l) in raised[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(judge(&raised), "sign.bad_signature");
}

#[test]
fn k52_base64_is_standard_or_url_safe_padded_and_without_spare_bits() {
    let good = signed(&[&key(Role::Pack, 2)]);
    let payload = b"payload \xff\xfe";
    let judge = |text: String| check(&with(good.clone(), "/payload", json!(text)));
    assert_eq!(judge(BASE64URL.encode(payload)), "ok");
    let standard = BASE64.encode(payload);
    assert!(standard.ends_with('='), "{standard}");
    assert_eq!(judge(standard.trim_end_matches('=').to_owned()), "sign.envelope_malformed");
    assert_eq!(judge(format!("{standard} ")), "sign.envelope_malformed");
    let (head, tail) = standard.split_at(4);
    assert_eq!(judge(format!("{head}\n{tail}")), "sign.envelope_malformed");
    assert_eq!(judge("YR==".to_owned()), "sign.envelope_malformed");
    assert_eq!(judge("+_+_".to_owned()), "sign.envelope_malformed");
}

#[test]
fn a_key_id_is_only_a_hint_to_strangers_and_must_be_right_in_our_own_statements() {
    let good = signed(&[&key(Role::Pack, 2)]);
    let without = with(good.clone(), "/signatures/0", json!({ "sig": good["signatures"][0]["sig"] }));
    let lying = with(good.clone(), "/signatures/0/keyid", json!("00".repeat(32)));
    let other = with(
        good.clone(),
        "/signatures/0/keyid",
        json!(crate::Signer::public_key(&key(Role::Pack, 3)).key_id().to_string()),
    );
    let extra = {
        let mut value = good.clone();
        value["comment"] = json!("hello");
        value
    };
    for (value, own) in [
        (&good, "ok"),
        (&without, "sign.envelope_malformed"),
        (&lying, "sign.untrusted"),
        (&other, "sign.bad_signature"),
        (&extra, "sign.envelope_malformed"),
    ] {
        assert_eq!(check_with(value, Reader::Foreign, &document(), None), "ok", "{value}");
        assert_eq!(check_with(value, Reader::Own, &document(), None), own, "{value}");
    }
}

#[test]
fn a_signer_signs_only_its_role_and_its_names() {
    let good = signed(&[&key(Role::Pack, 2)]);
    let mut trust = document();
    trust.signers[1].packs = vec![NamePattern::Prefix("acme-".to_owned())];
    assert_eq!(check_with(&good, Reader::Foreign, &trust, Some("acme-tool")), "ok");
    assert_eq!(check_with(&good, Reader::Foreign, &trust, Some("tool")), "sign.name_scope");
    trust.signers[1].packs.clear();
    assert_eq!(check_with(&good, Reader::Foreign, &trust, Some("acme-tool")), "sign.name_scope");
    let stranger = signed(&[&key(Role::Pack, 9)]);
    assert_eq!(check(&stranger), "sign.untrusted");
    let mut as_node = document();
    as_node.signers[1].keys[0].role = Role::Node;
    assert_eq!(check_with(&good, Reader::Foreign, &as_node, None), "sign.untrusted");
    as_node.signers.push(signer("c", vec![]));
    assert_eq!(check_with(&good, Reader::Foreign, &as_node, None), "sign.untrusted");
}

/// Says that it has the key of one seed, and signs with that of another.
struct Swapped(u8, u8);

impl crate::Signer for Swapped {
    fn public_key(&self) -> crate::PublicKey {
        crate::Signer::public_key(&key(Role::Pack, self.0))
    }

    fn role(&self) -> Role {
        Role::Pack
    }

    fn sign(&self, message: &crate::Message) -> Result<crate::Signature, crate::SignError> {
        crate::Signer::sign(&key(Role::Pack, self.1), message)
    }
}

#[test]
fn what_a_signer_answers_is_verified_as_it_signs() {
    let sign = |signers: &[&dyn crate::Signer]| {
        Envelope::sign(TYPE, b"x".to_vec(), signers).map_or_else(|error| error.code(), |_| "ok")
    };
    let good = key(Role::Pack, 2);
    assert_eq!(sign(&[&Swapped(2, 2)]), "ok");
    assert_eq!(sign(&[&Swapped(2, 3)]), "sign.signer_faulty");
    assert_eq!(sign(&[&good, &Swapped(3, 2)]), "sign.signer_faulty");
    let one = Envelope::sign(TYPE, b"x".to_vec(), &[&good]).unwrap();
    assert_eq!(one.countersigned(&[&Swapped(3, 2)]).unwrap_err().code(), "sign.signer_faulty");
    // A signer that would be one too many is not even asked.
    assert_eq!(sign(&[]), "sign.signer_count");
    assert_eq!(sign(&[&good as &dyn crate::Signer; 16]), "ok");
    assert_eq!(sign(&[&Swapped(2, 3) as &dyn crate::Signer; 17]), "sign.signer_count");
    let fifteen = [&good as &dyn crate::Signer; 15];
    let sixteen = one.countersigned(&fifteen).unwrap();
    assert_eq!(sixteen.countersigned(&[&good]).unwrap_err().code(), "sign.signer_count");
}
