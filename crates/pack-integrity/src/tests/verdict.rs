//! The archive against what was signed about it, and what a verdict is made of.

use reach_signing::Signer;
use reach_types::{Blake3Digest, Code, Grant, Scope};

use crate::{
    ContentSink, Entry, Expected, MemorySeen, Provenance, SinkStopped, Verification, sign_pack, testing::*,
    verify_pack, verify_pack_into,
};

#[test]
fn a_verdict_says_what_the_manifest_says() {
    let archive = pack();
    let verified = verify_under(&archive, &sign(&archive, &[1]), &trust(&document()), now()).unwrap();
    assert_eq!(verified.provenance(), &Provenance::Signed { signers: vec!["ada".to_owned()] });
    assert_eq!(verified.manifest_bytes(), MANIFEST.as_bytes());
    assert_eq!(*verified.digest(), Blake3Digest::of(&archive));
    assert_eq!(verified.facts().digest, *verified.digest());
    assert_eq!((verified.created(), verified.expires()), (Some(created()), expires()));
    let facts = verified.facts();
    assert_eq!((facts.name.as_str(), facts.version.to_string().as_str()), ("inventory", "1.0.0"));
    assert!(facts.deterministic && facts.scopes.covers(&Scope::parse("output:write").unwrap()));
    assert!(facts.scopes.iter().any(Grant::is_wildcard));
    assert_eq!((facts.tools.len(), facts.models.len()), (1, 1));
}

#[test]
fn k47_k42_contents_changed_after_signing() {
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
fn k48_one_packs_manifest_in_the_others_archive() {
    let manifest = MANIFEST.replace("inventory", "exporter");
    let build = |manifest: &str, content: &[u8]| {
        archive(&[("README.md", false, content), ("pack.toml", false, manifest.as_bytes())])
    };
    let (a, b) = (build(MANIFEST, b"a"), build(&manifest, b"b"));
    let envelope = sign(&b, &[1]);
    assert_eq!((code(&a, &sign(&a, &[1])), code(&b, &envelope)), ("ok", "ok"));
    assert_eq!(code(&build(MANIFEST, b"b"), &envelope), "pack.digest_mismatch");
    assert_eq!(code(&build(&manifest, b"a"), &envelope), "pack.digest_mismatch");
}

#[test]
fn k48_a_statement_about_another_pack_than_the_manifest() {
    let other = crate::inspect_archive(&pack_with(&MANIFEST.replace("1.0.0\"\ndesc", "1.0.1\"\ndesc"))[..]).unwrap();
    let this = crate::inspect_archive(&pack()[..]).unwrap();
    let envelope = sign_pack(&this.digests, &other.manifest, created(), expires(), &[&key(1)]).unwrap();
    assert_eq!(code(&pack(), &envelope), "pack.manifest_mismatch");
}

/// An archive that must not be read.
struct Untouchable;

impl std::io::Read for Untouchable {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        panic!("the archive was read");
    }
}

#[test]
fn k20_k45_everything_that_needs_no_archive_is_refused_before_it_is_touched() {
    let good = sign(&pack(), &[1]);
    let junk = |count: usize| {
        let mut envelope: serde_json::Value = serde_json::from_str(&good).unwrap();
        let signatures = envelope["signatures"].as_array_mut().unwrap();
        signatures.resize(count, serde_json::json!({ "sig": "AAAA" }));
        envelope.to_string()
    };
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let after_expiry = at("2026-12-01T00:00:00Z");
    for (envelope, now, code) in [
        (None, now(), "pack.unsigned"),
        (Some(""), now(), "pack.envelope_malformed"),
        (Some("{"), now(), "pack.envelope_malformed"),
        (Some(&deep), now(), "pack.envelope_too_large"),
        (Some(&"[".repeat(1000)), now(), "pack.envelope_too_deep"),
        (Some(&junk(0)), now(), "pack.no_signatures"),
        (Some(&junk(20)), now(), "pack.too_many_signatures"),
        (Some(&sign(&pack(), &[9])), now(), "pack.untrusted"),
        (Some(&good.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1)), now(), "pack.bad_signature"),
        (Some(&envelope_of("application/json", b"{}")), now(), "pack.wrong_payload_type"),
        (Some(&envelope_of(crate::PAYLOAD_TYPE, &deep.as_bytes()[..50_000])), now(), "pack.limit_depth"),
        (Some(&envelope_of(crate::PAYLOAD_TYPE, b"{}")), now(), "pack.statement_malformed"),
        (Some(&good), after_expiry, "pack.pack_expired"),
    ] {
        let trust = trust(&document());
        let expected = Expected::default();
        let asked = Verification { trust: &trust, expected: &expected, now, seen: None, evidence: None };
        let mut touched = Recorded::default();
        let verdict = verify_pack_into(Untouchable, envelope.map(str::as_bytes), &asked, &mut touched);
        assert_eq!(verdict.unwrap_err().code(), code);
        assert!(touched.files.is_empty());
    }
    assert_eq!(code(&pack(), &good), "ok");
}

