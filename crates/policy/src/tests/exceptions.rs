//! Exceptions for what is unsigned: what a policy may say, and how it is signed.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reach_types::{Blake3Digest, Code as _, LegacyException, MAX_REASON_BYTES, Sha256Digest, encode_strict};

use crate::wire;
use crate::{
    MAX_EXCEPTIONS, Policy,
    testing::{TOML, at, policy},
};

const UNTIL: &str = "2026-09-01T00:00:00Z";

fn digest(n: usize) -> Blake3Digest {
    Blake3Digest::of(&n.to_le_bytes())
}

fn block(list: &str, n: usize) -> String {
    format!("[[{list}]]\ndigest = \"{}\"\nreason = \"older than our keys\"\nuntil = \"{UNTIL}\"\n", digest(n))
}

/// The code that a good policy with `text` after it ends as.
fn code(text: &str) -> &'static str {
    // Tables follow the fields of the policy itself.
    Policy::from_toml(&format!("{TOML}{text}")).map_or_else(|error| error.code(), |_| "ok")
}

fn keyring(text: &str) -> Result<Policy, crate::PolicyError> {
    Policy::from_toml(&TOML.replace("version = 7", &format!("version = 7\nplugin_keyring = {text}")))
}

#[test]
fn k53_an_exception_names_one_file_a_reason_and_a_date() {
    for list in ["legacy_packs", "unsigned_plugins"] {
        let good = block(list, 1);
        assert_eq!(code(&good), "ok");
        let with = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            code(&good.replacen(from, to, 1))
        };
        let hex = digest(1).to_string();
        let line = format!("digest = \"{hex}\"\n");
        assert_eq!(with(&line, ""), "policy.exception_no_digest");
        for bad in [&hex.to_uppercase(), hex.get(..63).unwrap(), &format!("0x{hex}"), &format!("{hex}0"), "", "*"] {
            assert_eq!(with(&hex, bad), "policy.exception_digest", "{bad}");
        }
        assert_eq!(with(&line, "digest = [\"*\"]\n"), "policy.toml_malformed");
        for bad in ["", " ", "a\\nb", "\\u001b[31m", "caf\u{e9}", "trailing "] {
            assert_eq!(with("older than our keys", bad), "policy.exception_reason", "{bad:?}");
        }
        assert_eq!(with("older than our keys", &"x".repeat(MAX_REASON_BYTES)), "ok");
        assert_eq!(with("older than our keys", &"x".repeat(MAX_REASON_BYTES + 1)), "policy.exception_reason");
        assert_eq!(with("reason = \"older than our keys\"\n", ""), "policy.toml_malformed");
        for bad in ["never", "2026-09-01", "9999-01-01T00:00:00Z", "2026-09-01T00:00:00+02:00"] {
            assert_eq!(with(UNTIL, bad), "policy.date_malformed", "{bad}");
        }
        assert_eq!(with(&format!("until = \"{UNTIL}\"\n"), ""), "policy.toml_malformed");
        assert_eq!(with("reason", "name = \"inventory\"\nreason"), "policy.unknown_field");
        // A date that is over is no mistake of the list's: such an entry covers nothing any more.
        assert_eq!(with(UNTIL, "2020-01-01T00:00:00Z"), "ok");
    }
    assert_eq!(code("legacy_packs = true\n"), "policy.toml_malformed");
    assert_eq!(code("[legacy_packs]\n"), "policy.toml_malformed");
    // A list in the place of a table would be read by position.
    let by_position = format!("legacy_packs = [[\"{}\", \"older than our keys\", \"{UNTIL}\"]]\n", digest(1));
    assert_eq!(code(&by_position), "policy.toml_malformed");
}

