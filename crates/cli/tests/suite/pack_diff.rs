//! What a reviewer reads: how two packs differ, and what a verdict rests on.

use std::{ffi::OsString, fs};

use reach_cli::{Terminal, run};
use reach_runner::{Environment, World};
use tempfile::TempDir;

use crate::support::{Demo, reach};

const MANIFEST: &str = r#"schema = "reach-pack/1"
name = "stock"
version = "1.0.0"
description = "Takes stock."
deterministic = true
scopes = ["workspace:*", "output:report"]
[models]
planner = "acme.large-1"
[tools]
"fs.list" = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
"text.search" = "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
[spec]
version = "1.0.0"
floor = "1.0.0"
[graph]
start = "list"
max_steps = 4
[[graph.nodes]]
id = "list"
tool = "fs.list"
scopes = ["workspace:read"]
"#;

/// Packs built in a directory that is gone afterwards.
struct Packs(TempDir);

impl Packs {
    /// Builds the manifest after `edits`, with some files, and returns the pack's path.
    fn build(&self, name: &str, edits: &[(&str, &str)], files: &[(&str, &str)]) -> String {
        let manifest = edits.iter().fold(MANIFEST.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        let dir = self.0.path().join(name);
        fs::create_dir(&dir).unwrap();
        for (path, content) in [("pack.toml", manifest.as_str())].iter().chain(files) {
            fs::write(dir.join(path), content).unwrap();
        }
        let pack = self.0.path().join(format!("{name}.reachpack")).to_str().unwrap().to_owned();
        let built = reach(&["pack", "build", dir.to_str().unwrap(), "--out", &pack]);
        assert_eq!(built.exit, 0, "{}{}", built.out, built.err);
        pack
    }
}

/// What a person reads, both outputs, with what differs from run to run masked.
pub(crate) fn text(words: &[&str]) -> String {
    let words = ["reach"].iter().chain(words).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(words, World::system(Environment::default()), &mut Terminal::new(&mut out, &mut err, false));
    let all = [out, err].concat();
    format!("{}exit {exit}\n", masked(&String::from_utf8(all).unwrap()))
}

/// Digests and dates, wherever they stand.
fn masked(text: &str) -> String {
    let hex = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let date = |word: &str| word.len() >= 20 && word.ends_with('Z') && word.contains('T') && word.starts_with("20");
    let mask = |word: &str| match word {
        _ if hex(word) => "<digest>".to_owned(),
        _ if date(word.trim_end_matches([',', ')'])) => "<date>".to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(mask).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}

const WIDER: &[(&str, &str)] = &[
    ("version = \"1.0.0\"\ndesc", "version = \"1.1.0\"\ndesc"),
    ("Takes stock.", "Takes stock, and more."),
    ("deterministic = true", "deterministic = false"),
    ("\"workspace:*\", \"output:report\"", "\"workspace:read\", \"output:*\", \"net:get\""),
    ("acme.large-1", "acme.large-2"),
    ("\"text.search\" = \"1123", "\"net.get\" = \"2123"),
    ("\"fs.list\" = \"0123", "\"fs.list\" = \"3123"),
    ("max_steps = 4", "max_steps = 9"),
];

#[test]
fn every_change_is_told_with_its_direction() {
    let packs = Packs(TempDir::new().unwrap());
    let old = packs.build("old", &[], &[("README.md", "Read me.\n"), ("gone.txt", "")]);
    let new = packs.build("new", WIDER, &[("README.md", "Read us.\n"), ("come.txt", "")]);
    insta::assert_snapshot!("diff_widened", text(&["pack", "diff", &old, &new]));
    insta::assert_snapshot!("diff_denied", text(&["pack", "diff", &old, &new, "--deny-widening"]));
    let json = reach(&["pack", "diff", &old, &new]).json();
    assert_eq!((json["verdict"].as_str(), json["widened"].as_bool()), (Some("widened"), Some(true)));
    assert_eq!((json["trust"].as_str(), json["needs_approval"].as_bool()), (Some("none"), Some(true)));
    let first = &json["changes"][0];
    assert_eq!((first["direction"].as_str(), first["aspect"].as_str()), (Some("widened"), Some("determinism")));
    let denied = reach(&["pack", "diff", &old, &new, "--deny-widening"]);
    assert_eq!((denied.code().as_str(), denied.exit), ("pack.widened", 1));
    assert_eq!(denied.json()["changes"], json["changes"]);
}

#[test]
fn a_gate_for_machines_lets_everything_else_pass() {
    let packs = Packs(TempDir::new().unwrap());
    let old = packs.build("old", &[], &[]);
    let verdict = |name: &str, edits: &[(&str, &str)]| {
        let new = packs.build(name, edits, &[]);
        let answer = reach(&["pack", "diff", &old, &new, "--deny-widening"]);
        (answer.json()["difference"].as_str().unwrap().to_owned(), answer.code(), answer.exit)
    };
    let ok = |word: &str| (word.to_owned(), "ok".to_owned(), 0);
    assert_eq!(verdict("same", &[]), ok("equal"));
    assert_eq!(verdict("less", &[("max_steps = 4", "max_steps = 3")]), ok("narrowed"));
    assert_eq!(verdict("else", &[("Takes", "Makes")]), ok("changed"));
    let refused = |word: &str| (word.to_owned(), "pack.widened".to_owned(), 1);
    assert_eq!(verdict("more", &[("max_steps = 4", "max_steps = 5")]), refused("widened"));
    assert_eq!(verdict("tool", &[("\"fs.list\" = \"0123", "\"fs.list\" = \"3123")]), refused("changed"));
    let broken = packs.0.path().join("broken");
    fs::write(&broken, "no archive").unwrap();
    assert_eq!(reach(&["pack", "diff", &old, broken.to_str().unwrap()]).code(), "pack.trailing_data");
}

#[test]
fn an_explanation_of_a_passing_pack_says_what_it_does_not_prove() {
    let demo = Demo::new();
    let (pack, trust) = (demo.path("inventory.reachpack"), demo.path("trust.dsse.json"));
    insta::assert_snapshot!("explain_passing", text(&["pack", "explain", &pack, "--trust", &trust]));
    let json = reach(&["pack", "explain", &pack, "--trust", &trust]).json();
    let verified = reach(&["pack", "verify", &pack, "--trust", &trust]).json();
    assert_eq!(json["checks"], verified["checks"]);
    assert_eq!(json["checks_prove"], verified["checks_prove"]);
    assert_eq!(json["verdict"], "verified");
    assert!(json["does_not_prove"].as_array().unwrap().len() >= 5);
}

#[test]
fn an_explanation_of_a_refusal_says_what_was_established_before() {
    let demo = Demo::new();
    let (pack, trust) = (demo.beside("x.reachpack"), demo.path("trust.dsse.json"));
    let mut bytes = demo.read("inventory.reachpack");
    bytes[600] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let signature = demo.path("inventory.reachpack.dsse.json");
    let words = ["pack", "explain", &pack, "--signature", &signature, "--trust", &trust];
    insta::assert_snapshot!("explain_refused", text(&words));
    let answer = reach(&words);
    assert_eq!((answer.code().as_str(), answer.exit), ("pack.digest_mismatch", 1));
    assert_eq!(answer.json()["failed"]["check"], "digests");
    assert_eq!(answer.json()["checks"].as_array().unwrap().len(), 7);
    insta::assert_snapshot!("explain_unsigned", text(&["pack", "explain", &pack, "--trust", &trust]));
    assert_eq!(reach(&["pack", "explain", &demo.beside("absent"), "--trust", &trust]).code(), "file.missing");
}
