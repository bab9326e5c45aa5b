//! Digests as types, so that one algorithm's can never stand where the other's belongs.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Why a digest's text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// Not exactly 64 lower-case hexadecimal characters.
    #[error("a digest is 64 lower-case hex characters, this has {length} bytes or other characters")]
    Format {
        /// How long the text was, in bytes.
        length: usize,
    },
}

crate::codes!(DigestError {
    Format => ("input.digest_format", Refused, "write the digest as 64 lower-case hex characters"),
});

fn parse_hex(text: &str) -> Result<[u8; 32], DigestError> {
    let wrong = DigestError::Format { length: text.len() };
    if text.len() != 64 {
        return Err(wrong);
    }
    // HEXLOWER refuses upper case, which a lenient decoder would fold.
    let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| wrong.clone())?;
    bytes.try_into().map_err(|_| wrong)
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps raw digest bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Parses exactly 64 lower-case hex characters.
            ///
            /// # Errors
            /// [`DigestError::Format`] for anything else: upper case, a prefix, another length.
            pub fn parse(text: &str) -> Result<Self, DigestError> {
                parse_hex(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    Self::parse(&text).map_err(D::Error::custom)
                } else {
                    <[u8; 32]>::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}

digest!(
    /// A BLAKE3 digest: content addresses, run chains, commitments.
    Blake3Digest
);
digest!(
    /// A SHA-256 digest: wherever an outside format says so.
    Sha256Digest
);

impl Blake3Digest {
    /// BLAKE3 of raw content, as `b3sum` prints it.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }

    /// BLAKE3 in key-derivation mode over length-prefixed parts.
    ///
    /// `context` is the domain; the parts are each preceded by their length as a little-endian
    /// `u64`, so that `("ab", "c")` and `("a", "bc")` never collide.
    #[must_use]
    pub fn derive(context: &'static str, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        fold_length_prefixed(&mut hasher, parts);
        Self(*hasher.finalize().as_bytes())
    }
}

/// Feeds each part into `hasher`, preceded by its length as a little-endian `u64`.
pub fn fold_length_prefixed(hasher: &mut blake3::Hasher, parts: &[&[u8]]) {
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_lower_case_hex_characters_parse() {
        let good = "ab".repeat(32);
        assert_eq!(Blake3Digest::parse(&good).unwrap().to_string(), good);
        for bad in ["AB".repeat(32), "ab".repeat(31), format!("0x{}", "ab".repeat(31)), "a".repeat(63), String::new()] {
            assert_eq!(Blake3Digest::parse(&bad), Err(DigestError::Format { length: bad.len() }), "{bad}");
        }
    }

    #[test]
    fn d26_parts_are_length_prefixed_so_delimiters_cannot_move() {
        let context = "reach 2026 test";
        assert_ne!(Blake3Digest::derive(context, &[b"a:b", b"c"]), Blake3Digest::derive(context, &[b"a", b"b:c"]));
        assert_eq!(Blake3Digest::derive(context, &[b"a:b", b"c"]), Blake3Digest::derive(context, &[b"a:b", b"c"]));
    }
}