#[test]
fn exceptions_are_counted_and_stand_once() {
    let list = |n: usize| (0..n).map(|i| block("legacy_packs", i)).collect::<String>();
    assert_eq!(code(&list(MAX_EXCEPTIONS)), "ok");
    assert_eq!(code(&list(MAX_EXCEPTIONS + 1)), "policy.too_many_entries");
    assert_eq!(code(&[block("legacy_packs", 1), block("legacy_packs", 1)].concat()), "policy.duplicate_entry");
    let other_reason = block("legacy_packs", 1).replace("older", "newer");
    assert_eq!(code(&[block("legacy_packs", 1), other_reason].concat()), "policy.duplicate_entry");
    assert_eq!(code(&[block("legacy_packs", 1), block("unsigned_plugins", 1)].concat()), "ok");
}

#[test]
fn p27_digests_of_other_algorithms_are_refused() {
    // MD5, SHA-1 and SHA-512 of nothing, by length, and named ones.
    for length in [32, 40, 128] {
        let hex = "a".repeat(length);
        assert_eq!(keyring(&format!("\"{hex}\"")).unwrap_err().code(), "policy.keyring_digest", "{length}");
        let entry = block("legacy_packs", 1).replace(&digest(1).to_string(), &hex);
        assert_eq!(code(&entry), "policy.exception_digest", "{length}");
    }
    let hex = "a".repeat(64);
    assert_eq!(keyring(&format!("\"sha1:{hex}\"")).unwrap_err().code(), "policy.keyring_digest");
    assert!(keyring(&format!("\"{hex}\"")).is_ok_and(|policy| policy.plugin_keyring().is_some()));
    let named = block("legacy_packs", 1).replace("digest =", "md5 =");
    assert_eq!(code(&named), "policy.unknown_field");
}

#[test]
fn a_pinned_keyring_is_a_sha256() {
    let hex = "ab".repeat(32);
    let pinned = keyring(&format!("\"{hex}\"")).unwrap();
    assert_eq!(pinned.plugin_keyring(), Some(&Sha256Digest::parse(&hex).unwrap()));
    assert_eq!(policy().plugin_keyring(), None);
    for bad in [&hex.to_uppercase(), hex.get(..63).unwrap(), "", "keyring.json"] {
        assert_eq!(keyring(&format!("\"{bad}\"")).unwrap_err().code(), "policy.keyring_digest", "{bad}");
    }
    assert_eq!(keyring("true").unwrap_err().code(), "policy.toml_malformed");
}

#[test]
fn an_exception_is_found_by_its_digest_and_by_no_other() {
    let text: String =
        (0..20).map(|i| block(if i % 2 == 0 { "legacy_packs" } else { "unsigned_plugins" }, i)).collect();
    let policy = Policy::from_toml(&format!("{TOML}{text}")).unwrap();
    for i in 0..40 {
        let found = policy.legacy_exception(&digest(i)).map(|entry| entry.digest);
        assert_eq!(found, (i < 20 && i % 2 == 0).then(|| digest(i)), "{i}");
        let found = policy.unsigned_plugin(&digest(i)).map(|entry| (entry.digest, entry.until));
        assert_eq!(found, (i < 20 && i % 2 == 1).then(|| (digest(i), at(UNTIL))), "{i}");
    }
    let json = serde_json::to_value(&policy).unwrap();
    assert_eq!((json["legacy_packs"].as_array().unwrap().len(), json["version"].as_u64()), (10, Some(7)));
    assert_eq!(json["unsigned_plugins"][0]["until"], UNTIL);
}

/// A policy as its encoding 2 writes it, without any of the checks.
fn encoded(packs: &[LegacyException], plugins: &[LegacyException], keyring: Option<Sha256Digest>) -> Vec<u8> {
    encode_strict(&(2u16, policy().body(), packs, plugins, keyring)).unwrap()
}

fn entry(n: u8) -> LegacyException {
    LegacyException { digest: Blake3Digest::from_bytes([n; 32]), reason: "old".to_owned(), until: at(UNTIL) }
}

