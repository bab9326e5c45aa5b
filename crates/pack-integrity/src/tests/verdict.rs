//! The archive against what was signed about it, and what a verdict is made of.

use reach_signing::Signer;
use reach_types::{Blake3Digest, Code, Grant, Scope};

use crate::{Expected, MemorySeen, Provenance, Verification, sign_pack, testing::*, verify_pack};

#[test]
fn a_verdict_says_what_the_manifest_says() {
    let archive = pack();
    let verified = verify_under(&archive, &sign(&archive, &[1]), &trust(&document()), now()).unwrap();
    assert_eq!(verified.provenance(), &Provenance::Signed { signers: vec!["ada".to_owned()] });
    assert_eq!(verified.manifest_bytes(), MANIFEST.as_bytes());
    assert_eq!(*verified.digest(), Blake3Digest::of(&archive));
    assert_eq!(verified.facts().digest, *verified.digest());
    assert_eq!((verified.created(), verified.expires()), (created(), expires()));
    let facts = verified.facts();
    assert_eq!((facts.name.as_str(), facts.version.to_string().as_str()), ("inventory", "1.0.0"));
    assert!(facts.deterministic && facts.scopes.covers(&Scope::parse("output:write").unwrap()));
    assert!(facts.scopes.iter().any(Grant::is_wildcard));
    assert_eq!((facts.tools.len(), facts.models.len()), (1, 1));
}

#[test]
fn k42_k47_contents_changed_after_signing() {
    let build = |a: &[u8], b: &[u8], executable: bool| {
        archive(&[
            ("README.md", false, b"x"),
            ("a.bin", executable, a),
            ("b.bin", false, b),
            ("pack.toml", false, MANIFEST.as_bytes()),
        ])
    };
    let envelope = sign(&build(b"1111", b"2222", false), &[1]);
    assert_eq!(code(&build(b"1111", b"2222", false), &envelope), "ok");
    assert_eq!(code(&build(b"2222", b"1111", false), &envelope), "pack.digest_mismatch");
    assert_eq!(code(&build(b"1111", b"2223", false), &envelope), "pack.digest_mismatch");
    assert_eq!(code(&build(b"1111", b"2222", true), &envelope), "pack.digest_mismatch");
}

#[test]
fn k46_a_file_that_the_manifest_names_and_the_archive_lacks() {
    let build = |files: &[File]| archive(&[&[("pack.toml", false, MANIFEST.as_bytes())], files].concat());
    let inspect = |archive: &[u8]| crate::inspect_archive(archive).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(inspect(&build(&[("README.md", false, b"x")])), "ok");
    assert_eq!(inspect(&build(&[])), "pack.missing_file");
    assert_eq!(inspect(&build(&[("readme.md", false, b"x")])), "pack.missing_file");
    assert_eq!(inspect(&build(&[("README.md/x", false, b"x")])), "pack.missing_file");
    // Signed all the same, by somebody with tools of their own.
    let lacking = build(&[]);
    let text = statement(&lacking).to_string();
    assert_eq!(code(&lacking, &envelope_of(crate::PAYLOAD_TYPE, text.as_bytes())), "pack.missing_file");
}

#[test]
fn a_pack_has_its_manifest_at_the_root() {
    let inspect = |archive: &[u8]| crate::inspect_archive(archive).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(inspect(&archive(&[])), "pack.no_manifest");
    let deeper = archive(&[("a/pack.toml", false, MANIFEST.as_bytes()), ("README.md", false, b"")]);
    assert_eq!(inspect(&deeper), "pack.no_manifest");
    assert_eq!(inspect(&pack()), "ok");
}

#[test]
fn k48_one_packs_archive_under_the_others_signature() {
    let other = pack_with(&MANIFEST.replace("inventory", "exporter"));
    let (a, b) = (sign(&pack(), &[1]), sign(&other, &[1]));
    assert_eq!(code(&pack(), &a), "ok");
    assert_eq!(code(&other, &b), "ok");
    assert_eq!(code(&pack(), &b), "pack.digest_mismatch");
    assert_eq!(code(&other, &a), "pack.digest_mismatch");
}

#[test]
fn k48_a_statement_about_another_pack_than_the_manifest() {
    let other = crate::inspect_archive(&pack_with(&MANIFEST.replace("1.0.0\"\ndesc", "1.0.1\"\ndesc"))[..]).unwrap();
    let this = crate::inspect_archive(&pack()[..]).unwrap();
    let envelope = sign_pack(&this.digests, &other.manifest, created(), expires(), &[&key(1)]).unwrap();
    assert_eq!(code(&pack(), &envelope), "pack.manifest_mismatch");
}

#[test]
fn a_bad_signature_is_refused_before_the_archive_is_touched() {
    struct Untouchable;
    impl std::io::Read for Untouchable {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            panic!("the archive was read");
        }
    }
    let envelope = sign(&pack(), &[9]);
    let trust = trust(&document());
    let expected = Expected::default();
    let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: None };
    let error = verify_pack(Untouchable, Some(envelope.as_bytes()), &asked).unwrap_err();
    assert_eq!(error.code(), "pack.untrusted");
}

#[test]
fn k55_a_verdict_lists_only_checks_that_passed() {
    let envelope = sign(&pack(), &[1]);
    let always =
        ["envelope", "signatures", "statement", "name_scope", "expiry", "revocation", "archive", "digests", "manifest"];
    let trust = trust(&document());
    let verified = verify_under(&pack(), &envelope, &trust, now()).unwrap();
    assert_eq!(verified.checks(), always);

    let expected = Expected { name: Some(verified.facts().name.clone()), version: None };
    let seen = MemorySeen::default();
    let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: Some(&seen) };
    let all = verify_pack(&pack()[..], Some(envelope.as_bytes()), &asked).unwrap();
    let asked: Vec<_> = all.checks().iter().filter(|check| !always.contains(check)).collect();
    assert_eq!(asked, [&"expected", &"rollback"]);
}

#[test]
fn k55_an_empty_policy_or_no_signer_is_no_verdict() {
    // A trust document without any signer of packs trusts nobody.
    let nobody = trust_with(|document| document.signers.truncate(1));
    assert_eq!(code_under(&pack(), &sign(&pack(), &[1]), &nobody, now()), "pack.untrusted");
    assert_eq!(code(&pack(), &sign(&pack(), &[1])), "ok");
}

#[test]
fn every_signature_is_checked_before_it_is_handed_out() {
    struct Liar;
    impl Signer for Liar {
        fn public_key(&self) -> reach_signing::PublicKey {
            key(1).public_key()
        }
        fn role(&self) -> reach_signing::Role {
            reach_signing::Role::Pack
        }
        fn sign(&self, message: &reach_signing::Message) -> Result<reach_signing::Signature, reach_signing::SignError> {
            key(2).sign(message)
        }
    }
    let inspection = crate::inspect_archive(&pack()[..]).unwrap();
    let signed = sign_pack(&inspection.digests, &inspection.manifest, created(), expires(), &[&Liar]);
    assert_eq!(signed.unwrap_err().code(), "pack.signer_faulty");
}

#[test]
fn codes_are_unique_and_named_after_this_surface() {
    let mut codes: Vec<_> = crate::CODES.iter().flat_map(|rows| rows.iter().map(|row| row.code)).collect();
    assert!(codes.iter().all(|code| code.starts_with("pack.")), "{codes:?}");
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count);
}
