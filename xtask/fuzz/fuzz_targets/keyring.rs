//! Any bytes end in a keyring or an error, and so does any text in the place of a key; what loads
//! is within its limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_pack_integrity::{Keyring, MAX_KEYRING_KEYS};
use reach_signing::{MAX_RSA_BITS, MIN_RSA_BITS, RsaPublicKey};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(ring) = Keyring::read(bytes) {
        assert!(ring.ids().count() <= MAX_KEYRING_KEYS);
        for id in ring.ids() {
            let key = ring.key(id).expect("a listed key");
            assert!((MIN_RSA_BITS..=MAX_RSA_BITS).contains(&key.bits()));
        }
    }
    if let Ok(key) = RsaPublicKey::from_pem(bytes) {
        assert!(!key.verifies_sha256(bytes, bytes));
    }
    // The same bytes as DER, so that the readers below the PEM are reached without its base64.
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
        let body = data_encoding::BASE64.encode(bytes);
        let lines: Vec<&str> =
            (0..body.len()).step_by(64).filter_map(|at| body.get(at..body.len().min(at + 64))).collect();
        let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
        if let Ok(key) = RsaPublicKey::from_pem(pem.as_bytes()) {
            assert!((MIN_RSA_BITS..=MAX_RSA_BITS).contains(&key.bits()));
        }
    }
});
