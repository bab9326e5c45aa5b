//! Keyrings that do not load.

use reach_types::Code;
use serde_json::json;

use crate::{
    Keyring, MAX_KEYRING_BYTES, MAX_KEYRING_KEYS,
    plugin::testing::{KEY_ID, PRIVATE_KEY, PUBLIC_KEY, keyring_of, openssl_key},
};

fn code(keyring: &str) -> &'static str {
    Keyring::read(keyring.as_bytes()).map_or_else(|error| error.code(), |_| "ok")
}

fn one(pem: &str) -> &'static str {
    code(&keyring_of(&[(KEY_ID, pem)]))
}

#[test]
fn k31_one_weak_key_refuses_the_ring() {
    let other = openssl_key("rsa-2048-b");
    for good in ["rsa-2048-b", "rsa-3072", "rsa-4096"] {
        assert_eq!(one(&openssl_key(good)), "ok", "{good}");
    }
    for weak in ["rsa-1024", "rsa-2041", "rsa-2047", "rsa-2048-e3"] {
        assert_eq!(one(&openssl_key(weak)), "sign.weak_rsa_key", "{weak}");
        assert_eq!(code(&keyring_of(&[("a", &other), ("b", &openssl_key(weak))])), "sign.weak_rsa_key", "{weak}");
    }
}

#[test]
fn k32_a_ring_holds_rsa_public_keys_only() {
    for private in ["private-pkcs1", "private-pkcs8", "private-encrypted"] {
        assert_eq!(one(&openssl_key(private)), "sign.private_key", "{private}");
    }
    assert_eq!(one(PRIVATE_KEY), "sign.private_key");
    for other in ["certificate", "rsa-pss", "p256", "ed25519"] {
        assert_eq!(one(&openssl_key(other)), "sign.key_format", "{other}");
    }
    assert_eq!(one(&format!("{PUBLIC_KEY}{PUBLIC_KEY}")), "sign.key_format");
    assert_eq!(one(&format!("{PUBLIC_KEY}trailing")), "sign.key_format");
    // Accepted by rule: the PKCS#1 form, and line ends of either kind.
    assert_eq!(one(&openssl_key("rsa-2048-b-pkcs1")), "ok");
    assert_eq!(one(&PUBLIC_KEY.replace('\n', "\r\n")), "ok");
    let error = Keyring::read(keyring_of(&[("a", PUBLIC_KEY), ("leak", PRIVATE_KEY)]).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("`leak`") && error.to_string().contains("PRIVATE"), "{error}");
}

#[test]
fn k16_one_key_under_two_ids_is_refused() {
    let (spki, pkcs1) = (openssl_key("rsa-2048-b"), openssl_key("rsa-2048-b-pkcs1"));
    assert_eq!(code(&keyring_of(&[("a", PUBLIC_KEY), ("b", &spki)])), "ok");
    assert_eq!(code(&keyring_of(&[("a", &spki), ("b", &spki)])), "plugin.duplicate_public_key");
    // The same two numbers in the other form.
    assert_eq!(code(&keyring_of(&[("a", &spki), ("b", PUBLIC_KEY), ("c", &pkcs1)])), "plugin.duplicate_public_key");
}

#[test]
fn k17_k05_two_keys_under_one_id_are_refused() {
    let (a, b) = (json!(PUBLIC_KEY), json!(openssl_key("rsa-2048-b")));
    assert_eq!(code(&format!("{{\"x\":{a},\"y\":{b}}}")), "ok");
    assert_eq!(code(&format!("{{\"x\":{a},\"x\":{b}}}")), "plugin.duplicate_key");
    assert_eq!(code(&format!("{{\"x\":{a},\"\\u0078\":{b}}}")), "plugin.duplicate_key");
    let ring = Keyring::read(format!("{{\"x\":{a},\"X\":{b}}}").as_bytes()).unwrap();
    assert_ne!(ring.key("x"), ring.key("X"));
    assert_eq!(ring.ids().collect::<Vec<_>>(), ["X", "x"]);
}

#[test]
fn a_ring_is_one_bounded_object_of_texts() {
    assert_eq!(code("{}"), "ok");
    for bad in ["", "[]", "{\"a\":1}", "{\"a\":{\"pem\":\"\"}}", "{\"a\":null}", "\u{feff}{}", "{}{}"] {
        assert_eq!(code(bad), "plugin.malformed", "{bad}");
    }
    for id in ["", "a b", "a\u{301}", "\u{7f}", &"a".repeat(129)] {
        assert_eq!(code(&keyring_of(&[(id, PUBLIC_KEY)])), "plugin.malformed", "{id:?}");
    }
    for id in ["~!/+=:", "0", &"a".repeat(128)] {
        assert_eq!(code(&keyring_of(&[(id, PUBLIC_KEY)])), "ok", "{id:?}");
    }
    let many = |count: usize| {
        let ids: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        let keys: Vec<_> = ids.iter().map(|id| (id.as_str(), PUBLIC_KEY)).collect();
        code(&keyring_of(&keys))
    };
    // The limit on their number comes before any key is looked at.
    assert_eq!(many(MAX_KEYRING_KEYS), "plugin.duplicate_public_key");
    assert_eq!(many(MAX_KEYRING_KEYS + 1), "plugin.too_many_keys");
    assert_eq!(code(&format!("{{}}{}", " ".repeat(MAX_KEYRING_BYTES - 2))), "ok");
    assert_eq!(code(&format!("{{}}{}", " ".repeat(MAX_KEYRING_BYTES - 1))), "plugin.document_too_large");
    assert_eq!(code(&format!("{{\"a\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000))), "plugin.document_too_deep");
}

#[test]
fn a_rings_digest_is_that_of_its_bytes() {
    let text = keyring_of(&[(KEY_ID, PUBLIC_KEY)]);
    let (ring, spaced) =
        (Keyring::read(text.as_bytes()).unwrap(), Keyring::read(format!("{text}\n").as_bytes()).unwrap());
    assert_eq!(ring.key(KEY_ID), spaced.key(KEY_ID));
    assert_ne!(ring.digest(), spaced.digest());
}
