//! Extraction against somebody who swaps files and directories while it runs.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use reach_pack_integrity::verify_pack_into;
use reach_types::Code;
use tempfile::TempDir;

use super::{PackFileError, extract, extract_into};
use crate::packs::{signature_path, testing::*, verify};

/// A directory in which a pack is about to be extracted to `out`.
struct Scene {
    dir: TempDir,
    out: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let out = dir.path().join("out");
        Self { dir, out }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where the files are until all is verified.
    fn staging(&self) -> PathBuf {
        self.path(&format!(".out.{}.extract", std::process::id()))
    }

    fn names(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(self.dir.path()).unwrap().map(name).collect();
        names.sort();
        names
    }

    /// How it ends with this envelope, over an archive of which the test has a hold.
    fn extract_from(&self, archive: impl Read, envelope: Option<&[u8]>) -> &'static str {
        let done = extract_into(&self.out, |sink| {
            verify_pack_into(archive, envelope, &asked(&trust()), sink).map_err(PackFileError::Verify)
        });
        done.map_or_else(|error| error.code(), |_| "ok")
    }

    fn extract(&self, pack: &Pack, archive: impl Read) -> &'static str {
        self.extract_from(archive, Some(&pack.envelope))
    }

    /// How it ends if `act` happens before the byte at `place` is read.
    fn interrupted(&self, pack: &Pack, place: usize, act: impl FnOnce()) -> &'static str {
        self.extract(pack, Interrupted::new(&pack.archive[..], place as u64, act))
    }
}

