//! Packs built from directories, extracted to directories, and compared with them.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use crate::support::{Demo, listing, reach};

/// A signed pack of a small tree, beside a quickstart that trusts its signer.
struct Packed {
    demo: Demo,
    pack: String,
}

impl Packed {
    fn new() -> Self {
        let demo = Demo::new();
        let source = demo.beside("source");
        fs::create_dir_all(format!("{source}/b/c")).unwrap();
        let manifest = reach(&[
            "pack",
            "extract",
            &demo.path("inventory.reachpack"),
            "--trust",
            &demo.path("trust.dsse.json"),
            "--out",
            &demo.beside("first"),
        ]);
        assert_eq!(manifest.exit, 0, "{}", manifest.err);
        for name in listing(Path::new(&demo.beside("first"))) {
            if name.is_file() {
                let name = name.strip_prefix(demo.beside("first")).unwrap().to_owned();
                fs::copy(Path::new(&demo.beside("first")).join(&name), Path::new(&source).join(&name)).unwrap();
            }
        }
        fs::write(format!("{source}/b/run.sh"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(format!("{source}/b/run.sh"), Permissions::from_mode(0o700)).unwrap();
        fs::write(format!("{source}/b/c/data"), [0; 1000]).unwrap();
        let pack = demo.beside("x.reachpack");
        assert_eq!(reach(&["pack", "build", &source, "--out", &pack]).exit, 0);
        assert_eq!(reach(&["pack", "sign", &pack, "--key", &demo.path("keys/pack.pem")]).exit, 0);
        Self { demo, pack }
    }

    fn beside(&self, name: &str) -> String {
        self.demo.beside(name)
    }

    fn words<'a>(&'a self, verb: &'a str, trust: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
        [&["pack", verb, &self.pack, "--trust", trust][..], rest].concat()
    }

    /// The code and the exit status of `reach pack VERB X.reachpack --trust T REST`.
    fn code(&self, verb: &str, rest: &[&str]) -> (String, u8) {
        let trust = self.demo.path("trust.dsse.json");
        let answer = reach(&self.words(verb, &trust, rest));
        (answer.code(), answer.exit)
    }
}

fn refused(code: &str, exit: u8) -> (String, u8) {
    (code.to_owned(), exit)
}

fn mode(path: &str) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_pack_is_extracted_compared_and_built_again() {
    let packed = Packed::new();
    let (out, trust) = (packed.beside("out"), packed.demo.path("trust.dsse.json"));
    let root = packed.demo.trust_root();
    let rest = ["--out", &out, "--name", "inventory", "--trust-root", &root];
    let answer = reach(&packed.words("extract", &trust, &rest));
    assert_eq!(answer.exit, 0, "{}", answer.err);
    let json = answer.json();
    assert_eq!((json["verdict"].as_str(), json["trust_root"].as_str()), (Some("extracted"), Some("pinned")));
    assert_eq!(
        json["files"].as_u64(),
        Some(listing(Path::new(&out)).iter().filter(|path| path.is_file()).count() as u64)
    );
    assert!(json["checks"].as_array().unwrap().iter().any(|check| check == "digests"));

    let compared = reach(&packed.words("verify", &trust, &["--extracted", &out]));
    assert_eq!(compared.exit, 0, "{}", compared.err);
    assert_eq!(compared.json()["checks"].as_array().unwrap().last().unwrap(), "extracted");
    // What was extracted is a source of the same pack.
    let again = packed.beside("again.reachpack");
    assert_eq!(reach(&["pack", "build", &out, "--out", &again]).exit, 0);
    assert!(fs::read(&again).unwrap() == fs::read(&packed.pack).unwrap());
}

#[test]
fn modes_are_the_packs_whatever_the_umask() {
    let packed = Packed::new();
    for umask in ["000", "022", "077"] {
        let out = packed.beside(umask);
        let script = format!("umask {umask}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_reach"), "pack", "extract", &packed.pack]);
        let done = command.args(["--trust", &packed.demo.path("trust.dsse.json"), "--out", &out]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let modes =
            ["", "/b", "/b/c", "/b/run.sh", "/b/c/data", "/pack.toml"].map(|name| mode(&format!("{out}{name}")));
        assert_eq!(modes, [0o755, 0o755, 0o755, 0o755, 0o644, 0o644], "{umask}");
        assert_eq!(packed.code("verify", &["--extracted", &out]), refused("ok", 0));
    }
}

