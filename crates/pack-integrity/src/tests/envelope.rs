//! Envelopes that are missing, malformed, or not signed as they claim.

use data_encoding::{BASE64, BASE64URL};
use reach_signing::Signer;
use reach_types::{Class, Code};
use serde_json::{Value, json};

use crate::{Expected, PAYLOAD_TYPE, Verification, testing::*, verify_pack};

/// The good envelope as JSON, changed.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut envelope: Value = serde_json::from_str(&sign(&pack(), &[1])).unwrap();
    change(&mut envelope);
    envelope.to_string()
}

fn changed_code(change: impl FnOnce(&mut Value)) -> &'static str {
    code(&pack(), &changed(change))
}

/// An envelope around the good payload with this signature by Ada.
fn with_signature(signature: &[u8]) -> &'static str {
    changed_code(|envelope| envelope["signatures"][0]["sig"] = BASE64.encode(signature).into())
}

fn payload() -> Vec<u8> {
    statement(&pack()).to_string().into_bytes()
}

fn pae(payload_type: &str, length: usize, payload: &[u8]) -> Vec<u8> {
    [format!("DSSEv1 {} {payload_type} {length} ", payload_type.len()).as_bytes(), payload].concat()
}

#[test]
fn k01_a_pack_without_signature_is_unsigned_and_nothing_else() {
    let trust = trust(&document());
    let expected = Expected::default();
    let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: None, evidence: None };
    let error = verify_pack(&pack()[..], None, &asked).unwrap_err();
    assert_eq!((error.code(), error.class()), ("pack.unsigned", Class::Unsigned));
    assert_eq!(code(&pack(), &sign(&pack(), &[1])), "ok");
    assert_eq!(code(&pack(), ""), "pack.envelope_malformed");
}

#[test]
fn k02_a_list_without_signatures() {
    assert_eq!(changed_code(|envelope| envelope["signatures"] = json!([])), "pack.no_signatures");
    assert_eq!(changed_code(|envelope| envelope["signatures"][0]["sig"] = "".into()), "pack.no_signatures");
    assert_eq!(changed_code(|envelope| envelope["extra"] = 1.into()), "ok");
}

#[test]
fn k03_a_sidecar_that_is_not_one_envelope() {
    let good = sign(&pack(), &[1]);
    let (half, _) = good.split_at(good.len() / 2);
    for bad in ["", half, &format!("\u{feff}{good}"), &format!("{good}{{}}"), &format!("{good}\0"), "[]", "null", "{}"]
    {
        assert_eq!(code(&pack(), bad), "pack.envelope_malformed", "{bad:?}");
    }
    assert_eq!(code(&pack(), &format!("\n {good}\n")), "ok");
}

#[test]
fn k04_a_key_twice() {
    let good = sign(&pack(), &[1]);
    let again = good.replacen('{', &format!("{{\"payloadType\":\"{PAYLOAD_TYPE}\","), 1);
    assert_eq!(code(&pack(), &again), "pack.duplicate_key");
    assert_eq!(code(&pack(), &good.replacen('{', "{\"other\":1,", 1)), "ok");
}

#[test]
fn k05_a_key_twice_in_the_signed_payload() {
    let good = String::from_utf8(payload()).unwrap();
    assert_eq!(code(&pack(), &envelope_of(PAYLOAD_TYPE, good.as_bytes())), "ok");
    let again = good.replacen("\"version\":", "\"version\":\"2.0.0\",\"version\":", 1);
    assert_ne!(again, good);
    assert_eq!(code(&pack(), &envelope_of(PAYLOAD_TYPE, again.as_bytes())), "pack.statement_duplicate_key");
}

#[test]
fn k06_a_changed_payload_or_type() {
    let mut flipped = payload();
    flipped[40] ^= 1;
    let encoded = BASE64.encode(&flipped);
    assert_eq!(changed_code(|envelope| envelope["payload"] = encoded.into()), "pack.bad_signature");
    assert_eq!(changed_code(|envelope| envelope["payloadType"] = "application/json".into()), "pack.bad_signature");
    assert_eq!(changed_code(|_| {}), "ok");
}

#[test]
fn k07_only_the_pre_authentication_encoding_counts() {
    // One character of two bytes, in a field that in-toto lets others add.
    let mut text = statement(&pack());
    text["note"] = "é".into();
    let payload = text.to_string().into_bytes();
    let characters = String::from_utf8(payload.clone()).unwrap().chars().count();
    let signed = |bytes: &[u8]| {
        changed_code(|envelope| {
            envelope["payload"] = BASE64.encode(&payload).into();
            envelope["signatures"][0]["sig"] = BASE64.encode(&Anything(1).sign_bytes(bytes)).into();
        })
    };
    assert_eq!(signed(&pae(PAYLOAD_TYPE, payload.len(), &payload)), "ok");
    assert_eq!(signed(&payload), "pack.bad_signature");
    assert_eq!(signed(BASE64.encode(&payload).as_bytes()), "pack.bad_signature");
    assert_eq!(signed(&pae(PAYLOAD_TYPE, characters, &payload)), "pack.bad_signature");
}

#[test]
fn k08_validly_signed_as_something_else() {
    for other in ["application/json", "application/vnd.in-toto+json2", "application/vnd.reach.policy.v1", ""] {
        assert_eq!(code(&pack(), &envelope_of(other, &payload())), "pack.wrong_payload_type", "{other}");
    }
    assert_eq!(code(&pack(), &envelope_of(PAYLOAD_TYPE, &payload())), "ok");
}

