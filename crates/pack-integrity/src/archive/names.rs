//! The rules that hold between entries: order, uniqueness, counts and sizes.

use std::collections::{HashMap, hash_map};

use super::{ArchivePath, header::BLOCK};

/// The most files and directories (which are implied by the files in them): ten times the largest
/// pack foreseen, and an index of them stays under 5 MiB.
pub const MAX_ENTRIES: usize = 100_000;
/// The most bytes of one file: what eleven octal digits of a USTAR header can say.
pub const MAX_FILE_BYTES: u64 = 0o777_7777_7777;
/// The most bytes of an archive, so that verification ends: a minute or two of hashing.
pub const MAX_ARCHIVE_BYTES: u64 = 64 << 30;

/// Why an entry may not stand where it does, whether it is read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The path is there already, as a file or as a directory.
    #[error("the path `{path}` is in the archive twice")]
    Duplicate {
        /// The path.
        path: String,
    },
    /// Another path differs only in case.
    #[error("the path `{path}` differs only in case from another one")]
    Collision {
        /// The path that came second.
        path: String,
    },
    /// Sorts before the entry in front of it.
    #[error("the path `{path}` does not sort after the one before it")]
    OutOfOrder {
        /// The path.
        path: ArchivePath,
    },
    /// More files and directories than [`MAX_ENTRIES`].
    #[error("the archive has more than {MAX_ENTRIES} files and directories")]
    TooMany,
    /// A file of more than [`MAX_FILE_BYTES`].
    #[error("a file of {actual} bytes, at most {MAX_FILE_BYTES} are allowed")]
    FileTooLarge {
        /// The size declared.
        actual: u64,
    },
    /// More than [`MAX_ARCHIVE_BYTES`] in all.
    #[error("the archive has more than {MAX_ARCHIVE_BYTES} bytes")]
    ArchiveTooLarge,
}

reach_types::codes!(EntryError {
    Duplicate => ("pack.duplicate_path", Unsafe, "give every file a path of its own"),
    Collision => ("pack.path_collision", Unsafe, "rename one of the two: some file systems cannot tell them apart"),
    OutOfOrder => ("pack.entry_order", Unsafe, "build the archive with `reach pack build`, which sorts paths by their bytes"),
    TooMany => ("pack.limit_entries", Limit, "split the pack, or put its small files into one"),
    FileTooLarge => ("pack.limit_file_size", Limit, "split the file"),
    ArchiveTooLarge => ("pack.limit_archive_size", Limit, "split the pack"),
});

/// Half a BLAKE3 digest of a path. A collision, which no one has to fear by accident, would only
/// refuse an archive.
type Name = [u8; 16];

