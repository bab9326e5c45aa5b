//! Signed bundles: who signed, what is in them, and no step back.

use std::collections::BTreeMap;

use reach_signing::{
    Envelope, KeyEntry, Revocation, RevocationReason, Role, Signer, SignerEntry, SigningKey, TrustDocument,
    VerifiedTrust,
};
use reach_types::{Blake3Digest, Class, Code as _, encode_strict};

use crate::{
    BUNDLE_PAYLOAD_TYPE, BundleError, BundleFloor, Floor, FloorUnavailable, Floors, MAX_BUNDLE_BYTES,
    MAX_BUNDLE_PAYLOAD_BYTES, MAX_GRANTS, MAX_MODEL_KEYS, MAX_MODELS_PER_KEY, MAX_TOOLS, Mode, Outcome, Policy,
    Subject, VerifiedBundle, build_bundle,
    testing::{TOML, acme, at, facts, now, policy, policy_with, registry, request},
    wire,
};

fn key(role: Role, seed: u8) -> SigningKey {
    SigningKey::from_seed(role, &[seed; 32]).unwrap()
}

fn entry(key: &SigningKey) -> KeyEntry {
    KeyEntry {
        public: key.public_key(),
        role: key.role(),
        not_before: at("2025-01-01T00:00:00Z"),
        not_after: at("2029-01-01T00:00:00Z"),
        retired: None,
        revoked: None,
    }
}

fn signer(name: &str, keys: Vec<KeyEntry>) -> SignerEntry {
    SignerEntry { name: name.to_owned(), keys, packs: Vec::new() }
}

pub(crate) fn alice() -> SigningKey {
    key(Role::Policy, 2)
}

/// A trust document with a root and these signers.
fn trust_with(signers: Vec<SignerEntry>, threshold: Option<u32>) -> VerifiedTrust {
    let root = key(Role::Root, 1);
    let mut all = vec![signer("root", vec![entry(&root)])];
    all.extend(signers);
    let document = TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created: at("2025-06-01T00:00:00Z"),
        expires: at("2029-01-01T00:00:00Z"),
        max_key_age_days: Some(3650),
        thresholds: threshold.map(|n| BTreeMap::from([(Role::Policy, n)])).unwrap_or_default(),
        signers: all,
        revoked_packs: Vec::new(),
    };
    let file = document.sign_first(&[&root]).unwrap();
    VerifiedTrust::verify(file.as_bytes(), None, now()).unwrap()
}

pub(crate) fn trust() -> VerifiedTrust {
    trust_with(vec![signer("alice", vec![entry(&alice())])], None)
}

fn bundle(policy: &Policy) -> String {
    build_bundle(policy, &[&alice()]).unwrap()
}

fn verify(file: &str, trust: &VerifiedTrust) -> Result<VerifiedBundle, BundleError> {
    VerifiedBundle::verify(file.as_bytes(), trust, now(), &Floor::Unchecked)
}

fn code(result: Result<VerifiedBundle, BundleError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

/// What alice signs, whatever it is, ends as.
fn signed(payload_type: &str, payload: Vec<u8>) -> &'static str {
    let envelope = Envelope::sign(payload_type, payload, &[&alice()]).unwrap();
    code(verify(&envelope.to_json(), &trust()))
}

fn payload() -> Vec<u8> {
    wire::encode(&policy()).unwrap()
}

#[test]
fn a_bundle_gives_back_its_policy() {
    let file = bundle(&policy());
    assert_eq!(file, bundle(&policy()), "the same bytes twice");
    let bundle = verify(&file, &trust()).unwrap();
    assert_eq!((bundle.policy(), bundle.version(), bundle.expires()), (&policy(), 7, policy().expires()));
    assert_eq!(bundle.signers(), ["alice"]);
    assert_eq!(*bundle.digest(), Blake3Digest::derive("reach 2026 policy bundle v1", &[&payload()]));

    let (facts, registry) = (facts(), registry());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &acme(), rights: None };
    let decision = bundle.gate(Mode::Enforce).unwrap().evaluate(&subject, &request(&["fs.list"], &[], &[]), now());
    assert_eq!((decision.outcome(), decision.bundle()), (Outcome::Allow, bundle.digest()));
}

