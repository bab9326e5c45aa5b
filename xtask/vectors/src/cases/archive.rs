//! Where archives begin and end.

use crate::{
    case::Parts,
    corpus::{Corpus, Good, Group},
    gzip,
    tar::{self, Member},
};

use super::base::{MANIFEST, members};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(630, "Beginning and end");
    around(&mut group, good);
    cut(&mut group, good);
    padding(&mut group, good);
    whole_blocks(&mut group);
}

fn around(group: &mut Group<'_>, good: &Good) {
    let archive = &good.parts.archive;
    let mut bad = |title: &str, how: &str, bytes: Vec<u8>| {
        group.bad(good, "K44", "pack.trailing_data", title, how, Parts::of(bytes));
    };
    let after = |bytes: &[u8]| [archive, bytes].concat();
    bad("a byte after it", "`x` after the end", after(b"x"));
    bad("a zero byte after it", "`00` after the end", after(&[0]));
    bad("a third zero block", "512 zero bytes after the end", after(&[0; 512]));
    let record = archive.len().next_multiple_of(10_240);
    bad("padded to a record", "zero bytes up to 10,240, as tar does", after(&vec![0; record - archive.len()]));
    bad("a second archive", "the archive twice", after(archive));
    let other = tar::archive(&[Member::file("evil", b"evil\n")]);
    bad("another archive after it", "an archive of one file `evil` after it", after(&other));
    let between = [tar::entries(&members()), vec![0; 512], other].concat();
    bad("one zero block, then another archive", "one closing block, then an archive of one file `evil`", between);
    bad("a zero block before it", "512 zero bytes before the first header", [&[0; 512][..], archive].concat());
    bad("a script before it", "`#!/bin/sh` and a line feed before it", [b"#!/bin/sh\n", &archive[..]].concat());
    bad("a block before it", "512 bytes `x` before it", [&[b'x'; 512][..], archive].concat());
    bad("gzip", "the archive in one gzip member", gzip::member(archive));
    let (first, second) = archive.split_at(1024);
    bad(
        "two gzip members",
        "the archive cut at 1,024, in two gzip members",
        [gzip::member(first), gzip::member(second)].concat(),
    );
    bad("an empty file", "no byte", Vec::new());
    let closing = &archive[archive.len() - 1024..];
    group.bad(
        good,
        "K46",
        "pack.no_manifest",
        "no file at all",
        "the two closing blocks alone",
        Parts::of(closing.to_vec()),
    );
}

fn cut(group: &mut Group<'_>, good: &Good) {
    let archive = &good.parts.archive;
    for (title, how, length) in [
        ("no closing block", "without the last 1,024 bytes", archive.len() - 1024),
        ("one closing block", "without the last 512 bytes", archive.len() - 512),
        ("a byte short", "without its last byte", archive.len() - 1),
        ("cut in a header", "its first 100 bytes", 100),
        ("cut after a header", "its first 512 bytes", 512),
        ("cut in a file", "its first 515 bytes, three of `pack.toml`", 515),
        ("cut in the padding", "its first 1,000 bytes", 1000),
        ("cut between two files", "its first 1,024 bytes", 1024),
    ] {
        group.bad(good, "K44", "pack.trailing_data", title, how, Parts::of(archive[..length].to_vec()));
    }
}

fn padding(group: &mut Group<'_>, good: &Good) {
    for (title, at) in [("first", 512 + MANIFEST.len()), ("last", 1023)] {
        let mut bytes = good.parts.archive.clone();
        bytes[at] = 1;
        let how = format!("the byte at {at} is 1");
        group.bad(
            good,
            "K43",
            "pack.non_canonical",
            &format!("padding whose {title} byte is not zero"),
            &how,
            Parts::of(bytes),
        );
    }
    let mut bytes = good.parts.archive.clone();
    let last = bytes.len() - 1;
    bytes[last] = 1;
    group.bad(
        good,
        "K44",
        "pack.trailing_data",
        "a closing block that is not zero",
        "the last byte is 1",
        Parts::of(bytes),
    );
}

/// Files that need no padding.
fn whole_blocks(group: &mut Group<'_>) {
    for (title, how, size) in [
        ("an empty file", "a third file `extra` of no byte", 0),
        ("a file of one block", "a third file `extra` of 512 bytes `x`", 512),
    ] {
        let extra = Member::file("extra", &vec![b'x'; size]);
        group.good("K44", title, how, Parts::of(tar::sorted([members(), vec![extra]].concat())));
    }
}
