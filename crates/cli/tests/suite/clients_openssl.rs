//! Keys and signatures between OpenSSL and us, in both directions, where OpenSSL is installed.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::support::{Demo, reach};

const RUNNER_README: &str = include_str!("../../../runner/README.md");

/// Runs `openssl` with `words`; `None`, and a word about it, if there is none.
fn openssl(words: &[&str]) -> Option<Output> {
    let output = Command::new("openssl").args(words).output().ok();
    if output.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: openssl is not installed");
    }
    output
}

fn private(path: &Path, text: &str) -> String {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn openssl_opens_our_keys() {
    let dir = TempDir::new().unwrap();
    let passphrase = private(&dir.path().join("passphrase"), "correct horse\n");
    let wrong = private(&dir.path().join("wrong"), "incorrect horse\n");
    for encrypt in [false, true] {
        let out = dir.path().join(format!("{encrypt}.pem")).to_str().unwrap().to_owned();
        let words = ["key", "generate", "--role", "pack", "--out", &out];
        let sealed = ["--encrypt", "--passphrase-file", &passphrase];
        let made = reach(&[&words[..], if encrypt { &sealed } else { &[] }].concat());
        assert_eq!(made.exit, 0, "{}{}", made.out, made.err);
        let pass = format!("file:{passphrase}");
        let Some(public) = openssl(&["pkey", "-in", &out, "-passin", &pass, "-pubout"]) else { return };
        assert!(public.status.success(), "{}", String::from_utf8_lossy(&public.stderr));
        assert_eq!(public.stdout, fs::read(out.replace(".pem", ".pub.pem")).unwrap());
        let pass = format!("file:{wrong}");
        let refused = openssl(&["pkey", "-in", &out, "-passin", &pass, "-pubout"]).unwrap();
        assert_eq!(refused.status.success(), !encrypt);
    }
}

#[test]
fn we_open_openssl_keys() {
    let dir = TempDir::new().unwrap();
    let passphrase = private(&dir.path().join("passphrase"), "correct horse\n");
    let (pass, out) = (format!("file:{passphrase}"), dir.path().join("key.pem").to_str().unwrap().to_owned());
    let seal: [&[&str]; 4] =
        [&[], &["-aes-256-cbc", "-pass", &pass], &["-aes-192-cbc", "-pass", &pass], &["-aes-128-cbc", "-pass", &pass]];
    for seal in seal {
        let Some(made) = openssl(&[&["genpkey", "-algorithm", "ed25519", "-out", &out], seal].concat()) else { return };
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let public = dir.path().join("key.pub.pem").to_str().unwrap().to_owned();
        assert!(
            openssl(&["pkey", "-in", &out, "-passin", &pass, "-pubout", "-out", &public]).unwrap().status.success()
        );
        // Whatever the umask is.
        fs::set_permissions(&public, fs::Permissions::from_mode(0o644)).unwrap();
        let expected = reach(&["key", "show", &public]).json();
        let shown = reach(&["key", "show", &out, "--passphrase-file", &passphrase]).json();
        assert_eq!(shown["keyid"], expected["keyid"]);
        assert!(expected["keyid"].is_string());
        assert_eq!(shown["kind"], if seal.is_empty() { "private" } else { "encrypted private" });
    }
}

/// The script that the runner's documentation shows.
fn documented_script() -> &'static str {
    let (_, script) = RUNNER_README.split_once("```sh\n").unwrap();
    script.split_once("```").unwrap().0
}

#[test]
fn openssl_signs_packs_and_policies_by_the_documented_script() {
    if openssl(&["version"]).is_none() {
        return;
    }
    let demo = Demo::new();
    let script = private(&demo.dir().join("sign.sh"), documented_script());
    let signer = |role: &str| {
        let key = demo.path(&format!("keys/{role}.pem"));
        format!("{}=sh '{script}' '{key}'", demo.path(&format!("keys/{role}.pub.pem")))
    };
    let (pack, trust, out) = (demo.path("inventory.reachpack"), demo.path("trust.dsse.json"), demo.path("s.json"));
    let signed = reach(&["pack", "sign", &pack, "--signer", &signer("pack"), "--out", &out]);
    assert_eq!(signed.exit, 0, "{}{}", signed.out, signed.err);
    let verified = reach(&["pack", "verify", &pack, "--trust", &trust, "--signature", &out]);
    assert_eq!(verified.exit, 0, "{}{}", verified.out, verified.err);
    let bundle = demo.path("s.reachpolicy");
    let built = reach(&["policy", "build", &demo.path("policy.toml"), "--signer", &signer("policy"), "--out", &bundle]);
    assert_eq!(built.exit, 0, "{}{}", built.out, built.err);
    // The signature is a deterministic one, so OpenSSL's is ours.
    assert_eq!(fs::read(&bundle).unwrap(), demo.read("policy.reachpolicy"));
    // Beside a key file, and with another key than it says.
    let other = demo.path("other.pem");
    assert_eq!(reach(&["key", "generate", "--role", "pack", "--out", &other]).exit, 0);
    let both = ["pack", "sign", &pack, "--signer", &signer("pack"), "--key", &other, "--out", &demo.path("t.json")];
    let signed = reach(&both);
    assert_eq!(signed.exit, 0, "{}{}", signed.out, signed.err);
    let wrong = signer("pack").replace("keys/pack.pem", "other.pem");
    let refused = reach(&["pack", "sign", &pack, "--signer", &wrong, "--out", &demo.path("u.json")]);
    assert_eq!(refused.code(), "pack.signer_faulty");
}
