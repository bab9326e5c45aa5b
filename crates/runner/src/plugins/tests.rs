//! Keyrings and plugins as files.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
};

use reach_pack_integrity::{ArchivePath, PluginFile, PluginFiles};
use reach_types::Code;
use tempfile::TempDir;

use super::*;

const PUBLIC_KEY: &str = include_str!("../../../signing/testdata/rsa-2048.TEST-KEY.pub.pem");

fn write_keyring(dir: &TempDir) -> PathBuf {
    let path = dir.path().join("keyring.json");
    fs::write(&path, json!({ "acme": PUBLIC_KEY }).to_string()).unwrap();
    path
}

fn keyring_code(path: &Path) -> &'static str {
    PluginKeys::given(path, None).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn k54_a_keyring_is_a_plain_file_that_others_cannot_write() {
    let dir = TempDir::new().unwrap();
    let path = write_keyring(&dir);
    assert_eq!(keyring_code(&path), "ok");
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    assert_eq!(keyring_code(&path), "trust.store_untrusted");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let link = dir.path().join("link.json");
    symlink(&path, &link).unwrap();
    assert_eq!(keyring_code(&link), "trust.store_untrusted");
    assert_eq!(keyring_code(dir.path()), "file.not_a_file");
    assert_eq!(keyring_code(&dir.path().join("none")), "file.missing");
    fs::File::create(dir.path().join("huge")).unwrap().set_len(limit(MAX_KEYRING_BYTES) + 1).unwrap();
    assert_eq!(keyring_code(&dir.path().join("huge")), "file.too_large");
}

#[test]
fn k41_k49_pinned_files_are_reached_without_links() {
    let root = TempDir::new().unwrap();
    let dir = root.path().join("plugin");
    fs::create_dir_all(dir.join("lib")).unwrap();
    fs::write(root.path().join("outside"), "x").unwrap();
    fs::write(dir.join("lib/a"), "x").unwrap();
    symlink("lib/a", dir.join("link")).unwrap();
    symlink("../outside", dir.join("out")).unwrap();
    symlink("nowhere", dir.join("dangling")).unwrap();
    symlink("lib", dir.join("other")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, dir.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    std::os::unix::net::UnixListener::bind(dir.join("socket")).unwrap();
    let beside = Beside::of(&dir.join("manifest.json")).unwrap();
    let found = |path: &str| match beside.open(&ArchivePath::parse(path).unwrap()).unwrap() {
        PluginFile::Content(_) => "content",
        PluginFile::Missing => "missing",
        PluginFile::NotAFile => "not a file",
    };
    assert_eq!(found("lib/a"), "content");
    for path in ["link", "out", "dangling", "other/a", "lib", "pipe", "socket", "lib/a/b"] {
        assert_eq!(found(path), "not a file", "{path}");
    }
    for path in ["b", "lib/b", "none/b"] {
        assert_eq!(found(path), "missing", "{path}");
    }
    // The directory is held open: another one in its place is not looked at.
    fs::rename(&dir, root.path().join("moved")).unwrap();
    fs::create_dir(&dir).unwrap();
    assert_eq!(found("lib/a"), "content");
}

#[test]
fn k54_a_keyring_among_the_pinned_files_is_found_under_any_name() {
    let dir = TempDir::new().unwrap();
    let keyring = write_keyring(&dir);
    fs::hard_link(&keyring, dir.path().join("data")).unwrap();
    let beside = Beside::of(&dir.path().join("manifest.json")).unwrap();
    let is_at = |path: &str| beside.is_at(&ArchivePath::parse(path).unwrap(), &keyring);
    assert!(is_at("keyring.json") && is_at("data") && !is_at("manifest.json"));
}
