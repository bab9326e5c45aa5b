//! Attacks on trust documents, each with its good neighbour.

use reach_types::{Blake3Digest, Code};
use serde_json::{Value, json};

use crate::{
    Envelope, Role, Signer, SigningKey, TRUST_PAYLOAD_TYPE, TrustDocument, VerifiedTrust,
    testing::{NOW, day, document, entry, key, signer},
};

fn file(document: &TrustDocument) -> String {
    document.sign_first(&[&key(Role::Root, 1)]).unwrap()
}

fn verify(file: &str, pin: Option<&Blake3Digest>) -> Result<VerifiedTrust, &'static str> {
    VerifiedTrust::verify(file.as_bytes(), pin, NOW).map_err(|error| error.code())
}

/// Signs whatever `document` says, without the writer's checks.
fn unchecked(document: &TrustDocument, roots: &[&SigningKey]) -> Value {
    let signers: Vec<_> = roots.iter().map(|key| *key as &dyn Signer).collect();
    let payload = serde_json::to_vec(document).unwrap();
    Envelope::sign(TRUST_PAYLOAD_TYPE, payload, &signers).unwrap().to_value()
}

fn code(document: &TrustDocument) -> &'static str {
    verify(&unchecked(document, &[&key(Role::Root, 1)]).to_string(), None).map_or_else(|code| code, |_| "ok")
}

fn changed(change: impl FnOnce(&mut TrustDocument)) -> TrustDocument {
    let mut document = document();
    change(&mut document);
    document
}

#[test]
fn k16_k17_one_public_key_stands_once() {
    assert_eq!(code(&document()), "ok");
    let again = changed(|d| d.signers[2].keys.push(entry(&key(Role::Pack, 2))));
    assert_eq!(code(&again), "trust.duplicate_public_key");
    let other_role = changed(|d| {
        let mut twice = entry(&key(Role::Pack, 2));
        twice.role = Role::Policy;
        d.signers[1].keys.push(twice);
    });
    assert_eq!(code(&other_role), "trust.duplicate_public_key");
    // Key ids are computed from the keys, so two keys with one id would need a SHA-256 collision,
    // and a document has no field that could name a key id of another signer.
    let named = json!({ "keyid": "00" });
    let mut payload = serde_json::to_value(document()).unwrap();
    payload["signers"][1]["keys"][0]["keyid"] = named["keyid"].clone();
    let envelope =
        Envelope::sign(TRUST_PAYLOAD_TYPE, payload.to_string().into_bytes(), &[&key(Role::Root, 1)]).unwrap();
    assert_eq!(verify(&envelope.to_json(), None).unwrap_err(), "input.unknown_field");
    assert_eq!(code(&changed(|d| d.signers[2].name = "a".to_owned())), "trust.duplicate_signer");
}

#[test]
fn k19_thresholds_can_be_met_and_are_not_zero() {
    for (required, expected) in [(0, "trust.bad_threshold"), (1, "ok"), (2, "ok"), (3, "trust.bad_threshold")] {
        assert_eq!(code(&changed(|d| _ = d.thresholds.insert(Role::Pack, required))), expected, "{required}");
    }
    let mut negative = serde_json::to_value(document()).unwrap();
    negative["thresholds"]["pack"] = json!(-1);
    let envelope =
        Envelope::sign(TRUST_PAYLOAD_TYPE, negative.to_string().into_bytes(), &[&key(Role::Root, 1)]).unwrap();
    assert_eq!(verify(&envelope.to_json(), None).unwrap_err(), "trust.bad_threshold");
    // What cannot sign any more is no active signer, whatever else the document lists it for.
    let ended = |end: &dyn Fn(&mut crate::KeyEntry)| {
        code(&changed(|d| {
            d.thresholds.insert(Role::Pack, 2);
            end(&mut d.signers[2].keys[0]);
        }))
    };
    assert_eq!(ended(&|_| {}), "ok");
    assert_eq!(ended(&|key| key.retired = Some(day(-5))), "trust.bad_threshold");
    assert_eq!(ended(&|key| key.retired = Some(day(1))), "ok");
    assert_eq!(ended(&|key| key.not_after = day(-5)), "trust.bad_threshold");
    assert_eq!(ended(&|key| key.not_before = day(1)), "ok");
    let reason = crate::RevocationReason::Superseded;
    let revoked = crate::Revocation { since: day(3), reason };
    assert_eq!(ended(&|key| key.revoked = Some(revoked.clone())), "trust.bad_threshold");
    let aged = changed(|d| {
        d.thresholds.insert(Role::Pack, 2);
        d.max_key_age_days = Some(7);
        d.signers[2].keys[0].not_before = day(-12);
    });
    assert_eq!(code(&aged), "trust.bad_threshold");
    // Two keys of one signer do not make two signers.
    let one_signer = changed(|d| {
        d.signers.remove(2);
        d.signers[1].keys.push(entry(&key(Role::Pack, 3)));
        d.thresholds.insert(Role::Pack, 2);
    });
    assert_eq!(code(&one_signer), "trust.bad_threshold");
}

