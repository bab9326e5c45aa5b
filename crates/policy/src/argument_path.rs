//! Where in a tool's arguments a limit looks, and which paths a limit lets through.

use std::{borrow::Borrow, collections::BTreeSet, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The most parts of an argument path: arguments of the tools we know are two or three deep.
pub const MAX_ARGUMENT_PATH_PARTS: usize = 8;
/// The most bytes of an argument path: eight member names of 31 bytes and their slashes.
pub const MAX_ARGUMENT_PATH_BYTES: usize = 256;
/// The most bytes of a path prefix: the longest path in a pack has 255 and a slash.
pub const MAX_PATH_PREFIX_BYTES: usize = 256;

/// The part that stands for every element.
const EVERY: &str = "*";

/// Why the place or the path of a limit was refused. The text itself is never echoed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Not an argument path.
    #[error(
        "an argument path is empty, or 1 to {MAX_ARGUMENT_PATH_PARTS} parts with a `/` before each (RFC 6901), at most {MAX_ARGUMENT_PATH_BYTES} bytes of printable ASCII"
    )]
    Pointer,
    /// Not a path prefix.
    #[error(
        "a path prefix is plain segments joined by `/`, at most {MAX_PATH_PREFIX_BYTES} bytes, with no segment that is empty or ends in a dot or a space"
    )]
    Prefix,
}

reach_types::codes!(PathError {
    Pointer => ("policy.pointer_malformed", Refused, "write the path as `/member/0` or `/list/*`; in a name, `~` is `~0` and `/` is `~1`"),
    Prefix => ("policy.prefix_malformed", Refused, "write the prefix as `reports/2026`, without `..`, `\\`, `%`, `:` or `;`"),
});

/// An RFC 6901 pointer into the arguments: `/path`, `/list/0`, `/files/*/path`; the empty one
/// points at the argument text as a whole.
///
/// One thing is not RFC 6901's: a part `*` stands for every element of a list. A member whose name
/// is `*` can therefore not be pointed at, and there is no spelling that would do it.
///
/// Construction guarantees at most [`MAX_ARGUMENT_PATH_PARTS`] parts and
/// [`MAX_ARGUMENT_PATH_BYTES`] bytes of printable ASCII, and that `~` stands only in `~0` and `~1`.
/// So each path has one spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArgumentPath(Vec<Part>);

/// One step of an [`ArgumentPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Every element of a list.
    Every,
    /// The member of this name, or the element of this number.
    Named(Box<str>),
}

impl ArgumentPath {
    /// Parses a pointer exactly as written.
    ///
    /// # Errors
    /// [`PathError::Pointer`] if the text is outside the grammar or too long.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let parts = text.strip_prefix('/').ok_or(PathError::Pointer)?.split('/');
        let printable = |b: u8| b.is_ascii_graphic() || b == b' ';
        let bounded = text.len() <= MAX_ARGUMENT_PATH_BYTES && parts.clone().count() <= MAX_ARGUMENT_PATH_PARTS;
        if !bounded || !text.bytes().all(printable) {
            return Err(PathError::Pointer);
        }
        parts.map(Part::parse).collect::<Option<_>>().map(Self).ok_or(PathError::Pointer)
    }

    /// The steps, from the outermost value inwards; none for the text as a whole.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Whether it points at the argument text as a whole.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.0.is_empty()
    }
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        if text == EVERY {
            return Some(Self::Every);
        }
        let mut name = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            name.push(match c {
                '~' => match chars.next() {
                    Some('0') => '~',
                    Some('1') => '/',
                    _ => return None,
                },
                other => other,
            });
        }
        Some(Self::Named(name.into()))
    }
}

impl fmt::Display for ArgumentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Every => write!(f, "/{EVERY}"),
            Part::Named(name) => write!(f, "/{}", name.replace('~', "~0").replace('/', "~1")),
        })
    }
}

/// Leading segments of a relative path, such as `reports/2026`.
///
/// Construction guarantees a plain path of at most [`MAX_PATH_PREFIX_BYTES`] bytes, see
/// [`PathPrefix::holds`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathPrefix(Box<str>);

impl PathPrefix {
    /// Parses a prefix exactly as written.
    ///
    /// # Errors
    /// [`PathError::Prefix`] if it is not a plain path, or too long.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let good = text.len() <= MAX_PATH_PREFIX_BYTES && is_plain(text);
        if good { Ok(Self(text.into())) } else { Err(PathError::Prefix) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `path` is this path or lies below it, segment by segment.
    ///
    /// Nothing is normalised. A path that is not plain is not below anything: one with an empty
    /// segment (so also one that begins or ends with `/`), with a segment that ends in a dot or a
    /// space (`.` and `..` do), or with any character that some system reads as more than itself:
    /// outside printable ASCII, or one of `\ % : ; ? # * " < > |`.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        let rest = path.strip_prefix(&*self.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) && is_plain(path)
    }

    /// Whether every path that `other` holds is held by this prefix too.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.holds(&other.0)
    }
}

