//! Which RSA keys load, and what a key with a small exponent would let through.

use num_bigint::BigUint;
use reach_types::Code;

use super::*;

const PUBLIC: &str = include_str!("../../testdata/rsa-2048.TEST-KEY.pub.pem");
const PRIVATE_KEY: &str = include_str!("../../testdata/rsa-2048.TEST-KEY.pem");

const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const PSS: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const NULL: &[u8] = &[0x05, 0x00];

/// One DER element with the shortest length.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let [high, low] = length.to_be_bytes();
    let head = match length {
        ..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head.as_slice(), content].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number[0] >= 0x80 { &[0] } else { &[] };
    tlv(0x02, &[sign, number].concat())
}

fn pkcs1(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    tlv(0x30, &[integer(modulus), integer(exponent)].concat())
}

fn spki_as(algorithm: &[u8], unused: u8, key: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(0x30, algorithm), tlv(0x03, &[&[unused], key].concat())].concat())
}

fn spki(key: &[u8]) -> Vec<u8> {
    spki_as(&[RSA, NULL].concat(), 0, key)
}

fn pem_of(label: &'static str, der: &[u8]) -> String {
    pem::encode(label, der).unwrap().to_string()
}

fn code(text: &str) -> &'static str {
    RsaPublicKey::from_pem(text.as_bytes()).map_or_else(|error| error.code(), |_| "ok")
}

fn der_codes(key: &[u8]) -> [&'static str; 2] {
    [code(&pem_of("PUBLIC KEY", &spki(key))), code(&pem_of("RSA PUBLIC KEY", key))]
}

/// An odd number of exactly `bits` bits.
fn modulus(bits: usize) -> Vec<u8> {
    let mut number = vec![0xa7; bits.div_ceil(8)];
    let spare = number.len() * 8 - bits;
    number[0] = 0xff >> spare;
    number
}

const F4: &[u8] = &[1, 0, 1];

#[test]
fn k31_a_modulus_has_2048_to_8192_bits_counted_exactly() {
    for bits in [2048, 2049, 3072, 4096, 8191, 8192] {
        assert_eq!(der_codes(&pkcs1(&modulus(bits), F4)), ["ok"; 2], "{bits}");
    }
    for bits in [1, 512, 1024, 2040, 2041, 2047, 8193, 8200, 16_384] {
        assert_eq!(der_codes(&pkcs1(&modulus(bits), F4)), ["sign.weak_rsa_key"; 2], "{bits}");
    }
    // ring, which counts bytes, takes what is refused here: its bound must not become ours.
    assert_eq!(modulus(2041).len(), modulus(2048).len());
    let mut even = modulus(2048);
    *even.last_mut().unwrap() &= 0xfe;
    assert_eq!(der_codes(&pkcs1(&even, F4)), ["sign.weak_rsa_key"; 2]);
}

#[test]
fn k31_an_exponent_is_odd_and_from_65537_to_2_to_the_33() {
    for exponent in [&[1, 0, 1][..], &[1, 0, 3], &[1, 0, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(der_codes(&pkcs1(&modulus(2048), exponent)), ["ok"; 2], "{exponent:?}");
    }
    for exponent in [
        &[1][..],
        &[2],
        &[3],
        &[17],
        &[0xff, 0xff],
        &[1, 0, 0],
        &[1, 0, 2],
        &[2, 0, 0, 0, 1],
        &[1, 0, 0, 0, 0, 0, 0, 0, 1],
        &[0x7f; 256],
    ] {
        assert_eq!(der_codes(&pkcs1(&modulus(2048), exponent)), ["sign.weak_rsa_key"; 2], "{exponent:?}");
    }
}

#[test]
fn k32_both_pem_forms_load_by_rule_and_are_the_same_key() {
    let key = RsaPublicKey::from_pem(PUBLIC.as_bytes()).unwrap();
    assert_eq!(key.bits(), 2048);
    let again = RsaPublicKey::from_pem(pem_of("RSA PUBLIC KEY", &pkcs1(&key.modulus, &key.exponent)).as_bytes());
    assert_eq!(again, Ok(key));
    assert_eq!(code(&PUBLIC.replace('\n', "\r\n")), "ok");
    // A label says what is inside: the other form under it is refused.
    let plain = pkcs1(&modulus(2048), F4);
    assert_eq!(code(&pem_of("PUBLIC KEY", &plain)), "sign.key_format");
    assert_eq!(code(&pem_of("RSA PUBLIC KEY", &spki(&plain))), "sign.key_format");
}

#[test]
fn k32_a_private_key_is_refused_loudly_however_it_is_wrapped() {
    let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for private in [
        PRIVATE_KEY.to_owned(),
        PRIVATE_KEY.replace("PRIVATE KEY", "PUBLIC KEY"),
        PRIVATE_KEY.replace("PRIVATE KEY", "RSA PUBLIC KEY"),
        pem_of("RSA PRIVATE KEY", &[0x30, 0]),
        pem_of("ENCRYPTED PRIVATE KEY", &[0x30, 0]),
        pem_of("EC PRIVATE KEY", &[0x30, 0]),
        pem_of("OPENSSH PRIVATE KEY", &[0]),
        encrypted.to_owned(),
        format!("{PUBLIC}{PRIVATE_KEY}"),
        format!("note\n{PRIVATE_KEY}"),
        // Seed and public half in hex, as some tools write a private key.
        "ab".repeat(64),
    ] {
        assert_eq!(code(&private), "sign.private_key");
    }
}

#[test]
fn k32_only_one_block_of_an_rsa_public_key_loads() {
    let certificate = PUBLIC.replace("PUBLIC KEY", "CERTIFICATE");
    let (_, begin) = PUBLIC.split_at("-----BEGIN PUBLIC KEY-----\n".len());
    let star = PUBLIC.replacen(begin.get(..1).unwrap(), "*", 1);
    for bad in [
        certificate.as_str(),
        &format!("{PUBLIC}{PUBLIC}"),
        &format!("{PUBLIC}text\n"),
        &format!("{PUBLIC}text-----"),
        &format!("text\n{PUBLIC}"),
        &format!("\n{PUBLIC}"),
        &format!("\u{feff}{PUBLIC}"),
        &PUBLIC.replace("END PUBLIC", "END RSA PUBLIC"),
        &PUBLIC.replace("-----END PUBLIC KEY-----\n", ""),
        &star,
        &PUBLIC.replacen("AQ", "A=", 1),
        "",
        &"A".repeat(20_000),
    ] {
        assert_eq!(code(bad), "sign.key_format", "{bad}");
    }
}

#[test]
fn k32_keys_of_other_algorithms_are_refused() {
    let key = pkcs1(&modulus(2048), F4);
    let refused = |der: &[u8]| assert_eq!(code(&pem_of("PUBLIC KEY", der)), "sign.key_format");
    refused(&spki_as(PSS, 0, &key));
    refused(&spki_as(&[PSS, NULL].concat(), 0, &key));
    // A missing NULL, something else in its place, and something after it.
    refused(&spki_as(RSA, 0, &key));
    refused(&spki_as(&[RSA, &[0x30, 0x00]].concat(), 0, &key));
    refused(&spki_as(&[RSA, NULL, NULL].concat(), 0, &key));
    // prime256v1, and Ed25519.
    let ec =
        &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 1, 7];
    refused(&spki_as(ec, 0, &[4; 65]));
    refused(&spki_as(&[0x06, 0x03, 0x2b, 0x65, 0x70], 0, &[7; 32]));
    assert_eq!(code(&pem_of("PUBLIC KEY", &spki(&key))), "ok");
}

