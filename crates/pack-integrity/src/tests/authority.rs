//! Signatures that verify, by keys that may not, or not enough of them.

use reach_signing::{NamePattern, Revocation, RevocationReason, Role, Signer};
use reach_types::{Code, PackName};
use serde_json::Value;

use crate::testing::*;

fn two_needed(document: &mut reach_signing::TrustDocument) {
    document.thresholds.insert(Role::Pack, 2);
}

/// The code under a trust document in which Ada's key is changed.
fn ada(at: reach_types::Timestamp, change: impl FnOnce(&mut reach_signing::KeyEntry)) -> &'static str {
    let trust = trust_with(|document| change(&mut document.signers[1].keys[0]));
    code_under(&pack(), &sign(&pack(), &[1]), &trust, at)
}

#[test]
fn k15_one_signature_twice_is_one_signer() {
    let trust = trust_with(two_needed);
    let mut twice: Value = serde_json::from_str(&sign(&pack(), &[1])).unwrap();
    let one = twice["signatures"][0].clone();
    twice["signatures"].as_array_mut().unwrap().push(one);
    assert_eq!(code_under(&pack(), &twice.to_string(), &trust, now()), "pack.threshold");
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1]), &trust, now()), "pack.threshold");
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1, 2]), &trust, now()), "ok");
}

#[test]
fn k16_k17_one_key_cannot_be_listed_as_two() {
    let mut document = document();
    document.signers[2].keys[0].public = key(1).public_key();
    assert_eq!(document.sign_first(&[&root()]).unwrap_err().code(), "trust.duplicate_public_key");
    document.signers[2].keys[0].public = key(2).public_key();
    document.sign_first(&[&root()]).unwrap();
}

#[test]
fn k18_two_keys_of_one_signer_are_one_signer() {
    let trust = trust_with(|document| {
        two_needed(document);
        document.signers[1] = signer("ada", &[1, 3]);
    });
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1, 3]), &trust, now()), "pack.threshold");
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1, 3, 2]), &trust, now()), "ok");
}

#[test]
fn k19_a_threshold_that_nobody_or_anybody_meets() {
    for bad in [0, 3] {
        let mut document = document();
        document.thresholds.insert(Role::Pack, bad);
        assert_eq!(document.sign_first(&[&root()]).unwrap_err().code(), "trust.bad_threshold", "{bad}");
    }
    let trust = trust_with(two_needed);
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1, 2]), &trust, now()), "ok");
}

#[test]
fn strangers_and_keys_of_another_role_are_untrusted() {
    assert_eq!(code(&pack(), &sign(&pack(), &[9])), "pack.untrusted");
    assert_eq!(code(&pack(), &sign(&pack(), &[9, 1])), "ok");
    let trust = trust_with(|document| document.signers[1].keys[0].role = Role::Policy);
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1]), &trust, now()), "pack.untrusted");
}

#[test]
fn k21_k22_a_revoked_or_retired_key_signs_nothing_whatever_its_signature_claims() {
    // The statement says it was made a month before both dates.
    let since = at("2026-05-15T00:00:00Z");
    for reason in [RevocationReason::Superseded, RevocationReason::Compromised] {
        assert_eq!(ada(now(), |key| key.revoked = Some(Revocation { since, reason })), "pack.key_revoked");
    }
    assert_eq!(ada(now(), |key| key.retired = Some(since)), "pack.key_retired");
    assert_eq!(ada(now(), |key| key.retired = Some(at("2026-07-01T00:00:00Z"))), "ok");
    assert_eq!(ada(now(), |_| {}), "ok");
}

#[test]
fn k21_one_good_signer_does_not_need_the_revoked_one() {
    let since = at("2026-05-15T00:00:00Z");
    let revoked = Revocation { since, reason: RevocationReason::Compromised };
    let trust = trust_with(|document| document.signers[1].keys[0].revoked = Some(revoked));
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1]), &trust, now()), "pack.key_revoked");
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1, 2]), &trust, now()), "ok");
}

#[test]
fn k23_a_key_is_valid_from_its_first_moment_to_before_its_last() {
    let (from, to) = (at("2026-06-01T00:00:00Z"), at("2026-06-02T00:00:00Z"));
    let at_time = |text| {
        ada(at(text), |key| {
            key.not_before = from;
            key.not_after = to;
        })
    };
    assert_eq!(at_time("2026-05-31T23:59:59Z"), "pack.key_not_yet_valid");
    assert_eq!(at_time("2026-06-01T00:00:00Z"), "ok");
    assert_eq!(at_time("2026-06-01T23:59:59Z"), "ok");
    assert_eq!(at_time("2026-06-02T00:00:00Z"), "pack.key_expired");
}

#[test]
fn a_signer_signs_only_names_in_scope() {
    let under = |patterns: Vec<NamePattern>| {
        let trust = trust_with(|document| document.signers[1].packs = patterns);
        code_under(&pack(), &sign(&pack(), &[1]), &trust, now())
    };
    assert_eq!(under(vec![NamePattern::Prefix("inv".to_owned())]), "ok");
    assert_eq!(under(vec![NamePattern::Exact(PackName::parse("inventory").unwrap())]), "ok");
    assert_eq!(under(vec![NamePattern::Exact(PackName::parse("inventory2").unwrap())]), "pack.name_scope");
    assert_eq!(under(Vec::new()), "pack.name_scope");
}

#[test]
fn a_signer_out_of_scope_does_not_count_towards_the_threshold() {
    let trust = trust_with(|document| {
        two_needed(document);
        document.signers[2].packs = Vec::new();
    });
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1, 2]), &trust, now()), "pack.name_scope");
    let trust = trust_with(two_needed);
    let verified = verify_under(&pack(), &sign(&pack(), &[2, 1]), &trust, now()).unwrap();
    assert_eq!(verified.provenance(), &crate::Provenance::Signed { signers: vec!["ada".to_owned(), "ben".to_owned()] });
}