#[test]
fn every_single_bit_flip_is_refused() {
    let (file, trust) = (bundle(&policy()).into_bytes(), trust());
    let refused = |file: &[u8]| VerifiedBundle::verify(file, &trust, now(), &Floor::Unchecked).unwrap_err().class();
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << bit;
            assert_ne!(refused(&flipped), Class::Internal, "byte {at}, bit {bit}");
        }
    }
    for end in 0..file.len() {
        assert_eq!(refused(&file[..end]), Class::Refused, "cut at {end}");
    }
}

/// A store that cannot answer.
struct Broken;

impl Floors for Broken {
    fn floor(&self, _name: &str) -> Result<Floor, FloorUnavailable> {
        Err(FloorUnavailable { reason: "the disk".to_owned() })
    }
}

#[test]
fn p25_no_step_back_and_no_second_content() {
    let verify = |toml: &str, floor: &BundleFloor| {
        let file = bundle(&Policy::from_toml(toml).unwrap());
        VerifiedBundle::verify(file.as_bytes(), &trust(), now(), &Floor::Kept(*floor))
    };
    let version = |n: u64| TOML.replace("version = 7", &format!("version = {n}"));
    let nine = VerifiedBundle::verify(
        bundle(&policy_with("version = 7", "version = 9")).as_bytes(),
        &trust(),
        now(),
        &Floor::Unchecked,
    );
    let floor = nine.unwrap().floor();
    assert_eq!(floor.version, 9);
    assert_eq!(code(verify(&version(9), &floor)), "ok", "the same bundle again");
    assert_eq!(verify(&version(9), &floor).unwrap().floor(), floor);
    assert_eq!(code(verify(&version(7), &floor)), "policy.bundle_rollback");
    assert_eq!(code(verify(&version(8), &floor)), "policy.bundle_rollback");
    let other = version(9).replace("\"digest.files\", ", "");
    assert_eq!(code(verify(&other, &floor)), "policy.bundle_equivocation");
    assert_eq!(verify(&version(10), &floor).unwrap().floor().version, 10);
    let asked = |floor: &dyn Floors| code(VerifiedBundle::verify(bundle(&policy()).as_bytes(), &trust(), now(), floor));
    assert_eq!(asked(&Floor::FirstUse), "ok");
    assert_eq!(asked(&Floor::Missing), "policy.bundle_floor_missing");
    assert_eq!(asked(&Broken), "policy.bundle_floor_unavailable");
    // What nobody vouches for asks nothing of the store.
    let unsigned = bundle(&policy()).replace("\"sig\":\"", "\"sig\":\"AAAA");
    assert_eq!(
        code(VerifiedBundle::verify(unsigned.as_bytes(), &trust(), now(), &Broken)),
        "policy.bundle_signature_invalid"
    );
    // Rolled back and expired: the step back is what matters.
    let expired = version(8).replace("\"2027-01-01", "\"2026-05-01").replace("\"2026-07-01", "\"2026-05-01");
    assert_eq!(code(verify(&expired, &floor)), "policy.bundle_rollback");
    let stored = encode_strict(&floor).unwrap();
    assert_eq!(reach_types::decode_strict::<BundleFloor>(&stored, 64), Ok(floor));
}

#[test]
fn p26_a_bundle_is_in_force_between_its_dates() {
    let file = bundle(&policy());
    let verify = |now: &str| code(VerifiedBundle::verify(file.as_bytes(), &trust(), at(now), &Floor::Unchecked));
    assert_eq!(verify("2025-12-31T23:59:59Z"), "policy.bundle_not_yet_valid");
    assert_eq!(verify("2026-01-01T00:00:00Z"), "ok");
    assert_eq!(verify("2026-12-31T23:59:59Z"), "ok");
    assert_eq!(verify("2027-01-01T00:00:00Z"), "policy.bundle_expired");
}

