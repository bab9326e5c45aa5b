//! Files of every wrong kind.

use super::*;
use reach_types::Code;

#[test]
fn k54_a_trust_file_is_plain_and_not_writable_by_everybody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trust.json");
    write(&path, b"{}", 0o644, Existing::Refuse).unwrap();
    assert_eq!(read_trust(&path, 10).unwrap(), b"{}");
    for open in [0o646, 0o666, 0o622, 0o602] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        assert_eq!(read_trust(&path, 10).unwrap_err().code(), "trust.store_untrusted", "{open:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let link = dir.path().join("link.json");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(read_trust(&link, 10).unwrap_err().code(), "trust.store_untrusted");
}

#[test]
fn k54_a_group_is_other_people_unless_it_is_the_owners_own() {
    for (mode, group, expected) in [
        (0o100_644, 7, None),
        (0o100_664, 1000, None),
        (0o100_664, 7, Some("writable by its group")),
        (0o100_620, 0, Some("writable by its group")),
        (0o100_666, 1000, Some("writable by everybody")),
        (0o100_646, 1000, Some("writable by everybody")),
    ] {
        assert_eq!(writable_by_others(mode, 1000, group), expected, "{mode:o} {group}");
    }
}

#[test]
fn a_new_file_that_cannot_be_made_durable_is_taken_away_again() {
    let dir = tempfile::tempdir().unwrap();
    let (temporary, path) = (dir.path().join("temporary"), dir.path().join("file"));
    fs::write(&temporary, "new").unwrap();
    let full = || Err(classify(&path, io::Error::other("the disk is full")));
    assert_eq!(link_new(&temporary, &path, full).unwrap_err().code(), "file.io");
    assert!(!path.exists());
    link_new(&temporary, &path, || Ok(())).unwrap();
    // What was there before is nobody's to take away.
    assert_eq!(link_new(&temporary, &path, full).unwrap_err().code(), "file.exists");
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn a_private_key_others_can_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    write(&path, b"secret", 0o600, Existing::Refuse).unwrap();
    assert_eq!(&**read_private(&path).unwrap(), b"secret");
    for open in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        assert_eq!(read_private(&path).unwrap_err().code(), "file.key_exposed", "{open:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(&**read_private(&path).unwrap(), b"secret");
}

#[test]
fn a_private_key_is_a_plain_file_of_bounded_size() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let code = |name: &str| read_private(&path(name)).map_or_else(|e| e.code(), |_| "ok");
    let most = vec![b'x'; MAX_PRIVATE_BYTES];
    write(&path("most"), &most, 0o600, Existing::Refuse).unwrap();
    write(&path("more"), &[&most[..], b"x"].concat(), 0o600, Existing::Refuse).unwrap();
    std::os::unix::fs::symlink(path("most"), path("link")).unwrap();
    std::os::unix::fs::symlink(path("nowhere"), path("dangling")).unwrap();
    assert_eq!(code("most"), "ok");
    assert_eq!(code("more"), "file.too_large");
    assert_eq!(code("link"), "file.key_link");
    assert_eq!(code("dangling"), "file.key_link");
    assert_eq!(code(""), "file.not_a_file");
    assert_eq!(code("none"), "file.missing");
}

#[test]
fn every_kind_of_wrong_file_has_its_code() {
    let dir = tempfile::tempdir().unwrap();
    let code = |path: &Path| read(path, 4).map_or_else(|e| e.code(), |_| "ok");
    let path = dir.path().join("a");
    assert_eq!(code(&path), "file.missing");
    assert_eq!(code(dir.path()), "file.not_a_file");
    write(&path, b"1234", 0o644, Existing::Refuse).unwrap();
    assert_eq!(code(&path), "ok");
    write(&path, b"12345", 0o644, Existing::Replace).unwrap();
    assert_eq!(code(&path), "file.too_large");
    assert_eq!(code(Path::new("/dev/zero")), "file.not_a_file");
    assert_eq!(write(&path, b"", 0o644, Existing::Refuse).unwrap_err().code(), "file.exists");
    assert_eq!(code(&path.join("below")), "file.not_a_directory");
    assert_eq!(require_directory(&path).unwrap_err().code(), "file.not_a_directory");
}

#[test]
fn what_a_killed_process_left_is_swept_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let ours = format!(".a.{}.tmp", std::process::id());
    for name in [".a.4294967295.tmp", ".a.4294967295.init", ".b.4294967295.tmp", ".a.x.tmp", &ours] {
        fs::write(path(name), "x").unwrap();
    }
    sweep(&path("a"), ".tmp");
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let left: std::collections::BTreeSet<_> = fs::read_dir(dir.path()).unwrap().map(name).collect();
    assert_eq!(left, [".a.4294967295.init", ".b.4294967295.tmp", ".a.x.tmp", &ours].map(str::to_owned).into());
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let fail = |_: &mut File| Err::<(), _>(FileError::Missing { path: PathBuf::new() });
    assert_eq!(write_with(&path, 0o644, Existing::Refuse, fail).unwrap_err().code(), "file.missing");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
