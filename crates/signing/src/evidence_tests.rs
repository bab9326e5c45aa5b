//! Keys that ended, and what dates their signatures: each case with its good neighbour.

use reach_types::{Code, Timestamp};

use crate::{
    Envelope, KeyEntry, KeyStanding, Reader, Revocation, RevocationReason, Role, SignatureEvidence, SigningKey,
    TrustDocument, signature_id,
    testing::{NOW, day, document, entry, key, trusted},
};

const TYPE: &str = "application/vnd.in-toto+json";

fn signed(payload: &[u8], keys: &[&SigningKey]) -> Envelope {
    let signers: Vec<_> = keys.iter().map(|key| *key as &dyn crate::Signer).collect();
    Envelope::sign(TYPE, payload.to_vec(), &signers).unwrap()
}

fn evidence(of: &Envelope, before: Timestamp) -> SignatureEvidence {
    let ids = of.signatures().iter().map(|one| signature_id(one.key_id.unwrap(), &one.signature));
    SignatureEvidence { before, signatures: ids.collect() }
}

fn under(envelope: &Envelope, document: &TrustDocument, evidence: Option<&SignatureEvidence>) -> &'static str {
    let read = Envelope::read(envelope.to_json().as_bytes(), Reader::Foreign, 1 << 20).unwrap();
    let verified = read.verify_dated(&trusted(document), Role::Pack, None, TYPE, NOW, evidence);
    verified.map_or_else(|error| error.code(), |_| "ok")
}

/// The document in which `a`'s key is changed.
fn with_key(change: impl FnOnce(&mut KeyEntry)) -> TrustDocument {
    let mut document = document();
    change(&mut document.signers[1].keys[0]);
    document
}

fn revoked(since: Timestamp, reason: RevocationReason) -> TrustDocument {
    with_key(|key| key.revoked = Some(Revocation { since, reason }))
}

#[test]
fn k21_k22_evidence_keeps_what_a_key_signed_before_its_end() {
    let envelope = signed(b"x", &[&key(Role::Pack, 2)]);
    let cases: [(&str, TrustDocument); 4] = [
        ("sign.key_retired", with_key(|key| key.retired = Some(day(-2)))),
        ("sign.key_revoked", revoked(day(-2), RevocationReason::Superseded)),
        ("sign.key_expired", with_key(|key| key.not_after = day(-2))),
        ("sign.key_overdue", {
            let mut document = document();
            document.max_key_age_days = Some(8);
            document.signers[1].keys[0].not_before = day(-10);
            document.signers[0].keys[0].not_before = day(-5);
            document
        }),
    ];
    for (code, document) in cases {
        assert_eq!(under(&envelope, &document, None), code);
        // The end itself is the first moment at which the key does not stand any more, so a
        // signature that existed before it is good.
        assert_eq!(under(&envelope, &document, Some(&evidence(&envelope, day(-2)))), "ok", "{code}");
        assert_eq!(under(&envelope, &document, Some(&evidence(&envelope, day(-3)))), "ok", "{code}");
        let later = Timestamp::from_millis(day(-2).as_millis() + 1);
        assert_eq!(under(&envelope, &document, Some(&evidence(&envelope, later))), code);
        // Before the key was valid nobody could rely on what it signed.
        assert_eq!(under(&envelope, &document, Some(&evidence(&envelope, day(-11)))), code);
        // What existed before its first moment existed when it was not valid yet.
        let (first, next) = (day(-10), Timestamp::from_millis(day(-10).as_millis() + 1));
        assert_eq!(under(&envelope, &document, Some(&evidence(&envelope, first))), code);
        assert_eq!(under(&envelope, &document, Some(&evidence(&envelope, next))), "ok", "{code}");
    }
}

#[test]
fn k21_nothing_dates_what_a_compromised_key_signed() {
    let envelope = signed(b"x", &[&key(Role::Pack, 2)]);
    let early = evidence(&envelope, day(-9));
    assert_eq!(under(&envelope, &revoked(day(-2), RevocationReason::Superseded), Some(&early)), "ok");
    assert_eq!(under(&envelope, &revoked(day(-2), RevocationReason::Compromised), Some(&early)), "sign.key_revoked");
    // Retired long before, and then found to be compromised.
    let both = with_key(|key| {
        key.retired = Some(day(-2));
        key.revoked = Some(Revocation { since: day(-1), reason: RevocationReason::Compromised });
    });
    assert_eq!(under(&envelope, &both, Some(&early)), "sign.key_revoked");
}