#[test]
fn p26_versions_in_a_signed_payload_are_checked() {
    // The version follows the encoding's number (1 byte) and the name (1 + 7 bytes).
    let with = |version: u64| {
        let bytes = payload();
        [&bytes[..9], &encode_strict(&version).unwrap(), &bytes[10..]].concat()
    };
    assert_eq!(with(7), payload());
    for bad in [0, (1 << 53) + 1, u64::MAX] {
        assert_eq!(signed(BUNDLE_PAYLOAD_TYPE, with(bad)), "policy.bundle_version_invalid", "{bad}");
    }
    assert_eq!(signed(BUNDLE_PAYLOAD_TYPE, with(1 << 53)), "ok");
}

#[test]
fn p27_nothing_in_a_bundle_is_unsigned() {
    let file = bundle(&policy());
    let changed = |from: &str, to: &str| {
        assert!(file.contains(from));
        code(verify(&file.replacen(from, to, 1), &trust()))
    };
    assert_eq!(changed("{\"payload\"", "{\"payload\""), "ok");
    assert_eq!(changed("{\"payload\"", "{\"extra\":1,\"payload\""), "policy.bundle_malformed");
    assert_eq!(changed("{\"keyid\"", "{\"cert\":\"\",\"keyid\""), "policy.bundle_malformed");
    assert_eq!(changed("{\"payload\"", "{\"payload\":\"\",\"payload\""), "policy.bundle_malformed");
    assert_eq!(changed("policy.v1", "policy.v2"), "policy.bundle_signature_invalid");
    let stranger = key(Role::Policy, 9).public_key().key_id().to_string();
    assert_eq!(changed(&alice().public_key().key_id().to_string(), &stranger), "policy.bundle_key_untrusted");
}

#[test]
fn p28_a_key_that_may_not_sign_any_more_counts_for_nothing() {
    let file = bundle(&policy());
    let standing = |change: &dyn Fn(&mut KeyEntry)| {
        let mut alices = entry(&alice());
        change(&mut alices);
        code(verify(&file, &trust_with(vec![signer("alice", vec![alices])], None)))
    };
    assert_eq!(standing(&|_| ()), "ok");
    let revocation = Revocation { since: at("2026-05-01T00:00:00Z"), reason: RevocationReason::Superseded };
    assert_eq!(standing(&|key| key.revoked = Some(revocation.clone())), "policy.bundle_key_revoked");
    assert_eq!(standing(&|key| key.retired = Some(now())), "policy.bundle_key_retired");
    assert_eq!(standing(&|key| key.retired = Some(at("2026-06-01T00:00:01Z"))), "ok");
    assert_eq!(standing(&|key| key.not_after = now()), "policy.bundle_key_expired");
    assert_eq!(standing(&|key| key.not_before = at("2026-06-01T00:00:01Z")), "policy.bundle_key_not_yet_valid");
    assert_eq!(standing(&|key| key.not_before = at("2016-06-03T00:00:00Z")), "policy.bundle_key_overdue");
    assert_eq!(standing(&|key| key.not_before = at("2016-06-03T00:00:01Z")), "ok");
    // Another role's key, and a key that was replaced by another of the same signer.
    assert_eq!(standing(&|key| key.role = Role::Pack), "policy.bundle_no_trusted_key");
    let bob = signer("bob", vec![entry(&key(Role::Policy, 4))]);
    assert_eq!(code(verify(&file, &trust_with(vec![bob], None))), "policy.bundle_key_untrusted");
    assert_eq!(standing(&|entry| entry.public = key(Role::Policy, 3).public_key()), "policy.bundle_key_untrusted");
}

