//! Archives in their one form whose contents are not what was signed or promised.

use crate::{
    case::Parts,
    corpus::{Corpus, Good, Group},
    statement,
    tar::{self, Member},
    text::swap,
};

use super::base::{MANIFEST, README, TOML, members, members_with, with};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(680, "Contents");
    swapped(&mut group, good);
    promised(&mut group, good);
    versions(&mut group);
}

/// Canonical archives under the statement of the good one.
fn swapped(group: &mut Group<'_>, good: &Good) {
    let pair = |first: &[u8], second: &[u8], name: &str| {
        let more = [Member::file(name, first), Member::file("data/b.txt", second)];
        tar::sorted([members(), more.to_vec()].concat())
    };
    let two = Parts::of(pair(b"alpha\n", b"bravo\n", "data/a.txt"));
    let two =
        group.good("K47", "two files of one length", "`data/a.txt` holds `alpha`, `data/b.txt` holds `bravo`", two);
    let mismatch = "pack.digest_mismatch";
    for (title, how, archive) in [
        (
            "their contents swapped",
            "`data/a.txt` holds `bravo`, `data/b.txt` holds `alpha`",
            pair(b"bravo\n", b"alpha\n", "data/a.txt"),
        ),
        ("one of them renamed", "`data/a.txt` is called `data/0.txt`", pair(b"alpha\n", b"bravo\n", "data/0.txt")),
        ("both taken away", "the good pack under the statement of this one", good.parts.archive.clone()),
    ] {
        group.bad(&two, "K47", mismatch, title, how, Parts { archive, ..two.parts.clone() });
    }
    let mut bad = |row, title: &str, how: &str, archive: Vec<u8>| {
        group.bad(good, row, mismatch, title, how, Parts { archive, ..good.parts.clone() });
    };
    let louder = with(README, |_| Member::file("readme.txt", b"read me.\n"));
    bad("K06", "a byte of a file", "`readme.txt` holds `read me.`", louder);
    bad("K06", "a scope more in the manifest", "`scopes` has `output:*` too", {
        let manifest = swap(
            MANIFEST,
            "scopes = [\"workspace:read\"]\nfiles",
            "scopes = [\"workspace:read\", \"output:*\"]\nfiles",
        );
        tar::archive(&members_with(&manifest))
    });
    bad("K47", "a file more", "a third file `extra`", {
        tar::sorted([members(), vec![Member::file("extra", b"")]].concat())
    });
    let other = swap(
        &swap(MANIFEST, "\"sample\"", "\"other\""),
        "version = \"1.0.0\"\ndeterministic",
        "version = \"2.0.0\"\ndeterministic",
    );
    let other = tar::archive(&members_with(&other));
    let statement = statement::about(&other).replace("\"sample", "\"other").replace("\"1.0.0\"", "\"2.0.0\"");
    let valid = Parts::of(other.clone()).stating(&statement);
    let second = group.good("K48", "another pack", "the pack `other` 2.0.0, signed by Ada", valid.clone());
    group.bad(
        &second,
        "K48",
        mismatch,
        "this pack under another's signature",
        "the good archive, with the envelope of `other`",
        Parts { archive: good.parts.archive.clone(), ..valid.clone() },
    );
    group.bad(
        good,
        "K48",
        mismatch,
        "another pack under this signature",
        "the archive of `other`, with the good envelope",
        Parts { archive: other, ..good.parts.clone() },
    );
    let lied = |from: &str, to: &str| valid.stating(swap(&statement, from, to));
    let wrong = "pack.manifest_mismatch";
    group.bad(
        &second,
        "K48",
        wrong,
        "a statement of another version",
        "the archive of `other` 2.0.0, signed as 2.0.1",
        lied("\"2.0.0\"", "\"2.0.1\""),
    );
    group.bad(
        &second,
        "K48",
        wrong,
        "a statement of another name",
        "the archive of `other`, signed as `sample`",
        valid.stating(statement.replace("\"other", "\"sample")),
    );
}

fn promised(group: &mut Group<'_>, good: &Good) {
    let listing = |files: &str| {
        Parts::of(tar::archive(&members_with(&swap(
            MANIFEST,
            "files = [\"readme.txt\"]",
            &format!("files = [{files}]"),
        ))))
    };
    let all = group.good("K46", "all files listed", "`files` lists both", listing(r#""readme.txt", "pack.toml""#));
    let missing = "pack.missing_file";
    for (title, path) in [("a file that is not there", "other.txt"), ("a file in another case", "Readme.txt")] {
        let how = format!("`files` lists `{path}`");
        group.bad(&all, "K46", missing, title, &how, listing(&format!("\"{path}\"")));
    }
    let below = |listed: &str| {
        let manifest = swap(MANIFEST, "files = [\"readme.txt\"]", &format!("files = [\"{listed}\"]"));
        Parts::of(tar::sorted([members_with(&manifest), vec![Member::file("data/a.txt", b"alpha\n")]].concat()))
    };
    let file = group.good("K46", "a file in a directory listed", "`files` lists `data/a.txt`", below("data/a.txt"));
    group.bad(&file, "K46", missing, "a directory listed as a file", "`files` lists `data`", below("data"));
    let none = "pack.no_manifest";
    let named = |name: &str| Parts::of(with(TOML, |member| Member::file(name, &member.content)));
    group.bad(good, "K46", none, "no manifest", "without `pack.toml`", Parts::of(tar::archive(&members()[README..])));
    group.bad(
        good,
        "K46",
        none,
        "a manifest in a directory",
        "`pack.toml` is called `pack.toml.d/pack.toml`",
        named("pack.toml.d/pack.toml"),
    );
    let upper = [Member::file("Pack.toml", MANIFEST.as_bytes()), members()[README].clone()];
    group.bad(
        good,
        "K46",
        none,
        "a manifest in another case",
        "`Pack.toml` for `pack.toml`",
        Parts::of(tar::archive(&upper)),
    );
}

/// The largest number of a version, and the next.
fn versions(group: &mut Group<'_>) {
    let numbered = |version: &str| {
        let manifest =
            swap(MANIFEST, "version = \"1.0.0\"\ndeterministic", &format!("version = \"{version}\"\ndeterministic"));
        let pack = Parts::of(tar::archive(&members_with(&manifest)));
        let statement = swap(&statement::about(&pack.archive), "\"1.0.0\"", &format!("\"{version}\""));
        pack.stating(statement)
    };
    let (last, next) = ("4294967295.0.0", "4294967296.0.0");
    let how = |version: &str| format!("statement and manifest say {version}");
    let largest = group.good("K25", "the largest number in a version", &how(last), numbered(last));
    group.bad(&largest, "K25", "pack.statement_malformed", "a larger number in a version", &how(next), numbered(next));
}
