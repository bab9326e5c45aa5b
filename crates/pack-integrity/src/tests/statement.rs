//! Statements that are validly signed and say the wrong thing.

use data_encoding::HEXLOWER;
use reach_signing::RevokedPack;
use reach_types::{Blake3Digest, Code, PackName, PackVersion};
use ring::digest::{SHA512, digest};
use serde_json::{Value, json};

use crate::{
    Expected, MemorySeen, PAYLOAD_TYPE, SeenError, SeenVersions, Verification, digest_archive, sign_pack, testing::*,
    verify_pack,
};

#[test]
fn k09_another_predicate() {
    for other in [
        "https://slsa.dev/provenance/v1",
        "https://slsa.dev/verification_summary/v1",
        "urn:reach:predicate:pack:v2",
        "",
    ] {
        assert_eq!(statement_code(|s| s["predicateType"] = other.into()), "pack.wrong_predicate", "{other}");
    }
    assert_eq!(statement_code(|_| {}), "ok");
    // Other people's predicates have other fields, or none.
    let none = |s: &mut Value| {
        s["predicateType"] = "https://slsa.dev/provenance/v1".into();
        s.as_object_mut().unwrap().remove("predicate");
    };
    assert_eq!(statement_code(none), "pack.wrong_predicate");
}

#[test]
fn k10_not_a_statement_about_one_pack() {
    let bad: [fn(&mut Value); 15] = [
        |s| s["_type"] = "https://in-toto.io/Statement/v0.1".into(),
        |s| s["_type"] = "https://in-toto.io/Statement/v1 ".into(),
        |s| drop(s.as_object_mut().unwrap().remove("_type")),
        |s| s["subject"] = json!([]),
        |s| s["subject"] = json!({}),
        |s| drop(s.as_object_mut().unwrap().remove("subject")),
        |s| drop(s["subject"][0].as_object_mut().unwrap().remove("digest")),
        |s| s["subject"][0]["digest"] = json!({}),
        |s| {
            let one = s["subject"][0].clone();
            s["subject"].as_array_mut().unwrap().push(one);
        },
        |s| s["subject"][0]["name"] = "other.reachpack".into(),
        |s| drop(s.as_object_mut().unwrap().remove("predicate")),
        |s| s["predicate"]["approved"] = true.into(),
        |s| s["predicate"]["name"] = "Inventory".into(),
        |s| s["predicate"]["created"] = "2026-05-01".into(),
        |s| s["predicate"]["expires"] = "9999-12-31T23:59:59Z".into(),
    ];
    for (index, change) in bad.into_iter().enumerate() {
        assert_eq!(statement_code(change), "pack.statement_malformed", "case {index}");
    }
    // What in-toto tells readers to ignore is ignored.
    assert_eq!(statement_code(|s| s["subject"][0]["annotations"] = json!({"a": 1})), "ok");
    assert_eq!(code(&pack(), &envelope_of(PAYLOAD_TYPE, b"")), "pack.statement_malformed");
    assert_eq!(code(&pack(), &envelope_of(PAYLOAD_TYPE, b"\xff")), "pack.statement_malformed");
}

#[test]
fn k11_signed_for_another_pack_than_the_one_wanted() {
    let want = |name: Option<&str>, version: Option<&str>| {
        let expected = Expected {
            name: name.map(|name| PackName::parse(name).unwrap()),
            version: version.map(|version| PackVersion::parse(version).unwrap()),
        };
        let envelope = sign(&pack(), &[1]);
        let trust = trust(&document());
        let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: None, evidence: None };
        let result = verify_pack(&pack()[..], Some(envelope.as_bytes()), &asked);
        result.map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(want(Some("inventory"), Some("1.0.0")), "ok");
    assert_eq!(want(Some("inventory"), None), "ok");
    assert_eq!(want(Some("inventor"), None), "pack.subject_mismatch");
    assert_eq!(want(None, Some("1.0.1")), "pack.subject_mismatch");
    assert_eq!(want(Some("other"), Some("1.0.0")), "pack.subject_mismatch");
}