#[test]
fn k20_too_many_signatures_are_refused_before_any_is_checked() {
    let junk = |count: usize| {
        move |envelope: &mut Value| {
            let list = envelope["signatures"].as_array_mut().unwrap();
            list.extend((0..count).map(|_| json!({"keyid": "junk", "sig": BASE64.encode(&[7; 64])})));
        }
    };
    assert_eq!(changed_code(junk(15)), "ok");
    assert_eq!(changed_code(junk(16)), "pack.too_many_signatures");
    assert_eq!(changed_code(junk(200)), "pack.too_many_signatures");
    // Ten thousand do not even fit.
    assert_eq!(changed_code(junk(10_000)), "pack.envelope_too_large");
}

#[test]
fn k28_signatures_in_a_second_spelling() {
    let good = Anything(1).sign_bytes(&pae(PAYLOAD_TYPE, payload().len(), &payload()));
    let around = |signature: &[u8]| {
        changed_code(|envelope| {
            envelope["payload"] = BASE64.encode(&payload()).into();
            envelope["signatures"][0]["sig"] = BASE64.encode(signature).into();
        })
    };
    assert_eq!(around(&good), "ok");
    assert_eq!(around(&good[..63]), "pack.bad_signature");
    assert_eq!(around(&[&good[..], &[0]].concat()), "pack.bad_signature");
    let mut high = good.clone();
    high[32..].fill(0xff);
    assert_eq!(around(&high), "pack.bad_signature");
    assert_eq!(around(&plus_order(&good)), "pack.bad_signature");
    assert_eq!(with_signature(&good), "ok");
}

/// The same signature with S + L, which a verifier without a range check takes.
fn plus_order(signature: &[u8]) -> Vec<u8> {
    let order =
        data_encoding::HEXLOWER.decode(b"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut sum = signature.to_vec();
    let mut carry = 0;
    for (byte, add) in sum[32..].iter_mut().zip(order) {
        let digit = u16::from(*byte) + u16::from(add) + carry;
        *byte = digit.to_le_bytes()[0];
        carry = digit >> 8;
    }
    sum
}

#[test]
fn k45_an_envelope_over_its_limits() {
    let good = sign(&pack(), &[1]);
    let padded = |size: usize| format!("{good}{}", " ".repeat(size - good.len()));
    assert_eq!(code(&pack(), &padded(crate::MAX_ENVELOPE_BYTES)), "ok");
    assert_eq!(code(&pack(), &padded(crate::MAX_ENVELOPE_BYTES + 1)), "pack.envelope_too_large");
    assert_eq!(code(&pack(), &"[".repeat(100_000)), "pack.envelope_too_deep");
    let mut large = statement(&pack());
    large["note"] = "x".repeat(crate::MAX_STATEMENT_BYTES).into();
    assert_eq!(code(&pack(), &envelope_of(PAYLOAD_TYPE, large.to_string().as_bytes())), "pack.limit_statement");
    assert_eq!(
        statement_code(|statement| {
            statement["note"] = (0..31).fold(json!(0), |inner, _| json!([inner]));
        }),
        "ok"
    );
    assert_eq!(
        statement_code(|statement| {
            statement["note"] = (0..32).fold(json!(0), |inner, _| json!([inner]));
        }),
        "pack.limit_depth"
    );
}

#[test]
fn k52_both_base64_alphabets_and_nothing_looser() {
    let text = serde_json::from_str::<Value>(&sign(&pack(), &[1])).unwrap();
    let signature = BASE64.decode(text["signatures"][0]["sig"].as_str().unwrap().as_bytes()).unwrap();
    let with = |sig: String| changed_code(|envelope| envelope["signatures"][0]["sig"] = sig.into());
    let standard = BASE64.encode(&signature);
    assert!(standard.ends_with("=="), "{standard}");
    assert_eq!(with(standard.clone()), "ok");
    assert_eq!(with(BASE64URL.encode(&signature)), "ok");
    let payload = BASE64URL.encode(&BASE64.decode(text["payload"].as_str().unwrap().as_bytes()).unwrap());
    assert_eq!(changed_code(|envelope| envelope["payload"] = payload.into()), "ok");

    let unpadded = standard.trim_end_matches('=');
    let (head, rest) = standard.split_at(10);
    // Six bits of the last letter count, and of those of a 64-byte signature the last four are zero.
    let (most, last) = unpadded.split_at(unpadded.len() - 1);
    let spare = format!("{most}{}==", if last == "A" { "B" } else { "Z" });
    let mixed = standard.replace('+', "-");
    assert!(mixed.contains('-') && mixed.contains('/'), "{mixed}");
    for bad in [unpadded, &format!("{head} {rest}"), &spare, &mixed, &format!("{standard}\n")] {
        assert_eq!(with(bad.to_owned()), "pack.envelope_malformed", "{bad}");
    }
}

#[test]
fn a_missing_or_foreign_key_id_is_only_a_hint() {
    let code_with = |key_id: Value| changed_code(|envelope| envelope["signatures"][0]["keyid"] = key_id);
    assert_eq!(code_with(Value::Null), "ok");
    assert_eq!(code_with("ada".into()), "ok");
    assert_eq!(code_with(key(2).public_key().key_id().to_string().into()), "ok");
    assert_eq!(
        changed_code(|envelope| envelope["signatures"][0].as_object_mut().unwrap().clear()),
        "pack.envelope_malformed"
    );
}