/// Where the header of `path` stands.
fn header_of(pack: &Pack, path: &str) -> usize {
    pack.archive.windows(path.len() + 1).position(|window| window == [path.as_bytes(), b"\0"].concat()).unwrap()
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

fn assert_good(out: &Path) {
    let tree = read_tree(out);
    let names: Vec<_> = tree.iter().map(|(name, (mode, _))| (name.as_str(), *mode)).collect();
    let (file, open) = (0o644, 0o755);
    assert_eq!(
        names,
        [
            ("a.txt", file),
            ("b", open),
            ("b/c", open),
            ("b/c/run.sh", open),
            ("b/empty", file),
            ("pack.toml", file),
            ("z", open),
            ("z/large", file),
        ]
    );
    assert_eq!(tree["a.txt"].1.as_deref(), Some(&b"a"[..]));
    assert_eq!(tree["b/empty"].1.as_deref(), Some(&b""[..]));
    assert_eq!(tree["z/large"].1.as_deref(), Some(&[7; 300_000][..]));
    assert_eq!(mode(out), open);
}

#[test]
fn what_is_extracted_is_what_was_packed() {
    let scene = Scene::new();
    let pack = Pack::good().write(scene.dir.path(), "x.reachpack");
    let extracted = extract(&files(&pack), &asked(&trust()), &scene.out).unwrap();
    assert_eq!((extracted.files, extracted.proven.pack.facts().name.as_str()), (5, "good"));
    assert_good(&scene.out);
    assert_eq!(scene.names(), ["out", "x.reachpack", "x.reachpack.dsse.json"]);
}

#[test]
fn nothing_that_is_there_is_replaced() {
    let scene = Scene::new();
    let pack = Pack::good().write(scene.dir.path(), "x.reachpack");
    let code = |out: &Path| extract(&files(&pack), &asked(&trust()), out).map_or_else(|e| e.code(), |_| "ok");
    fs::write(scene.path("file"), "mine").unwrap();
    fs::create_dir(scene.path("dir")).unwrap();
    symlink("nowhere", scene.path("dangling")).unwrap();
    symlink("dir", scene.path("link")).unwrap();
    let before = scene.names();
    for taken in ["file", "dir", "dangling", "link", ".", ".."] {
        assert_eq!(code(&scene.path(taken)), "file.exists", "{taken}");
    }
    assert_eq!(code(Path::new("/")), "file.exists");
    assert_eq!(code(&scene.path("file/out")), "file.not_a_directory");
    assert_eq!(code(&scene.path("missing/out")), "file.missing");
    assert_eq!((scene.names(), fs::read(scene.path("file")).unwrap()), (before, b"mine".to_vec()));
    assert_eq!(code(&scene.path("dir/out")), "ok");
    assert_eq!(code(&scene.out), "ok");
}

#[test]
fn k49_what_comes_to_the_place_meanwhile_stays() {
    let pack = Pack::good();
    let end = pack.archive.len();
    for (name, come) in [
        ("an empty directory", (|out| fs::create_dir(out).unwrap()) as fn(&Path)),
        ("a file", |out| fs::write(out, "mine").unwrap()),
        ("a link", |out| symlink("nowhere", out).unwrap()),
    ] {
        let scene = Scene::new();
        assert_eq!(scene.interrupted(&pack, end, || come(&scene.out)), "file.exists", "{name}");
        assert_eq!(scene.names(), ["out"], "{name}");
        let meta = scene.out.symlink_metadata().unwrap();
        assert!(!meta.is_dir() || fs::read_dir(&scene.out).unwrap().next().is_none(), "{name}");
        fs::remove_file(&scene.out).or_else(|_| fs::remove_dir(&scene.out)).unwrap();
        assert_eq!(scene.extract(&pack, &pack.archive[..]), "ok", "{name}");
    }
}

#[test]
fn k49_the_directory_is_swapped_for_a_link_while_files_are_written() {
    let pack = Pack::good();
    for (place, linked) in
        [(header_of(&pack, "b/c/run.sh"), true), (pack.archive.len(), true), (pack.archive.len(), false)]
    {
        let scene = Scene::new();
        fs::create_dir(scene.path("victim")).unwrap();
        let swap = || {
            fs::rename(scene.staging(), scene.path("stolen")).unwrap();
            if linked {
                symlink("victim", scene.staging()).unwrap();
            } else {
                fs::create_dir(scene.staging()).unwrap();
                fs::write(scene.staging().join("evil"), "evil").unwrap();
            }
        };
        assert_eq!(scene.interrupted(&pack, place, swap), "pack.extract_swapped");
        // What was written is gone, wherever it was moved; what is theirs stays; nothing is at `out`.
        let theirs = scene.staging().file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(scene.names(), [theirs, "victim".to_owned()]);
        assert_eq!(fs::read_dir(scene.path("victim")).unwrap().count(), 0);
    }
    let scene = Scene::new();
    assert_eq!(scene.interrupted(&pack, pack.archive.len(), || {}), "ok");
    assert_good(&scene.out);
}

#[test]
fn k49_links_planted_where_files_and_directories_will_be() {
    let pack = Pack::good();
    for name in ["b", "pack.toml", "z"] {
        let scene = Scene::new();
        fs::create_dir(scene.path("victim")).unwrap();
        fs::write(scene.path("victim/file"), "mine").unwrap();
        let target = if name == "pack.toml" { "../victim/file" } else { "../victim" };
        let plant = || symlink(target, scene.staging().join(name)).unwrap();
        let place = header_of(&pack, "b/c/run.sh");
        assert_eq!(scene.interrupted(&pack, place, plant), "file.exists", "{name}");
        assert_eq!(scene.names(), ["victim"], "{name}");
        assert_eq!(
            read_tree(&scene.path("victim")),
            [("file".to_owned(), (mode(&scene.path("victim/file")), Some(b"mine".to_vec())))].into()
        );
    }
}

#[test]
fn k49_a_directory_of_the_pack_swapped_for_a_link_gets_nothing_more() {
    let pack = Pack::good();
    let scene = Scene::new();
    fs::create_dir(scene.path("victim")).unwrap();
    let swap = || {
        fs::rename(scene.staging().join("b"), scene.path("stolen")).unwrap();
        symlink("../victim", scene.staging().join("b")).unwrap();
    };
    scene.interrupted(&pack, header_of(&pack, "b/empty"), swap);
    assert_eq!(fs::read_dir(scene.path("victim")).unwrap().count(), 0);
    assert!(scene.path("stolen/empty").exists());
}

#[test]
fn k49_the_pack_is_replaced_after_it_was_opened() {
    let (good, other) = (Pack::good(), Pack::signed("other", &[("evil", true, b"evil")], 1));
    let scene = Scene::new();
    let path = good.write(scene.dir.path(), "x.reachpack");
    let replacement = other.write(scene.dir.path(), "other");
    let file = fs::File::open(&path).unwrap();
    let replace = || {
        fs::rename(&replacement, &path).unwrap();
        fs::write(signature_path(&path), &other.envelope).unwrap();
    };
    assert_eq!(scene.extract(&good, Interrupted::new(file, 1024, replace)), "ok");
    assert_good(&scene.out);
}

#[test]
fn k49_the_pack_is_overwritten_while_it_is_read() {
    let good = Pack::good();
    let scene = Scene::new();
    let path = good.write(scene.dir.path(), "x.reachpack");
    let file = fs::File::open(&path).unwrap();
    let overwrite = || {
        let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        // The content of the large file, which ends before the two closing blocks.
        file.seek(SeekFrom::End(-2048)).unwrap();
        file.write_all(b"evil").unwrap();
        assert_eq!(mode(&scene.staging()), 0o700);
    };
    assert_eq!(scene.extract(&good, Interrupted::new(file, 1024, overwrite)), "pack.digest_mismatch");
    assert_eq!(scene.names(), ["x.reachpack", "x.reachpack.dsse.json"]);
}

#[test]
fn nothing_is_written_before_the_signatures_have_passed() {
    struct Untouchable;
    impl Read for Untouchable {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            panic!("the archive was read");
        }
    }
    let scene = Scene::new();
    let untrusted = Pack::signed("good", &[], 9);
    assert_eq!(scene.extract(&untrusted, Untouchable), "pack.untrusted");
    assert_eq!(scene.extract_from(Untouchable, None), "pack.unsigned");
    assert!(scene.names().is_empty());
}

