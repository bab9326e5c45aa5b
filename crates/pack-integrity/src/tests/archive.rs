//! Archives that are not the one spelling of a tree of regular files.

use std::io::Read;

use reach_types::Code;

use crate::{ArchiveError, ArchivePath, ArchiveReader, ArchiveWriter, MAX_FILE_BYTES, MAX_MANIFEST_BYTES, testing::*};

const BLOCK: usize = 512;

/// The archive of one file `a` with five bytes, whose header is patched and summed again.
fn patched(patch: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = archive(&[("a", false, b"hello")]);
    patch_header(&mut bytes, patch);
    bytes
}

/// Patches the first header and writes its sum in our spelling.
fn patch_header(bytes: &mut [u8], patch: impl FnOnce(&mut [u8])) {
    let header = &mut bytes[..BLOCK];
    patch(header);
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn patched_at(start: usize, value: &[u8]) -> &'static str {
    archive_code(&patched(|header| header[start..start + value.len()].copy_from_slice(value)))
}

/// What the `tar` crate builds.
fn by_tar(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> &'static str {
    let mut builder = tar::Builder::new(Vec::new());
    build(&mut builder);
    archive_code(&builder.into_inner().unwrap())
}

fn header_of(kind: tar::EntryType, mut header: tar::Header) -> tar::Header {
    header.set_entry_type(kind);
    header.set_path("a").unwrap();
    header.set_mode(0o644);
    header.set_size(0);
    header.set_cksum();
    header
}

#[test]
fn k36_k37_k39_k40_unsafe_paths_in_a_header() {
    assert_eq!(patched_at(0, b"b"), "ok");
    for bad in [
        "../x",
        "/x",
        "C:\\x",
        "\\\\?\\x",
        "a\\..\\b",
        "a//b",
        "./a",
        "a/",
        ".",
        "..",
        "a\0b",
        "a\nb",
        "CON",
        "aux.txt",
        "a.",
        "a ",
        "a:b",
        "a<b",
        "caf\u{e9}",
        "a\u{202e}b",
        "a\u{200b}",
        "a\u{1b}[31m",
    ] {
        assert_eq!(patched_at(0, bad.as_bytes()), "pack.unsafe_path", "{bad:?}");
    }
    assert_eq!(patched_at(0, b"\0"), "pack.unsafe_path");
    assert_eq!(patched_at(0, b"\xff"), "pack.unsafe_path");
    // The prefix is part of the path.
    assert_eq!(patched_at(345, b".."), "pack.unsafe_path");
    assert_eq!(patched_at(345, b"/"), "pack.unsafe_path");
}

#[test]
fn k38_k39_two_entries_for_one_place() {
    let join = |paths: &[&str]| {
        let mut joined = Vec::new();
        for path in paths {
            joined.extend_from_slice(&archive(&[(path, false, b"")])[..BLOCK]);
        }
        joined.extend_from_slice(&[0; 2 * BLOCK]);
        archive_code(&joined)
    };
    assert_eq!(join(&["a", "b"]), "ok");
    assert_eq!(join(&["a", "a"]), "pack.duplicate_path");
    assert_eq!(join(&["a", "b", "a"]), "pack.duplicate_path");
    assert_eq!(join(&["a", "a/b"]), "pack.duplicate_path");
    assert_eq!(join(&["README", "readme"]), "pack.path_collision");
    assert_eq!(join(&["A/x", "a/y"]), "pack.path_collision");
    assert_eq!(join(&["b", "a"]), "pack.entry_order");
}

