//! Parsed identifiers: what exists as one of these types has the grammar its doc states.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Blake3Digest, DigestError, Sha256Digest};

/// The longest identifier, in bytes: long enough for a reverse-domain name, short enough that a
/// thousand of them stay far below every input limit.
pub const MAX_IDENT_BYTES: usize = 64;

/// Why an identifier was refused. The text itself is never echoed: it may be hostile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentError {
    /// Empty, too long, or holding a character outside `[a-z0-9._-]`.
    #[error(
        "an identifier is 1 to {MAX_IDENT_BYTES} bytes of `a-z 0-9 . _ -`, starting and ending with a letter or digit, without `..`"
    )]
    Malformed,
}

crate::codes!(IdentError {
    Malformed => ("input.identifier_malformed", Refused, "use lower-case ASCII letters, digits, `.`, `_` and `-`"),
});

/// What a byte is in an identifier, or in a segment of a scope.
const FOREIGN: u8 = 0;
const NAME: u8 = 1;
const DOT: u8 = 2;

/// One character set for all: nothing is folded or normalised, so no two spellings can meet.
const CLASSES: [u8; 256] = {
    let mut classes = [FOREIGN; 256];
    let (mut left, mut byte) = (classes.as_mut_slice(), 0u8);
    while let Some((class, others)) = left.split_first_mut() {
        *class = match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => NAME,
            b'.' => DOT,
            _ => FOREIGN,
        };
        (left, byte) = (others, byte.wrapping_add(1));
    }
    classes
};

/// Whether all of `bytes` are `[a-z0-9._-]`, and no two dots stand together.
///
/// Without a branch for a byte: most texts are good and all are short.
pub(crate) fn spelled(bytes: &[u8]) -> bool {
    let (mut good, mut before) = (true, FOREIGN);
    for byte in bytes {
        let class = CLASSES.get(usize::from(*byte)).copied().unwrap_or(FOREIGN);
        good &= class != FOREIGN && class & before != DOT;
        before = class;
    }
    good
}

fn check(text: &str) -> Result<(), IdentError> {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let good = bytes.len() <= MAX_IDENT_BYTES && edge(bytes.first()) && edge(bytes.last()) && spelled(bytes);
    if good { Ok(()) } else { Err(IdentError::Malformed) }
}

macro_rules! ident {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Construction guarantees 1 to [`MAX_IDENT_BYTES`] bytes of `[a-z0-9._-]`, a letter or
        /// digit at both ends, and no `..`.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Parses an identifier exactly as written.
            ///
            /// # Errors
            /// [`IdentError::Malformed`] if the text is outside the grammar.
            pub fn parse(text: &str) -> Result<Self, IdentError> {
                check(text).map(|()| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
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

ident!(
    /// The name of a tool, such as `fs.list`.
    ToolId
);
ident!(
    /// The name of a pack.
    PackName
);
ident!(
    /// A tenant: the owner of runs and audit rows.
    TenantId
);
ident!(
    /// Who asks, within a tenant, as the interface that authenticated them names them.
    SubjectId
);
ident!(
    /// What a pack needs a model for, such as `planner`.
    ModelKey
);
ident!(
    /// A model, such as `acme.large-1`.
    ModelId
);

macro_rules! digest_id {
    ($(#[$doc:meta])* $name:ident($inner:ident)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// Parses 64 lower-case hex characters.
            ///
            /// # Errors
            /// [`DigestError::Format`] for anything else.
            pub fn parse(text: &str) -> Result<Self, DigestError> {
                $inner::parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

digest_id!(
    /// Identifies a public key: SHA-256 of its canonical JSON form, as securesystemslib computes it.
    KeyId(Sha256Digest)
);
digest_id!(
    /// Identifies a node: the key id of its `node` key.
    NodeId(Sha256Digest)
);
digest_id!(
    /// Identifies a run everywhere: a digest of its origin's key and a nonce the origin drew.
    RunId(Blake3Digest)
);

impl RunId {
    /// The id of the run that `origin` started with `nonce`; nobody else can arrive at it.
    #[must_use]
    pub fn derive(origin: &NodeId, nonce: &[u8; 32]) -> Self {
        Self(Blake3Digest::derive("reach 2026 run id v1", &[origin.0.as_bytes(), nonce]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p05_identifiers_are_never_folded() {
        ToolId::parse("tool.write").unwrap();
        for bad in [
            "Tool.Write",
            "tool.write\u{200b}",
            "tool.writ\u{435}",
            "cafe\u{301}",
            "tool.write ",
            "tool.write\0",
            "tool\r\nwrite",
            "",
            ".a",
            "a.",
            "a..b",
            "a/b",
            "a:b",
            "*",
        ] {
            assert_eq!(ToolId::parse(bad), Err(IdentError::Malformed), "{bad:?}");
        }
        ToolId::parse(&"a".repeat(MAX_IDENT_BYTES)).unwrap();
        assert_eq!(ToolId::parse(&"a".repeat(MAX_IDENT_BYTES + 1)), Err(IdentError::Malformed));
    }

    #[test]
    fn p05_every_other_byte_is_foreign() {
        let named = "abcdefghijklmnopqrstuvwxyz0123456789._-";
        for byte in 0..=u8::MAX {
            let text = [b'a', byte, b'a'];
            assert_eq!(spelled(&text), named.as_bytes().contains(&byte), "{byte:#x}");
        }
        for (text, good) in
            [("", true), ("..", false), ("a.b.c", true), (".-.", true), ("a..", false), ("a.\u{e9}", false)]
        {
            assert_eq!(spelled(text.as_bytes()), good, "{text}");
        }
    }

    #[test]
    fn a_run_id_belongs_to_its_origin() {
        let a = NodeId(Sha256Digest::from_bytes([1; 32]));
        let b = NodeId(Sha256Digest::from_bytes([2; 32]));
        assert_eq!(RunId::derive(&a, &[7; 32]), RunId::derive(&a, &[7; 32]));
        assert_ne!(RunId::derive(&a, &[7; 32]), RunId::derive(&b, &[7; 32]));
    }
}
