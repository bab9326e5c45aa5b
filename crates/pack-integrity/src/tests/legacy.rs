//! Unsigned packs that a policy exempts, and verdicts that are judged again.

use reach_signing::{Revocation, RevocationReason, RevokedPack, VerifiedTrust};
use reach_types::{Blake3Digest, Code, LegacyException, PackName, PackVersion, Timestamp};

use crate::{
    Check, Expected, MemorySeen, Provenance, Verification, VerifiedPack, VerifyError, accept_legacy_unsigned,
    testing::*,
};

const UNTIL: &str = "2026-09-01T00:00:00Z";

fn exception(archive: &[u8]) -> LegacyException {
    LegacyException { digest: Blake3Digest::of(archive), reason: "older than our keys".to_owned(), until: at(UNTIL) }
}

fn accept(archive: &[u8], exception: &LegacyException) -> Result<VerifiedPack, VerifyError> {
    accept_at(archive, exception, &trust(&document()), now())
}

fn accept_at(
    archive: &[u8],
    exception: &LegacyException,
    trust: &VerifiedTrust,
    now: Timestamp,
) -> Result<VerifiedPack, VerifyError> {
    let expected = Expected::default();
    let asked = Verification { trust, expected: &expected, now, seen: None, evidence: None };
    accept_legacy_unsigned(archive, exception, &asked)
}

fn code(result: Result<VerifiedPack, VerifyError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

fn revoked(digest: Blake3Digest) -> RevokedPack {
    RevokedPack { digest, since: created(), reason: "it leaks".to_owned() }
}

#[test]
fn k53_an_exempted_pack_says_that_nobody_signed_it() {
    let archive = pack();
    let exception = exception(&archive);
    let accepted = accept(&archive, &exception).unwrap();
    let LegacyException { digest, reason, until } = exception;
    assert_eq!(accepted.provenance(), &Provenance::LegacyUnsigned { digest, reason, until });
    assert_eq!((accepted.created(), accepted.expires()), (None, until));
    assert_eq!((accepted.digest(), accepted.facts().digest), (&digest, digest));
    assert_eq!(accepted.manifest_bytes(), MANIFEST.as_bytes());
    assert_eq!(accepted.checks(), [Check::Revocation, Check::Archive, Check::Exception]);
    let signed = [Check::Envelope, Check::Signatures, Check::Statement, Check::NameScope, Check::Digests];
    assert!(accepted.checks().iter().all(|check| !signed.contains(check)));
    // The same facts as a signature would have given: what a pack may do does not depend on who vouches.
    let signed = verify_under(&archive, &sign(&archive, &[1]), &trust(&document()), now()).unwrap();
    assert_eq!(accepted.facts(), signed.facts());
}

#[test]
fn k53_an_exception_ends_with_its_date() {
    let archive = pack();
    let exception = exception(&archive);
    let trust = trust(&document());
    let ends = |now: &str| code(accept_at(&archive, &exception, &trust, at(now)));
    assert_eq!(ends("2026-08-31T23:59:59Z"), "ok");
    assert_eq!(ends(UNTIL), "pack.legacy_expired");
    assert_eq!(ends("2027-01-01T00:00:00Z"), "pack.legacy_expired");
}

#[test]
fn k53_an_exception_covers_the_bytes_of_one_archive() {
    let archive = pack();
    let exception = exception(&archive);
    let other = pack_with(&MANIFEST.replace("Lists a tree.", "Lists a tree!"));
    assert_eq!(code(accept(&archive, &exception)), "ok");
    assert_eq!(code(accept(&other, &exception)), "pack.legacy_other_archive");
    let mut bits = archive.clone();
    // Every byte of the README's content and of the manifest decides.
    for at in (512..600).chain(1536..1600) {
        bits[at] ^= 1;
        assert_ne!(code(accept(&bits, &exception)), "ok", "{at}");
        bits[at] ^= 1;
    }
}

#[test]
fn k53_a_malformed_archive_is_refused_as_that() {
    let good = pack();
    let trailing = [&good[..], &[0]].concat();
    let cut = good[..good.len() - 512].to_vec();
    let no_manifest = archive(&[("README.md", false, b"x")]);
    let bad_manifest = pack_with(&MANIFEST.replace("reach-pack/1", "reach-pack/9"));
    let lacking = archive(&[("pack.toml", false, MANIFEST.as_bytes())]);
    for bad in [trailing, cut, no_manifest, bad_manifest, lacking] {
        // What another pack with such an archive would be refused as.
        let expected = crate::inspect_archive(&bad[..]).unwrap_err().code();
        assert_eq!(code(accept(&bad, &exception(&bad))), expected);
        assert!(expected.starts_with("pack."), "{expected}");
    }
    assert_eq!(code(accept(&good, &exception(&good))), "ok");
}

#[test]
fn k53_revocations_floors_and_expectations_hold_for_unsigned_packs_too() {
    let archive = pack();
    let exception = exception(&archive);
    let revoking = trust_with(|document| document.revoked_packs.push(revoked(exception.digest)));
    assert_eq!(code(accept_at(&archive, &exception, &revoking, now())), "pack.pack_revoked");
    let another = trust_with(|document| document.revoked_packs.push(revoked(Blake3Digest::of(b"another"))));
    assert_eq!(code(accept_at(&archive, &exception, &another, now())), "ok");

    let (name, version) = (PackName::parse("inventory").unwrap(), |text: &str| PackVersion::parse(text).unwrap());
    let trust = trust(&document());
    let asked = |last: Option<(&str, Blake3Digest)>, expected: &Expected| {
        let mut memory = MemorySeen::default();
        if let Some((text, digest)) = last {
            memory.record(&name, version(text), digest);
        }
        let asked = Verification { trust: &trust, expected, now: now(), seen: Some(&memory), evidence: None };
        accept_legacy_unsigned(&archive[..], &exception, &asked)
    };
    let any = Expected::default();
    assert_eq!(code(asked(None, &any)), "ok");
    assert_eq!(code(asked(Some(("1.0.0", exception.digest)), &any)), "ok");
    assert_eq!(code(asked(Some(("0.9.9", Blake3Digest::of(b"older"))), &any)), "ok");
    assert_eq!(code(asked(Some(("1.0.1", exception.digest)), &any)), "pack.rollback");
    assert_eq!(code(asked(Some(("1.0.0", Blake3Digest::of(b"other"))), &any)), "pack.equivocation");
    let named = Expected { name: Some(name.clone()), version: Some(version("1.0.0")) };
    let accepted = asked(None, &named).unwrap();
    assert_eq!(accepted.checks().iter().filter(|check| check.asked_by().is_some()).count(), 3);
    let other = Expected { name: Some(PackName::parse("exporter").unwrap()), version: None };
    assert_eq!(code(asked(None, &other)), "pack.subject_mismatch");
    let newer = Expected { name: None, version: Some(version("1.0.1")) };
    assert_eq!(code(asked(None, &newer)), "pack.subject_mismatch");
}

/// Every spoiled envelope of a pack is its own refusal: a policy's exception is no argument of
/// `verify_pack`, so nothing that carries an envelope can be exempted.
#[test]
fn k01_k02_k53_unsigned_is_told_from_badly_signed() {
    let archive = pack();
    let envelope = sign(&archive, &[1]);
    let spoiled = |envelope: &str| crate::testing::code(&archive, envelope);
    assert_eq!(spoiled(&envelope), "ok");
    assert_eq!(spoiled(""), "pack.envelope_malformed");
    assert_eq!(spoiled(" "), "pack.envelope_malformed");
    assert_eq!(spoiled("{}"), "pack.envelope_malformed");
    assert_eq!(spoiled(envelope.get(..envelope.len() - 1).unwrap()), "pack.envelope_malformed");
    assert_eq!(spoiled(&envelope.replace("\"sig\":\"", "\"sig\":\"AAAA")), "pack.bad_signature");
    assert_eq!(spoiled(&sign(&archive, &[9])), "pack.untrusted");
    let (head, _) = envelope.split_once("\"signatures\"").unwrap();
    assert_eq!(spoiled(&format!("{head}\"signatures\":[]}}")), "pack.no_signatures");
    let (head, _) = envelope.split_once("\"sig\":").unwrap();
    assert_eq!(spoiled(&format!("{head}\"sig\":\"\"}}]}}")), "pack.no_signatures");
    let trust = trust(&document());
    let expected = Expected::default();
    let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: None, evidence: None };
    assert_eq!(code(crate::verify_pack(&archive[..], None, &asked)), "pack.unsigned");
}

