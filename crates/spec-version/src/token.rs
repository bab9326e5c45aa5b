//! The version token: strict text to three numbers, and the two of them that decide.

use std::{borrow::Cow, fmt, mem};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The longest token in bytes: three numbers of up to five digits and two dots.
pub const MAX_TOKEN_BYTES: usize = 17;

/// Why a version token was refused. The text itself is never echoed: it may be hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not `MAJOR.MINOR.PATCH` in plain decimal.
    #[error("a spec version is MAJOR.MINOR.PATCH, each from 0 to 65535, in digits without leading zeros")]
    Malformed,
}

reach_types::codes!(TokenError {
    Malformed => ("spec.malformed", Refused, "write three plain numbers joined by dots, without sign, prefix or suffix"),
});

/// A spec version.
///
/// Construction guarantees three numbers of at most 65535. They compare as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecVersion {
    major: u16,
    minor: u16,
    patch: u16,
}

impl SpecVersion {
    /// The spec version that this crate implements.
    pub const CURRENT: Self = Self::new(1, 0, 0);

    /// The version of these three numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// Parses exactly `MAJOR.MINOR.PATCH`, without allocating, looking at no more than
    /// [`MAX_TOKEN_BYTES`] bytes.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN_BYTES || !digits_and_dots(text.as_bytes()) {
            return Err(TokenError::Malformed);
        }
        // semver also takes pre-release and build parts, which the alphabet has just refused. It
        // refuses leading zeros, empty numbers, and fewer or more than three of them.
        let version = semver::Version::parse(text).map_err(|_| TokenError::Malformed)?;
        let numbers = [version.major, version.minor, version.patch];
        // Pre-release and build are empty, so nothing is leaked; to let them find that out takes as
        // long as half of the parser.
        mem::forget(version);
        match numbers.map(u16::try_from) {
            [Ok(major), Ok(minor), Ok(patch)] => Ok(Self::new(major, minor, patch)),
            _ => Err(TokenError::Malformed),
        }
    }

    /// The part that decides: major and minor.
    #[must_use]
    pub const fn line(self) -> SpecLine {
        SpecLine { major: self.major, minor: self.minor }
    }
}

/// Whether up to [`MAX_TOKEN_BYTES`] bytes, and no fewer than four, are all digits or dots.
///
/// Looked at eight at a time, from both ends, which may overlap: byte by byte this would take as
/// long as the rest of the parser.
fn digits_and_dots(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        // Seventeen bytes have one between the two eights.
        let middle = bytes.get(8).is_none_or(|byte| byte.is_ascii_digit() || *byte == b'.');
        return middle && all_plain(u64::from_ne_bytes(*first)) && all_plain(u64::from_ne_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let [first, last] = [first, last].map(|four| u64::from(u32::from_ne_bytes(*four)));
        return all_plain(first << 32 | last);
    }
    false
}

/// Whether each of eight bytes is a digit or a dot.
const fn all_plain(eight: u64) -> bool {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    const HIGH: u64 = each(0x80);
    // Each term sets a byte's high bit if the byte is wrong. Where a sum carries into the next byte,
    // the byte it comes from had its high bit set, and that alone refuses.
    let beyond_ascii = eight;
    let above_nine = eight.wrapping_add(each(0x80 - (b'9' + 1)));
    let below_dot = !(eight | HIGH).wrapping_sub(each(b'.'));
    // The one character between the dot and the zero.
    let apart = eight ^ each(b'/');
    let slash = apart.wrapping_sub(each(1)) & !apart;
    (beyond_ascii | above_nine | below_dot | slash) & HIGH == 0
}

impl fmt::Display for SpecVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Serialize for SpecVersion {
    /// Three numbers in binary formats, the token in readable ones.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.major, self.minor, self.patch).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for SpecVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = Cow::<'de, str>::deserialize(deserializer)?;
            return Self::parse(&text).map_err(D::Error::custom);
        }
        let (major, minor, patch) = Deserialize::deserialize(deserializer)?;
        Ok(Self::new(major, minor, patch))
    }
}

/// Major and minor, without the patch.
///
/// Every decision of this crate compares lines, so that a patch cannot change an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecLine {
    /// Differs where nothing is compatible.
    pub major: u16,
    /// Grows where features were added.
    pub minor: u16,
}

impl fmt::Display for SpecLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for SpecLine {
    /// Two numbers in binary formats, `MAJOR.MINOR` in readable ones.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.major, self.minor).serialize(serializer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v01_every_byte_at_every_place_is_looked_at() {
        for length in 4..=MAX_TOKEN_BYTES {
            let good = vec![b'7'; length];
            assert!(digits_and_dots(&good), "{length}");
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = good.clone();
                    text[at] = byte;
                    let plain = byte.is_ascii_digit() || byte == b'.';
                    assert_eq!(digits_and_dots(&text), plain, "{byte:#x} at {at} of {length}");
                }
            }
        }
        for length in 0..4 {
            assert!(!digits_and_dots(&vec![b'7'; length]), "shorter than any token");
        }
    }

    #[test]
    fn v01_no_neighbour_hides_a_wrong_byte() {
        for left in 0..=u8::MAX {
            for right in 0..=u8::MAX {
                let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
                let text = [b'1', b'.', left, right, b'.', b'1', b'0', b'9'];
                assert_eq!(digits_and_dots(&text), plain(left) && plain(right), "{left:#x} {right:#x}");
            }
        }
    }
}
