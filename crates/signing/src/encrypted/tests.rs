//! Encrypted keys of our own and of OpenSSL's, and those that are refused.

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use reach_types::Code;
use ring::rand::SystemRandom;

use super::*;
use crate::{PublicKey, Role, Signer, SigningKey};

const PLAIN: &str = include_str!("../../testdata/encrypted/plain.pem");
const GENPKEY: &str = include_str!("../../testdata/encrypted/genpkey.pem");

fn passphrase() -> Passphrase {
    Passphrase::new(b"correct horse").unwrap()
}

fn code(pem: &str) -> &'static str {
    let plain = decrypt_private_pem(pem.as_bytes(), &passphrase());
    plain.and_then(|plain| SigningKey::from_pem(Role::Pack, plain.as_bytes())).map_or_else(|e| e.code(), |_| "ok")
}

/// The file with `old` replaced by `new` in its DER, each in hex.
fn patched(pem: &str, old: &str, new: &str) -> String {
    let (_, der) = pem::decode(pem.as_bytes()).unwrap();
    let hex = HEXLOWER.encode(&der);
    assert_eq!(hex.matches(old).count(), 1, "{hex}");
    let der = HEXLOWER.decode(hex.replace(old, new).as_bytes()).unwrap();
    pem::encode(LABEL, &der).unwrap().to_string()
}

#[test]
fn our_own_key_opens_with_its_passphrase_only() {
    let (key, plain) = SigningKey::generate(Role::Pack, &SystemRandom::new()).unwrap();
    let file = encrypt_private_pem(plain.as_bytes(), &passphrase(), &SystemRandom::new()).unwrap();
    assert!(file.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert_eq!(*decrypt_private_pem(file.as_bytes(), &passphrase()).unwrap(), *plain);
    assert_eq!(key.public_key(), SigningKey::from_pem(Role::Pack, plain.as_bytes()).unwrap().public_key());
    let wrong = Passphrase::new(b"correct horse ").unwrap();
    assert_eq!(decrypt_private_pem(file.as_bytes(), &wrong).unwrap_err().code(), "key.passphrase_wrong");
    let needed = SigningKey::from_pem(Role::Pack, file.as_bytes()).unwrap_err();
    assert_eq!(needed.code(), "key.passphrase_needed");
    assert_eq!(PublicKey::from_pem(file.as_bytes()).unwrap_err().code(), "sign.private_key");
    let again = encrypt_private_pem(plain.as_bytes(), &passphrase(), &SystemRandom::new()).unwrap();
    assert_ne!(file, again, "salt and initialization vector are drawn");
    let nothing = encrypt_private_pem(file.as_bytes(), &passphrase(), &SystemRandom::new());
    assert_eq!(nothing.unwrap_err().code(), "sign.key_format");
    let (_, der) = pem::decode(file.as_bytes()).unwrap();
    let hex = HEXLOWER.encode(&der);
    for stated in ["02030927c0", "06082a864886f70d0209", "060960864801650304012a0410"] {
        assert!(hex.contains(stated), "600,000 rounds, HMAC-SHA-256 and AES-256-CBC: {hex}");
    }
}

#[test]
fn openssl_keys_open() {
    for pem in [
        include_str!("../../testdata/encrypted/aes128-sha256.pem"),
        include_str!("../../testdata/encrypted/aes192-sha384.pem"),
        include_str!("../../testdata/encrypted/aes256-sha512.pem"),
        include_str!("../../testdata/encrypted/rounds-1000.pem"),
    ] {
        assert_eq!(*decrypt_private_pem(pem.as_bytes(), &passphrase()).unwrap(), PLAIN);
    }
    let plain = decrypt_private_pem(GENPKEY.as_bytes(), &passphrase()).unwrap();
    let public = PublicKey::from_pem(include_bytes!("../../testdata/encrypted/genpkey.pub.pem")).unwrap();
    assert_eq!(SigningKey::from_pem(Role::Pack, plain.as_bytes()).unwrap().public_key(), public);
}

#[test]
fn other_ways_to_encrypt_are_refused() {
    assert_eq!(code(GENPKEY), "ok");
    for pem in [
        include_str!("../../testdata/encrypted/sha1.pem"),
        include_str!("../../testdata/encrypted/sha224.pem"),
        include_str!("../../testdata/encrypted/des3.pem"),
        include_str!("../../testdata/encrypted/scrypt.pem"),
        include_str!("../../testdata/encrypted/pbes1.pem"),
        // AES-256 in ECB mode.
        &patched(GENPKEY, "060960864801650304012a", "0609608648016503040129"),
    ] {
        assert_eq!(code(pem), "key.encryption_unknown", "{pem}");
    }
    assert_eq!(code(include_str!("../../testdata/encrypted/ec.pem")), "sign.key_format");
    assert_eq!(code(PLAIN), "sign.key_format");
}

/// A key encrypted with other parameters than ours, as far as it gets.
fn with_kdf(change: impl FnOnce(&mut Pbkdf2Params)) -> &'static str {
    let mut parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(MIN_KDF_ROUNDS, &[7; 16], [9; 16]).unwrap();
    if let Kdf::Pbkdf2(kdf) = &mut parameters.kdf {
        change(kdf);
    }
    let (_, plain) = pem::decode(PLAIN.as_bytes()).unwrap();
    let good = Parameters::generate_pbkdf2_sha256_aes256cbc(MIN_KDF_ROUNDS, &[7; 16], [9; 16]).unwrap();
    let data = encrypt(&good, &passphrase(), &plain).unwrap();
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: EncryptionScheme::Pbes2(parameters),
        encrypted_data: OctetStringRef::new(&data).unwrap(),
    };
    code(&pem::encode(LABEL, &info.to_der().unwrap()).unwrap())
}

