//! Paths inside an archive: one grammar that means the same on every file system.

use std::fmt;

use crate::printable::printable;

/// The longest path in bytes: USTAR's prefix of 155, the `/` between, and its name of 100.
pub const MAX_PATH_BYTES: usize = PREFIX_BYTES + 1 + NAME_BYTES;

const PREFIX_BYTES: usize = 155;
const NAME_BYTES: usize = 100;

/// Why a path was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// A path that could leave the directory it is extracted to, or that some file system reads
    /// as another.
    #[error("the path `{path}` is unsafe: {rule}")]
    Unsafe {
        /// The path, with everything but printable ASCII escaped.
        path: String,
        /// The rule it breaks.
        rule: &'static str,
    },
}

reach_types::codes!(PathError {
    Unsafe => ("pack.unsafe_path", Unsafe, "rename the file: letters, digits, `.`, `_` and `-`, no `..`, no Windows device name"),
});

/// A path of a file in an archive.
///
/// Construction guarantees segments of `[A-Za-z0-9._-]` joined by `/`, none of them empty, `.` or
/// `..`, ending in a dot, or a Windows device name, and a length that USTAR can hold. Paths are
/// ordered by their bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchivePath(Box<str>);

impl ArchivePath {
    /// Parses a path exactly as written.
    ///
    /// # Errors
    /// [`PathError::Unsafe`] if the text is outside the grammar.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Self::from_bytes(text.as_bytes())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, PathError> {
        let unsafe_by = |rule| PathError::Unsafe { path: printable(&String::from_utf8_lossy(bytes)), rule };
        let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/');
        if !bytes.iter().all(allowed) {
            return Err(unsafe_by("a path holds only ASCII letters, digits, `.`, `_`, `-` and `/`"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| unsafe_by("a path is ASCII"))?;
        text.split('/').try_for_each(check_segment).map_err(unsafe_by)?;
        if split(text).is_none() {
            return Err(unsafe_by("a path has at most 100 bytes, or 155 and 100 around one of its `/`"));
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The USTAR prefix and name: a path of up to 100 bytes is all name; a longer one is split at
    /// the last `/` that leaves at most 155 bytes before it. There is one such split.
    pub(crate) fn split(&self) -> (&str, &str) {
        // The constructor has refused every path for which this is `None`.
        split(&self.0).unwrap_or(("", &self.0))
    }

    /// The directories that lead to this file, outermost first.
    pub(crate) fn directories(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').filter_map(|(at, _)| self.0.get(..at))
    }
}

fn split(text: &str) -> Option<(&str, &str)> {
    if text.len() <= NAME_BYTES {
        return Some(("", text));
    }
    let (head, _) = text.split_at_checked(PREFIX_BYTES + 1).unwrap_or((text, ""));
    // An earlier `/` would only leave a longer name, so the last one decides whether the path fits.
    let (prefix, name) = text.split_at_checked(head.rfind('/')?)?;
    let name = name.strip_prefix('/')?;
    (name.len() <= NAME_BYTES).then_some((prefix, name))
}

fn check_segment(segment: &str) -> Result<(), &'static str> {
    match segment {
        "" => Err("it is empty, begins or ends with `/`, or holds `//`"),
        "." | ".." => Err("a part of it is `.` or `..`"),
        _ if segment.ends_with('.') => Err("a part of it ends in a dot, which Windows drops"),
        _ if is_device(segment) => Err("a part of it is a Windows device name"),
        _ => Ok(()),
    }
}

/// Windows reads `CON`, `con.txt` and `Con.tar.gz` as the console, in every directory.
fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || port.is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
}

impl fmt::Display for ArchivePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ArchivePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchivePath({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reach_types::Code;

    fn code(text: &str) -> &'static str {
        ArchivePath::parse(text).map_or_else(|e| e.code(), |_| "ok")
    }

    #[test]
    fn k36_paths_that_leave_or_have_two_spellings() {
        for good in ["x", "a/b", "a-b/c.d/_e", ".gitignore", "a/.b/-c", "..a", "a..b"] {
            assert_eq!(code(good), "ok", "{good}");
        }
        for bad in [
            "../x", "/x", "C:\\x", "\\\\?\\x", "a\\..\\b", "a//b", "./a", "a/", "", ".", "..", "a/..", "a/../b",
            "a/./b", "a\0b", "a\nb", "\0", "/",
        ] {
            assert_eq!(code(bad), "pack.unsafe_path", "{bad:?}");
        }
    }

    #[test]
    fn k37_windows_traps() {
        for bad in [
            "CON",
            "con",
            "aux.txt",
            "Nul.tar.gz",
            "a/prn/b",
            "com1",
            "LPT9.x",
            "a.",
            "a./b",
            "...",
            "a ",
            "a:b",
            "a<b",
            "a|b",
            "a?",
        ] {
            assert_eq!(code(bad), "pack.unsafe_path", "{bad:?}");
        }
        for good in ["cone", "auxiliary", "com0", "com10", "lpt", "xcon", "a.con", ".con", "con-1"] {
            assert_eq!(code(good), "ok", "{good}");
        }
    }

    #[test]
    fn k39_k40_only_ascii_and_the_message_is_printable() {
        for bad in
            ["caf\u{e9}", "cafe\u{301}", "\u{131}", "a\u{202e}b", "a\u{200b}", "\u{1b}[31m", "\u{7f}", "\u{fb01}"]
        {
            let error = ArchivePath::parse(bad).unwrap_err();
            assert_eq!(error.code(), "pack.unsafe_path", "{bad:?}");
            assert!(error.to_string().bytes().all(|b| (0x20..0x7f).contains(&b)), "{error}");
        }
        assert_eq!(code("cafe"), "ok");
    }

    #[test]
    fn k36_only_what_ustar_can_hold() {
        let (name, prefix) = ("n".repeat(100), "p".repeat(155));
        assert_eq!(code(&name), "ok");
        assert_eq!(code(&format!("{name}n")), "pack.unsafe_path");
        assert_eq!(code(&format!("{prefix}/{name}")), "ok");
        assert_eq!(format!("{prefix}/{name}").len(), MAX_PATH_BYTES);
        assert_eq!(code(&format!("{prefix}p/{name}")), "pack.unsafe_path");
        assert_eq!(code(&format!("{prefix}/{name}n")), "pack.unsafe_path");
        assert_eq!(code(&"c".repeat(256)), "pack.unsafe_path");
    }

    #[test]
    fn a_long_path_is_split_at_the_last_slash_that_fits() {
        let long = ArchivePath::parse(&format!("{}/{}/{}", "a".repeat(60), "b".repeat(60), "c".repeat(60))).unwrap();
        let (prefix, name) = long.split();
        assert_eq!((prefix.len(), name.len()), (121, 60));
        let short = ArchivePath::parse("a/b").unwrap();
        assert_eq!(short.split(), ("", "a/b"));
        assert_eq!(long.directories().map(str::len).collect::<Vec<_>>(), [60, 121]);
    }

    proptest! {
        #[test]
        fn a_split_joins_to_its_path(text in "[a-c]{1,90}(/[a-c]{1,90}){0,4}") {
            if let Ok(path) = ArchivePath::parse(&text) {
                let (prefix, name) = path.split();
                prop_assert!(prefix.len() <= 155 && (1..=100).contains(&name.len()));
                let joined = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
                prop_assert_eq!(joined, text);
            } else {
                let fits = |at: usize| at <= 155 && text.len() - at - 1 <= 100;
                prop_assert!(text.len() > 100 && !text.match_indices('/').any(|(at, _)| fits(at)));
            }
        }
    }
}
