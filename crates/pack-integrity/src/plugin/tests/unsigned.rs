//! Manifests without a signature file, and what an exception covers.

use reach_types::{Blake3Digest, Code, LegacyException, Timestamp};

use crate::{
    PluginProvenance, PluginVerification,
    plugin::testing::{NOW, keyring, manifest, metadata, sign, tree},
    verify_plugin,
};

fn exception(manifest: &str) -> LegacyException {
    let until = Timestamp::from_millis(NOW.as_millis() + 1);
    LegacyException { digest: Blake3Digest::of(manifest.as_bytes()), reason: "in review".to_owned(), until }
}

fn code(manifest: &str, signature: Option<&str>, exception: Option<&LegacyException>) -> &'static str {
    let keyring = keyring();
    let asked = PluginVerification { keyring: &keyring, now: NOW, exception };
    let vouched = verify_plugin(manifest.as_bytes(), signature.map(str::as_bytes), &asked);
    vouched.map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn k01_an_unsigned_manifest_is_refused_with_its_own_code() {
    let manifest = manifest();
    assert_eq!(code(&manifest, Some(&metadata(&sign(manifest.as_bytes())).to_string()), None), "ok");
    assert_eq!(code(&manifest, None, None), "plugin.unsigned");
    // An empty file is a broken signature, not a missing one.
    assert_eq!(code(&manifest, Some(""), None), "plugin.malformed");
}

#[test]
fn k53_an_exception_covers_one_unsigned_manifest_until_its_end() {
    let manifest = manifest();
    let good = exception(&manifest);
    assert_eq!(code(&manifest, None, Some(&good)), "ok");
    assert_eq!(code(&format!("{manifest} "), None, Some(&good)), "plugin.exception_mismatch");
    let over = LegacyException { until: NOW, ..good.clone() };
    assert_eq!(code(&manifest, None, Some(&over)), "plugin.exception_expired");
    // A signature that is there and bad is bad, whatever the policy says.
    let bad = metadata(&[7; 256]).to_string();
    assert_eq!(code(&manifest, Some(&bad), Some(&good)), "plugin.bad_signature");
    assert_eq!(code(&manifest, Some(""), Some(&good)), "plugin.malformed");
    assert_eq!(code(&manifest, Some(&metadata(&[]).to_string()), Some(&good)), "plugin.no_signature");
    // It stands in for the signature only.
    let none = manifest.replacen('{', "{\"alg\":\"none\",", 1);
    assert_eq!(code(&none, None, Some(&exception(&none))), "plugin.alg_mismatch");
    assert_eq!(code("{}}", None, Some(&exception("{}}"))), "plugin.malformed");
}

#[test]
fn k53_what_nobody_signed_says_so_and_its_files_still_count() {
    let (keyring, manifest) = (keyring(), manifest());
    let exception = exception(&manifest);
    let asked = PluginVerification { keyring: &keyring, now: NOW, exception: Some(&exception) };
    let vouched = verify_plugin(manifest.as_bytes(), None, &asked).unwrap();
    assert_eq!(vouched.checks(), ["exception", "manifest"]);
    let said = PluginProvenance::UnsignedAllowed { reason: exception.reason.clone(), until: exception.until };
    assert_eq!(vouched.provenance(), &said);
    assert_eq!(vouched.blake3(), &exception.digest);
    let mut files = tree();
    vouched.clone().verify_files(&files).unwrap();
    files.values_mut().for_each(|bytes| bytes.push(b'!'));
    assert_eq!(vouched.verify_files(&files).unwrap_err().code(), "plugin.digest_mismatch");
}