#[test]
fn p18_a_bundle_in_use_is_judged_again_under_a_newer_document() {
    let bundle = verify(&bundle(&policy()), &trust()).unwrap();
    let code = |trust: &VerifiedTrust, now| bundle.check_standing(trust, now).map_or_else(|e| e.code(), |()| "ok");
    assert_eq!(code(&trust(), now()), "ok");
    assert_eq!(code(&trust(), at("2027-01-01T00:00:00Z")), "policy.bundle_expired");
    let mut alices = entry(&alice());
    alices.revoked = Some(Revocation { since: now(), reason: RevocationReason::Compromised });
    assert_eq!(code(&trust_with(vec![signer("alice", vec![alices])], None), now()), "policy.bundle_key_revoked");
    assert_eq!(code(&trust_with(Vec::new(), None), now()), "policy.bundle_key_untrusted");
    let bob = signer("bob", vec![entry(&key(Role::Policy, 4))]);
    let both = trust_with(vec![signer("alice", vec![entry(&alice())]), bob], Some(2));
    assert_eq!(code(&both, now()), "policy.bundle_threshold");
}

#[test]
fn p28_signers_are_counted_and_not_signatures_or_keys() {
    let (one, two, bob) = (alice(), key(Role::Policy, 3), key(Role::Policy, 4));
    let signers = vec![signer("alice", vec![entry(&one), entry(&two)]), signer("bob", vec![entry(&bob)])];
    let trust = trust_with(signers, Some(2));
    let by = |signers: &[&dyn Signer]| code(verify(&build_bundle(&policy(), signers).unwrap(), &trust));
    assert_eq!(by(&[&one]), "policy.bundle_threshold");
    assert_eq!(by(&[&one, &one]), "policy.bundle_threshold");
    assert_eq!(by(&[&one, &two]), "policy.bundle_threshold");
    assert_eq!(by(&[&one, &bob]), "ok");
    assert_eq!(by(&[&one, &bob, &key(Role::Policy, 9)]), "policy.bundle_key_untrusted");
    let both = build_bundle(&policy(), &[&bob, &two]).unwrap();
    assert_eq!(verify(&both, &trust).unwrap().signers(), ["alice", "bob"]);
    let seventeen = build_bundle(&policy(), &[&one as &dyn Signer; 17]);
    assert_eq!(seventeen.unwrap_err().code(), "policy.bundle_too_many_signatures");
    assert_eq!(by(&[&one, &bob as &dyn Signer].repeat(8)), "ok");
}

#[test]
fn p29_an_unsigned_bundle_is_refused_and_no_key_trusts_nobody() {
    let file = bundle(&policy());
    let (before, _) = file.split_once("\"signatures\":").unwrap();
    let none = format!("{before}\"signatures\":[]}}");
    assert_eq!(code(verify(&none, &trust())), "policy.bundle_unsigned");
    assert_eq!(verify(&none, &trust()).unwrap_err().class(), Class::Unsigned);
    let (before, _) = file.split_once("\"sig\":").unwrap();
    let empty = format!("{before}\"sig\":\"\"}}]}}");
    assert_eq!(code(verify(&empty, &trust())), "policy.bundle_unsigned");
    assert_eq!(build_bundle(&policy(), &[]).unwrap_err().code(), "policy.bundle_unsigned");
    assert_eq!(code(verify(&file, &trust_with(Vec::new(), None))), "policy.bundle_no_trusted_key");
    // Not even the file is looked at.
    assert_eq!(code(verify("", &trust_with(Vec::new(), None))), "policy.bundle_no_trusted_key");
    assert_eq!(code(verify(&file, &trust())), "ok");
}

#[test]
fn p32_any_change_of_the_policy_changes_the_bundles_digest() {
    let digest = |from: &str, to: &str| *verify(&bundle(&policy_with(from, to)), &trust()).unwrap().digest();
    let all = [
        digest("version = 7", "version = 7"),
        digest("version = 7", "version = 8"),
        digest("\"digest.files\", ", ""),
        digest("\"output:*\"", "\"output\""),
        digest("require_deterministic = true", "require_deterministic = false"),
        digest("warn_until = \"2026-07-01T00:00:00Z\"", ""),
        digest("warn_until = \"2026-07-01", "warn_until = \"2026-08-01"),
        digest("\"2027-01-01", "\"2028-01-01"),
        digest("\"2026-01-01", "\"2026-01-02"),
        digest(", \"acme.small-1\"", ""),
        digest("planner", "judge"),
        digest("\"example\"", "\"other\""),
    ];
    for (i, one) in all.iter().enumerate() {
        assert_eq!(all.iter().position(|other| other == one), Some(i));
    }
    // The order in which people write lists is no change.
    assert_eq!(all[0], digest("\"digest.files\", \"fs.list\"", "\"fs.list\", \"digest.files\""));
}

