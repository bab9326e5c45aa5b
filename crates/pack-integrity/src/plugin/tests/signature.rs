//! Signatures that are not RSASSA-PKCS1-v1_5 with SHA-256 over these exact bytes.

use data_encoding::BASE64;
use ring::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest},
    hmac,
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

use crate::plugin::testing::{
    KEY_ID, PRIVATE_KEY, PUBLIC_KEY, SHA256_INFO, code, digest_info, manifest, metadata, padded, raw_sign, sign,
    signature_code, signed_code, verify,
};

fn ring_sign(encoding: &'static dyn ring::signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
    let base64: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let pair = RsaKeyPair::from_pkcs8(&BASE64.decode(base64.as_bytes()).unwrap()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

#[test]
fn a_good_signature_is_the_same_by_hand_and_by_ring() {
    let message = manifest();
    assert_eq!(sign(message.as_bytes()), ring_sign(&RSA_PKCS1_SHA256, message.as_bytes()));
    assert_eq!(signature_code(&sign(message.as_bytes())), "ok");
    assert_eq!(signed_code(&message), "ok");
}

/// What RFC 8017 verification by decoding has let through in one library or another: each is a
/// block that the private key really signed, and none is the one encoding.
#[test]
fn k29_only_the_one_encoding_is_a_signature() {
    let message = manifest();
    let info = digest_info(SHA256_INFO, message.as_bytes());
    assert_eq!(signature_code(&raw_sign(&padded(&info))), "ok");
    let block = |padding: usize, content: &[u8]| {
        let start = [&[0, 1], vec![0xff; padding].as_slice(), &[0], content].concat();
        [start.as_slice(), vec![0x5a; 256 - start.len()].as_slice()].concat()
    };
    let hash = digest(&SHA256, message.as_bytes());
    let sequence = |content: &[u8]| [&[0x30, u8::try_from(content.len()).unwrap()], content].concat();
    let algorithm = &SHA256_INFO[2..17];
    let octets = &[&[0x04, 0x20], hash.as_ref()].concat();
    let mut first = padded(&info);
    first[0] = 1;
    let mut second = padded(&info);
    second[1] = 2;
    let mut hole = padded(&info);
    hole[100] = 0xfe;
    let mut separator = padded(&info);
    separator[256 - info.len() - 1] = 1;
    let bad: &[(&str, Vec<u8>)] = &[
        ("short padding, garbage after the hash", block(8, &info)),
        ("no padding, garbage after the hash", block(0, &info)),
        ("garbage after the hash, inside", padded(&sequence(&[algorithm, octets, &[5, 0]].concat()))),
        ("no NULL", padded(&sequence(&[&sequence(&SHA256_INFO[4..15]), octets.as_slice()].concat()))),
        (
            "NULL with content",
            padded(&sequence(&[&sequence(&[&SHA256_INFO[4..15], &[5, 1, 0]].concat()), octets.as_slice()].concat())),
        ),
        ("long length of the sequence", padded(&[&[0x30, 0x81, 0x31], &info[2..]].concat())),
        ("long length of the hash", padded(&[&[0x30, 0x32], algorithm, &[0x04, 0x81, 0x20], hash.as_ref()].concat())),
        ("indefinite length", padded(&[&[0x30, 0x80], &info[2..], &[0, 0]].concat())),
        ("the bare hash", padded(hash.as_ref())),
        ("the hash in an octet string", padded(octets)),
        ("a shorter hash", padded(&info[..info.len() - 1])),
        ("block type 2", second),
        ("first byte not zero", first),
        ("padding with a hole", hole),
        ("separator not zero", separator),
    ];
    for (what, encoded) in bad {
        // The block must be smaller than the modulus to be signed at all; every one here is but
        // the one that begins with 1, which comes back as something else.
        assert_eq!(signature_code(&raw_sign(encoded)), "plugin.bad_signature", "{what}");
    }
}

#[test]
fn k28_k29_a_signature_has_the_length_of_the_modulus() {
    let message = manifest();
    let good = sign(message.as_bytes());
    assert_eq!(signature_code(&good), "ok");
    let modulus = {
        let base64: String = PUBLIC_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64.decode(base64.as_bytes()).unwrap();
        num_bigint::BigUint::from_bytes_be(&der[33..33 + 256])
    };
    let wrapped = (num_bigint::BigUint::from_bytes_be(&good) + modulus).to_bytes_be();
    for bad in [
        [&[0], good.as_slice()].concat(),
        [good.as_slice(), &[0]].concat(),
        good[1..].to_vec(),
        good[..255].to_vec(),
        vec![0; 256],
        vec![0xff; 256],
        wrapped,
        [vec![0; 255], vec![1]].concat(),
    ] {
        assert_eq!(signature_code(&bad), "plugin.bad_signature", "{}", bad.len());
    }
}

#[test]
fn k30_other_schemes_and_hashes_under_the_same_key_are_refused() {
    let message = manifest();
    assert_eq!(signature_code(&ring_sign(&RSA_PKCS1_SHA256, message.as_bytes())), "ok");
    let sha1 = [
        &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14],
        digest(&SHA1_FOR_LEGACY_USE_ONLY, message.as_bytes()).as_ref(),
    ]
    .concat();
    let mut sha512_info = SHA256_INFO.to_vec();
    (sha512_info[1], sha512_info[14], sha512_info[18]) = (0x51, 3, 0x40);
    let sha512 = [sha512_info.as_slice(), digest(&SHA512, message.as_bytes()).as_ref()].concat();
    // SHA-512's name before SHA-256's hash, and the reverse.
    let mislabelled = digest_info(&sha512_info, message.as_bytes());
    for (what, signature) in [
        ("PSS", ring_sign(&RSA_PSS_SHA256, message.as_bytes())),
        ("PKCS#1 with SHA-512, by ring", ring_sign(&ring::signature::RSA_PKCS1_SHA512, message.as_bytes())),
        ("PKCS#1 with SHA-1", raw_sign(&padded(&sha1))),
        ("PKCS#1 with SHA-512", raw_sign(&padded(&sha512))),
        ("SHA-512 named, SHA-256 inside", raw_sign(&padded(&mislabelled))),
    ] {
        assert_eq!(signature_code(&signature), "plugin.bad_signature", "{what}");
    }
}

#[test]
fn k33_the_algorithm_is_the_keyrings_whatever_the_files_say() {
    let good = manifest();
    let signature = sign(good.as_bytes());
    assert_eq!(code(good.as_bytes(), &metadata(&signature)), "ok");
    // In the signature metadata, which nobody signs.
    let hmac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, PUBLIC_KEY.as_bytes()), good.as_bytes());
    for (algorithm, signature) in [
        ("none", &[][..]),
        ("none", &signature),
        ("HS256", hmac.as_ref()),
        ("hmac-sha256", hmac.as_ref()),
        ("RSA-SHA256", &signature),
        ("rsa-sha512", &signature),
        ("rsa-pss-sha256", &signature),
        ("ed25519", &signature),
        ("rsa-sha256 ", &signature),
        ("", &signature),
    ] {
        let metadata = json!({ "key_id": KEY_ID, "algorithm": algorithm, "signature": BASE64.encode(signature) });
        assert_eq!(code(good.as_bytes(), &metadata), "plugin.alg_mismatch", "{algorithm}");
    }
    // In the manifest: signed or not, it does not get to choose.
    let with = |name: &str, value: Value| {
        let mut object: Value = serde_json::from_str(&good).unwrap();
        object[name] = value;
        object.to_string()
    };
    for name in ["alg", "algorithm"] {
        for value in [json!("none"), json!("HS256"), json!("RS512"), json!("PS256"), json!(null), json!(1), json!({})] {
            let stated = with(name, value);
            assert_eq!(signed_code(&stated), "plugin.alg_mismatch", "{stated}");
            assert_eq!(code(stated.as_bytes(), &metadata(&signature)), "plugin.alg_mismatch", "{stated}");
            let hmac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, PUBLIC_KEY.as_bytes()), stated.as_bytes());
            assert_eq!(code(stated.as_bytes(), &metadata(hmac.as_ref())), "plugin.alg_mismatch");
        }
        for value in ["rsa-sha256", "RS256"] {
            assert_eq!(signed_code(&with(name, json!(value))), "ok", "{value}");
        }
    }
    // A key id cannot choose another algorithm either: it names a key of the ring, or nothing.
    let stranger = json!({ "key_id": "none", "algorithm": "none", "signature": "" });
    assert_eq!(code(good.as_bytes(), &stranger), "plugin.key_unknown");
}

