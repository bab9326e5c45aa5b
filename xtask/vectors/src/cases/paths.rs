//! Paths in archives.

use crate::{
    case::Parts,
    corpus::{Corpus, Good, Group},
    tar::{self, Member, PREFIX},
    text::shown,
};

use super::base::members;

pub(super) fn add(corpus: &mut Corpus) {
    let mut group = corpus.group(430, "Paths");
    let good =
        group.good("K36", "a third file", "the good pack with a file `extra`", with(Member::file("extra", b"extra\n")));
    unsafe_paths(&mut group, &good);
    windows(&mut group, &good);
    alphabet(&mut group, &good);
    lengths(&mut group, &good);
    two_for_one_place(&mut group, &good);
}

/// The good pack with one more file, in its place by the order of paths.
fn with(member: Member) -> Parts {
    Parts::of(tar::sorted([members(), vec![member]].concat()))
}

fn named(name: &[u8]) -> Parts {
    with(Member::named(name, b"extra\n"))
}

fn refuse(group: &mut Group<'_>, good: &Good, row: &'static str, names: &[&str]) {
    for name in names {
        let shown = shown(name);
        let (title, how) = (format!("`{shown}`"), format!("the third file is called `{shown}`"));
        group.bad(good, row, "pack.unsafe_path", &title, &how, named(name.as_bytes()));
    }
}

fn unsafe_paths(group: &mut Group<'_>, good: &Good) {
    let names = [
        "../x", "..", ".", "/x", "C:\\x", "\\\\?\\x", "a\\..\\b", "a//b", "./a", "a/./b", "a/../b", "a/..", "a/",
        "a\nb",
    ];
    refuse(group, good, "K36", &names);
    let unsafe_path = "pack.unsafe_path";
    group.bad(good, "K36", unsafe_path, "no name", "the third file's name field is zeros; it stands first", named(b""));
    group.bad(
        good,
        "K36",
        unsafe_path,
        "a zero byte inside",
        "the name field is `evil`, a zero byte, `x`, and zeros",
        named(b"evil\0x"),
    );
    let prefixed = |prefix: &[u8]| with(Member::file("extra", b"extra\n").with(PREFIX, prefix));
    group.bad(
        good,
        "K36",
        unsafe_path,
        "`..` as the prefix",
        "the prefix field is `..`, the name `extra`",
        prefixed(b".."),
    );
    group.bad(
        good,
        "K36",
        unsafe_path,
        "`/` as the prefix",
        "the prefix field is `/`, the name `extra`",
        prefixed(b"/"),
    );
    group.bad(
        good,
        "K36",
        unsafe_path,
        "a prefix that ends in `/`",
        "the prefix field is `data/`, the name `extra`",
        prefixed(b"data/"),
    );
}

fn windows(group: &mut Group<'_>, good: &Good) {
    let near = group.good("K37", "no device", "the third file is called `console.txt`", named(b"console.txt"));
    refuse(group, &near, "K37", &["CON", "con.txt", "aux.txt", "Nul.tar.gz", "com1", "LPT9.log", "x/prn", "con/x"]);
    group.good("K37", "no device either", "the third file is called `com0`", named(b"com0"));
    refuse(group, good, "K37", &["a.", "a ", "a./b", "a:b", "a<b", "a|b", "a\"b", "a*b", "a?b"]);
    group.good("K37", "a dot in front", "the third file is called `.a`", named(b".a"));
}

fn alphabet(group: &mut Group<'_>, good: &Good) {
    refuse(group, good, "K39", &["caf\u{e9}", "cafe\u{301}", "\u{131}", "\u{fb01}", "a b", "a%2fb", "a~1", "a@b"]);
    refuse(group, good, "K40", &["a\u{202e}b", "a\u{200b}b", "a\u{1b}[31m", "a\tb", "a\u{7f}b"]);
    group.bad(good, "K39", "pack.unsafe_path", "not UTF-8", "the third file is called `a`, `FF`", named(b"a\xff"));
}

fn lengths(group: &mut Group<'_>, good: &Good) {
    let name = "n".repeat(100);
    let full =
        group.good("K36", "a name of 100 bytes", "it fills its field, without a zero byte", named(name.as_bytes()));
    let long = |prefix: &str, name: &str| with(Member::file(name, b"extra\n").with(PREFIX, prefix.as_bytes()));
    let prefix = "p".repeat(155);
    group.good("K36", "the longest path", "a prefix of 155 bytes and a name of 100", long(&prefix, &name));
    let half = "h".repeat(60);
    let split = group.good(
        "K43",
        "a path of three parts",
        "two directories of 60 bytes and the file `c`, split at the last `/`",
        long(&format!("{half}/{half}"), "c"),
    );
    let canonical = "pack.non_canonical";
    group.bad(
        &split,
        "K43",
        canonical,
        "split at an earlier `/`",
        "the same path, split at its first `/`",
        long(&half, &format!("{half}/c")),
    );
    group.bad(
        good,
        "K43",
        canonical,
        "split without need",
        "`data` in the prefix field and `extra` in the name field, where the name field holds both",
        long("data", "extra"),
    );
    let mut cut = Member::named(name.as_bytes(), b"extra\n");
    cut.header[99] = 0;
    let spoilt = cut.with(99, b" ");
    group.bad(
        &full,
        "K36",
        "pack.unsafe_path",
        "a blank at the end",
        "the hundredth byte of the name is a space",
        with(spoilt),
    );
}

fn two_for_one_place(group: &mut Group<'_>, good: &Good) {
    let two = |first: &str, second: &str| {
        let more = [first, second].map(|name| Member::file(name, b"extra\n"));
        Parts::of(tar::sorted([members(), more.to_vec()].concat()))
    };
    let pair = group.good("K38", "two more files", "`extra` and `extra2`", two("extra", "extra2"));
    let duplicate = "pack.duplicate_path";
    group.bad(&pair, "K38", duplicate, "one path twice", "`extra` and `extra`", two("extra", "extra"));
    group.bad(&pair, "K38", duplicate, "a file and a directory", "`extra` and `extra/x`", two("extra", "extra/x"));
    group.bad(
        good,
        "K38",
        duplicate,
        "a file where a directory is",
        "`readme.txt/x` after `readme.txt`",
        with(Member::file("readme.txt/x", b"extra\n")),
    );
    let apart = [members(), vec![Member::file("pack.toml", b"other\n")]].concat();
    group.bad(
        good,
        "K38",
        duplicate,
        "one path twice, apart",
        "`pack.toml` again, after `readme.txt`",
        Parts::of(tar::archive(&apart)),
    );
    let collision = "pack.path_collision";
    group.bad(&pair, "K39", collision, "two spellings of a file", "`EXTRA` and `extra`", two("EXTRA", "extra"));
    group.bad(
        &pair,
        "K39",
        collision,
        "two spellings of a directory",
        "`Extra/x` and `extra/y`",
        two("Extra/x", "extra/y"),
    );
    group.bad(
        &pair,
        "K39",
        collision,
        "a file and a directory in two spellings",
        "`Extra` and `extra/y`",
        two("Extra", "extra/y"),
    );
    let mut unsorted = members();
    unsorted.swap(0, 1);
    group.bad(
        good,
        "",
        "pack.entry_order",
        "not sorted",
        "`readme.txt` before `pack.toml`",
        Parts::of(tar::archive(&unsorted)),
    );
    let folded = [members(), vec![Member::file("Zeta", b"")]].concat();
    let how = "a file `Zeta` after `readme.txt`: upper case sorts first";
    group.bad(good, "", "pack.entry_order", "sorted without regard to case", how, Parts::of(tar::archive(&folded)));
}