#[test]
fn too_few_and_too_many_rounds_are_refused_before_any_is_done() {
    assert_eq!(with_kdf(|_| ()), "ok");
    assert_eq!(with_kdf(|kdf| kdf.key_length = Some(32)), "ok");
    assert_eq!(with_kdf(|kdf| kdf.key_length = Some(16)), "key.encryption_unknown");
    assert_eq!(with_kdf(|kdf| kdf.salt = [7; 7].as_slice().try_into().unwrap()), "key.encryption_unknown");
    assert_eq!(with_kdf(|kdf| kdf.salt = [7; 8].as_slice().try_into().unwrap()), "key.passphrase_wrong");
    assert_eq!(code(include_str!("../../testdata/encrypted/rounds-999.pem")), "key.kdf_weak");
    assert_eq!(with_kdf(|kdf| kdf.iteration_count = 0), "key.kdf_weak");
    for many in [MAX_KDF_ROUNDS + 1, u32::MAX] {
        assert_eq!(with_kdf(|kdf| kdf.iteration_count = many), "key.kdf_limit");
    }
    let most = Pbkdf2Params { iteration_count: MAX_KDF_ROUNDS, ..Pbkdf2Params::hmac_sha256(1, &[7; 8]).unwrap() };
    assert_eq!(checked_rounds(&most).map(NonZeroU32::get), Ok(MAX_KDF_ROUNDS));
    // 2^32 and more are not even read, nor is a number below zero.
    assert_eq!(code(&rounds_in_der("02050100000000")), "sign.key_format");
    assert_eq!(code(&rounds_in_der("020180")), "sign.key_format");
}

/// [`GENPKEY`] with another number of rounds, every length around it adjusted.
fn rounds_in_der(rounds: &str) -> String {
    let (_, der) = pem::decode(GENPKEY.as_bytes()).unwrap();
    let hex = HEXLOWER.encode(&der);
    let (before, after) = hex.split_once("02020800").unwrap();
    let mut der = HEXLOWER.decode([before, rounds, after].concat().as_bytes()).unwrap();
    // The lengths of the sequences that hold the rounds: the whole, PBES2, its parameters, PBKDF2.
    for place in [2, 4, 17, 19, 32] {
        der[place] = u8::try_from(usize::from(der[place]) + rounds.len() / 2 - 4).unwrap();
    }
    pem::encode(LABEL, &der).unwrap().to_string()
}

#[test]
fn a_passphrase_has_one_to_1023_bytes_and_no_zero() {
    let code = |bytes: &[u8]| Passphrase::new(bytes).map_or_else(|e| e.code(), |_| "ok");
    assert_eq!(code(b""), "key.passphrase_empty");
    assert_eq!(code(b" "), "ok");
    assert_eq!(code(&[b'a'; MAX_PASSPHRASE_BYTES]), "ok");
    assert_eq!(code(&[b'a'; MAX_PASSPHRASE_BYTES + 1]), "key.passphrase_unusable");
    assert_eq!(code(b"a\0b"), "key.passphrase_unusable");
    assert_eq!(format!("{:?}", passphrase()), "Passphrase(..)");
}

#[test]
fn noise_that_ends_in_a_padding_is_still_a_wrong_passphrase() {
    // One of 256 wrong passphrases decrypts to bytes that end in 01.
    let wrong = (0..600_u32).map(|n| Passphrase::new(&n.to_le_bytes().map(|byte| byte | 1)).unwrap());
    let codes: std::collections::BTreeSet<_> =
        wrong.map(|wrong| decrypt_private_pem(GENPKEY.as_bytes(), &wrong).unwrap_err().code()).collect();
    assert_eq!(codes, ["key.passphrase_wrong"].into());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_bytes_never_open_the_same_key(place in 0_usize..158, bit in 0_u32..8) {
        let (_, der) = pem::decode(GENPKEY.as_bytes()).unwrap();
        let mut changed = der.to_vec();
        changed[place] ^= 1 << bit;
        // Rounds raised far beyond what a test waits for are in the test above.
        prop_assume!(!(43..47).contains(&place));
        let file = pem::encode(LABEL, &changed).unwrap();
        // CBC has no authentication, so a change late in the data is another key, or none.
        let plain = decrypt_private_pem(file.as_bytes(), &passphrase());
        prop_assert!(plain.ok() != decrypt_private_pem(GENPKEY.as_bytes(), &passphrase()).ok(), "{place} {bit}");
    }
}
