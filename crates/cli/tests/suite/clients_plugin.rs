//! Plugin signatures between OpenSSL and us, in both directions, where OpenSSL is installed.

use std::{
    fs,
    io::{self, Write},
    process::Command,
};

use serde_json::json;

use crate::plugin::{Plugin, rsa_sign};

/// Runs `openssl` with `words`, or says that there is none.
fn openssl(words: &[&str]) -> Option<bool> {
    match Command::new("openssl").args(words).output() {
        Ok(output) => Some(output.status.success()),
        Err(error) => {
            writeln!(io::stderr(), "not run, because there is no openssl here: {error}").unwrap();
            None
        }
    }
}

/// Makes an RSA key of `bits` bits with OpenSSL, and a keyring of its public half.
fn generate(plugin: &Plugin, bits: u32, pkcs1: bool) -> Option<()> {
    let (private, public) = (plugin.path("openssl.pem"), plugin.path("openssl.pub.pem"));
    let size = format!("rsa_keygen_bits:{bits}");
    assert!(openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", &size, "-out", &private])?);
    let form: &[&str] = if pkcs1 { &["-RSAPublicKey_out"] } else { &["-pubout"] };
    assert!(openssl(&[&["rsa", "-in", &private, "-out", &public], form].concat())?);
    let keyring = json!({ "acme": fs::read_to_string(&public).unwrap() });
    plugin.write("keyring.json", keyring.to_string().as_bytes());
    Some(())
}

#[test]
fn a_manifest_that_openssl_signed_is_verified() {
    for (bits, pkcs1) in [(2048, false), (2048, true), (3072, false)] {
        let plugin = Plugin::new();
        if generate(&plugin, bits, pkcs1).is_none() {
            return;
        }
        assert_eq!(plugin.verify().code(), "plugin.bad_signature");
        let (private, manifest, out) =
            (plugin.path("openssl.pem"), plugin.path("jira/manifest.json"), plugin.path("signature"));
        let sign = |hash: &str, more: &[&str]| {
            let words = [&["dgst", hash, "-sign", &private, "-out", &out], more, &[manifest.as_str()]].concat();
            assert_eq!(openssl(&words), Some(true));
            plugin.write_signature(&fs::read(&out).unwrap());
            plugin.verify().code()
        };
        assert_eq!(sign("-sha256", &[]), "ok", "{bits} {pkcs1}");
        assert_eq!(sign("-sha512", &[]), "plugin.bad_signature");
        assert_eq!(sign("-sha1", &[]), "plugin.bad_signature");
        assert_eq!(sign("-sha256", &["-sigopt", "rsa_padding_mode:pss"]), "plugin.bad_signature");
    }
}

#[test]
fn what_we_take_for_a_signature_openssl_takes_for_one_too() {
    let plugin = Plugin::new();
    assert_eq!(plugin.verify().code(), "ok");
    let (manifest, public, signature) =
        (plugin.path("jira/manifest.json"), plugin.path("key.pub.pem"), plugin.path("signature"));
    let key = include_str!("../../../signing/testdata/rsa-2048.TEST-KEY.pub.pem");
    plugin.write("key.pub.pem", key.as_bytes());
    plugin.write("signature", &rsa_sign(&fs::read(&manifest).unwrap()));
    let verify = || openssl(&["dgst", "-sha256", "-verify", &public, "-signature", &signature, &manifest]);
    let Some(verified) = verify() else { return };
    assert!(verified);
    plugin.write("jira/manifest.json", b"{}");
    assert_eq!(verify(), Some(false));
}