#[test]
fn k41_k46_only_regular_files() {
    use tar::EntryType;
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Directory,
        EntryType::Continuous,
        EntryType::GNUSparse,
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XGlobalHeader,
        EntryType::XHeader,
    ] {
        for header in [tar::Header::new_ustar(), tar::Header::new_gnu()] {
            let code = by_tar(|builder| builder.append(&header_of(kind, header), std::io::empty()).unwrap());
            assert_eq!(code, "pack.entry_type", "{kind:?}");
        }
    }
    assert_eq!(patched_at(156, b"s"), "pack.entry_type");
    // A long path makes the `tar` crate write a GNU long-name entry first.
    let long = by_tar(|builder| {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        builder.append_data(&mut header, "x".repeat(120), std::io::empty()).unwrap();
    });
    assert_eq!(long, "pack.entry_type");
    assert_eq!(patched_at(156, b"0"), "ok");
    assert_eq!(patched_at(156, b"\0"), "pack.non_canonical");
    // Whatever else anybody ever made it mean: sockets, sparse files, solaris ACLs, volume labels.
    for flag in (1..=u8::MAX).filter(|flag| *flag != b'0') {
        assert_eq!(patched_at(156, &[flag]), "pack.entry_type", "{flag}");
    }
}

/// A header that says something about the next one: what it says is never looked at.
#[test]
fn k41_k43_extended_headers_are_refused_before_what_they_say() {
    let after = |pax: &[(&str, &[u8])], size: usize| {
        by_tar(|builder| {
            builder.append_pax_extensions(pax.iter().copied()).unwrap();
            let mut header = header_of(tar::EntryType::Regular, tar::Header::new_ustar());
            header.set_size(size as u64);
            header.set_cksum();
            builder.append(&header, &b"hello"[..size]).unwrap();
        })
    };
    // Its size differs from the header's, or stands in the place of none.
    assert_eq!(after(&[("size", b"3")], 5), "pack.entry_type");
    assert_eq!(after(&[("size", b"5")], 0), "pack.entry_type");
    assert_eq!(after(&[("path", b"../x")], 5), "pack.entry_type");
    assert_eq!(after(&[("SCHILY.xattr.user.x", b"x")], 5), "pack.entry_type");
    assert_eq!(
        after(&[("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"9")], 5),
        "pack.entry_type"
    );
    // The same for all files at once, as `git archive` writes it.
    let mut global = tar::Header::new_ustar();
    global.set_entry_type(tar::EntryType::XGlobalHeader);
    global.set_path("pax_global_header").unwrap();
    global.set_size(19);
    global.set_cksum();
    assert_eq!(by_tar(|builder| builder.append(&global, &b"19 comment=0123456\n"[..]).unwrap()), "pack.entry_type");
}

#[test]
fn k42_modes_other_than_the_two() {
    for bad in ["0004755", "0002755", "0001755", "0000777", "0000666", "0000600", "0000000", "0100644"] {
        assert_eq!(patched_at(100, bad.as_bytes()), "pack.mode_mismatch", "{bad}");
    }
    assert_eq!(patched_at(100, b"0000755"), "ok");
    assert_eq!(patched_at(100, b"000755\0"), "pack.non_canonical");
    assert_eq!(patched_at(100, b"rw-r--r"), "pack.non_canonical");
}

#[test]
fn k43_headers_in_a_second_spelling() {
    for (start, value) in [
        (108, &b"0001000"[..]),
        (116, b"0001000"),
        (108, b"\0\0\0\0\0\0\0"),
        (124, b"00000000005 "),
        (124, b"     000005\0"),
        (124, b"\x80\0\0\0\0\0\0\0\0\0\0\x05"),
        (124, b"0000000000x"),
        (124, b"-0000000005"),
        (136, b"14000000000"),
        (157, b"target"),
        (257, b"ustar  \0"),
        (263, b"01"),
        (265, b"root"),
        (297, b"wheel"),
        (329, b"0000001"),
        (500, b"x"),
        (511, b"x"),
        (99, b"x"),
    ] {
        let code = patched_at(start, value);
        // A name with something after its NULs is no path at all.
        let expected = if start == 99 { "pack.unsafe_path" } else { "pack.non_canonical" };
        assert_eq!(code, expected, "{start} {value:?}");
    }
    assert_eq!(patched_at(124, b"00000000005\0"), "ok");
    // No size, and content all the same: it is read as the next header.
    assert_eq!(patched_at(124, b"00000000000"), "pack.non_canonical");
    // Every field that is zero is zero to its last byte.
    for at in (157..257).chain(265..329).chain(500..512) {
        assert_eq!(patched_at(at, b" "), "pack.non_canonical", "{at}");
    }
}

#[test]
fn k43_bad_checksums_and_checksums_in_a_second_spelling() {
    let good = patched(|_| {});
    assert_eq!(archive_code(&good), "ok");
    let with = |value: &[u8]| {
        let mut bytes = good.clone();
        bytes[148..156].copy_from_slice(value);
        archive_code(&bytes)
    };
    let digits = good[148..154].to_vec();
    let spelt = |before: &[u8], after: &[u8]| with(&[before, &digits, after].concat());
    assert_eq!(spelt(b"", b"\0 "), "ok");
    for (before, after) in [(&b""[..], &b" \0"[..]), (b"", b"\0\0"), (b"0", b"\0"), (b" ", b"\0"), (b"", b"  ")] {
        assert_eq!(spelt(before, after), "pack.non_canonical");
    }
    assert_eq!(with(b"000000\0 "), "pack.non_canonical");
}

#[test]
fn k43_a_path_is_split_in_one_place_only() {
    let long = format!("{}/{}/{}", "a".repeat(60), "b".repeat(60), "c");
    let good = archive(&[(&long, false, b"")]);
    assert_eq!(archive_code(&good), "ok");
    // The other split fits just as well.
    let mut other = good;
    patch_header(&mut other, |header| {
        header[..100].fill(0);
        header[345..500].fill(0);
        header[345..405].fill(b'a');
        header[..62].copy_from_slice(format!("{}/c", "b".repeat(60)).as_bytes());
    });
    assert_eq!(archive_code(&other), "pack.non_canonical");
    // A short path needs no prefix.
    let split = patched(|header| header[345] = b'p');
    assert_eq!(archive_code(&split), "pack.non_canonical");
}

#[test]
fn k43_padding_is_zero() {
    let mut bytes = archive(&[("a", false, b"hello")]);
    bytes[BLOCK + 5] = 1;
    assert_eq!(archive_code(&bytes), "pack.non_canonical");
    bytes[BLOCK + 5] = 0;
    assert_eq!(archive_code(&bytes), "ok");
    bytes[2 * BLOCK - 1] = 1;
    assert_eq!(archive_code(&bytes), "pack.non_canonical");
}

#[test]
fn k44_nothing_before_and_nothing_after() {
    let good = archive(&[("a", false, b"hello")]);
    assert_eq!(archive_code(&good), "ok");
    assert_eq!(good.len(), 4 * BLOCK);
    let with = |parts: &[&[u8]]| archive_code(&parts.concat());
    assert_eq!(with(&[&good, b"x"]), "pack.trailing_data");
    assert_eq!(with(&[&good, &[0]]), "pack.trailing_data");
    // What tar pads its records with.
    assert_eq!(with(&[&good, &[0; 10_240 - 4 * BLOCK]]), "pack.trailing_data");
    assert_eq!(with(&[&good, &good]), "pack.trailing_data");
    assert_eq!(with(&[&[0; BLOCK], &good]), "pack.trailing_data");
    assert_eq!(with(&[&[b'x'; BLOCK], &good]), "pack.trailing_data");
    assert_eq!(with(&[b"#!/bin/sh\n", &good]), "pack.trailing_data");
    assert_eq!(with(&[b"\x1f\x8b\x08\0", &good]), "pack.trailing_data");
    let member = gzip(&good);
    assert_eq!(with(&[&member]), "pack.trailing_data");
    assert_eq!(with(&[&member, &member]), "pack.trailing_data");
    assert_eq!(with(&[&good, &member]), "pack.trailing_data");
    // Two archives run together as one.
    assert_eq!(with(&[&good[..2 * BLOCK], &good]), "pack.duplicate_path");
    for cut in [0, 1, 511, 512, 513, 517, 1000, 1023, 1024, 1025, 1535, 1536, 1537, 2047] {
        assert_eq!(with(&[&good[..cut]]), "pack.trailing_data", "{cut}");
    }
    // One closing block, then a file.
    assert_eq!(with(&[&good[..3 * BLOCK], &good]), "pack.trailing_data");
}

/// One gzip member that holds `content` as it is (RFC 1952, and a stored block of RFC 1951).
fn gzip(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let sum = content.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    });
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    let (size, sum) = (u32::from(length).to_le_bytes(), (!sum).to_le_bytes());
    [&head, &length.to_le_bytes()[..], &(!length).to_le_bytes(), content, &sum, &size].concat()
}

#[test]
fn k45_sizes_are_refused_before_a_byte_is_kept() {
    assert_eq!(patched_at(124, b"\x80\0\0\0\x80\0\0\0\0\0\0\0"), "pack.limit_file_size");
    assert_eq!(patched_at(124, &[0xff; 12]), "pack.limit_file_size");
    assert_eq!(patched_at(124, b"100000000000"), "pack.limit_file_size");
    // Ten gibibytes of zeros, which a compressed archive says in ten mebibytes.
    assert_eq!(patched_at(124, b"120000000000"), "pack.limit_file_size");
    // The largest size allowed is believed, and then missed.
    assert_eq!(patched_at(124, b"77777777777\0"), "pack.trailing_data");

    let with_manifest = |size: usize| {
        let manifest = format!("{MANIFEST}{}", "#".repeat(size - MANIFEST.len()));
        let built = archive(&[("README.md", false, b"x"), ("pack.toml", false, manifest.as_bytes())]);
        crate::inspect_archive(&built[..]).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(with_manifest(MAX_MANIFEST_BYTES), "ok");
    assert_eq!(with_manifest(MAX_MANIFEST_BYTES + 1), "pack.limit_manifest");
    // A gigabyte is only announced: the reader would wait for it in vain.
    let mut announced = archive(&[("pack.toml", false, b"")]);
    patch_header(&mut announced, |header| header[124..135].copy_from_slice(b"10000000000"));
    assert_eq!(crate::inspect_archive(&announced[..]).unwrap_err().code(), "pack.limit_manifest");
}

/// An input that has these bytes and then blocks for ever, which here is a panic.
struct Blocking<'a>(&'a [u8]);

impl Read for Blocking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        assert!(!self.0.is_empty(), "it waits for what was only announced");
        self.0.read(buffer)
    }
}

