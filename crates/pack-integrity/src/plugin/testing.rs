//! A publisher with one RSA test key, and whatever it can be made to sign.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use num_bigint::BigUint;
use reach_types::{Code, Timestamp};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::{Keyring, PluginError, PluginVerification, VouchedManifest, verify_plugin};
use crate::ArchivePath;

/// The public half of [`PRIVATE_KEY`].
pub(super) const PUBLIC_KEY: &str = include_str!("../../../signing/testdata/rsa-2048.TEST-KEY.pub.pem");
/// A test key: it signs nothing but these tests.
pub(super) const PRIVATE_KEY: &str = include_str!("../../../signing/testdata/rsa-2048.TEST-KEY.pem");

pub(super) const KEY_ID: &str = "acme-2026";
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The one file of the test plugin.
pub(super) const MAIN: &[u8] = b"print(\"hi\")\n";

/// A key as OpenSSL writes it.
pub(super) fn openssl_key(name: &str) -> String {
    let keys: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../../../signing/testdata/rsa-keys.json")).unwrap();
    keys[name].clone()
}

pub(super) fn keyring_of(keys: &[(&str, &str)]) -> String {
    let keys: Map<String, Value> = keys.iter().map(|(id, pem)| ((*id).to_owned(), json!(pem))).collect();
    Value::Object(keys).to_string()
}

pub(super) fn keyring() -> Keyring {
    Keyring::read(keyring_of(&[(KEY_ID, PUBLIC_KEY)]).as_bytes()).unwrap()
}

/// A manifest that pins its one file.
pub(super) fn manifest() -> String {
    let pin = super::verify::sha256(MAIN).to_string();
    json!({ "name": "jira", "version": "2.1.0", "main": "main.py", "files": { "main.py": { "sha256": pin } } })
        .to_string()
}

pub(super) fn tree() -> BTreeMap<ArchivePath, Vec<u8>> {
    [(ArchivePath::parse("main.py").unwrap(), MAIN.to_vec())].into()
}

/// Modulus and private exponent, at their places in this one PKCS#8 file.
fn private_numbers() -> (BigUint, BigUint) {
    let base64: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64.decode(base64.as_bytes()).unwrap();
    let number = |at: usize| BigUint::from_bytes_be(&der[at..at + 256]);
    (number(38), number(303))
}

/// The raw private-key operation on an encoded message of 256 bytes.
pub(super) fn raw_sign(encoded: &[u8]) -> Vec<u8> {
    assert_eq!(encoded.len(), 256);
    let (modulus, exponent) = private_numbers();
    let signature = BigUint::from_bytes_be(encoded).modpow(&exponent, &modulus).to_bytes_be();
    [vec![0; 256 - signature.len()], signature].concat()
}

/// DER of DigestInfo for SHA-256 up to the hash (RFC 8017, §9.2, note 1).
pub(super) const SHA256_INFO: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// `info` and the SHA-256 of `message`.
pub(super) fn digest_info(info: &[u8], message: &[u8]) -> Vec<u8> {
    [info, digest(&SHA256, message).as_ref()].concat()
}

/// EMSA-PKCS1-v1_5: `00 01`, as many `ff` as fit, `00`, and `content`.
pub(super) fn padded(content: &[u8]) -> Vec<u8> {
    [&[0, 1], vec![0xff; 256 - 3 - content.len()].as_slice(), &[0], content].concat()
}

pub(super) fn sign(message: &[u8]) -> Vec<u8> {
    raw_sign(&padded(&digest_info(SHA256_INFO, message)))
}

pub(super) fn metadata(signature: &[u8]) -> Value {
    json!({ "key_id": KEY_ID, "algorithm": "rsa-sha256", "signature": BASE64.encode(signature) })
}

pub(super) fn verify(manifest: &[u8], metadata: &str) -> Result<VouchedManifest, PluginError> {
    let keyring = keyring();
    verify_plugin(
        manifest,
        Some(metadata.as_bytes()),
        &PluginVerification { keyring: &keyring, now: NOW, exception: None },
    )
}

/// `"ok"`, or the code of the refusal.
pub(super) fn code(manifest: &[u8], metadata: &Value) -> &'static str {
    verify(manifest, &metadata.to_string()).map_or_else(|error| error.code(), |_| "ok")
}

/// How a good manifest with this signature ends.
pub(super) fn signature_code(signature: &[u8]) -> &'static str {
    code(manifest().as_bytes(), &metadata(signature))
}

/// How this manifest ends when it is validly signed and its files are as `tree` has them.
pub(super) fn signed_code(manifest: &str) -> &'static str {
    let vouched = verify(manifest.as_bytes(), &metadata(&sign(manifest.as_bytes())).to_string());
    let verified = vouched.and_then(|vouched| vouched.verify_files(&tree()));
    verified.map_or_else(|error| error.code(), |_| "ok")
}