#[test]
fn p33_the_load_checks_hold_for_what_is_signed_too() {
    let code = |expires: &str, warn_until: Option<&str>, models: &[&str]| {
        let dates = (at("2026-01-01T00:00:00Z"), at(expires), warn_until.map(at), true);
        let lists = ([""; 0].as_slice(), [""; 0].as_slice(), BTreeMap::from([("planner", models)]));
        signed(BUNDLE_PAYLOAD_TYPE, encode_strict(&(1u16, "example", 1u64, dates, lists)).unwrap())
    };
    let good = "2027-01-01T00:00:00Z";
    assert_eq!(code(good, None, &["m-1", "m-2"]), "ok");
    assert_eq!(code(good, None, &[]), "policy.unsatisfiable");
    assert_eq!(code(good, None, &["m-1", "m-1"]), "policy.bundle_non_canonical");
    assert_eq!(code(good, None, &["M-1"]), "policy.bundle_malformed");
    assert_eq!(code("2026-01-01T00:00:00Z", None, &["m-1"]), "policy.dates_invalid");
    assert_eq!(code(good, Some(good), &["m-1"]), "ok");
    assert_eq!(code(good, Some("2027-01-01T00:00:01Z"), &["m-1"]), "policy.dates_invalid");
    let many: Vec<String> = (0..=MAX_MODELS_PER_KEY).map(|i| format!("{i:03}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(code(good, None, &many[1..]), "ok");
    assert_eq!(code(good, None, &many), "policy.too_many_entries");
}

#[test]
fn p34_a_bundle_is_bounded_before_it_is_read() {
    let padded = |bytes: usize| [bundle(&policy()).into_bytes(), vec![b' '; bytes]].concat();
    let verify = |file: &[u8]| code(VerifiedBundle::verify(file, &trust(), now(), &Floor::Unchecked));
    let length = bundle(&policy()).len();
    assert_eq!(verify(&padded(MAX_BUNDLE_BYTES - length)), "ok");
    assert_eq!(verify(&padded(MAX_BUNDLE_BYTES - length + 1)), "policy.bundle_too_large");
    let payload = vec![1; MAX_BUNDLE_PAYLOAD_BYTES + 1];
    assert_eq!(signed(BUNDLE_PAYLOAD_TYPE, payload), "policy.bundle_too_large");
    assert_eq!(verify("[".repeat(10_000).as_bytes()), "policy.bundle_too_deep");
}

#[test]
fn p34_counts_are_bounded_in_what_is_signed_too() {
    let names = |n: usize| (0..n).map(|i| format!("{i:06}")).collect::<Vec<_>>();
    let code = |tools: usize, scopes: usize, keys: usize| {
        let dates = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), None::<()>, true);
        let models: BTreeMap<_, _> = names(keys).into_iter().map(|key| (key, ["m-1"].as_slice())).collect();
        let lists = (names(tools), names(scopes), models);
        signed(BUNDLE_PAYLOAD_TYPE, encode_strict(&(1u16, "example", 1u64, dates, lists)).unwrap())
    };
    assert_eq!(code(MAX_TOOLS, MAX_GRANTS, MAX_MODEL_KEYS), "ok");
    assert_eq!(code(MAX_TOOLS + 1, 0, 0), "policy.too_many_entries");
    assert_eq!(code(0, MAX_GRANTS + 1, 0), "policy.too_many_entries");
    assert_eq!(code(0, 0, MAX_MODEL_KEYS + 1), "policy.too_many_entries");
}