#[test]
fn k45_what_is_announced_is_judged_before_it_is_waited_for() {
    let announced = |path: &str, size: &[u8]| {
        let mut bytes = archive(&[(path, false, b"")]);
        patch_header(&mut bytes, |header| header[124..124 + size.len()].copy_from_slice(size));
        bytes.truncate(BLOCK);
        bytes
    };
    let inspect = |bytes: &[u8]| crate::inspect_archive(Blocking(bytes)).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(inspect(&announced("a", b"\x80\0\0\0\x80\0\0\0\0\0\0\0")), "pack.limit_file_size");
    assert_eq!(inspect(&announced("a", b"100000000000")), "pack.limit_file_size");
    assert_eq!(inspect(&announced("pack.toml", b"10000000000")), "pack.limit_manifest");
    assert_eq!(inspect(&announced("pack.toml", b"77777777777")), "pack.limit_manifest");
    // The largest size of all is no reason to ask for memory, nor for a byte of it.
    let largest = announced("a", b"77777777777");
    let mut reader = ArchiveReader::new(Blocking(&largest));
    assert_eq!(reader.next_entry().unwrap().unwrap().size(), MAX_FILE_BYTES);
    // Cut off there, it ends as that, and not as a promise.
    assert_eq!(archive_code(&largest), "pack.trailing_data");
}