#[test]
fn a_verdict_is_judged_again_under_a_newer_document() {
    let archive = pack();
    let before = trust(&document());
    let verified = verify_under(&archive, &sign(&archive, &[1]), &before, now()).unwrap();
    let code =
        |trust: &VerifiedTrust, now| verified.check_standing(trust, now, None).map_or_else(|e| e.code(), |()| "ok");
    assert_eq!(code(&before, now()), "ok");
    assert_eq!(code(&before, at("2026-11-30T23:59:59Z")), "ok");
    assert_eq!(code(&before, expires()), "pack.pack_expired");
    let digest = *verified.digest();
    assert_eq!(code(&trust_with(|document| document.revoked_packs.push(revoked(digest))), now()), "pack.pack_revoked");
    let ada = |document: &mut reach_signing::TrustDocument| document.signers.iter().position(|s| s.name == "ada");
    for reason in [RevocationReason::Superseded, RevocationReason::Compromised] {
        let trust = trust_with(|document| {
            let at = ada(document).unwrap();
            document.signers[at].keys[0].revoked = Some(Revocation { since: created(), reason });
        });
        assert_eq!(code(&trust, now()), "pack.key_revoked");
    }
    let scoped = trust_with(|document| {
        let at = ada(document).unwrap();
        document.signers[at].packs.clear();
    });
    assert_eq!(code(&scoped, now()), "pack.name_scope");
    let gone = trust_with(|document| {
        let at = ada(document).unwrap();
        document.signers.remove(at);
    });
    assert_eq!(code(&gone, now()), "pack.untrusted");
    let two = trust_with(|document| {
        document.thresholds.insert(reach_signing::Role::Pack, 2);
    });
    assert_eq!(code(&two, now()), "pack.threshold");

    let exempted = accept(&archive, &exception(&archive)).unwrap();
    let code =
        |trust: &VerifiedTrust, now| exempted.check_standing(trust, now, None).map_or_else(|e| e.code(), |()| "ok");
    assert_eq!(code(&gone, now()), "ok");
    assert_eq!(code(&gone, at(UNTIL)), "pack.legacy_expired");
    assert_eq!(code(&trust_with(|document| document.revoked_packs.push(revoked(digest))), now()), "pack.pack_revoked");
}
