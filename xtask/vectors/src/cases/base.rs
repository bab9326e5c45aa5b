//! The good pack that the others are derived from.

use crate::{
    case::Parts,
    corpus::{Corpus, Good},
    tar::{self, Member},
};

pub(super) const MANIFEST: &str = r#"schema = "reach-pack/1"
name = "sample"
version = "1.0.0"
deterministic = true
scopes = ["workspace:read"]
files = ["readme.txt"]
[tools]
"fs.list" = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
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

/// The files of the good pack with this manifest, sorted.
pub(super) fn members_with(manifest: &str) -> Vec<Member> {
    vec![Member::file("pack.toml", manifest.as_bytes()), Member::file("readme.txt", b"Read me.\n")]
}

/// The files of the good pack, sorted.
pub(super) fn members() -> Vec<Member> {
    members_with(MANIFEST)
}

/// Where they stand in [`members`].
pub(super) const TOML: usize = 0;
pub(super) const README: usize = 1;

/// The good pack's files with one of them changed.
pub(super) fn with(at: usize, change: impl FnOnce(Member) -> Member) -> Vec<u8> {
    let mut members = members();
    members[at] = change(members[at].clone());
    tar::archive(&members)
}

pub(super) fn add(corpus: &mut Corpus) -> Good {
    let mut group = corpus.group(1, "The good pack");
    group.good(
        "",
        "the good pack",
        "two files (`pack.toml` and `readme.txt`), a true statement signed by Ada, and a trust document that lets Ada, Ben and Cleo sign packs, one of them being enough",
        Parts::of(tar::archive(&members())),
    )
}