#[test]
fn a_refusal_late_in_the_archive_leaves_nothing() {
    let pack = Pack::good();
    let scene = Scene::new();
    for (at, code) in
        [(pack.archive.len() - 1, "pack.trailing_data"), (header_of(&pack, "z/large"), "pack.non_canonical")]
    {
        let mut bad = pack.archive.clone();
        bad[at] ^= 1;
        let there = AtomicBool::new(false);
        let look = || there.store(scene.staging().is_dir(), Ordering::Relaxed);
        assert_eq!(scene.extract(&pack, Interrupted::new(&bad[..], (at / 512 * 512) as u64, look)), code);
        assert!(there.into_inner());
        assert!(scene.names().is_empty());
    }
    // A pack of another digest, whole and canonical, is refused only at its end.
    let other = Pack::signed("good", &[("a.txt", false, b"b")], 1);
    assert_eq!(scene.extract(&pack, &other.archive[..]), "pack.digest_mismatch");
    assert!(scene.names().is_empty());
    assert_eq!(scene.extract(&pack, &pack.archive[..]), "ok");
}

#[test]
fn what_a_killed_extraction_left_is_swept_by_the_next() {
    let scene = Scene::new();
    let left = scene.path(".out.4294967295.extract");
    fs::create_dir_all(left.join("b/c")).unwrap();
    fs::create_dir(scene.path("victim")).unwrap();
    fs::write(scene.path("victim/file"), "mine").unwrap();
    symlink("../../victim", left.join("b/link")).unwrap();
    let pack = Pack::good();
    assert_eq!(scene.extract(&pack, &pack.archive[..]), "ok");
    assert_eq!(scene.names(), ["out", "victim"]);
    assert!(scene.path("victim/file").exists());
}

#[test]
fn k50_the_signature_is_read_once() {
    let (good, other) = (Pack::good(), Pack::signed("other", &[], 1));
    let scene = Scene::new();
    let path = good.write(scene.dir.path(), "x.reachpack");
    let signature = signature_path(&path);
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let next = scene.path("next");
            while !done.load(Ordering::Relaxed) {
                for envelope in [&other.envelope, &good.envelope] {
                    fs::write(&next, envelope).unwrap();
                    fs::rename(&next, &signature).unwrap();
                }
            }
        });
        let (trust, mut verified) = (trust(), 0);
        for round in 0..200 {
            let result = if round % 2 == 0 {
                verify(&files(&path), &asked(&trust))
            } else {
                extract(&files(&path), &asked(&trust), &scene.out).map(|extracted| extracted.proven.pack)
            };
            match result {
                // Either envelope is the whole truth, and only the pack's own lets it through.
                Ok(pack) => {
                    assert_eq!(pack.facts().name.as_str(), "good");
                    verified += 1;
                }
                Err(PackFileError::Verify(error)) => assert_eq!(error.code(), "pack.digest_mismatch"),
                Err(error) => panic!("{error}"),
            }
            if scene.out.exists() {
                assert_good(&scene.out);
                fs::remove_dir_all(&scene.out).unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
        assert!(verified > 0);
    });
}