#[test]
fn k12_digests_that_are_too_weak_alone() {
    let only = |digests: Value| statement_code(move |s| s["subject"][0]["digest"] = digests);
    let good = statement(&pack())["subject"][0]["digest"].clone();
    assert_eq!(only(json!({"md5": "0".repeat(32)})), "pack.weak_digest");
    assert_eq!(only(json!({"sha1": "0".repeat(40)})), "pack.weak_digest");
    assert_eq!(only(json!({"blake3": good["blake3"]})), "pack.weak_digest");
    assert_eq!(only(json!({"sha256": good["sha256"]})), "pack.weak_digest");
    assert_eq!(only(json!({"quantum": "00"})), "pack.weak_digest");
    assert_eq!(only(json!({"sha256": good["sha256"], "blake3": good["blake3"], "gitCommit": "00"})), "ok");
}

#[test]
fn k13_every_digest_that_is_stated_must_match() {
    let sha512 = HEXLOWER.encode(digest(&SHA512, &pack()).as_ref());
    let set = |algorithm: &'static str, value: String| {
        statement_code(move |s| s["subject"][0]["digest"][algorithm] = value.into())
    };
    assert_eq!(set("sha512", sha512.clone()), "ok");
    assert_eq!(set("sha512", "0".repeat(128)), "pack.digest_mismatch");
    assert_eq!(set("sha384", "0".repeat(96)), "pack.digest_mismatch");
    assert_eq!(set("sha512_256", "0".repeat(64)), "pack.digest_mismatch");
    assert_eq!(set("sha1", "0".repeat(40)), "pack.digest_mismatch");
    assert_eq!(set("blake3", "0".repeat(64)), "pack.digest_mismatch");
    assert_eq!(set("sha256", "0".repeat(64)), "pack.digest_mismatch");
}

#[test]
fn k14_digests_have_one_spelling() {
    let good = statement(&pack())["subject"][0]["digest"]["sha256"].as_str().unwrap().to_owned();
    let base64 = data_encoding::BASE64.encode(&HEXLOWER.decode(good.as_bytes()).unwrap());
    let (most, rest) = (good.split_at(63).0, good.split_at(2).1);
    for algorithm in ["sha256", "blake3", "sha512"] {
        for bad in [good.to_uppercase(), most.to_owned(), format!("0x{rest}"), base64.clone(), String::new()] {
            let spoilt = statement_code(|s| s["subject"][0]["digest"][algorithm] = bad.clone().into());
            assert_eq!(spoilt, "pack.digest_format", "{algorithm} {bad}");
        }
    }
    assert_eq!(statement_code(|s| s["subject"][0]["digest"]["sha256"] = good.into()), "ok");
}

#[test]
fn k24_a_pack_is_valid_until_before_it_expires() {
    let envelope = sign(&pack(), &[1]);
    let at_time = |text| code_under(&pack(), &envelope, &trust(&document()), at(text));
    assert_eq!(at_time("2026-11-30T23:59:59Z"), "ok");
    assert_eq!(at_time("2026-12-01T00:00:00Z"), "pack.pack_expired");
    let expires = |text: &'static str| statement_code(move |s| s["predicate"]["expires"] = text.into());
    assert_eq!(expires("2026-04-30T23:59:59Z"), "pack.pack_expired");
    assert_eq!(expires("2026-05-01T00:00:00Z"), "pack.pack_expired");
    // Before it is created and still to come.
    let backwards = |s: &mut Value| {
        s["predicate"]["created"] = "2026-11-02T00:00:00Z".into();
        s["predicate"]["expires"] = "2026-11-01T00:00:00Z".into();
    };
    assert_eq!(statement_code(backwards), "pack.pack_expired");
}

