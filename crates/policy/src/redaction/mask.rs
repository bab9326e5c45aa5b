//! Content on its way out: masked, escaped and bounded, or dropped.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

/// The most bytes of masked text, escapes included: a screenful, and a sixteenth of what one ledger
/// entry holds.
pub const MAX_MASKED_BYTES: usize = 4096;

/// Stands where masked text was cut.
const CUT: &str = "[cut]";

/// Turns content into text that others may see.
pub trait Masker {
    /// The text, or `None` if the masker cannot tell what may be seen: then the content is dropped.
    ///
    /// What a masker says in a panic is for the program's panic hook, which may print it: it must
    /// not hold the content.
    fn mask(&self, content: &[u8]) -> Option<String>;
}

/// Why content was dropped. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// The masker could not mask it.
    MaskerFailed,
    /// The masker panicked.
    MaskerPanicked,
}

impl DropReason {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaskerFailed => "masker_failed",
            Self::MaskerPanicked => "masker_panicked",
        }
    }
}

/// Content after a masker has seen it. The fact that there was content is never lost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Masked {
    /// What the masker lets be seen.
    Text(MaskedText),
    /// Nothing of it, because the masker did not do its work.
    Dropped {
        /// How long it was, in bytes.
        bytes: u64,
        /// Why.
        why: DropReason,
    },
}

impl Masked {
    /// Has `masker` mask `content`. A masker that fails or panics costs the content and nothing
    /// else.
    #[must_use]
    pub fn of(masker: &(impl Masker + ?Sized), content: &[u8]) -> Self {
        let dropped = |why| Self::Dropped { bytes: content.len() as u64, why };
        // A masker is borrowed, and what it may leave half done inside itself is its own.
        match catch_unwind(AssertUnwindSafe(|| masker.mask(content))) {
            Ok(Some(text)) => Self::Text(MaskedText::escaped(&text)),
            Ok(None) => dropped(DropReason::MaskerFailed),
            Err(_) => dropped(DropReason::MaskerPanicked),
        }
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Dropped { bytes, why } => write!(f, "dropped:{}:{bytes}", why.as_str()),
        }
    }
}

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => {
                let mut object = serializer.serialize_struct("Masked", 1)?;
                object.serialize_field("text", text.as_str())?;
                object.end()
            }
            Self::Dropped { bytes, why } => {
                let mut object = serializer.serialize_struct("Masked", 2)?;
                object.serialize_field("dropped", why.as_str())?;
                object.serialize_field("bytes", bytes)?;
                object.end()
            }
        }
    }
}

/// Text from a masker: printable ASCII of at most [`MAX_MASKED_BYTES`], in which everything else,
/// `\` and `"` are escaped. Nothing in it can end a line, a quoted field or a colour.
///
/// Only [`Masked::of`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaskedText(Box<str>);

impl MaskedText {
    fn escaped(text: &str) -> Self {
        let mut safe = String::new();
        for character in text.chars() {
            let length = safe.len();
            match character {
                '"' | '\\' => safe.extend(['\\', character]),
                ' '..='~' => safe.push(character),
                _ => safe.extend(character.escape_unicode()),
            }
            if safe.len() > MAX_MASKED_BYTES.saturating_sub(CUT.len()) {
                safe.truncate(length);
                safe.push_str(CUT);
                break;
            }
        }
        Self(safe.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MaskedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
