//! What a manifest pins, and what stands there instead.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use reach_types::Code;
use serde_json::{Value, json};

use crate::{
    ArchivePath, EntryPoint, MAX_PLUGIN_FILES, PluginFile, PluginFiles, VouchedManifest,
    plugin::{
        testing::{MAIN, manifest, metadata, sign, signed_code, tree, verify},
        verify::sha256,
    },
};

fn vouched(manifest: &Value) -> VouchedManifest {
    let text = manifest.to_string();
    verify(text.as_bytes(), &metadata(&sign(text.as_bytes())).to_string()).unwrap()
}

fn files_code(manifest: &Value, files: &dyn PluginFiles) -> &'static str {
    vouched(manifest).verify_files(files).map_or_else(|error| error.code(), |_| "ok")
}

fn path(text: &str) -> ArchivePath {
    ArchivePath::parse(text).unwrap()
}

fn pin(bytes: &[u8]) -> Value {
    json!({ "sha256": sha256(bytes).to_string() })
}

#[test]
fn k35_a_manifest_that_does_not_pin_its_files_is_incomplete() {
    let good: Value = serde_json::from_str(&manifest()).unwrap();
    assert_eq!(files_code(&good, &tree()), "ok");
    let swapped: BTreeMap<_, _> = [(path("main.py"), b"evil()\n".to_vec())].into();
    assert_eq!(files_code(&good, &swapped), "plugin.digest_mismatch");
    // The same swap beside a manifest without digests is never a success, nor is no swap at all.
    for gap in [json!({ "name": "jira", "main": "main.py" }), json!({ "files": {} }), json!({})] {
        for files in [&swapped, &tree()] {
            assert_eq!(files_code(&gap, files), "plugin.incomplete", "{gap}");
        }
    }
    // Pinning something else and leaving out what runs is the same gap.
    for name in [
        "bin",
        "command",
        "entry",
        "entry-point",
        "entryPoint",
        "entry_point",
        "entrypoint",
        "exec",
        "executable",
        "main",
        "script",
    ] {
        let with = |entry: Value| json!({ name: entry, "files": { "main.py": pin(MAIN), "a/b": pin(b"") } });
        for pinned in ["main.py", "./main.py", "a/b"] {
            let mut files = tree();
            files.insert(path("a/b"), Vec::new());
            assert_eq!(files_code(&with(json!(pinned)), &files), "ok", "{name} {pinned}");
        }
        for open in
            [json!("other.py"), json!("MAIN.py"), json!("../main.py"), json!(""), json!(["main.py"]), json!(null)]
        {
            assert_eq!(files_code(&with(open.clone()), &tree()), "plugin.incomplete", "{name} {open}");
            // One level down as well, whatever the member is called.
            let down = json!({ "server": { name: open }, "files": { "main.py": pin(MAIN) } });
            assert_eq!(files_code(&down, &tree()), "plugin.incomplete", "{down}");
        }
        let down = json!({ "server": { name: "main.py" }, "files": { "main.py": pin(MAIN) } });
        assert_eq!(files_code(&down, &tree()), "ok", "{name}");
    }
    // An entry point may be several; all of them are pinned.
    let several = |entry: Value| json!({ "bin": entry, "files": { "main.py": pin(MAIN) } });
    assert_eq!(files_code(&several(json!({ "jira": "main.py", "j": "./main.py" })), &tree()), "ok");
    for open in [json!({}), json!({ "jira": "main.py", "j": "other.py" }), json!({ "jira": ["main.py"] })] {
        assert_eq!(files_code(&several(open.clone()), &tree()), "plugin.incomplete", "{open}");
    }
}

#[test]
fn k35_what_a_manifest_says_of_its_entry_point_can_be_asked() {
    let entry = |manifest: Value| vouched(&manifest).manifest().entry_point();
    let files = json!({ "main.py": pin(MAIN) });
    assert_eq!(entry(json!({ "main": "main.py", "files": files })), EntryPoint::Pinned);
    assert_eq!(entry(json!({ "main": "other.py", "files": files })), EntryPoint::NotPinned);
    assert_eq!(entry(json!({ "run": "other.py", "files": files })), EntryPoint::NotNamed);
    // A pinned file of such a name is no entry point, and two levels down nothing is looked for.
    assert_eq!(entry(json!({ "files": { "main": pin(MAIN) } })), EntryPoint::NotNamed);
    assert_eq!(entry(json!({ "a": { "b": { "main": "other.py" } }, "files": files })), EntryPoint::NotNamed);
    // It does not change the verdict, only what is said with it.
    assert_eq!(files_code(&json!({ "files": files }), &tree()), "ok");
}