#[test]
fn the_largest_policy_fits_its_bundle() {
    let grants = (0..MAX_GRANTS).map(|i| format!("\"{i:05}:{}\"", "a".repeat(122)));
    let tools = (0..MAX_TOOLS).map(|i| format!("\"{i:064}\""));
    let list = (0..MAX_MODELS_PER_KEY).map(|i| format!("\"{i:064}\"")).collect::<Vec<_>>().join(",");
    let models = (0..MAX_MODEL_KEYS).map(|i| format!("{i:064} = [{list}]\n")).collect::<String>();
    let (before, _) = TOML.split_once("tools =").unwrap();
    let (tools, grants) = (tools.collect::<Vec<_>>().join(",\n"), grants.collect::<Vec<_>>().join(",\n"));
    let text = format!("{before}tools = [{tools}]\nscopes = [{grants}]\n[models]\n{models}");
    let policy = Policy::from_toml(&text).unwrap();
    assert_eq!(verify(&bundle(&policy), &trust()).unwrap().policy(), &policy);
}

#[test]
fn only_the_canonical_payload_of_the_right_type_is_a_policy() {
    assert_eq!(signed(BUNDLE_PAYLOAD_TYPE, payload()), "ok");
    assert_eq!(signed("application/vnd.reach.policy.v2", payload()), "policy.bundle_wrong_payload_type");
    for bad in [vec![], vec![0], vec![4], [&[0x81, 0x00][..], &payload()[1..]].concat()] {
        assert_eq!(signed(BUNDLE_PAYLOAD_TYPE, bad.clone()), "policy.bundle_format_unknown", "{bad:?}");
    }
    let trailing = [payload(), vec![0]].concat();
    assert_eq!(signed(BUNDLE_PAYLOAD_TYPE, trailing), "policy.bundle_non_canonical");
    for end in 1..payload().len() {
        assert_eq!(signed(BUNDLE_PAYLOAD_TYPE, payload()[..end].to_vec()), "policy.bundle_malformed", "cut at {end}");
    }
    let swapped = |a: &[u8], b: &[u8]| {
        let (bytes, both) = (payload(), [a, b].concat());
        let start = bytes.windows(both.len()).position(|window| window == both).unwrap();
        [&bytes[..start], b, a, &bytes[start + both.len()..]].concat()
    };
    assert_eq!(
        signed(BUNDLE_PAYLOAD_TYPE, swapped(b"\x0cdigest.files", b"\x07fs.list")),
        "policy.bundle_non_canonical"
    );
    assert_eq!(signed(BUNDLE_PAYLOAD_TYPE, swapped(b"\x07fs:read", b"\x04ns:*")), "policy.bundle_non_canonical");
    let wrong_key = build_bundle(&policy(), &[&key(Role::Pack, 2)]).unwrap_err();
    assert_eq!(wrong_key.code(), "sign.role_mismatch");
}

/// A token that signs with another key than it shows.
struct Swapped(SigningKey);

impl Signer for Swapped {
    fn public_key(&self) -> reach_signing::PublicKey {
        self.0.public_key()
    }

    fn role(&self) -> Role {
        Role::Policy
    }

    fn sign(&self, message: &reach_signing::Message) -> Result<reach_signing::Signature, reach_signing::SignError> {
        key(Role::Policy, 99).sign(message)
    }
}

#[test]
fn what_a_signer_returns_is_checked_before_it_is_handed_out() {
    let (good, swapped) = (key(Role::Policy, 2), Swapped(key(Role::Policy, 3)));
    let code = |signers: &[&dyn Signer]| build_bundle(&policy(), signers).map_or_else(|e| e.code(), |_| "ok");
    assert_eq!(code(&[&good]), "ok");
    assert_eq!(code(&[&swapped]), "policy.signer_faulty");
    assert_eq!(code(&[&good, &swapped]), "policy.signer_faulty");
}
