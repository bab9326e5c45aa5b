//! One attribution, judged again and again, against verifying anew each time.

use reach_types::{Code, PackName, Timestamp};

use crate::{
    Envelope, EnvelopeError, Judging, MAX_KEY_TRIES, NamePattern, Reader, Role, SignatureEvidence, Signer, SigningKey,
    TrustDocument, Verified, signature_id,
    testing::{NOW, day, document, entry, key, signer, trusted},
};

const TYPE: &str = "application/vnd.in-toto+json";

fn signed(payload_type: &str, keys: &[&SigningKey]) -> serde_json::Value {
    let signers: Vec<_> = keys.iter().map(|key| *key as &dyn Signer).collect();
    Envelope::sign(payload_type, b"x".to_vec(), &signers).unwrap().to_value()
}

fn read(value: &serde_json::Value, reader: Reader) -> Option<Envelope> {
    Envelope::read(value.to_string().as_bytes(), reader, 1 << 20).ok()
}

/// Documents in which the two pack signers are more or less than good.
fn documents() -> Vec<TrustDocument> {
    let changes: [fn(&mut TrustDocument); 7] = [
        |_| {},
        |document| {
            document.thresholds.insert(Role::Pack, 2);
        },
        |document| document.signers[1].packs = vec![NamePattern::Prefix("acme-".to_owned())],
        |document| document.signers[1].packs.clear(),
        |document| document.signers[1].keys[0].retired = Some(day(-2)),
        |document| document.signers[2].keys[0].not_before = day(1),
        |document| document.signers[2].keys.push(entry(&key(Role::Pack, 4))),
    ];
    let changed = |change: fn(&mut TrustDocument)| {
        let mut changed = document();
        change(&mut changed);
        changed
    };
    let mut both = changed(changes[1]);
    changes[2](&mut both);
    changes.into_iter().map(changed).chain([both]).collect()
}

/// Envelopes by one, two, three or strangers, with hints that are right, absent, wrong or another's.
fn envelopes() -> Vec<Envelope> {
    let [a, b, c, stranger] = &[2, 3, 4, 9].map(|seed| key(Role::Pack, seed));
    let mut out = Vec::new();
    for keys in [&[a][..], &[b], &[a, b], &[b, a], &[a, a], &[b, c], &[stranger], &[stranger, a], &[a, b, c, stranger]]
    {
        for payload_type in [TYPE, "application/vnd.in-toto+json2"] {
            let good = signed(payload_type, keys);
            let hinted = |hint: &str| {
                let mut value = good.clone();
                value["signatures"][0]["keyid"] = hint.into();
                value
            };
            let mut broken = good.clone();
            broken["payload"] = "eQ==".into();
            let mut short = good.clone();
            short["signatures"][0]["sig"] = "eQ==".into();
            let other = b.public_key().key_id().to_string();
            for value in [good.clone(), hinted(""), hinted(&"00".repeat(32)), hinted(&other), broken, short] {
                out.extend([Reader::Foreign, Reader::Own].into_iter().filter_map(|reader| read(&value, reader)));
            }
        }
    }
    out
}

fn code(judged: Result<Verified<'_>, EnvelopeError>) -> (&'static str, Vec<String>) {
    judged.map_or_else(|error| (error.code(), Vec::new()), |verified| ("ok", verified.signers))
}

#[test]
fn k15_k21_judging_again_is_verifying_again() {
    let names = ["acme-tool", "tool"].map(|name| PackName::parse(name).unwrap());
    let mut codes = std::collections::BTreeSet::new();
    for document in documents() {
        let trust = trusted(&document);
        for envelope in envelopes() {
            let ids = envelope.signatures().iter().filter_map(|one| Some(signature_id(one.key_id?, &one.signature)));
            let evidence = SignatureEvidence { before: day(-3), signatures: ids.collect() };
            let attributed = envelope.attribute(&trust, Role::Pack).unwrap();
            for name in [None, Some(&names[0]), Some(&names[1]), None] {
                for evidence in [None, Some(&evidence)] {
                    for now in [NOW, Timestamp::from_millis(day(1).as_millis())] {
                        let by = Judging { name, expected_type: TYPE, now, evidence };
                        let again = code(attributed.judge(&by));
                        let anew = code(envelope.verify_dated(&trust, Role::Pack, name, TYPE, now, evidence));
                        assert_eq!(again, anew, "{}", envelope.to_json());
                        codes.insert(again.0);
                    }
                }
            }
        }
    }
    // The table reaches every way to end but the one below.
    let all = [
        "ok",
        "sign.bad_signature",
        "sign.key_not_yet_valid",
        "sign.key_retired",
        "sign.name_scope",
        "sign.threshold",
        "sign.untrusted",
        "sign.wrong_payload_type",
    ];
    assert!(codes.iter().eq(all.iter()), "{codes:?}");
}

/// A document with `count` pack keys; the last one is that of seed 2.
fn crowded(count: u32) -> TrustDocument {
    let mut document = document();
    document.signers.truncate(1);
    let seed = |n: u32| {
        let mut seed = [7; 32];
        seed[..4].copy_from_slice(&n.to_le_bytes());
        SigningKey::from_seed(Role::Pack, &seed).unwrap()
    };
    let strangers = (1..count).map(|n| entry(&seed(n))).collect();
    document.signers.push(signer("crowd", strangers));
    document.signers.push(signer("z", vec![entry(&key(Role::Pack, 2))]));
    document
}

#[test]
fn k20_junk_signatures_are_not_looked_for_among_all_keys_for_ever() {
    let (keys, good) = (256, signed(TYPE, &[&key(Role::Pack, 2)]));
    let trust = trusted(&crowded(keys));
    let with = |junk: usize, hinted: bool| {
        let mut value = good.clone();
        if !hinted {
            value["signatures"][0]["keyid"] = "".into();
        }
        let one = serde_json::json!({ "sig": data_encoding::BASE64.encode(&[7; 64]) });
        let list = value["signatures"].as_array_mut().unwrap();
        list.splice(0..0, vec![one; junk]);
        let envelope = read(&value, Reader::Foreign).unwrap();
        code(envelope.verify(&trust, Role::Pack, None, TYPE, NOW)).0
    };
    let most = MAX_KEY_TRIES / usize::try_from(keys).unwrap();
    // One that names its key costs no tries.
    assert_eq!(with(most, true), "ok");
    assert_eq!(with(most + 1, true), "sign.too_many_tries");
    assert_eq!(with(most - 1, false), "ok");
    assert_eq!(with(most, false), "sign.too_many_tries");
    assert_eq!(with(0, false), "ok");
}
