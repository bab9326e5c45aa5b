//! Headers of entries: kinds, modes and second spellings.

use crate::{
    case::Parts,
    corpus::{Corpus, Good, Group},
    tar::{self, CHECKSUM, MAGIC, MODE, Member, SIZE, TYPE},
};

use super::base::{README, TOML, members, with};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(530, "Headers");
    kinds(&mut group, good);
    modes(&mut group, good);
    numbers(&mut group, good);
    fields(&mut group, good);
    checksums(&mut group, good);
    sizes(&mut group, good);
}

/// The header of `readme.txt` with this value, summed again.
fn patched(at: usize, value: &[u8]) -> Parts {
    Parts::of(with(README, |member| member.with(at, value)))
}

/// One more entry, of another kind.
fn entry(kind: u8, name: &str, link: &str, content: &[u8]) -> Member {
    Member::file(name, content).with(TYPE, &[kind]).with(157, link.as_bytes())
}

fn kinds(group: &mut Group<'_>, good: &Good) {
    let before = |member: Member| Parts::of(tar::archive(&[vec![member], members()].concat()));
    let sorted = |member: Member| Parts::of(tar::sorted([members(), vec![member]].concat()));
    let mut bad =
        |row, title: &str, how: &str, parts: Parts| group.bad(good, row, "pack.entry_type", title, how, parts);
    bad("K41", "a hard link", "`link`, type `1`, to `readme.txt`", sorted(entry(b'1', "link", "readme.txt", b"")));
    bad(
        "K41",
        "a symbolic link",
        "`link`, type `2`, to `/etc/passwd`",
        sorted(entry(b'2', "link", "/etc/passwd", b"")),
    );
    bad("K41", "a character device", "`device`, type `3`", sorted(entry(b'3', "device", "", b"")));
    bad("K41", "a block device", "`device`, type `4`", sorted(entry(b'4', "device", "", b"")));
    bad("K46", "a directory", "`data`, type `5`", sorted(entry(b'5', "data", "", b"")));
    bad("K46", "a directory with a slash", "`data/`, type `5`", sorted(entry(b'5', "data/", "", b"")));
    bad("K41", "a FIFO", "`pipe`, type `6`", sorted(entry(b'6', "pipe", "", b"")));
    bad("K41", "a contiguous file", "`readme.txt` has type `7`", patched(TYPE, b"7"));
    bad("K41", "a socket", "`readme.txt` has type `s`", patched(TYPE, b"s"));
    bad("K41", "a GNU sparse file", "`readme.txt` has type `S`", patched(TYPE, b"S"));
    bad(
        "K41",
        "a GNU long name",
        "type `L` with a path of 256 bytes, before the first file",
        before(entry(b'L', "././@LongLink", "", &[b'x'; 256])),
    );
    bad(
        "K41",
        "a GNU long link",
        "type `K` with a target, before the first file",
        before(entry(b'K', "././@LongLink", "", b"/etc/passwd\0")),
    );
    bad(
        "K41",
        "a PAX header",
        "type `x` with `path=other`, before the first file",
        before(entry(b'x', "PaxHeaders/pack.toml", "", b"14 path=other\n")),
    );
    bad(
        "K41",
        "a PAX global header",
        "type `g` with `path=other`, before the first file",
        before(entry(b'g', "pax_global_header", "", b"14 path=other\n")),
    );
    bad(
        "K41",
        "extended attributes",
        "type `x` with `SCHILY.xattr.user.a=b`, before the first file",
        before(entry(b'x', "PaxHeaders/pack.toml", "", b"27 SCHILY.xattr.user.a=b\n\n")),
    );
    bad(
        "K43",
        "a PAX size beside the header's",
        "type `x` with `size=1024`, before the first file",
        before(entry(b'x', "PaxHeaders/pack.toml", "", b"13 size=1024\n")),
    );
    let hidden = [vec![entry(b'x', "PaxHeaders/pack.toml", "", b"13 size=1024\n")], members()].concat();
    let hidden = hidden
        .into_iter()
        .enumerate()
        .map(|(at, member)| if at == 1 { member.with(SIZE, b"00000000000") } else { member });
    bad(
        "K43",
        "a PAX size for a header's zero",
        "type `x` with `size=1024`, and a size of zero in the first file's header",
        Parts::of(tar::archive(&hidden.collect::<Vec<_>>())),
    );
    group.bad(
        good,
        "K43",
        "pack.non_canonical",
        "a regular file of old",
        "`readme.txt` has the type zero byte",
        patched(TYPE, b"\0"),
    );
}

fn modes(group: &mut Group<'_>, good: &Good) {
    let executable =
        group.good("K42", "another file executable", "`readme.txt` has mode 0755", patched(MODE, b"0000755"));
    for (title, mode) in [
        ("setuid", "0004755"),
        ("setgid", "0002755"),
        ("sticky", "0001755"),
        ("world-writable", "0000666"),
        ("everything for everybody", "0000777"),
        ("for the owner only", "0000600"),
        ("no permission", "0000000"),
        ("with the bits of a kind", "0100644"),
    ] {
        let how = format!("`readme.txt` has mode `{mode}`");
        group.bad(&executable, "K42", "pack.mode_mismatch", title, &how, patched(MODE, mode.as_bytes()));
    }
    let unsigned = with(README, |member| member.with(MODE, b"0000755"));
    group.bad(
        &executable,
        "K42",
        "pack.digest_mismatch",
        "executable bit changed after signing",
        "`readme.txt` has mode 0755, and the statement is that of the good pack",
        Parts { archive: unsigned, ..good.parts.clone() },
    );
}