#[test]
fn each_policy_has_one_encoding() {
    let read = |payload: &[u8]| wire::decode(payload).map_or_else(|error| error.code(), |_| "ok");
    let first = wire::encode(&policy()).unwrap();
    assert_eq!((first[0], read(&first)), (1, "ok"));
    // What the first encoding can say is not said in the second.
    assert_eq!(read(&encoded(&[], &[], None)), "policy.bundle_non_canonical");
    assert_eq!(read(&encoded(&[entry(1)], &[], None)), "ok");
    assert_eq!(read(&encoded(&[], &[entry(1)], None)), "ok");
    assert_eq!(read(&encoded(&[], &[], Some(Sha256Digest::from_bytes([0; 32])))), "ok");
    assert_eq!(read(&encoded(&[entry(1), entry(2)], &[], None)), "ok");
    assert_eq!(read(&encoded(&[entry(2), entry(1)], &[], None)), "policy.bundle_non_canonical");
    assert_eq!(read(&encoded(&[entry(1), entry(1)], &[], None)), "policy.bundle_non_canonical");
    assert_eq!(read(&encoded(&[], &[entry(2), entry(1)], None)), "policy.bundle_non_canonical");
    // A first encoding with more behind it, and the numbers of the two changed for each other.
    let second = encoded(&[entry(1)], &[], None);
    let renumbered = |number: u8, payload: &[u8]| [&[number], &payload[1..]].concat();
    assert_eq!(read(&renumbered(1, &second)), "policy.bundle_non_canonical");
    assert_eq!(read(&renumbered(2, &first)), "policy.bundle_malformed");
    assert_eq!(read(&renumbered(3, &second)), "policy.bundle_malformed");
    assert_eq!(read(&renumbered(4, &second)), "policy.bundle_format_unknown");
    assert_eq!(read(&renumbered(0, &second)), "policy.bundle_format_unknown");
    for end in 1..second.len() {
        assert_eq!(read(&second[..end]), "policy.bundle_malformed", "cut at {end}");
    }
}

#[test]
fn the_load_checks_hold_for_signed_exceptions_too() {
    let read = |payload: &[u8]| wire::decode(payload).map_or_else(|error| error.code(), |_| "ok");
    let reason = |text: &str| LegacyException { reason: text.to_owned(), ..entry(1) };
    assert_eq!(read(&encoded(&[reason("x")], &[], None)), "ok");
    for bad in ["", " x", "a\nb", "\u{e9}"] {
        assert_eq!(read(&encoded(&[reason(bad)], &[], None)), "policy.exception_reason", "{bad:?}");
        assert_eq!(read(&encoded(&[], &[reason(bad)], None)), "policy.exception_reason", "{bad:?}");
    }
    let many = |n: usize| {
        let numbers: BTreeMap<_, _> = (0..n).map(|i| (digest(i), i)).collect();
        numbers.into_keys().map(|digest| LegacyException { digest, ..entry(1) }).collect::<Vec<_>>()
    };
    assert_eq!(read(&encoded(&many(MAX_EXCEPTIONS), &many(MAX_EXCEPTIONS), None)), "ok");
    assert_eq!(read(&encoded(&many(MAX_EXCEPTIONS + 1), &[], None)), "policy.too_many_entries");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the order in which people write entries, there is one encoding, and it gives the
    /// policy back.
    #[test]
    fn written_in_any_order_an_exception_list_encodes_alike(
        numbers in proptest::collection::btree_set(0usize..1000, 0..12),
        seed in any::<u64>(),
    ) {
        let mut blocks: Vec<_> = numbers.iter().map(|n| block("legacy_packs", *n)).collect();
        let sorted = Policy::from_toml(&format!("{TOML}{}", blocks.concat())).unwrap();
        blocks.sort_by_key(|block| Blake3Digest::of(format!("{seed}{block}").as_bytes()));
        let shuffled = Policy::from_toml(&format!("{TOML}{}", blocks.concat())).unwrap();
        let payload = wire::encode(&sorted).unwrap();
        prop_assert_eq!(&wire::encode(&shuffled).unwrap(), &payload);
        prop_assert_eq!(payload[0], if numbers.is_empty() { 1 } else { 2 });
        prop_assert_eq!(wire::decode(&payload).unwrap(), sorted);
    }
}