#[test]
fn k24_a_signer_does_not_sign_a_validity_that_holds_nothing() {
    let inspection = crate::inspect_archive(&pack()[..]).unwrap();
    let sign = |expires| {
        let signed = sign_pack(&inspection.digests, &inspection.manifest, created(), expires, &[&key(1)]);
        signed.map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(sign(expires()), "ok");
    assert_eq!(sign(created()), "pack.validity");
    assert_eq!(sign(reach_types::Timestamp::from_millis(u64::MAX)), "pack.validity");
    let none = sign_pack(&inspection.digests, &inspection.manifest, created(), expires(), &[]);
    assert_eq!(none.unwrap_err().code(), "pack.signer_count");
}

fn with_seen(seen: &dyn SeenVersions) -> &'static str {
    let envelope = sign(&pack(), &[1]);
    let trust = trust(&document());
    let expected = Expected::default();
    let asked = Verification { trust: &trust, expected: &expected, now: now(), seen: Some(seen), evidence: None };
    let result = verify_pack(&pack()[..], Some(envelope.as_bytes()), &asked);
    result.map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn k25_rollback_and_equivocation() {
    let seen = |version: &str, digest: Blake3Digest| {
        let mut seen = MemorySeen::default();
        seen.record(&PackName::parse("inventory").unwrap(), PackVersion::parse(version).unwrap(), digest);
        with_seen(&seen)
    };
    let digest = digest_archive(&pack()[..]).unwrap().blake3;
    let other = Blake3Digest::of(b"other");
    assert_eq!(with_seen(&MemorySeen::default()), "ok");
    assert_eq!(seen("0.9.9", other), "ok");
    assert_eq!(seen("1.0.0", digest), "ok");
    assert_eq!(seen("1.0.0", other), "pack.equivocation");
    assert_eq!(seen("1.0.1", digest), "pack.rollback");
    assert_eq!(statement_code(|s| s["predicate"]["version"] = "1.0.0+build".into()), "pack.statement_malformed");
}

#[test]
fn k25_a_store_that_does_not_answer_lets_nothing_through() {
    struct Broken;
    impl SeenVersions for Broken {
        fn highest(&self, _: &PackName) -> Result<Option<(PackVersion, Blake3Digest)>, SeenError> {
            Err(SeenError::Unavailable { reason: "disk" })
        }
    }
    assert_eq!(with_seen(&Broken), "pack.seen_unavailable");
}

#[test]
fn memory_remembers_the_highest_version() {
    let name = PackName::parse("inventory").unwrap();
    let version = |text| PackVersion::parse(text).unwrap();
    let mut seen = MemorySeen::default();
    for text in ["1.0.0", "1.2.0", "1.1.0"] {
        seen.record(&name, version(text), Blake3Digest::of(text.as_bytes()));
    }
    assert_eq!(seen.highest(&name), Ok(Some((version("1.2.0"), Blake3Digest::of(b"1.2.0")))));
}

#[test]
fn a_revoked_pack_is_refused_from_when_its_revocation_is_known() {
    let revoke = |digest| {
        let since = at("2026-07-01T00:00:00Z");
        let revoked = RevokedPack { digest, since, reason: "leaks".to_owned() };
        let trust = trust_with(|document| document.revoked_packs.push(revoked));
        code_under(&pack(), &sign(&pack(), &[1]), &trust, now())
    };
    assert_eq!(revoke(digest_archive(&pack()[..]).unwrap().blake3), "pack.pack_revoked");
    assert_eq!(revoke(Blake3Digest::of(b"other")), "ok");
}

#[test]
fn k51_numbers_and_texts_that_readers_disagree_on() {
    let good = statement(&pack()).to_string();
    let with = |value: &str| {
        let text = good.replacen('{', &format!("{{\"note\":{value},"), 1);
        code(&pack(), &envelope_of(PAYLOAD_TYPE, text.as_bytes()))
    };
    for bad in ["9007199254740993", "1e400", "-0", "1.5", "NaN", r#""\ud800""#] {
        assert_eq!(with(bad), "pack.statement_malformed", "{bad}");
    }
    for good in ["9007199254740992", r#""9007199254740993""#, r#""\ud83d\ude00""#] {
        assert_eq!(with(good), "ok", "{good}");
    }
}

#[test]
fn k10_a_predicate_is_never_read_by_position() {
    let values = json!(["inventory", "1.0.0", "2026-05-01T00:00:00Z", "2026-12-01T00:00:00Z"]);
    assert_eq!(statement_code(|s| s["predicate"] = values), "pack.statement_malformed");
    assert_eq!(statement_code(|_| {}), "ok");
}
