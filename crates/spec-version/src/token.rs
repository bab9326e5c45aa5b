//! The version token: strict text to three numbers, and the two of them that decide.

use std::{borrow::Cow, fmt};

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
        let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        if text.len() > MAX_TOKEN_BYTES || !text.bytes().all(plain) {
            return Err(TokenError::Malformed);
        }
        // semver also takes pre-release and build parts, which the alphabet has just refused. It
        // refuses leading zeros, empty numbers, and fewer or more than three of them.
        let version = semver::Version::parse(text).map_err(|_| TokenError::Malformed)?;
        let number = |number: u64| u16::try_from(number).map_err(|_| TokenError::Malformed);
        Ok(Self::new(number(version.major)?, number(version.minor)?, number(version.patch)?))
    }

    /// The part that decides: major and minor.
    #[must_use]
    pub const fn line(self) -> SpecLine {
        SpecLine { major: self.major, minor: self.minor }
    }
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
