//! Signature metadata and manifests that are not of their form.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL};
use reach_types::Code;
use serde_json::{Value, json};

use crate::{
    MAX_PLUGIN_MANIFEST_BYTES, MAX_PLUGIN_SIGNATURE_BYTES,
    plugin::testing::{KEY_ID, code, manifest, metadata, sign, signed_code, verify},
};

fn text_code(metadata: &str) -> &'static str {
    verify(manifest().as_bytes(), metadata).map_or_else(|error| error.code(), |_| "ok")
}

fn good() -> Value {
    metadata(&sign(manifest().as_bytes()))
}

#[test]
fn k03_k04_k05_metadata_is_one_strict_object() {
    let good = good().to_string();
    assert_eq!(text_code(&good), "ok");
    assert_eq!(text_code(&format!(" {good}\n")), "ok");
    for bad in [
        String::new(),
        "null".to_owned(),
        format!("[{good}]"),
        good.trim_end_matches('}').to_owned(),
        format!("\u{feff}{good}"),
        format!("{good}{good}"),
        format!("{good} x"),
        good.replacen('{', "{\"note\":\"\",", 1),
        good.replacen("key_id", "keyid", 1),
        good.replacen("\"algorithm\":\"rsa-sha256\",", "", 1),
        good.replacen("\"acme-2026\"", "7", 1),
        good.replacen("acme-2026", "acme 2026", 1),
        good.replacen("acme-2026", "acme\u{2010}2026", 1),
        good.replacen("acme-2026", "", 1),
        good.replacen("acme-2026", &"a".repeat(129), 1),
    ] {
        assert_eq!(text_code(&bad), "plugin.malformed", "{bad}");
    }
    let twice = good.replacen('{', "{\"key_id\":\"other\",", 1);
    assert_eq!(text_code(&twice), "plugin.duplicate_key");
    let escaped = good.replacen('{', "{\"key\\u005fid\":\"other\",", 1);
    assert_eq!(text_code(&escaped), "plugin.duplicate_key");
    let deep = good.replacen("\"acme-2026\"", &format!("{}{}", "[".repeat(40), "]".repeat(40)), 1);
    assert_eq!(text_code(&deep), "plugin.document_too_deep");
    let padded = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    assert_eq!(text_code(&padded(MAX_PLUGIN_SIGNATURE_BYTES)), "ok");
    assert_eq!(text_code(&padded(MAX_PLUGIN_SIGNATURE_BYTES + 1)), "plugin.document_too_large");
}

#[test]
fn k02_an_empty_signature_is_none() {
    assert_eq!(code(manifest().as_bytes(), &metadata(&[])), "plugin.no_signature");
    assert_eq!(code(manifest().as_bytes(), &metadata(&[0])), "plugin.bad_signature");
}

/// This format says standard base64, so URL-safe text is another format here, unlike in DSSE.
#[test]
fn k52_a_signature_is_padded_standard_base64() {
    // A signature whose text has both characters that the alphabets differ in.
    let (text, signed) = (0..)
        .map(|number| {
            let text = json!({ "n": number }).to_string();
            let signed = sign(text.as_bytes());
            (text, signed)
        })
        .find(|(_, signed)| BASE64.encode(signed).contains('+') && BASE64.encode(signed).contains('/'))
        .unwrap();
    let standard = BASE64.encode(&signed);
    let with = |signature: &str| {
        code(text.as_bytes(), &json!({ "key_id": KEY_ID, "algorithm": "rsa-sha256", "signature": signature }))
    };
    assert_eq!(with(&standard), "ok");
    let spare = standard.replacen("==", "=", 1);
    let last = standard.trim_end_matches('=').chars().next_back().unwrap();
    let next = char::from(u8::try_from(last).unwrap() + 1);
    for bad in [
        BASE64URL.encode(&signed),
        standard.replacen('+', "-", 1),
        BASE64_NOPAD.encode(&signed),
        spare,
        format!("{standard}="),
        format!("{standard}\n"),
        format!(" {standard}"),
        standard.replacen('+', "+\n", 1),
        // Non-zero spare bits: the same bytes in another spelling.
        standard.replace(&format!("{last}=="), &format!("{next}==")),
        "%".to_owned(),
    ] {
        assert_ne!(bad, standard);
        assert_eq!(with(&bad), "plugin.malformed", "{bad}");
    }
}

#[test]
fn k05_k45_k51_a_manifest_is_one_strict_object_once_it_is_signed() {
    let good = manifest();
    assert_eq!(signed_code(&good), "ok");
    let more = |text: &str| good.replacen('{', &format!("{{{text},"), 1);
    assert_eq!(signed_code(&more(r#""permissions":["net"],"limits":{"n":9007199254740992}"#)), "ok");
    for bad in ["[]", "7", "", "{} {}", &more(r#""n":1.5"#), &more(r#""n":1e400"#), &more(r#""t":"\ud800""#)] {
        assert_eq!(signed_code(bad), "plugin.malformed", "{bad}");
    }
    assert_eq!(signed_code(&more(r#""name":"x""#)), "plugin.duplicate_key");
    assert_eq!(signed_code(&more(r#""a":[{"b":{"c":1,"c":1}}]"#)), "plugin.duplicate_key");
    let nested = |depth: usize| more(&format!("\"a\":{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert_eq!(signed_code(&nested(31)), "ok");
    assert_eq!(signed_code(&nested(32)), "plugin.document_too_deep");
    assert_eq!(signed_code(&nested(100_000)), "plugin.document_too_deep");
    let sized = |bytes: usize| format!("{good}{}", " ".repeat(bytes - good.len()));
    assert_eq!(signed_code(&sized(MAX_PLUGIN_MANIFEST_BYTES)), "ok");
    assert_eq!(signed_code(&sized(MAX_PLUGIN_MANIFEST_BYTES + 1)), "plugin.document_too_large");
}

#[test]
fn an_unknown_key_is_untrusted_before_anything_costly() {
    let stranger = |key_id: &str, signature: &str| {
        code(b"not JSON", &json!({ "key_id": key_id, "algorithm": "rsa-sha256", "signature": signature }))
    };
    for key_id in ["acme-2027", "ACME-2026", "acme-2026.", "*"] {
        assert_eq!(stranger(key_id, "AAAA"), "plugin.key_unknown", "{key_id}");
    }
    assert_eq!(stranger(KEY_ID, "AAAA"), "plugin.bad_signature");
}