#[test]
fn k34_the_exact_bytes_are_signed() {
    let good = manifest();
    let signature = metadata(&sign(good.as_bytes()));
    assert_eq!(code(good.as_bytes(), &signature), "ok");
    let value: Value = serde_json::from_str(&good).unwrap();
    let reordered =
        good.replacen("{\"files\"", "{\"version\":\"2.1.0\",\"files\"", 1).replacen(",\"version\":\"2.1.0\"}", "}", 1);
    assert_eq!(serde_json::from_str::<Value>(&reordered).unwrap(), value);
    for bad in [
        good.replace(':', ": "),
        serde_json::to_string_pretty(&value).unwrap(),
        reordered,
        format!("\u{feff}{good}"),
        format!("{good}\n"),
        format!("{good}\r\n"),
        format!(" {good}"),
        good.replace("jira", "j\\u0069ra"),
        good.replace("2.1.0", "2.1.1"),
        String::new(),
    ] {
        assert_ne!(bad, good);
        assert_eq!(code(bad.as_bytes(), &signature), "plugin.bad_signature", "{bad:?}");
    }
    // Signed as it is, each of these but the byte order mark and nothing at all is a good manifest.
    let crlf = serde_json::to_string_pretty(&value).unwrap().replace('\n', "\r\n");
    assert_eq!(signed_code(&crlf), "ok");
    assert_eq!(signed_code(&format!("{good}\n")), "ok");
    assert_eq!(signed_code(&format!("\u{feff}{good}")), "plugin.malformed");
}

#[test]
fn every_bit_of_manifest_and_signature_counts() {
    let good = manifest();
    let signature = sign(good.as_bytes());
    for at in 0..good.len() * 8 {
        let mut bytes = good.clone().into_bytes();
        bytes[at / 8] ^= 1 << (at % 8);
        assert_eq!(code(&bytes, &metadata(&signature)), "plugin.bad_signature", "bit {at}");
    }
    for at in (0..signature.len() * 8).step_by(7) {
        let mut bytes = signature.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        assert_eq!(signature_code(&bytes), "plugin.bad_signature", "bit {at}");
    }
}

#[test]
fn the_checks_are_listed_as_they_were_made() {
    let good = manifest();
    let vouched = verify(good.as_bytes(), &metadata(&sign(good.as_bytes())).to_string()).unwrap();
    assert_eq!(vouched.checks(), ["metadata", "key", "algorithm", "signature", "manifest"]);
    let manifest = vouched.manifest();
    assert_eq!((manifest.name(), manifest.version()), (Some("jira"), Some("2.1.0")));
    let verified = vouched.verify_files(&crate::plugin::testing::tree()).unwrap();
    assert_eq!(verified.vouched().checks().last(), Some(&"files"));
}