#[test]
fn k32_der_has_one_spelling() {
    let (n, e) = (modulus(2048), F4);
    let good = pkcs1(&n, e);
    assert_eq!(der_codes(&good), ["ok"; 2]);
    let body = &good[4..];
    let sequence = |content: &[u8]| tlv(0x30, content);
    let zero_n = [&[0, 0], n.as_slice()].concat();
    for bad in [
        [good.as_slice(), &[0]].concat(),
        good[..good.len() - 1].to_vec(),
        sequence(&[body, &[0]].concat()),
        sequence(&[body, &integer(e)].concat()),
        sequence(&integer(&n)),
        // Lengths that a BER reader takes: too long a form, and indefinite.
        [&[0x30, 0x83, 0x00], &good[2..]].concat(),
        [&[0x30, 0x80], body, &[0, 0]].concat(),
        sequence(&[&body[..body.len() - 5], &[0x02, 0x81, 0x03, 1, 0, 1]].concat()),
        // Integers that are negative, zero, empty or too long.
        sequence(&[tlv(2, &n), integer(e)].concat()),
        sequence(&[tlv(2, &zero_n), integer(e)].concat()),
        sequence(&[integer(&n), tlv(2, &[0, 1, 0, 1])].concat()),
        sequence(&[integer(&n), tlv(2, &[0])].concat()),
        sequence(&[integer(&n), tlv(2, &[])].concat()),
        sequence(&[tlv(2, &[0]), integer(e)].concat()),
        // Other tags.
        tlv(0x31, body),
        sequence(&[tlv(4, &[&[0], n.as_slice()].concat()), integer(e)].concat()),
        Vec::new(),
    ] {
        assert_eq!(der_codes(&bad), ["sign.key_format"; 2], "{bad:02x?}");
    }
    let algorithm = [RSA, NULL].concat();
    for bad in [spki_as(&algorithm, 1, &good), [spki(&good), vec![0]].concat()] {
        assert_eq!(code(&pem_of("PUBLIC KEY", &bad)), "sign.key_format");
    }
}

/// `00 01 ff … ff 00`, the DigestInfo and the hash, with room left over: what a verifier that looks
/// from the left only would take.
fn forged_start(message: &[u8]) -> Vec<u8> {
    let hash = ring::digest::digest(&ring::digest::SHA256, message);
    let info = [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
    [&[0, 1], &[0xff; 8][..], &[0], &info, hash.as_ref()].concat()
}

#[test]
fn k29_a_cube_root_forges_for_e_3_which_neither_the_loader_nor_the_verifier_takes() {
    let start = forged_start(b"message");
    let room = 256 - start.len();
    // The smallest cube above the wished beginning: no private key takes part.
    let wished = BigUint::from_bytes_be(&start) << (room * 8);
    let root = wished.cbrt() + 1u32;
    let cube = &root * &root * &root;
    let mut encoded = cube.to_bytes_be();
    encoded.splice(..0, vec![0; 256 - encoded.len()]);
    assert_eq!(encoded[..start.len()], start, "the forgery begins like a signature");

    let forged = root.to_bytes_be();
    let signature = [vec![0; 256 - forged.len()], forged].concat();
    let key = RsaPublicKey { modulus: modulus(2048).into(), exponent: [3].into() };
    assert!(!key.verifies_sha256(b"message", &signature));
    assert_eq!(der_codes(&pkcs1(&key.modulus, &key.exponent)), ["sign.weak_rsa_key"; 2]);
}

#[test]
fn a_key_is_shown_by_its_size_only() {
    let key = RsaPublicKey::from_pem(PUBLIC.as_bytes()).unwrap();
    assert_eq!(format!("{key:?}"), "RsaPublicKey(2048 bits)");
}