#[test]
fn k45_a_million_entries_are_not_read() {
    /// Headers made as they are read: `0000000`, `0000001` and so on.
    struct Million {
        next: u32,
        header: Vec<u8>,
        at: usize,
    }
    impl Read for Million {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.at == BLOCK && self.next < 1_000_000 {
                patch_header(&mut self.header, |header| {
                    header[..7].copy_from_slice(format!("{:07}", self.next).as_bytes())
                });
                (self.next, self.at) = (self.next + 1, 0);
            }
            let count = (&self.header[self.at..BLOCK]).read(buffer)?;
            self.at += count;
            Ok(count)
        }
    }
    let mut million = Million { next: 0, header: archive(&[("0000000", false, b"")]), at: BLOCK };
    let error = crate::inspect_archive(&mut million).unwrap_err();
    assert_eq!(error.code(), "pack.limit_entries");
    // One more than allowed, and what was read along with it.
    assert!(million.next as usize <= crate::MAX_ENTRIES + 1 + 2 * 512, "{}", million.next);
}

#[test]
fn k45_directories_count_as_entries_though_none_is_stored() {
    // Each file implies 48 directories of its own, so it counts as 49 entries.
    let header = |index: usize| archive(&[(&format!("{index:04}/{}x", "a/".repeat(47)), false, b"")])[..BLOCK].to_vec();
    let most = crate::MAX_ENTRIES / 49;
    let headers: Vec<u8> = (0..most).flat_map(header).collect();
    let close = |more: Vec<u8>| archive_code(&[&headers[..], &more, &[0; 2 * BLOCK]].concat());
    assert_eq!(close(Vec::new()), "ok");
    assert_eq!(close(header(most)), "pack.limit_entries");
}