/// Everything a sink was handed; it may stop at a file or after a number of bytes.
#[derive(Default)]
struct Recorded {
    files: Vec<(String, Vec<u8>)>,
    stop_at: Option<(&'static str, usize)>,
}

impl Recorded {
    fn go_on(&self) -> Result<(), SinkStopped> {
        let (path, content) = self.files.last().unwrap();
        let stops = self.stop_at.is_some_and(|(at, bytes)| at == path && content.len() >= bytes);
        if stops { Err(SinkStopped) } else { Ok(()) }
    }
}

impl ContentSink for Recorded {
    fn file(&mut self, entry: &Entry) -> Result<(), SinkStopped> {
        self.files.push((entry.path().to_string(), Vec::new()));
        self.go_on()
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), SinkStopped> {
        self.files.last_mut().unwrap().1.extend_from_slice(bytes);
        self.go_on()
    }
}

#[test]
fn k49_a_sink_gets_the_bytes_that_are_verified() {
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let files: &[File] = &[
        ("README.md", false, b"Read me.\n"),
        ("large", true, &large),
        ("none", false, b""),
        ("pack.toml", false, MANIFEST.as_bytes()),
    ];
    let archive = archive(files);
    let envelope = sign(&archive, &[1]);
    let trust = trust(&document());
    let expected = Expected::default();
    let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: None, evidence: None };
    let mut all = Recorded::default();
    let verified = verify_pack_into(&archive[..], Some(envelope.as_bytes()), &asked, &mut all).unwrap();
    assert_eq!(verified, verify_under(&archive, &envelope, &trust, now()).unwrap());
    let expected: Vec<_> = files.iter().map(|(path, _, content)| ((*path).to_owned(), content.to_vec())).collect();
    assert!(all.files == expected);

    // What it had when it gave up is all that was handed to it.
    for (stop, seen) in [(("README.md", 0), 1), (("large", 0), 2), (("large", 2_000_000), 2), (("pack.toml", 1), 4)] {
        let mut some = Recorded { stop_at: Some(stop), ..Recorded::default() };
        let error = verify_pack_into(&archive[..], Some(envelope.as_bytes()), &asked, &mut some).unwrap_err();
        assert_eq!((error.code(), some.files.len()), ("pack.sink_stopped", seen));
    }
}

#[test]
fn k55_a_verdict_lists_only_checks_that_passed() {
    let envelope = sign(&pack(), &[1]);
    let always =
        ["envelope", "signatures", "statement", "name_scope", "expiry", "revocation", "archive", "digests", "manifest"];
    let trust = trust(&document());
    let verified = verify_under(&pack(), &envelope, &trust, now()).unwrap();
    assert_eq!(names(&verified), always);

    let expected = Expected { name: Some(verified.facts().name.clone()), version: None };
    let seen = MemorySeen::default();
    let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: Some(&seen), evidence: None };
    let all = verify_pack(&pack()[..], Some(envelope.as_bytes()), &asked).unwrap();
    let asked: Vec<_> = names(&all).into_iter().filter(|check| !always.contains(check)).collect();
    assert_eq!(asked, ["expected", "rollback"]);
    // They stand in the order of the one table that says what each of them proves.
    assert!(all.checks().is_sorted());
}

fn names(verified: &crate::VerifiedPack) -> Vec<&'static str> {
    verified.checks().iter().map(|check| check.name()).collect()
}

#[test]
fn k55_an_explanation_says_how_far_it_came() {
    let explain = |envelope: Option<&str>, archive: &[u8]| {
        let (trust, expected) = (trust(&document()), Expected::default());
        let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: None, evidence: None };
        let all = crate::explain_pack(archive, envelope.map(str::as_bytes), &asked);
        let code = all.verdict.map_or_else(|error| error.code(), |_| "ok");
        (code, all.passed.len(), all.failed.map(crate::Check::name))
    };
    let envelope = sign(&pack(), &[1]);
    assert_eq!(explain(Some(&envelope), &pack()), ("ok", 9, None));
    assert_eq!(explain(None, &pack()), ("pack.unsigned", 0, Some("envelope")));
    assert_eq!(explain(Some(&sign(&pack(), &[9])), &pack()), ("pack.untrusted", 1, Some("signatures")));
    let other = pack_with(&MANIFEST.replace("Lists", "Drops"));
    assert_eq!(explain(Some(&envelope), &other), ("pack.digest_mismatch", 7, Some("digests")));
    assert_eq!(explain(Some(&envelope), b""), ("pack.trailing_data", 6, Some("archive")));
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
    let ours = |code: &&str| code.starts_with("pack.") || code.starts_with("plugin.");
    assert!(codes.iter().all(ours), "{codes:?}");
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count);
}
