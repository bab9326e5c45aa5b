//! Key names: what stands between the dash and the signature of a note.

use std::fmt;

/// The longest key name, in bytes: the length that cosignatures can carry in one byte.
pub const MAX_KEY_NAME_BYTES: usize = 255;

/// Why a key name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Empty, too long, or holding a space, a `+` or a control character.
    #[error("a key name is 1 to {MAX_KEY_NAME_BYTES} bytes without spaces, `+` or control characters")]
    Malformed,
}

reach_types::codes!(NameError {
    Malformed => ("tlog.key_name", Refused, "use a name like `example.com/log`"),
});

/// The name of a key, and so the origin of a log.
///
/// Construction guarantees 1 to [`MAX_KEY_NAME_BYTES`] bytes without Unicode white space, `+` or
/// control characters. Nothing is folded or normalised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// Parses a name exactly as written.
    ///
    /// # Errors
    /// [`NameError::Malformed`] if the text is outside the grammar.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        let good = (1..=MAX_KEY_NAME_BYTES).contains(&text.len()) && !text.contains(forbidden);
        if good { Ok(Self(text.into())) } else { Err(NameError::Malformed) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyName({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a16_a_name_can_not_hold_what_separates_it() {
        for good in ["a", "example.com/log", "oid/1.3.6.1", "é"] {
            assert_eq!(KeyName::parse(good).unwrap().as_str(), good);
        }
        KeyName::parse(&"n".repeat(MAX_KEY_NAME_BYTES)).unwrap();
        for bad in ["", "a b", "a+b", "a\nb", "a\u{a0}b", "a\u{2003}b", "a\u{7f}", "a\u{85}", "\t"] {
            assert_eq!(KeyName::parse(bad), Err(NameError::Malformed), "{bad:?}");
        }
        assert_eq!(KeyName::parse(&"n".repeat(MAX_KEY_NAME_BYTES + 1)), Err(NameError::Malformed));
    }
}