#[test]
fn after_a_refusal_nothing_more_is_read() {
    let bad = [&archive(&[("a", false, b"hello")])[..], b"x"].concat();
    let mut reader = ArchiveReader::new(&bad[..]);
    reader.next_entry().unwrap();
    assert_eq!(reader.next_entry().unwrap_err().code(), "pack.trailing_data");
    assert_eq!(reader.next_entry().unwrap_err().code(), "pack.reader_stopped");
    assert_eq!(reader.next_chunk().unwrap_err().code(), "pack.reader_stopped");
}

#[test]
fn an_input_that_fails_is_the_environments_fault() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::PermissionDenied.into())
        }
    }
    let error = ArchiveReader::new(Failing).next_entry().unwrap_err();
    assert!(matches!(error, ArchiveError::Input { .. }) && error.code() == "pack.read_failed");
    assert_eq!(crate::digest_archive(Failing).unwrap_err().code(), "pack.read_failed");
}

#[test]
fn a_writer_writes_only_what_was_announced() {
    let path = |text| ArchivePath::parse(text).unwrap();
    let code = |size: u64, content: &[u8]| {
        let mut writer = ArchiveWriter::new(Vec::new());
        let first = writer.append(&path("a"), false, size, &mut &content[..]).map_or_else(|e| e.code(), |()| "ok");
        let next = writer.append(&path("b"), false, 0, &mut &b""[..]).map_or_else(|e| e.code(), |()| "ok");
        let end = writer.finish().map_or_else(|e| e.code(), |_| "ok");
        (first, next, end)
    };
    assert_eq!(code(3, b"abc"), ("ok", "ok", "ok"));
    let broken = |first| (first, "pack.writer_broken", "pack.writer_broken");
    assert_eq!(code(4, b"abc"), broken("pack.content_length"));
    assert_eq!(code(2, b"abc"), broken("pack.content_length"));
    assert_eq!(code(0, b"abc"), broken("pack.content_length"));
    assert_eq!(code(MAX_FILE_BYTES + 1, b"abc"), broken("pack.limit_file_size"));
}

#[test]
fn a_writer_keeps_the_order_and_the_names() {
    let write = |paths: &[&str]| {
        let mut writer = ArchiveWriter::new(Vec::new());
        let mut append = |path: &&str| writer.append(&ArchivePath::parse(path).unwrap(), false, 0, &mut &b""[..]);
        paths.iter().try_for_each(&mut append).map_or_else(|error| error.code(), |()| "ok")
    };
    assert_eq!(write(&["A", "b/c", "b/d"]), "ok");
    assert_eq!(write(&["b", "a"]), "pack.entry_order");
    assert_eq!(write(&["a", "a"]), "pack.duplicate_path");
    assert_eq!(write(&["a", "a/b"]), "pack.duplicate_path");
    assert_eq!(write(&["A", "a"]), "pack.path_collision");
}