#[test]
fn k46_k47_each_pinned_file_is_the_pinned_one() {
    let two = json!({ "files": { "a": pin(b"1"), "d/b": pin(b"2") } });
    let tree = |a: &[u8], b: &[u8]| BTreeMap::from([(path("a"), a.to_vec()), (path("d/b"), b.to_vec())]);
    assert_eq!(files_code(&two, &tree(b"1", b"2")), "ok");
    assert_eq!(files_code(&two, &tree(b"2", b"1")), "plugin.digest_mismatch");
    assert_eq!(files_code(&two, &tree(b"1", b"2 ")), "plugin.digest_mismatch");
    assert_eq!(files_code(&two, &tree(b"1", b"")), "plugin.digest_mismatch");
    let mut missing = tree(b"1", b"2");
    missing.remove(&path("d/b"));
    assert_eq!(files_code(&two, &missing), "plugin.missing_file");
    // A file that is not pinned is not the manifest's word, and not looked at.
    let mut more = tree(b"1", b"2");
    more.insert(path("other"), b"x".to_vec());
    assert_eq!(files_code(&two, &more), "ok");
}

#[test]
fn k36_k37_k39_paths_are_those_of_archives() {
    let with = |name: &str| signed_code(&json!({ "files": { name: pin(b"") } }).to_string());
    assert_eq!(with("a/b.c-d_e"), "plugin.missing_file");
    for bad in
        ["../x", "/x", "C:\\x", "a//b", "./a", "a/", "", ".", "a\u{0}b", "CON", "aux.txt", "a.", "caf\u{e9}", "a b"]
    {
        assert_eq!(with(bad), "pack.unsafe_path", "{bad:?}");
    }
}

#[test]
fn k14_a_pin_is_one_sha256_in_one_spelling() {
    let hex = sha256(MAIN).to_string();
    let with = |pin: Value| signed_code(&json!({ "files": { "main.py": pin } }).to_string());
    assert_eq!(with(json!({ "sha256": hex })), "ok");
    for bad in [
        json!(hex),
        json!({ "sha256": hex.to_uppercase() }),
        json!({ "sha256": format!("0x{hex}") }),
        json!({ "sha256": "ab".repeat(31) }),
        json!({ "sha256": "" }),
        json!({ "sha256": null }),
        json!({ "md5": "00" }),
        json!({ "sha256": hex, "md5": "00" }),
        json!({ "SHA256": hex }),
        json!({}),
        json!(null),
    ] {
        assert_eq!(with(bad.clone()), "plugin.malformed", "{bad}");
    }
    for files in [json!([]), json!("main.py"), json!(null)] {
        assert_eq!(signed_code(&json!({ "files": files }).to_string()), "plugin.malformed", "{files}");
    }
}

#[test]
fn k45_the_number_of_pins_is_bounded() {
    let with = |count: usize| {
        let files: serde_json::Map<_, _> = (0..count).map(|n| (format!("f{n}"), pin(b""))).collect();
        signed_code(&json!({ "files": files }).to_string())
    };
    assert_eq!(with(MAX_PLUGIN_FILES), "plugin.missing_file");
    assert_eq!(with(MAX_PLUGIN_FILES + 1), "plugin.too_many_files");
}

/// Answers every path with the same thing.
struct Always(fn() -> io::Result<PluginFile<'static>>);

impl PluginFiles for Always {
    fn open(&self, _: &ArchivePath) -> io::Result<PluginFile<'_>> {
        (self.0)()
    }
}

#[test]
fn k41_k45_what_is_no_file_or_has_no_end_is_refused() {
    /// Claims to have read what it was asked for: no gigabyte is really moved.
    struct Endless;
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            Ok(buffer.len())
        }
    }
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("disk"))
        }
    }
    let good: Value = serde_json::from_str(&manifest()).unwrap();
    let code = |open| files_code(&good, &Always(open));
    assert_eq!(code(|| Ok(PluginFile::Content(Box::new(MAIN)))), "ok");
    assert_eq!(code(|| Ok(PluginFile::NotAFile)), "plugin.not_a_file");
    assert_eq!(code(|| Ok(PluginFile::Missing)), "plugin.missing_file");
    assert_eq!(code(|| Err(io::Error::other("disk"))), "plugin.file_unreadable");
    assert_eq!(code(|| Ok(PluginFile::Content(Box::new(Broken)))), "plugin.file_unreadable");
    let limited = super::super::files::check_within(
        vouched(&good).manifest().files(),
        &Always(|| Ok(PluginFile::Content(Box::new(Endless)))),
        1 << 20,
    );
    assert_eq!(limited.unwrap_err().code(), "plugin.files_too_large");
}