impl Borrow<str> for PathPrefix {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Whether one of `prefixes` holds `path`, in time that does not grow with how many they are.
pub(crate) fn held_by_any(prefixes: &BTreeSet<PathPrefix>, path: &str) -> bool {
    let mut ancestors = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
    is_plain(path) && (prefixes.contains(path) || ancestors.any(|start| prefixes.contains(start)))
}

/// Whether every system reads `path` as the same relative path.
fn is_plain(path: &str) -> bool {
    path.split('/')
        .all(|segment| !segment.is_empty() && !segment.ends_with(['.', ' ']) && segment.bytes().all(is_plain_byte))
}

/// Not plain are what is decoded (`%`), what separates elsewhere (`\`, `:`), what ends or
/// parametrises a path in an address (`;`, `?`, `#`), and what Windows keeps for itself.
fn is_plain_byte(byte: u8) -> bool {
    let special = matches!(byte, b'\\' | b'%' | b':' | b';' | b'?' | b'#' | b'*' | b'"' | b'<' | b'>' | b'|');
    (byte.is_ascii_graphic() || byte == b' ') && !special
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    };
}
as_text!(ArgumentPath);
as_text!(PathPrefix);

#[cfg(test)]
mod tests {
    use reach_types::Code as _;

    use super::*;

    fn path(text: &str) -> ArgumentPath {
        ArgumentPath::parse(text).unwrap()
    }

    fn named(name: &str) -> Part {
        Part::Named(name.into())
    }

    #[test]
    fn a_pointer_has_one_spelling_and_shows_it() {
        assert_eq!(path("").parts(), []);
        assert_eq!(path("/").parts(), [named("")]);
        assert_eq!(path("/a/*/0").parts(), [named("a"), Part::Every, named("0")]);
        assert_eq!(path("/a~1b/~0~01/**").parts(), [named("a/b"), named("~~1"), named("**")]);
        assert!(path("").is_whole() && !path("/").is_whole());
        for text in ["", "/", "//", "/a/*/0", "/a~1b/~0~01/**", "/ ", "/a b"] {
            assert_eq!(path(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_pointer_is_refused() {
        for bad in ["a", "*", "a/b", "#/a", "/~", "/~2", "/a~", "/~x", "/caf\u{e9}", "/a\n", "/\0", "/\u{7f}", " /a"] {
            assert_eq!(ArgumentPath::parse(bad).unwrap_err().code(), "policy.pointer_malformed", "{bad:?}");
        }
        path(&"/a".repeat(MAX_ARGUMENT_PATH_PARTS));
        assert_eq!(ArgumentPath::parse(&"/a".repeat(MAX_ARGUMENT_PATH_PARTS + 1)), Err(PathError::Pointer));
        let longest = format!("/{}", "a".repeat(MAX_ARGUMENT_PATH_BYTES - 1));
        path(&longest);
        assert_eq!(ArgumentPath::parse(&format!("{longest}a")), Err(PathError::Pointer));
    }

    #[test]
    fn p12_p13_a_prefix_holds_whole_segments_of_plain_paths_only() {
        let reports = PathPrefix::parse("reports").unwrap();
        let plain = [
            "reports",
            "reports/a",
            "reports/2026/a b.txt",
            "reports/.hidden",
            "reports/a..b",
            "reports/~$&'(),+=@[]^_`{}!-",
        ];
        for good in plain {
            assert!(reports.holds(good) && held_by_any(&[reports.clone()].into(), good), "{good}");
        }
        for bad in [
            "",
            "report",
            "reportsx",
            "reports2/a",
            "a/reports",
            "/reports",
            "/",
            "./reports",
            "../reports",
            "Reports/a",
            "reports/",
            "reports//x",
            "reports/.",
            "reports/..",
            "reports/../etc",
            "reports/./x",
            "reports/...",
            "reports/.. /x",
            "reports/a.",
            "reports/a ",
            "reports/a /b",
            "reports\\x",
            "reports/x\\..",
            "reports/%2e%2e",
            "reports/a%",
            "reports/..;/x",
            "reports/a;b",
            "reports/a:b",
            "reports/a?b",
            "reports/a#b",
            "reports/a*",
            "reports/a\"",
            "reports/<a",
            "reports/a>",
            "reports/a|b",
            "reports/a\0",
            "reports/a\nb",
            "reports/\u{7f}",
            "reports/\u{ff0e}\u{ff0e}",
            "reports\u{2215}a",
            "reports/caf\u{e9}",
        ] {
            assert!(!reports.holds(bad) && !held_by_any(&[reports.clone()].into(), bad), "{bad:?}");
        }
        let deep = PathPrefix::parse("reports/2026").unwrap();
        assert!(deep.holds("reports/2026") && deep.holds("reports/2026/a"));
        assert!(!deep.holds("reports") && !deep.holds("reports/2026a") && !deep.holds("reports/20"));
        let both = [PathPrefix::parse("a/b").unwrap(), deep.clone()].into();
        let held =
            ["a/b", "a/b/c", "reports/2026/a/b", "a", "b", "reports", "a/bc"].map(|path| held_by_any(&both, path));
        assert_eq!(held, [true, true, true, false, false, false, false]);
        assert!(reports.contains(&deep) && reports.contains(&reports) && !deep.contains(&reports));
    }

    #[test]
    fn what_is_not_a_plain_path_is_no_prefix() {
        for bad in [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "./a", "a.", "a ", "a\\b", "a%", "a\0", "a\n", "a:b",
            "\u{e9}",
        ] {
            assert_eq!(PathPrefix::parse(bad).unwrap_err().code(), "policy.prefix_malformed", "{bad:?}");
        }
        let longest = "a".repeat(MAX_PATH_PREFIX_BYTES);
        assert_eq!(PathPrefix::parse(&longest).unwrap().as_str(), longest);
        assert_eq!(PathPrefix::parse(&format!("{longest}a")), Err(PathError::Prefix));
    }
}