fn name(text: &str) -> Name {
    let [name @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *blake3::hash(text.as_bytes()).as_bytes();
    name
}

struct Seen {
    spelling: Name,
    file: bool,
}

/// The entries so far. Paths are kept as digests, so that memory does not depend on their length.
pub(crate) struct Sequence {
    seen: HashMap<Name, Seen>,
    last: Option<ArchivePath>,
    bytes: u64,
}

/// Room for all entries from the start: growing would for a moment need it one and a half times,
/// and pages that are never used cost nothing.
impl Default for Sequence {
    fn default() -> Self {
        Self { seen: HashMap::with_capacity(MAX_ENTRIES), last: None, bytes: 0 }
    }
}

impl Sequence {
    /// Takes the next entry in, or says which rule it breaks.
    pub(crate) fn admit(&mut self, path: &ArchivePath, size: u64) -> Result<(), EntryError> {
        check_file_size(size)?;
        self.check_archive_size(size)?;
        let last = self.last.take();
        let before = last.as_ref().map_or("", ArchivePath::as_str);
        if last.is_some() && path.as_str() <= before {
            return Err(self.misplaced(path));
        }
        // All paths below one directory stand together in this order, so a directory of the path
        // before is the only one that has been taken in already.
        let known = |directory: &str| before.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
        for directory in path.directories().filter(|directory| !known(directory)) {
            self.insert(directory, false)?;
        }
        self.insert(path.as_str(), true)?;
        self.last = Some(path.clone());
        Ok(())
    }

    /// Whether a file with exactly this path was taken in.
    pub(crate) fn holds(&self, path: &ArchivePath) -> bool {
        let seen = self.seen.get(&name(&path.as_str().to_ascii_lowercase()));
        seen.is_some_and(|seen| seen.file && seen.spelling == name(path.as_str()))
    }

    fn check_archive_size(&mut self, size: u64) -> Result<(), EntryError> {
        let block = BLOCK as u64;
        let padded = size.checked_next_multiple_of(block).and_then(|content| content.checked_add(block));
        let total = padded.and_then(|entry| self.bytes.checked_add(entry));
        // Two blocks close the archive.
        self.bytes =
            total.filter(|total| *total <= MAX_ARCHIVE_BYTES - 2 * block).ok_or(EntryError::ArchiveTooLarge)?;
        Ok(())
    }

    fn insert(&mut self, path: &str, file: bool) -> Result<(), EntryError> {
        if self.seen.len() >= MAX_ENTRIES {
            return Err(EntryError::TooMany);
        }
        let spelling = name(path);
        let folded = path.to_ascii_lowercase();
        let key = if folded == path { spelling } else { name(&folded) };
        match self.seen.entry(key) {
            hash_map::Entry::Vacant(free) => {
                free.insert(Seen { spelling, file });
                Ok(())
            }
            hash_map::Entry::Occupied(taken) => Err(twice(path, taken.get().spelling == spelling)),
        }
    }

    /// A path that comes too late: as a duplicate if it is one, else as out of order.
    fn misplaced(&self, path: &ArchivePath) -> EntryError {
        match self.seen.get(&name(&path.as_str().to_ascii_lowercase())) {
            Some(seen) => twice(path.as_str(), seen.spelling == name(path.as_str())),
            None => EntryError::OutOfOrder { path: path.clone() },
        }
    }
}

fn twice(path: &str, same_spelling: bool) -> EntryError {
    let path = path.to_owned();
    if same_spelling { EntryError::Duplicate { path } } else { EntryError::Collision { path } }
}

pub(crate) const fn check_file_size(size: u64) -> Result<(), EntryError> {
    if size > MAX_FILE_BYTES { Err(EntryError::FileTooLarge { actual: size }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use reach_types::Code;

    fn admit(paths: &[&str]) -> &'static str {
        let mut sequence = Sequence::default();
        let all = paths.iter().try_for_each(|path| sequence.admit(&ArchivePath::parse(path).unwrap(), 0));
        all.map_or_else(|e| e.code(), |()| "ok")
    }

    #[test]
    fn k38_one_path_is_one_file() {
        assert_eq!(admit(&["a", "b", "c/d", "c/e/f", "c/g"]), "ok");
        assert_eq!(admit(&["a", "a"]), "pack.duplicate_path");
        assert_eq!(admit(&["a", "b", "a"]), "pack.duplicate_path");
        assert_eq!(admit(&["a", "a/b"]), "pack.duplicate_path");
        assert_eq!(admit(&["a", "a-b", "a.c", "a/b"]), "pack.duplicate_path");
        assert_eq!(admit(&["a-b", "a.c", "a/b", "ab"]), "ok");
        assert_eq!(admit(&["b", "a"]), "pack.entry_order");
        assert_eq!(admit(&["a/x", "b", "a/y"]), "pack.entry_order");
    }

    #[test]
    fn k39_paths_differ_by_more_than_case() {
        assert_eq!(admit(&["README", "readme"]), "pack.path_collision");
        assert_eq!(admit(&["A/x", "a/y"]), "pack.path_collision");
        assert_eq!(admit(&["A", "a/b"]), "pack.path_collision");
        assert_eq!(admit(&["A/x", "a"]), "pack.path_collision");
        assert_eq!(admit(&["README", "readme2"]), "ok");
    }

    #[test]
    fn k45_counts_and_sizes_are_bounded() {
        let mut sequence = Sequence::default();
        for index in 0..MAX_ENTRIES - 1 {
            sequence.admit(&ArchivePath::parse(&format!("d/{index:06}")).unwrap(), 0).unwrap();
        }
        let next = ArchivePath::parse("e").unwrap();
        assert_eq!(sequence.admit(&next, 0).unwrap_err().code(), "pack.limit_entries");

        let path = |index: u64| ArchivePath::parse(&format!("{index:02}")).unwrap();
        let code = |index, size| Sequence::default().admit(&path(index), size).map_or_else(|e| e.code(), |()| "ok");
        assert_eq!(code(0, MAX_FILE_BYTES), "ok");
        assert_eq!(code(0, MAX_FILE_BYTES + 1), "pack.limit_file_size");
        assert_eq!(code(0, 1 << 63), "pack.limit_file_size");
        let mut sequence = Sequence::default();
        for index in 0..7 {
            sequence.admit(&path(index), MAX_FILE_BYTES).unwrap();
        }
        assert_eq!(sequence.admit(&path(7), MAX_FILE_BYTES).unwrap_err().code(), "pack.limit_archive_size");
    }

    proptest! {
        /// The digests and the sort order decide as the plain definition does.
        #[test]
        fn sequences_agree_with_a_naive_model(mut paths in proptest::collection::vec("[aAb](/[aAb]){0,2}", 1..7)) {
            paths.sort();
            let parsed: Vec<_> = paths.iter().map(|path| ArchivePath::parse(path).unwrap()).collect();
            let directories: BTreeSet<&str> = parsed.iter().flat_map(ArchivePath::directories).collect();
            let names: Vec<_> = parsed.iter().map(ArchivePath::as_str).chain(directories).collect();
            let folded: BTreeSet<_> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            let good = folded.len() == names.len();
            let borrowed: Vec<&str> = paths.iter().map(String::as_str).collect();
            prop_assert_eq!(admit(&borrowed) == "ok", good, "{:?}", borrowed);
        }
    }
}