#[test]
fn k05_k23_k27_k28_documents_with_bad_members_do_not_load() {
    let judge = |from: &str, to: &str| {
        let payload = serde_json::to_string(&document()).unwrap().replacen(from, to, 1);
        let envelope = Envelope::sign(TRUST_PAYLOAD_TYPE, payload.into_bytes(), &[&key(Role::Root, 1)]).unwrap();
        verify(&envelope.to_json(), None).map_or_else(|code| code, |_| "ok")
    };
    assert_eq!(judge("\"version\":1", "\"version\":1"), "ok");
    assert_eq!(judge("\"version\":1", "\"version\":1,\"version\":1"), "input.duplicate_key");
    assert_eq!(judge("\"version\":1", "\"version\":0"), "trust.version_invalid");
    assert_eq!(judge("reach-trust/1", "reach-trust/2"), "trust.schema_unknown");
    let weak = format!("01{}", "00".repeat(31));
    let public = key(Role::Pack, 2).public_key().to_string();
    for (bad, expected) in [
        (weak.as_str(), "sign.weak_key"),
        (public.split_at(62).0, "sign.key_format"),
        (&format!("{public}00"), "sign.key_format"),
        (&public.to_uppercase(), "sign.key_format"),
        (&format!("{public}{public}"), "sign.private_key"),
    ] {
        assert_eq!(judge(&public, bad), expected, "{bad}");
    }
    let date = day(5).to_string();
    for bad in ["2030-01-01", "2030-01-01T00:00:00", "9999-01-01T00:00:00Z", "never"] {
        assert_eq!(judge(&date, bad), "trust.dates_invalid", "{bad}");
    }
    assert_eq!(judge("\"created\"", "\"Created\""), "input.unknown_field");
}

#[test]
fn k26_another_self_consistent_document_is_refused_under_the_pin() {
    let ours = verify(&file(&document()), None).unwrap();
    assert!(!ours.pinned());
    let pinned = verify(&file(&document()), Some(ours.root())).unwrap();
    assert!(pinned.pinned());
    let other = changed(|d| d.signers[0].keys[0] = entry(&key(Role::Root, 7)));
    let theirs = other.sign_first(&[&key(Role::Root, 7)]).unwrap();
    verify(&theirs, None).unwrap();
    assert_eq!(verify(&theirs, Some(ours.root())).unwrap_err(), "trust.root_mismatch");
}

#[test]
fn k26_the_next_version_counts_by_one_and_is_signed_by_both_sides() {
    let first = document();
    let root = *verify(&file(&first), None).unwrap().root();
    let next = |version: u64, roots: &[&SigningKey]| {
        let mut second = first.clone();
        second.version = version;
        second.signers[0] = signer("s", vec![entry(&key(Role::Root, 5))]);
        let mut value = unchecked(&second, roots);
        value["history"] = json!([unchecked(&first, &[&key(Role::Root, 1)])]);
        verify(&value.to_string(), Some(&root)).map_or_else(
            |code| code,
            |trust| {
                assert_eq!(trust.document().version, 2);
                "ok"
            },
        )
    };
    let (old, new) = (key(Role::Root, 1), key(Role::Root, 5));
    assert_eq!(next(2, &[&old, &new]), "ok");
    assert_eq!(next(2, &[&new]), "trust.chain_broken");
    assert_eq!(next(2, &[&old]), "sign.threshold");
    assert_eq!(next(3, &[&old, &new]), "trust.chain_broken");
    assert_eq!(next(1, &[&old, &new]), "trust.chain_broken");
    // Version 2 alone, without its history, descends from nothing.
    let alone = changed(|d| d.version = 2);
    assert_eq!(code(&alone), "trust.chain_broken");
}

