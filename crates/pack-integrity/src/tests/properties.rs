//! What holds for every tree of files, and for every sequence of bytes.

use std::{collections::BTreeMap, io::Read};

use proptest::{collection::vec, prelude::*};

use crate::{ArchivePath, ArchiveReader, ArchiveWriter, Entry, testing::*};

type Tree = BTreeMap<String, (bool, Vec<u8>)>;

/// Trees of files with safe paths that are unique and are not each other's directories.
fn tree() -> impl Strategy<Value = Tree> {
    let path = "[a-d]{1,60}(/[a-d_.-]{1,59}[a-d]){0,3}".prop_filter("fits", |path| ArchivePath::parse(path).is_ok());
    let file = (path, any::<bool>(), vec(any::<u8>(), 0..1100));
    vec(file, 0..6).prop_map(|files| {
        let mut tree = Tree::new();
        for (path, executable, content) in files {
            let below = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
            if !tree.keys().any(|other| below(&path, other) || below(other, &path)) {
                tree.insert(path, (executable, content));
            }
        }
        tree
    })
}

fn files(tree: &Tree) -> Vec<File<'_>> {
    tree.iter().map(|(path, (executable, content))| (path.as_str(), *executable, content.as_slice())).collect()
}

fn rebuilt(read: &[(Entry, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Vec::new());
    for (entry, content) in read {
        writer.append(entry.path(), entry.executable(), entry.size(), &mut &content[..]).unwrap();
    }
    writer.finish().unwrap()
}

/// Writes a header's sum in our spelling.
fn sum_again(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

proptest! {
    #[test]
    fn any_tree_in_any_order_is_one_archive_and_comes_back(
        (tree, shuffled) in tree().prop_flat_map(|tree| (Just(tree.clone()), Just(tree.into_iter().collect::<Vec<_>>()).prop_shuffle()))
    ) {
        let built = archive(&files(&tree));
        let again: Vec<File> = shuffled.iter().map(|(path, (x, content))| (path.as_str(), *x, content.as_slice())).collect();
        prop_assert_eq!(&built, &archive(&again));
        let read: Tree = read_all(&built).unwrap().into_iter()
            .map(|(entry, content)| (entry.path().to_string(), (entry.executable(), content)))
            .collect();
        prop_assert_eq!(read, tree);
    }

    #[test]
    fn tar_reads_what_we_write(tree in tree()) {
        let built = archive(&files(&tree));
        let mut read = Tree::new();
        for entry in tar::Archive::new(&built[..]).entries().unwrap() {
            let mut entry = entry.unwrap();
            let header = entry.header().clone();
            prop_assert_eq!(header.entry_type(), tar::EntryType::Regular);
            prop_assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
            let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            prop_assert_eq!(header.size().unwrap(), content.len() as u64);
            read.insert(path, (header.mode().unwrap() == 0o755, content));
        }
        prop_assert_eq!(read, tree);
    }

    /// Whatever parses is what we would have written: nothing has a second spelling.
    #[test]
    fn what_parses_is_what_is_built(tree in tree(), edits in vec((any::<proptest::sample::Index>(), any::<u8>()), 0..3), cut in any::<Option<proptest::sample::Index>>()) {
        let mut bytes = archive(&files(&tree));
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        if let Ok(read) = read_all(&bytes) {
            prop_assert_eq!(rebuilt(&read), bytes);
        }
    }

    /// The same for archives that are nearly good: pieces moved, doubled, cut out, and headers
    /// changed under a sum that is right again.
    #[test]
    fn what_parses_after_surgery_is_what_is_built(
        tree in tree(),
        cuts in vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), 0usize..3, any::<bool>()), 0..3),
        header in proptest::option::of((any::<proptest::sample::Index>(), 0usize..500, vec(prop_oneof![Just(0u8), Just(b' '), Just(b'0'), Just(b'1'), Just(b'/'), any::<u8>()], 1..4))),
    ) {
        let mut bytes = archive(&files(&tree));
        for (from, to, blocks, double) in cuts {
            let (all, blocks) = (bytes.len() / 512, blocks + 1);
            let (from, to) = (from.index(all), to.index(all));
            let end = (from + blocks).min(all);
            let piece = bytes[from * 512..end * 512].to_vec();
            if !double {
                bytes.drain(from * 512..end * 512);
            }
            let to = (to * 512).min(bytes.len());
            bytes.splice(to..to, piece);
        }
        if let Some((block, at, values)) = header {
            let start = block.index(bytes.len() / 512) * 512;
            let end = (at + values.len()).min(500);
            bytes[start + at..start + end].copy_from_slice(&values[..end - at]);
            sum_again(&mut bytes[start..start + 512]);
        }
        if let Ok(read) = read_all(&bytes) {
            prop_assert_eq!(rebuilt(&read), bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..3000)) {
        assert_ne!(archive_code(&bytes), "ok");
        assert_ne!(code(&bytes, &String::from_utf8_lossy(&bytes)), "ok");
    }

    #[test]
    fn a_reader_does_not_care_how_its_input_arrives(tree in tree(), step in 1usize..700) {
        struct Dribble<'a>(&'a [u8], usize);
        impl Read for Dribble<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let most = self.1.min(buffer.len());
                self.0.read(&mut buffer[..most])
            }
        }
        let built = archive(&files(&tree));
        let mut reader = ArchiveReader::new(Dribble(&built, step));
        let mut content = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            let before = content.len();
            while let Some(chunk) = reader.next_chunk().unwrap() {
                content.extend_from_slice(chunk);
            }
            prop_assert_eq!((content.len() - before) as u64, entry.size());
        }
        prop_assert_eq!(content, tree.into_values().flat_map(|(_, content)| content).collect::<Vec<_>>());
    }
}

/// Byte for byte what the `tar` crate writes, where both have a choice to make.
#[test]
fn tar_writes_what_we_write() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_path("a/b.txt").unwrap();
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(5);
    header.set_device_major(0).unwrap();
    header.set_device_minor(0).unwrap();
    header.set_cksum();
    builder.append(&header, &b"hello"[..]).unwrap();
    let mut theirs = builder.into_inner().unwrap();
    let ours = archive(&[("a/b.txt", true, b"hello")]);
    // POSIX leaves the digits of the sum open; ours are GNU tar's.
    theirs[148..156].copy_from_slice(&ours[148..156]);
    assert!(theirs == ours);
}
