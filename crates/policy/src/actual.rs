//! What a violation found in place of what it expected, as far as that may be seen.

use std::fmt;

use reach_types::Timestamp;
use serde::{Serialize, Serializer};

use crate::{DriftClass, Field, Secret, Shown, Tag, TagKey, drift::words};

/// What was found: shown where its type says that it may be, and otherwise withheld.
///
/// Nothing that somebody merely sent fits into a variant that is shown:
///
/// ```compile_fail,E0308
/// let actual = reach_policy::Actual::Identifier(String::from("whatever somebody sent"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "lowercase")]
pub enum Actual {
    /// Nothing: it is not there.
    Absent,
    /// A parsed identifier.
    Identifier(Shown),
    /// A whole number.
    Number(i64),
    /// A moment.
    Time(Timestamp),
    /// In what ways a tool's definition differs from the pinned one.
    Drift(Vec<DriftClass>),
    /// Content: its type and perhaps its length, and nothing else of it.
    Withheld(Withheld),
}

impl Actual {
    /// A parsed identifier, shown as it is.
    #[must_use]
    pub fn identifier(identifier: impl Into<Shown>) -> Self {
        Self::Identifier(identifier.into())
    }

    /// Withholds `content`, keeping its type and, unless that tells the value, its length.
    #[must_use]
    pub fn withheld(kind: Kind, content: &[u8]) -> Self {
        Self::Withheld(Withheld::new(kind, content))
    }
}

impl fmt::Display for Actual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Identifier(text) => write!(f, "`{text}`"),
            Self::Number(number) => number.fmt(f),
            Self::Time(time) => time.fmt(f),
            Self::Drift(classes) => write!(f, "a definition that differs ({})", words(classes)),
            Self::Withheld(withheld) => withheld.fmt(f),
        }
    }
}

/// What kind of content was withheld. Exhaustive on purpose; the names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Bytes of which no more is known.
    Bytes,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A yes or no.
    Boolean,
    /// The JSON `null`.
    Null,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Kind {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
            Self::List => "list",
            Self::Object => "object",
        }
    }

    /// Whether its length may be told: that of `true` is not that of `false`, and a number's is its
    /// magnitude.
    const fn has_length(self) -> bool {
        match self {
            Self::Bytes | Self::Text | Self::List | Self::Object => true,
            Self::Number | Self::Boolean | Self::Null => false,
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// That there was content, of which type and, unless that tells the value, how long; of the content
/// itself nothing is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Withheld {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
}

impl Withheld {
    /// Withholds `content`.
    #[must_use]
    pub fn new(kind: Kind, content: &[u8]) -> Self {
        Self { kind, bytes: kind.has_length().then_some(content.len() as u64), tag: None }
    }

    /// Withholds `content`, and tags it so that whoever holds the key can tell equal ones.
    #[must_use]
    pub fn tagged(kind: Kind, content: &[u8], key: &TagKey, field: Field) -> Self {
        Self { tag: Some(key.tag(field, &Secret(content))), ..Self::new(kind, content) }
    }

    /// What kind of content it was.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How long it was, in bytes; nothing for a number, a yes or no, and `null`.
    #[must_use]
    pub const fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// The content's tag, if it was tagged.
    #[must_use]
    pub const fn tag(&self) -> Option<Tag> {
        self.tag
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "withheld {}", self.kind.as_str())?;
        self.bytes.map_or(Ok(()), |bytes| write!(f, " of {bytes} bytes"))?;
        self.tag.map_or(Ok(()), |tag| write!(f, " ({tag})"))
    }
}