fn numbers(group: &mut Group<'_>, good: &Good) {
    let mut bad = |title: &str, how: &str, at: usize, value: &[u8]| {
        group.bad(good, "K43", "pack.non_canonical", title, how, patched(at, value));
    };
    bad("a mode of six digits", "`readme.txt` has the mode `000644`, zero, zero", MODE, b"000644\0\0");
    bad("a mode with spaces", "`readme.txt` has the mode `   644`, space, zero", MODE, b"   644 \0");
    bad("a mode in letters", "`readme.txt` has the mode `rw-r--r`", MODE, b"rw-r--r");
    bad("a user id", "uid is 1000 in octal", 108, b"0001750");
    bad("a group id", "gid is 1000 in octal", 116, b"0001750");
    bad("an empty user id", "uid is zeros", 108, &[0; 8]);
    bad("a size that ends in a space", "the size is `00000000011`, space", SIZE, b"00000000011 ");
    bad("a size of twelve digits", "the size is `000000000011`", SIZE, b"000000000011");
    bad("a size with leading spaces", "the size is spaces, `11`, zero", SIZE, b"         11\0");
    bad("a size in base 256", "the size is `80` … `09`", SIZE, &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
    bad("a size that is no number", "the size is `0000000000x`", SIZE, b"0000000000x");
    bad("a negative size", "the size is `-0000000011`", SIZE, b"-0000000011");
    bad("a size with a sign", "the size is `+0000000011`", SIZE, b"+0000000011");
    bad("a modification time", "mtime is `14000000000`", 136, b"14000000000");
}

fn fields(group: &mut Group<'_>, good: &Good) {
    let mut bad = |title: &str, how: &str, at: usize, value: &[u8]| {
        group.bad(good, "K43", "pack.non_canonical", title, how, patched(at, value));
    };
    bad("a link name on a file", "linkname is `target`", 157, b"target");
    bad("GNU's magic", "magic and version are `ustar`, two spaces, zero", MAGIC, b"ustar  \0");
    bad("no magic", "magic and version are zeros, as before USTAR", MAGIC, &[0; 8]);
    bad("another version", "version is `01`", 263, b"01");
    bad("a user name", "uname is `root`", 265, b"root");
    bad("a group name", "gname is `wheel`", 297, b"wheel");
    bad("a device number", "devmajor is `0000001`", 329, b"0000001");
    bad("empty device numbers", "devmajor and devminor are zeros, as many writers leave them", 329, &[0; 16]);
    bad("something after the fields", "the byte at 500 is `x`", 500, b"x");
    bad("something in the last byte", "the byte at 511 is `x`", 511, b"x");
    let first = Parts::of(with(TOML, |member| member.with(MAGIC, &[0; 8])));
    group.bad(
        good,
        "K44",
        "pack.trailing_data",
        "no USTAR at all",
        "the first header has no magic, as before USTAR",
        first,
    );
}

fn checksums(group: &mut Group<'_>, good: &Good) {
    let header = members()[README].header;
    let digits = &header[CHECKSUM..CHECKSUM + 6];
    let mut bad = |title: &str, how: &str, value: &[u8]| {
        let parts = Parts::of(with(README, |member| member.spoilt(CHECKSUM, value)));
        group.bad(good, "K43", "pack.non_canonical", title, how, parts);
    };
    bad("a wrong checksum", "`000000`, zero, space", b"000000\0 ");
    bad("a checksum that ends in space and zero", "the six digits, space, zero", &[digits, b" \0"].concat());
    bad("a checksum that ends in two zeros", "the six digits, zero, zero", &[digits, b"\0\0"].concat());
    bad("a checksum of seven digits", "`0`, the six digits, zero", &[b"0", digits, b"\0"].concat());
    bad("a checksum with a leading space", "space, the six digits, zero", &[b" ", digits, b"\0"].concat());
    let changed = Parts::of(with(README, |member| member.spoilt(136, b"00000000001")));
    group.bad(
        good,
        "K43",
        "pack.non_canonical",
        "a header changed without its checksum",
        "mtime is 1, under the sum of the good header",
        changed,
    );
}

/// Sizes are only declared: nothing of that size is here.
fn sizes(group: &mut Group<'_>, good: &Good) {
    let mut bad = |verdict, title: &str, how: &str, value: &[u8]| {
        group.bad(good, "K45", verdict, title, how, patched(SIZE, value));
    };
    let limit = "pack.limit_file_size";
    bad(limit, "8 GiB declared", "`readme.txt` has the size `100000000000`, in twelve octal digits", b"100000000000");
    bad(limit, "2^63 declared", "the size is 2^63 in base 256", &[0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    bad(limit, "all ones declared", "the size is twelve bytes `FF`", &[0xff; 12]);
    bad(
        "pack.trailing_data",
        "8 GiB less one byte declared",
        "the size is `77777777777`, which is allowed, and not there",
        b"77777777777",
    );
    let manifest = |size: &[u8]| Parts::of(with(TOML, |member| member.with(SIZE, size)));
    let limit = "pack.limit_manifest";
    group.bad(
        good,
        "K45",
        limit,
        "a manifest of 1 GiB declared",
        "`pack.toml` has the size `10000000000`",
        manifest(b"10000000000"),
    );
    group.bad(
        good,
        "K45",
        limit,
        "a manifest of 256 KiB and one byte declared",
        "`pack.toml` has the size `00001000001`",
        manifest(b"00001000001"),
    );
}