#[test]
fn k21_of_two_ends_the_earlier_one_counts() {
    let envelope = signed(b"x", &[&key(Role::Pack, 2)]);
    let both = with_key(|key| {
        key.retired = Some(day(-4));
        key.revoked = Some(Revocation { since: day(-2), reason: RevocationReason::Superseded });
    });
    assert_eq!(under(&envelope, &both, Some(&evidence(&envelope, day(-4)))), "ok");
    assert_eq!(under(&envelope, &both, Some(&evidence(&envelope, day(-3)))), "sign.key_revoked");
}

#[test]
fn k22_evidence_is_about_one_very_signature() {
    let retired = with_key(|key| key.retired = Some(day(-2)));
    let (dated, other) = (signed(b"x", &[&key(Role::Pack, 2)]), signed(b"y", &[&key(Role::Pack, 2)]));
    let known = evidence(&dated, day(-3));
    assert_eq!(under(&dated, &retired, Some(&known)), "ok");
    // Another statement by the same key, which whoever still has it can sign at any time.
    assert_eq!(under(&other, &retired, Some(&known)), "sign.key_retired");
    // The same bytes under another key's id are another signature.
    let moved = SignatureEvidence {
        before: day(-3),
        signatures: [signature_id(
            crate::Signer::public_key(&key(Role::Pack, 3)).key_id(),
            &dated.signatures()[0].signature,
        )]
        .into(),
    };
    assert_eq!(under(&dated, &retired, Some(&moved)), "sign.key_retired");
    // The hint decides nothing: the id is that of the key which verified.
    let text = dated.to_json();
    let hint = dated.signatures()[0].key_id.unwrap().to_string();
    let unhinted = Envelope::read(text.replace(&hint, "").as_bytes(), Reader::Foreign, 1 << 20).unwrap();
    assert_eq!(under(&unhinted, &retired, Some(&known)), "ok");
}

#[test]
fn k22_evidence_makes_no_signature_and_no_signer() {
    let known = |envelope: &Envelope| evidence(envelope, day(-3));
    let stranger = signed(b"x", &[&key(Role::Pack, 9)]);
    assert_eq!(under(&stranger, &document(), Some(&known(&stranger))), "sign.untrusted");
    let good = signed(b"x", &[&key(Role::Pack, 2)]);
    let broken = good.to_json().replace("eA==", "eQ==");
    let broken = Envelope::read(broken.as_bytes(), Reader::Foreign, 1 << 20).unwrap();
    assert_eq!(under(&broken, &document(), Some(&known(&broken))), "sign.bad_signature");
    let future = with_key(|key| key.not_before = day(1));
    assert_eq!(under(&good, &future, Some(&known(&good))), "sign.key_not_yet_valid");
    // A dated signature and a current one of the same signer are one signer.
    let mut two = document();
    two.thresholds.insert(Role::Pack, 2);
    two.signers[1].keys[0].retired = Some(day(-2));
    two.signers[1].keys.push(entry(&key(Role::Pack, 4)));
    let both = signed(b"x", &[&key(Role::Pack, 2), &key(Role::Pack, 4)]);
    assert_eq!(under(&both, &two, Some(&known(&both))), "sign.threshold");
    let three = signed(b"x", &[&key(Role::Pack, 2), &key(Role::Pack, 3)]);
    assert_eq!(under(&three, &two, Some(&known(&three))), "ok");
    assert_eq!(under(&three, &two, None), "sign.key_retired");
}

#[test]
fn k23_a_key_has_no_authority_once_it_is_over_age() {
    let envelope = signed(b"x", &[&key(Role::Pack, 2)]);
    let aged = |days: u32| {
        let mut document = document();
        document.max_key_age_days = Some(days);
        document.signers[1].keys[0].not_before = day(-10);
        document
    };
    assert_eq!(under(&envelope, &aged(10), None), "sign.key_overdue");
    assert_eq!(under(&envelope, &aged(11), None), "ok");
    let document = aged(10);
    let (_, entry) = document.keys().nth(1).unwrap();
    assert_eq!(document.overdue_from(entry), Some(NOW));
    assert_eq!(document.standing(entry, NOW), KeyStanding::Overdue);
    assert_eq!(document.standing(entry, Timestamp::from_millis(NOW.as_millis() - 1)), KeyStanding::Active);
    // The age is bounded, and a document without it reads as it always did.
    for (days, code) in [(0, "trust.key_age_invalid"), (3651, "trust.key_age_invalid"), (3650, "ok")] {
        assert_eq!(aged(days).check().map_or_else(|e| e.code(), |()| "ok"), code, "{days}");
    }
    let text = serde_json::to_string(&super::testing::document()).unwrap();
    assert!(!text.contains("max_key_age"), "{text}");
    TrustDocument::read(text.as_bytes()).unwrap();
}
