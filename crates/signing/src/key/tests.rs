//! Keys as others hand them over.

use super::*;
use reach_types::Code;

#[test]
fn k27_weak_public_keys_are_refused() {
    let weak = |text: &str| {
        let bytes: [u8; 32] = HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap();
        PublicKey::from_bytes(bytes).map_or_else(|e| e.code(), |_| "ok")
    };
    for text in SMALL_ORDER_Y {
        assert_eq!(weak(text), "sign.weak_key");
        let mut signed: Vec<u8> = HEXLOWER.decode(text.as_bytes()).unwrap();
        signed[31] |= 0x80;
        assert_eq!(weak(&HEXLOWER.encode(&signed)), "sign.weak_key");
    }
    // p, p + 1, p + 3 and 2^255 - 1 spell 0, 1, 3 and 18 again.
    for low in ["ed", "ee", "f0", "ff"] {
        assert_eq!(weak(&format!("{low}{}7f", "ff".repeat(30))), "sign.weak_key");
    }
    assert_eq!(weak(&format!("eb{}7f", "ff".repeat(30))), "ok");
}

#[test]
fn k28_k32_only_one_public_key_block_loads() {
    let (key, private) = SigningKey::generate(Role::Pack, &rand::SystemRandom::new()).unwrap();
    let public = key.public_key().to_pem().unwrap();
    let code = |pem: &str| PublicKey::from_pem(pem.as_bytes()).map_or_else(|e| e.code(), |_| "ok");
    assert_eq!(code(&public), "ok");
    assert_eq!(code(&public.replace('\n', "\r\n")), "ok");
    assert_eq!(code(&private), "sign.private_key");
    for label in ["PUBLIC KEY", "CERTIFICATE", "private key"] {
        assert_eq!(code(&private.replace("PRIVATE KEY", label)), "sign.private_key", "{label}");
    }
    assert_eq!(code(&format!("{public}{public}")), "sign.key_format");
    assert_eq!(code(&format!("{public}trailing")), "sign.key_format");
    assert_eq!(code(&format!("leading\n{public}")), "sign.key_format");
    assert_eq!(code(&public.replace("PUBLIC KEY", "CERTIFICATE")), "sign.key_format");
    assert_eq!(code(&public.replace("PUBLIC KEY", "RSA PUBLIC KEY")), "sign.key_format");
    assert_eq!(code(""), "sign.key_format");
    let short = pem::encode("PUBLIC KEY", &pem::spki_der(&[7; 32])[..43]).unwrap();
    assert_eq!(code(&short), "sign.key_format");
    let long = [pem::spki_der(&[7; 32]), vec![0]].concat();
    assert_eq!(code(&pem::encode("PUBLIC KEY", &long).unwrap()), "sign.key_format");
}

#[test]
fn a_key_survives_its_pem_and_signs_only_for_its_role() {
    let (key, pem) = SigningKey::generate(Role::Log, &rand::SystemRandom::new()).unwrap();
    let again = SigningKey::from_pem(Role::Log, pem.as_bytes()).unwrap();
    assert_eq!(key.public_key(), again.public_key());
    let note = Message::note("log.example\n0\nx\n").unwrap();
    let signature = again.sign(&note).unwrap();
    assert!(key.public_key().verifies(&note, &signature));
    let link = Message::dsse("application/vnd.reach.mesh.link.v1", b"x");
    assert_eq!(again.sign(&link).unwrap_err().code(), "sign.role_mismatch");
    let public = key.public_key().to_pem().unwrap();
    assert_eq!(SigningKey::from_pem(Role::Log, public.as_bytes()).unwrap_err().code(), "sign.key_format");
}

#[test]
fn the_key_id_is_the_one_securesystemslib_computes() {
    // RFC 8032 test 1's public key; the id was computed with securesystemslib 1.6.
    let key = SigningKey::from_seed(
        Role::Pack,
        &HEXLOWER
            .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .unwrap()
            .try_into()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(key.public_key().to_string(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let json = format!(r#"{{"keytype":"ed25519","keyval":{{"public":"{}"}},"scheme":"ed25519"}}"#, key.public_key());
    let hash = ring::digest::digest(&ring::digest::SHA256, json.as_bytes());
    assert_eq!(key.public_key().key_id().to_string(), HEXLOWER.encode(hash.as_ref()));
}

#[test]
fn k28_a_private_key_has_one_shape_and_one_size() {
    let code = |pem: &str| SigningKey::from_pem(Role::Pack, pem.as_bytes()).map_or_else(|e| e.code(), |_| "ok");
    let der = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut der = pem::pkcs8_v1_der(&[7; 32]).to_vec();
        change(&mut der);
        code(&pem::encode("PRIVATE KEY", &der).unwrap())
    };
    assert_eq!(der(&|_| ()), "ok");
    assert_eq!(der(&|der| der.truncate(47)), "sign.key_format");
    assert_eq!(der(&|der| der.push(0)), "sign.key_format");
    // 31 and 33 bytes of seed, with every length stated accordingly.
    for length in [31_u8, 33] {
        let resized = |der: &mut Vec<u8>| {
            der.resize(16 + usize::from(length), 9);
            (der[1], der[13], der[15]) = (14 + length, 2 + length, length);
        };
        assert_eq!(der(&resized), "sign.key_format", "{length}");
    }
    // Seed and public half in hex, or bare.
    assert_eq!(code(&"5a".repeat(64)), "sign.key_format");
    let (_, good) = SigningKey::generate(Role::Pack, &rand::SystemRandom::new()).unwrap();
    assert_eq!(code(&good), "ok");
    for label in ["EC PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
        assert_eq!(code(&good.replace("PRIVATE KEY", label)), "sign.key_format", "{label}");
    }
    assert_eq!(code(&good.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")), "key.passphrase_needed");
}

#[test]
fn the_kind_of_a_key_file_is_its_label() {
    let (key, private) = SigningKey::generate(Role::Pack, &rand::SystemRandom::new()).unwrap();
    let kind = |pem: &str| KeyKind::of(pem.as_bytes()).map_err(|error| error.code());
    assert_eq!(kind(&key.public_key().to_pem().unwrap()), Ok(KeyKind::Public));
    assert_eq!(kind(&private), Ok(KeyKind::Private));
    assert_eq!(kind(&private.replace("PRIVATE", "ENCRYPTED PRIVATE")), Ok(KeyKind::EncryptedPrivate));
    assert_eq!(kind(&private.replace("PRIVATE", "RSA PRIVATE")), Err("sign.key_format"));
    assert_eq!(kind(""), Err("sign.key_format"));
}
