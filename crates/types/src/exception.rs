//! What a policy says when it lets something unsigned through.

use serde::{Deserialize, Serialize};

use crate::{Blake3Digest, Timestamp};

/// The most bytes of a reason: two or three sentences for whoever reads the ledger.
pub const MAX_REASON_BYTES: usize = 256;

/// One unsigned artefact, a pack or a plugin manifest, that a policy lets through: by the digest of
/// its exact bytes, for a reason, until a date.
///
/// Plain data: holding one proves nothing about who wrote it, and it covers nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyException {
    /// BLAKE3 of the artefact's bytes.
    pub digest: Blake3Digest,
    /// Why, for people: see [`is_reason`].
    pub reason: String,
    /// It covers nothing from this moment on (exclusive).
    pub until: Timestamp,
}

/// Whether `text` can stand as a reason: 1 to [`MAX_REASON_BYTES`] bytes of printable ASCII that
/// neither begin nor end with a space, so that a log or a terminal shows it as it is.
#[must_use]
pub fn is_reason(text: &str) -> bool {
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    (1..=MAX_REASON_BYTES).contains(&text.len()) && printable && text.trim() == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_shows_as_it_is() {
        for good in ["x", "made before we signed packs, see ticket 7", &"x".repeat(MAX_REASON_BYTES)] {
            assert!(is_reason(good), "{good}");
        }
        for bad in ["", " ", " x", "x ", "a\nb", "a\tb", "\u{1b}[31m", "é", &"x".repeat(MAX_REASON_BYTES + 1)] {
            assert!(!is_reason(bad), "{bad:?}");
        }
    }
}
