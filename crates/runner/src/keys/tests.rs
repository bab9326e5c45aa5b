//! Key files good and bad.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    slice,
};

use reach_signing::{KeyKind, Passphrase, PublicKey, Role, Signer};
use tempfile::TempDir;

use super::*;
use crate::{CommandSpec, Environment, World};

/// A world in which everybody is answered with this passphrase.
fn world(passphrase: &str) -> World {
    let given = GivenPassphrase::from_first_line(&mut passphrase.as_bytes()).unwrap();
    World { passphrases: Box::new(given), ..silent() }
}

/// A world in which nobody knows a passphrase.
fn silent() -> World {
    World::system(Environment::default())
}

struct Keys(TempDir);

impl Keys {
    /// `plain.pem` and `sealed.pem`, the second under the passphrase `secret`.
    fn new() -> Self {
        let keys = Self(TempDir::new().unwrap());
        generate(&silent(), Role::Pack, &keys.path("plain.pem"), "x").unwrap();
        generate_encrypted(&world("secret"), Role::Pack, &keys.path("sealed.pem"), "x").unwrap();
        keys
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

fn code<T>(result: Result<T, KeyFileError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn an_encrypted_key_signs_for_whoever_knows_its_passphrase() {
    let keys = Keys::new();
    let sealed = keys.path("sealed.pem");
    assert!(keys.text("sealed.pem").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert_eq!(fs::metadata(&sealed).unwrap().permissions().mode() & 0o777, 0o600);
    let key = read_signing(&world("secret\n"), &sealed, Role::Pack).unwrap();
    assert_eq!(key.public_key(), read_public(&keys.path("sealed.pub.pem")).unwrap());
    assert_eq!(code(read_signing(&world("Secret"), &sealed, Role::Pack)), "key.passphrase_wrong");
    assert_eq!(code(read_signing(&silent(), &sealed, Role::Pack)), "key.passphrase_needed");
    assert_eq!(code(read_unattended(&sealed, Role::Pack)), "key.passphrase_needed");
    // A key that is not encrypted needs nobody who knows anything.
    assert_eq!(code(read_signing(&silent(), &keys.path("plain.pem"), Role::Pack)), "ok");
    assert_eq!(code(read_unattended(&keys.path("plain.pem"), Role::Pack)), "ok");
}

/// Somebody who types two different passphrases.
struct Unsure;

impl PassphraseSource for Unsure {
    fn passphrase(&self, ask: Ask<'_>) -> Result<Option<Passphrase>, AskError> {
        assert!(matches!(ask, Ask::Protect(_)));
        Err(AskError::Mismatch)
    }
}

#[test]
fn no_file_is_left_by_a_key_that_could_not_be_encrypted() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("key.pem");
    assert_eq!(code(generate_encrypted(&silent(), Role::Log, &out, "x")), "key.passphrase_needed");
    let unsure = World { passphrases: Box::new(Unsure), ..silent() };
    assert_eq!(code(generate_encrypted(&unsure, Role::Log, &out, "x")), "key.passphrase_mismatch");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    // Nobody is asked for a key that has no place.
    fs::write(dir.path().join("key.vkey"), "").unwrap();
    assert_eq!(code(generate_encrypted(&unsure, Role::Log, &out, "x")), "file.exists");
    assert_eq!(code(generate_encrypted(&unsure, Role::Log, &dir.path().join("key.pub.pem"), "x")), "key.out_name");
}

#[test]
fn one_key_is_one_signer() {
    let keys = Keys::new();
    let (plain, copy) = (keys.path("plain.pem"), keys.write("copy.pem", keys.text("plain.pem"), 0o600));
    let other = keys.path("sealed.pem");
    let command = |name: &str| CommandSpec::parse(&format!("{}=sign", keys.path(name).display())).unwrap();
    let judge = |files: &[PathBuf], commands: &[CommandSpec]| {
        code(read_signers(&world("secret"), Role::Pack, &Signers { keys: files, commands }))
    };
    assert_eq!(judge(&[plain.clone(), other.clone()], &[]), "ok");
    assert_eq!(judge(&[plain.clone(), plain.clone()], &[]), "key.twice");
    assert_eq!(judge(&[plain.clone(), copy.clone()], &[]), "key.twice");
    assert_eq!(judge(slice::from_ref(&plain), &[command("sealed.pub.pem")]), "ok");
    assert_eq!(judge(slice::from_ref(&plain), &[command("plain.pub.pem")]), "key.twice");
    assert_eq!(judge(&[], &[command("plain.pub.pem"), command("plain.pub.pem")]), "key.twice");
    assert_eq!(judge(&[], &[command("plain.pem")]), "key.private");
    assert_eq!(code(read_roots(&world("secret"), &[plain.clone(), other])), "ok");
    assert_eq!(code(read_roots(&world("secret"), &[plain, copy])), "key.twice");
}

#[test]
fn k32_a_private_key_where_a_public_one_belongs_is_loud() {
    let keys = Keys::new();
    let judge = |text: String| code(read_public(&keys.write("given.pem", text, 0o644)));
    assert_eq!(judge(keys.text("plain.pub.pem")), "ok");
    let plain = keys.text("plain.pem");
    assert_eq!(judge(plain.clone()), "key.private");
    assert_eq!(judge(keys.text("sealed.pem")), "key.private");
    for label in ["EC PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
        assert_eq!(judge(plain.replace("PRIVATE KEY", label)), "key.private", "{label}");
    }
    // Beside a public one, or not even well formed.
    assert_eq!(judge(format!("{}{plain}", keys.text("plain.pub.pem"))), "key.private");
    assert_eq!(judge(format!("-----BEGIN EC PARAMETERS-----\n\n{plain}")), "key.private");
    // Seed and public half in hex, as other tools keep them.
    assert_eq!(judge(format!("{}\n", "5a".repeat(64))), "key.private");
    assert_eq!(judge(format!("{}\n", "5a".repeat(63))), "key.malformed");
}

#[test]
fn k54_a_key_file_that_others_can_change_is_refused() {
    let keys = Keys::new();
    let public = keys.text("plain.pub.pem");
    for (mode, expected) in [(0o644, "ok"), (0o646, "trust.store_untrusted")] {
        assert_eq!(code(read_public(&keys.write("p.pub.pem", &public, mode))), expected, "{mode:o}");
    }
    symlink(keys.path("plain.pub.pem"), keys.path("link.pub.pem")).unwrap();
    assert_eq!(code(read_public(&keys.path("link.pub.pem"))), "trust.store_untrusted");
    let private = keys.text("plain.pem");
    for mode in [0o640, 0o620, 0o604, 0o602] {
        let path = keys.write("k.pem", &private, mode);
        assert_eq!(code(read_signing(&silent(), &path, Role::Pack)), "file.key_exposed", "{mode:o}");
    }
    symlink(keys.path("plain.pem"), keys.path("link.pem")).unwrap();
    assert_eq!(code(read_signing(&silent(), &keys.path("link.pem"), Role::Pack)), "file.key_link");
    assert_eq!(code(read_signing(&silent(), keys.0.path(), Role::Pack)), "file.not_a_file");
    assert_eq!(code(read_public(keys.0.path())), "file.not_a_file");
    // A public key may lie open; it only signs nothing.
    assert_eq!(code(read_signing(&silent(), &keys.path("plain.pub.pem"), Role::Pack)), "key.malformed");
}

#[test]
fn k27_k28_weak_and_misshapen_key_files() {
    let keys = Keys::new();
    let good = keys.text("plain.pub.pem");
    let judge = |body: &str| {
        let text = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
        code(read_public(&keys.write("given.pub.pem", text, 0o644)))
    };
    let spki = |key: &[u8]| {
        let head: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        data_encoding::BASE64.encode(&[&head, key].concat())
    };
    let key = *PublicKey::from_pem(good.as_bytes()).unwrap().as_bytes();
    assert_eq!(judge(&spki(&key)), "ok");
    assert_eq!(judge(&spki(&key[..31])), "key.malformed");
    assert_eq!(judge(&spki(&[&key[..], &[0]].concat())), "key.malformed");
    assert_eq!(judge(&spki(&[0; 32])), "sign.weak_key");
}

#[test]
fn a_key_file_is_described_by_its_kind() {
    let keys = Keys::new();
    let public = read_public(&keys.path("sealed.pub.pem")).unwrap();
    let kind = |world: &World, name: &str| {
        let described = describe(world, &keys.path(name)).unwrap();
        (described.kind, described.public)
    };
    assert_eq!(kind(&silent(), "sealed.pub.pem"), (KeyKind::Public, Some(public)));
    assert_eq!(kind(&silent(), "sealed.pem"), (KeyKind::EncryptedPrivate, None));
    assert_eq!(kind(&world("secret"), "sealed.pem"), (KeyKind::EncryptedPrivate, Some(public)));
    let plain = read_public(&keys.path("plain.pub.pem")).unwrap();
    assert_eq!(kind(&silent(), "plain.pem"), (KeyKind::Private, Some(plain)));
    assert_eq!(code(describe(&world("no"), &keys.path("sealed.pem"))), "key.passphrase_wrong");
    let open = keys.write("open.pem", keys.text("plain.pem"), 0o644);
    assert_eq!(code(describe(&silent(), &open)), "file.key_exposed");
}

#[test]
fn a_passphrase_file_is_kept_as_a_key_is() {
    let keys = Keys::new();
    let ask = |path: &Path| match GivenPassphrase::from_file(path) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    };
    assert_eq!(ask(&keys.write("pass", "secret\n", 0o600)), "ok");
    assert_eq!(ask(&keys.write("open", "secret\n", 0o644)), "file.key_exposed");
    assert_eq!(ask(&keys.write("empty", "", 0o600)), "key.passphrase_empty");
    symlink(keys.path("pass"), keys.path("link")).unwrap();
    assert_eq!(ask(&keys.path("link")), "file.key_link");
    assert_eq!(ask(&keys.path("none")), "file.missing");
}
