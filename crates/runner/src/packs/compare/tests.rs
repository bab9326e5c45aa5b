//! An extracted directory that is not what its pack holds.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use reach_types::Code;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::judge_extracted;
use crate::packs::{extract, signature_path, testing::*};

fn code(pack: &Path, dir: &Path) -> &'static str {
    judge_extracted(&files(pack), &asked(&trust()), dir).verdict.map_or_else(|error| error.code(), |_| "ok")
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// What is done to an extracted directory, and how the comparison ends after it.
type Case<'a> = (&'a str, fn(&Path), &'a str);

fn ends(cases: &[Case<'_>]) {
    let dir = TempDir::new().unwrap();
    let pack = Pack::good().write(dir.path(), "x.reachpack");
    for (name, spoil, expected) in cases {
        let out = dir.path().join("out");
        extract(&files(&pack), &asked(&trust()), &out).unwrap();
        assert_eq!(code(&pack, &out), "ok", "{name}");
        spoil(&out);
        assert_eq!(code(&pack, &out), *expected, "{name}");
        fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn k46_an_extracted_directory_with_more_in_it() {
    ends(&[
        ("a file", |out| fs::write(out.join("more"), "").unwrap(), "pack.extra_file"),
        ("a hidden file", |out| fs::write(out.join(".more"), "").unwrap(), "pack.extra_file"),
        ("a file below", |out| fs::write(out.join("b/c/more"), "").unwrap(), "pack.extra_file"),
        ("a file in other case", |out| fs::write(out.join("A.txt"), "a").unwrap(), "pack.extra_file"),
        ("a name no pack can hold", |out| fs::write(out.join("a b\n"), "a").unwrap(), "pack.extra_file"),
        ("an empty directory", |out| fs::create_dir(out.join("b/more")).unwrap(), "pack.extra_file"),
        ("a directory", |out| fs::create_dir_all(out.join("d/e")).unwrap(), "pack.extra_file"),
        ("a link", |out| symlink("a.txt", out.join("more")).unwrap(), "pack.extracted_entry_type"),
        ("a pipe", |out| pipe(&out.join("more")), "pack.extracted_entry_type"),
    ]);
}

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR, 0).unwrap();
}

#[test]
fn k46_an_extracted_directory_with_less_in_it() {
    ends(&[
        ("a file", |out| fs::remove_file(out.join("a.txt")).unwrap(), "pack.extracted_missing_file"),
        ("an empty file", |out| fs::remove_file(out.join("b/empty")).unwrap(), "pack.extracted_missing_file"),
        ("the last file", |out| fs::remove_file(out.join("z/large")).unwrap(), "pack.extracted_missing_file"),
        ("a directory", |out| fs::remove_dir_all(out.join("b")).unwrap(), "pack.extracted_missing_file"),
        (
            "a renamed file",
            |out| fs::rename(out.join("a.txt"), out.join("b.txt")).unwrap(),
            "pack.extracted_missing_file",
        ),
    ]);
}

#[test]
fn k46_an_extracted_directory_with_other_contents() {
    let changed = "pack.extracted_mismatch";
    ends(&[
        ("other bytes", |out| fs::write(out.join("a.txt"), "b").unwrap(), changed),
        ("more bytes", |out| fs::write(out.join("a.txt"), "aa").unwrap(), changed),
        ("no bytes", |out| fs::write(out.join("a.txt"), "").unwrap(), changed),
        ("some bytes", |out| fs::write(out.join("b/empty"), "x").unwrap(), changed),
        ("the last byte", |out| fs::write(out.join("z/large"), [&[7; 299_999][..], b"x"].concat()).unwrap(), changed),
        ("the manifest", |out| fs::write(out.join("pack.toml"), "").unwrap(), changed),
    ]);
}

#[test]
fn k42_k46_an_extracted_directory_with_other_modes() {
    let mode = "pack.extracted_mode_mismatch";
    ends(&[
        ("executable", |out| set_mode(&out.join("a.txt"), 0o755), mode),
        ("not executable", |out| set_mode(&out.join("b/c/run.sh"), 0o644), mode),
        ("set-user-id", |out| set_mode(&out.join("b/c/run.sh"), 0o4755), mode),
        ("set-group-id", |out| set_mode(&out.join("b/c/run.sh"), 0o2755), mode),
        ("sticky", |out| set_mode(&out.join("a.txt"), 0o1644), mode),
        ("writable by all", |out| set_mode(&out.join("a.txt"), 0o666), mode),
        ("a directory writable by all", |out| set_mode(&out.join("b"), 0o777), mode),
        ("a directory writable by a group", |out| set_mode(&out.join("b/c"), 0o775), mode),
        ("itself writable by all", |out| set_mode(out, 0o1777), mode),
        ("itself closed to others", |out| set_mode(out, 0o700), "ok"),
    ]);
}

#[test]
fn k46_an_extracted_directory_with_other_kinds_of_entry() {
    let kind = "pack.extracted_entry_type";
    ends(&[
        (
            "a link to the same bytes",
            |out| {
                fs::rename(out.join("a.txt"), out.with_extension("kept")).unwrap();
                symlink(out.with_extension("kept"), out.join("a.txt")).unwrap();
            },
            kind,
        ),
        (
            "a link to the same directory",
            |out| {
                let kept = out.with_extension("dir");
                fs::rename(out.join("b"), &kept).unwrap();
                symlink(&kept, out.join("b")).unwrap();
            },
            kind,
        ),
        (
            "a pipe",
            |out| {
                fs::remove_file(out.join("b/empty")).unwrap();
                pipe(&out.join("b/empty"));
            },
            kind,
        ),
        (
            "a directory for a file",
            |out| {
                fs::remove_file(out.join("b/empty")).unwrap();
                fs::create_dir(out.join("b/empty")).unwrap();
            },
            kind,
        ),
        (
            "a file for a directory",
            |out| {
                fs::remove_dir_all(out.join("b/c")).unwrap();
                fs::write(out.join("b/c"), "").unwrap();
            },
            kind,
        ),
    ]);
}

#[test]
fn k46_the_packs_own_verdict_comes_first() {
    let dir = TempDir::new().unwrap();
    let pack = Pack::good().write(dir.path(), "x.reachpack");
    let out = dir.path().join("out");
    extract(&files(&pack), &asked(&trust()), &out).unwrap();
    fs::remove_file(out.join("a.txt")).unwrap();
    assert_eq!(code(&pack, &out), "pack.extracted_missing_file");
    let mut spoilt = fs::read(&pack).unwrap();
    let last = spoilt.len() - 2048;
    spoilt[last] ^= 1;
    fs::write(&pack, &spoilt).unwrap();
    assert_eq!(code(&pack, &out), "pack.digest_mismatch");
    fs::remove_file(signature_path(&pack)).unwrap();
    assert_eq!(code(&pack, &out), "pack.unsigned");
}

#[test]
fn k46_only_a_directory_is_compared() {
    let dir = TempDir::new().unwrap();
    let pack = Pack::good().write(dir.path(), "x.reachpack");
    let (out, link) = (dir.path().join("out"), dir.path().join("link"));
    extract(&files(&pack), &asked(&trust()), &out).unwrap();
    symlink(&out, &link).unwrap();
    assert_eq!(code(&pack, &out), "ok");
    assert_eq!(code(&pack, &link), "file.not_a_directory");
    assert_eq!(code(&pack, &pack), "file.not_a_directory");
    assert_eq!(code(&pack, &dir.path().join("none")), "file.missing");
}