#[test]
fn k46_an_extracted_directory_that_differs_has_a_code_for_how() {
    let packed = Packed::new();
    let out = packed.beside("out");
    let compare = || packed.code("verify", &["--extracted", &out]);
    assert_eq!(packed.code("extract", &["--out", &out]), refused("ok", 0));
    assert_eq!(compare(), refused("ok", 0));
    let (data, run, extra) = (format!("{out}/b/c/data"), format!("{out}/b/run.sh"), format!("{out}/b/extra"));

    fs::write(&extra, "").unwrap();
    assert_eq!(compare(), refused("pack.extra_file", 1));
    fs::remove_file(&extra).unwrap();
    fs::create_dir(&extra).unwrap();
    assert_eq!(compare(), refused("pack.extra_file", 1));
    fs::remove_dir(&extra).unwrap();
    symlink("c/data", &extra).unwrap();
    assert_eq!(compare(), refused("pack.extracted_entry_type", 6));
    fs::remove_file(&extra).unwrap();
    assert_eq!(compare(), refused("ok", 0));

    fs::set_permissions(&run, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(compare(), refused("pack.extracted_mode_mismatch", 6));
    fs::set_permissions(&run, Permissions::from_mode(0o755)).unwrap();
    fs::write(&data, [1; 1000]).unwrap();
    assert_eq!(compare(), refused("pack.extracted_mismatch", 1));
    fs::remove_file(&data).unwrap();
    assert_eq!(compare(), refused("pack.extracted_missing_file", 1));
    assert_eq!(packed.code("verify", &["--extracted", &packed.beside("none")]), refused("file.missing", 74));
    assert_eq!(packed.code("verify", &["--extracted", &packed.pack]), refused("file.not_a_directory", 74));
}

#[test]
fn k49_what_is_refused_is_not_extracted() {
    let packed = Packed::new();
    let (out, envelope) = (packed.beside("out"), format!("{}.dsse.json", packed.pack));
    let extract = |rest: &[&str]| packed.code("extract", &[&["--out", &out], rest].concat());
    let parent = Path::new(&out).parent().unwrap().to_owned();
    let (good, signature) = (fs::read(&packed.pack).unwrap(), fs::read(&envelope).unwrap());
    let mut swapped = good.clone();
    swapped[512] ^= 1;
    fs::write(&packed.pack, &swapped).unwrap();
    let before = listing(&parent);
    assert_eq!(extract(&[]), refused("pack.digest_mismatch", 1));
    fs::write(&packed.pack, [&good[..], b"x"].concat()).unwrap();
    assert_eq!(extract(&[]), refused("pack.trailing_data", 6));
    fs::write(&packed.pack, &good).unwrap();
    assert_eq!(extract(&["--name", "another"]), refused("pack.subject_mismatch", 1));
    assert_eq!(extract(&["--require-proof"]).1, 3);
    assert_eq!(listing(&parent), before);

    fs::remove_file(&envelope).unwrap();
    assert_eq!(extract(&[]), refused("pack.unsigned", 3));
    assert!(!Path::new(&out).exists());
    fs::write(&envelope, signature).unwrap();
    symlink("nowhere", &out).unwrap();
    assert_eq!(extract(&[]), refused("file.exists", 74));
    fs::remove_file(&out).unwrap();
    assert_eq!(extract(&[]), refused("ok", 0));
    assert_eq!(extract(&[]), refused("file.exists", 74));
}

#[test]
fn a_directory_has_one_archive_whatever_its_times_modes_and_order() {
    let packed = Packed::new();
    let copy = packed.beside("copy");
    fs::create_dir_all(format!("{copy}/b/c")).unwrap();
    let source = packed.beside("source");
    let files = listing(Path::new(&source)).into_iter().filter(|path| path.is_file());
    // In the opposite order, at another time, under another umask.
    for path in files.collect::<Vec<_>>().into_iter().rev() {
        let to = Path::new(&copy).join(path.strip_prefix(&source).unwrap());
        let executable = path.metadata().unwrap().permissions().mode() & 0o100;
        fs::write(&to, fs::read(&path).unwrap()).unwrap();
        fs::set_permissions(&to, Permissions::from_mode(if executable == 0 { 0o664 } else { 0o775 })).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&to).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).unwrap();
    }
    let again = packed.beside("again.reachpack");
    assert_eq!(reach(&["pack", "build", &copy, "--out", &again]).exit, 0);
    assert!(fs::read(&again).unwrap() == fs::read(&packed.pack).unwrap());
}

/// Where `tar` is installed, it reads the same tree.
#[test]
fn tar_extracts_what_we_extract() {
    let packed = Packed::new();
    let (ours, theirs) = (packed.beside("ours"), packed.beside("theirs"));
    assert_eq!(packed.code("extract", &["--out", &ours]), refused("ok", 0));
    fs::create_dir(&theirs).unwrap();
    let done = Command::new("tar").args(["-xpf", &packed.pack, "-C", &theirs]).status();
    let Ok(status) = done else { return writeln!(std::io::stderr(), "`tar` is not installed here").unwrap() };
    assert!(status.success());
    for file in listing(Path::new(&theirs)).into_iter().filter(|path| path.is_file()) {
        let same = Path::new(&ours).join(file.strip_prefix(&theirs).unwrap());
        assert_eq!(fs::read(&file).unwrap(), fs::read(&same).unwrap());
        let modes = [&file, &same].map(|path| path.metadata().unwrap().permissions().mode());
        assert_eq!(modes[0], modes[1], "{}", file.display());
    }
    assert_eq!(packed.code("verify", &["--extracted", &ours]), refused("ok", 0));
}
