//! Any manifest and signature file end in a verdict; without the private key never in a good one.
//! Under an exception any manifest is read, and its files are looked for.
#![no_main]

use std::{collections::BTreeMap, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use reach_pack_integrity::{Keyring, PluginVerification, verify_plugin};
use reach_types::{Blake3Digest, Code, LegacyException, Timestamp};

const PUBLIC_KEY: &str = include_str!("../../../crates/signing/testdata/rsa-2048.TEST-KEY.pub.pem");

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let ring = format!("{{\"a\":\"{}\"}}", PUBLIC_KEY.replace('\n', "\\n"));
    Keyring::read(ring.as_bytes()).expect("a good keyring")
});

fuzz_target!(|documents: (&[u8], &[u8])| {
    let (manifest, signature) = documents;
    let now = Timestamp::from_millis(1);
    let signed = PluginVerification { keyring: &KEYRING, now, exception: None };
    let refused = verify_plugin(manifest, Some(signature), &signed).expect_err("nobody signed this").code();
    let exception = LegacyException {
        digest: Blake3Digest::of(manifest),
        reason: "fuzzed".to_owned(),
        until: Timestamp::from_millis(2),
    };
    let excepted = PluginVerification { exception: Some(&exception), ..signed };
    // An exception is for what nobody signed: beside a signature it changes nothing.
    let again = verify_plugin(manifest, Some(signature), &excepted).expect_err("an exception covers no signature");
    assert_eq!(again.code(), refused);
    if let Ok(vouched) = verify_plugin(manifest, None, &excepted) {
        let code = vouched.verify_files(&BTreeMap::new()).expect_err("no file is there").code();
        assert!(matches!(code, "plugin.incomplete" | "plugin.missing_file"), "{code}");
    }
});