#[test]
fn k21_k26_a_retired_root_does_not_date_itself_back() {
    let (old, new) = (key(Role::Root, 1), key(Role::Root, 5));
    let first = document();
    let second = changed(|d| {
        d.version = 2;
        d.created = day(-3);
        d.signers[0].keys[0].retired = Some(day(-2));
        d.signers.push(signer("s", vec![entry(&new)]));
    });
    let files = |third: &TrustDocument, roots: &[&SigningKey]| {
        let mut value = unchecked(third, roots);
        value["history"] = json!([unchecked(&first, &[&old]), unchecked(&second, &[&old, &new])]);
        verify(&value.to_string(), None).map_or_else(|code| code, |_| "ok")
    };
    let third = |created| {
        changed(|d| {
            d.version = 3;
            d.created = created;
        })
    };
    assert_eq!(files(&third(day(-4)), &[&old]), "trust.chain_broken");
    assert_eq!(files(&third(day(-1)), &[&old]), "trust.chain_broken");
    let mut good = third(day(-1));
    good.signers.push(signer("s", vec![entry(&new)]));
    assert_eq!(files(&good, &[&new]), "ok");
}

#[test]
fn an_expired_document_is_refused_and_may_be_succeeded() {
    let first = changed(|d| d.expires = NOW);
    assert_eq!(code(&first), "trust.expired");
    let mut second = unchecked(&changed(|d| d.version = 2), &[&key(Role::Root, 1)]);
    second["history"] = json!([unchecked(&first, &[&key(Role::Root, 1)])]);
    verify(&second.to_string(), None).unwrap();
}

#[test]
fn k23_dates_are_whole_seconds_in_order() {
    let at = |millis| reach_types::Timestamp::from_millis(NOW.as_millis() + millis);
    assert_eq!(document().check(), Ok(()));
    let code = |change: &dyn Fn(&mut TrustDocument)| changed(change).check().map_or_else(|e| e.code(), |()| "ok");
    assert_eq!(code(&|d| d.created = at(1)), "trust.dates_invalid");
    assert_eq!(code(&|d| d.signers[1].keys[0].retired = Some(at(1))), "trust.dates_invalid");
    assert_eq!(code(&|d| d.signers[1].keys[0].retired = Some(at(1000))), "ok");
    assert_eq!(code(&|d| d.expires = d.created), "trust.dates_invalid");
    assert_eq!(code(&|d| d.signers[1].keys[0].not_after = d.signers[1].keys[0].not_before), "trust.dates_invalid");
}

#[test]
fn a_document_needs_its_own_root() {
    assert_eq!(
        verify(&unchecked(&document(), &[&key(Role::Root, 9)]).to_string(), None).unwrap_err(),
        "sign.untrusted"
    );
    let mut expired = document();
    expired.signers[0].keys[0].not_after = day(-6);
    assert_eq!(code(&expired), "trust.bad_threshold");
    // Another root could sign it, but the one that did was over.
    expired.signers.push(signer("s", vec![entry(&key(Role::Root, 5))]));
    assert_eq!(code(&expired), "sign.key_expired");
    let by_other = unchecked(&expired, &[&key(Role::Root, 5)]).to_string();
    verify(&by_other, None).unwrap();
}

/// Every bit of the file is authenticated or canonical: the trust root is given, as a user would.
#[test]
fn every_single_bit_flip_of_a_trust_file_is_refused() {
    let good = file(&document()).into_bytes();
    let root = *VerifiedTrust::verify(&good, None, NOW).unwrap().root();
    VerifiedTrust::verify(&good, Some(&root), NOW).unwrap();
    for byte in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[byte] ^= 1 << bit;
            let error = VerifiedTrust::verify(&bad, Some(&root), NOW).expect_err(&format!("byte {byte} bit {bit}"));
            assert_ne!(error.class(), reach_types::Class::Internal, "byte {byte} bit {bit}");
        }
    }
}
