//! Which files git tracks: what a pattern ignores is tracked all the same once it was added.

use std::path::{Path, PathBuf};

use crate::files;

/// The most bytes of an index: a million files take about 100 MiB.
const MAX_INDEX_BYTES: u64 = 128 * 1024 * 1024;

/// Why the index was not read; the listing says so instead of missing files silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexFault {
    /// It cannot be read, or is not an index.
    Unreadable,
    /// It is of a version that this reader does not know.
    Version,
}

impl IndexFault {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Unreadable => "git_index_unreadable",
            Self::Version => "git_index_version_unknown",
        }
    }
}

/// The regular files below `root` that the repository around it tracks, as paths below `root`.
/// Nothing if there is no repository.
pub(super) fn tracked(root: &Path) -> Result<Vec<String>, IndexFault> {
    let Some(top) = root.ancestors().find(|folder| folder.join(".git").is_dir()) else { return Ok(Vec::new()) };
    let index = top.join(".git/index");
    if index.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    let bytes = files::read(&index, MAX_INDEX_BYTES).map_err(|_| IndexFault::Unreadable)?;
    let below = |path: String| {
        let inside = PathBuf::from(top).join(path);
        inside.strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned)
    };
    Ok(parse(&bytes)?.into_iter().filter_map(below).collect())
}

/// The bytes of an entry before its flags: ten numbers of four bytes and a SHA-1.
const FIXED: usize = 40 + 20;
/// Where the mode stands in it.
const MODE: usize = 24;
/// The kind of file in a mode's high bits: a regular file.
const REGULAR: u32 = 0o10;

/// The paths of the regular files in an index of version 2 or 3
/// ([gitformat-index](https://git-scm.com/docs/index-format)).
fn parse(bytes: &[u8]) -> Result<Vec<String>, IndexFault> {
    let rest = bytes.strip_prefix(b"DIRC").ok_or(IndexFault::Unreadable)?;
    let (version, rest) = number(rest)?;
    let (count, mut rest) = number(rest)?;
    if !(2..=3).contains(&version) {
        return Err(IndexFault::Version);
    }
    let mut paths = Vec::new();
    for _ in 0..count {
        let (path, next) = entry(rest)?;
        paths.extend(path);
        rest = next;
    }
    paths.dedup();
    Ok(paths)
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), IndexFault> {
    let (head, rest) = bytes.split_first_chunk::<4>().ok_or(IndexFault::Unreadable)?;
    Ok((u32::from_be_bytes(*head), rest))
}

/// One entry's path, if it is a regular file with a name in UTF-8, and what follows the entry.
fn entry(bytes: &[u8]) -> Result<(Option<String>, &[u8]), IndexFault> {
    let cut = IndexFault::Unreadable;
    let (mode, _) = number(bytes.get(MODE..).ok_or(cut)?)?;
    let (flags, named) = bytes.get(FIXED..).ok_or(cut)?.split_first_chunk::<2>().ok_or(cut)?;
    let extended = if u16::from_be_bytes(*flags) & 0x4000 == 0 { 0 } else { 2 };
    let named = named.get(extended..).ok_or(cut)?;
    let length = named.iter().position(|byte| *byte == 0).ok_or(cut)?;
    // An entry ends in one to eight zero bytes, so that its length is a multiple of eight.
    let whole = (FIXED + 2 + extended + length + 8) / 8 * 8;
    let path = std::str::from_utf8(named.get(..length).ok_or(cut)?).ok().map(str::to_owned);
    let regular = mode >> 12 == REGULAR;
    Ok((path.filter(|_| regular), bytes.get(whole..).ok_or(cut)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(version: u32, entries: &[(&str, u32)]) -> Vec<u8> {
        let mut bytes =
            [b"DIRC".as_slice(), &version.to_be_bytes(), &u32::try_from(entries.len()).unwrap().to_be_bytes()].concat();
        for (path, mode) in entries {
            let start = bytes.len();
            bytes.extend([0; MODE]);
            bytes.extend(mode.to_be_bytes());
            bytes.extend([0; FIXED - MODE - 4]);
            bytes.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
            bytes.extend(path.as_bytes());
            bytes.resize(start + (bytes.len() - start + 8) / 8 * 8, 0);
        }
        bytes.extend([0; 20]);
        bytes
    }

    #[test]
    fn regular_files_are_named_and_links_and_submodules_are_not() {
        let entries = [("a", 0o100_644), ("b/longer.txt", 0o100_755), ("link", 0o120_000), ("module", 0o160_000)];
        assert_eq!(parse(&index(2, &entries)).unwrap(), ["a", "b/longer.txt"]);
        for length in 1..=17 {
            let name = "x".repeat(length);
            assert_eq!(parse(&index(3, &[(&name, 0o100_644), ("z", 0o100_644)])).unwrap(), [name.as_str(), "z"]);
        }
    }

    #[test]
    fn what_is_no_index_is_said_to_be_none() {
        let good = index(2, &[("a", 0o100_644)]);
        assert_eq!(parse(&index(4, &[])), Err(IndexFault::Version));
        assert_eq!(parse(b"DIRX"), Err(IndexFault::Unreadable));
        for length in 0..good.len() - 20 {
            assert_eq!(parse(&good[..length]), Err(IndexFault::Unreadable), "{length}");
        }
        let mut endless = good.clone();
        endless[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(parse(&endless), Err(IndexFault::Unreadable));
    }
}
