//! Signed notes, read strictly: a text, a blank line, and signature lines.

use data_encoding::BASE64;
use reach_signing::{Message, Signature};

use crate::{KeyName, VerifierKey};

/// The most signature lines: four times what every verifier must accept.
pub const MAX_NOTE_SIGNATURES: usize = 64;
/// The most bytes of a note: 64 signature lines with a name of 255 bytes and a post-quantum
/// signature of 5 kB in base64 each, and as much again for the text.
pub const MAX_NOTE_BYTES: usize = 1024 * 1024;
/// How a signature line begins: an em dash and a space.
pub(crate) const DASH: &str = "\u{2014} ";

/// Why a note was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// More bytes than [`MAX_NOTE_BYTES`].
    #[error("the note has {actual} bytes, at most {MAX_NOTE_BYTES} are allowed")]
    TooLarge {
        /// The size offered.
        actual: usize,
    },
    /// Not UTF-8, or holding control characters other than newlines.
    #[error("a note is UTF-8 text without control characters other than newlines")]
    Encoding,
    /// No text, blank line and signature lines in this order.
    #[error("a note is text, a blank line, and signature lines, each ended by a newline")]
    Layout,
    /// A line after the blank one that is no signature line.
    #[error("line {line} after the text is not `\u{2014} <name> <base64>`")]
    SignatureLine {
        /// Which one, from 1.
        line: usize,
    },
    /// More signature lines than [`MAX_NOTE_SIGNATURES`].
    #[error("the note has more than {MAX_NOTE_SIGNATURES} signatures")]
    TooManySignatures,
    /// A text that may not be signed as a note.
    #[error("the note's text could be taken for a statement of another kind")]
    Text,
    /// A signature under a known name and key id that is not that key's.
    #[error("the signature of `{name}` does not verify")]
    BadSignature {
        /// The known key's name.
        name: KeyName,
    },
    /// No signature by a known key.
    #[error("no signature is by a known key")]
    NoKnownSignature,
}

reach_types::codes!(NoteError {
    TooLarge => ("tlog.note_too_large", Limit, "this is not a note that a log would write"),
    Encoding => ("tlog.note_encoding", Refused, "fetch the note again, as it is"),
    Layout => ("tlog.note_layout", Refused, "fetch the whole note, to its last newline"),
    SignatureLine => ("tlog.note_signature_line", Refused, "fetch the note again; nothing may stand among or after its signatures"),
    TooManySignatures => ("tlog.note_too_many_signatures", Limit, "keep the signatures of keys you know"),
    Text => ("tlog.note_text", Refused, "this is not a note that a log would write"),
    BadSignature => ("tlog.note_bad_signature", Refused, "fetch the note again: its text or signature was changed"),
    NoKnownSignature => ("tlog.note_no_known_signature", Untrusted, "check that the key given is this log's key"),
});

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name it claims.
    pub name: KeyName,
    /// The key id it claims.
    pub key_id: [u8; 4],
    /// The signature, of whatever algorithm the key has.
    pub signature: Vec<u8>,
}

/// A note whose layout was checked, and nothing else: its text means nothing before
/// [`SignedNote::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    message: Message,
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A note with at least one signature by a known key, and none by a known key that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote {
    text: String,
    signers: Vec<VerifierKey>,
}

impl SignedNote {
    /// Parses a note. Base64 must be padded and canonical, and nothing may follow the signatures.
    ///
    /// # Errors
    /// Every variant of [`NoteError`] but [`NoteError::BadSignature`] and
    /// [`NoteError::NoKnownSignature`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge { actual: bytes.len() });
        }
        let all = std::str::from_utf8(bytes).map_err(|_| NoteError::Encoding)?;
        if all.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::Encoding);
        }
        // The text is separated from the signatures by the last blank line.
        let blank = all.rfind("\n\n").and_then(|newline| newline.checked_add(1)).ok_or(NoteError::Layout)?;
        let (text, rest) = all.split_at_checked(blank).ok_or(NoteError::Layout)?;
        let lines = rest.strip_prefix('\n').and_then(|rest| rest.strip_suffix('\n')).ok_or(NoteError::Layout)?;
        let signatures = read_signatures(lines)?;
        let message = Message::note(text).ok_or(NoteError::Text)?;
        Ok(Self { message, text: text.to_owned(), signatures })
    }

    /// The text, as nobody has vouched for it yet.
    pub(crate) fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order: claims, not evidence.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Verifies the signatures by `keys`; those by other keys are ignored, as C2SP demands.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] if one under a known name and key id fails, whatever the others
    /// say; [`NoteError::NoKnownSignature`].
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<VerifiedNote, NoteError> {
        let mut signers: Vec<VerifierKey> = Vec::new();
        for line in &self.signatures {
            let known = keys.iter().find(|key| *key.name() == line.name && key.key_id() == line.key_id);
            let Some(key) = known else { continue };
            let signature = Signature::from_slice(&line.signature);
            if !signature.is_some_and(|signature| key.public_key().verifies(&self.message, &signature)) {
                return Err(NoteError::BadSignature { name: line.name.clone() });
            }
            if !signers.contains(key) {
                signers.push(key.clone());
            }
        }
        if signers.is_empty() {
            return Err(NoteError::NoKnownSignature);
        }
        Ok(VerifiedNote { text: self.text.clone(), signers })
    }
}

fn read_signatures(lines: &str) -> Result<Vec<NoteSignature>, NoteError> {
    let mut signatures = Vec::new();
    for (index, line) in lines.split('\n').enumerate() {
        if index >= MAX_NOTE_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let bad = NoteError::SignatureLine { line: index.saturating_add(1) };
        signatures.push(read_signature(line).ok_or(bad)?);
    }
    Ok(signatures)
}

fn read_signature(line: &str) -> Option<NoteSignature> {
    let (name, base64) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = BASE64.decode(base64.as_bytes()).ok()?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    if signature.is_empty() {
        return None;
    }
    Some(NoteSignature { name: KeyName::parse(name).ok()?, key_id: *key_id, signature: signature.to_vec() })
}

impl VerifiedNote {
    /// The signed text, with its final newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The known keys that signed it.
    #[must_use]
    pub fn signers(&self) -> &[VerifierKey] {
        &self.signers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::Code;

    /// The example of the Go note package.
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn code(note: &str) -> &'static str {
        let keys = [VerifierKey::parse(KEY).unwrap()];
        SignedNote::parse(note.as_bytes()).and_then(|note| note.verify(&keys)).map_or_else(|e| e.code(), |_| "ok")
    }

    #[test]
    fn a_published_note_verifies() {
        let keys = [VerifierKey::parse(KEY).unwrap()];
        let note = SignedNote::parse(NOTE.as_bytes()).unwrap().verify(&keys).unwrap();
        assert!(note.text().ends_with("what your problem is.\n"));
        assert_eq!(note.signers(), &keys);
    }

    #[test]
    fn a16_a_note_has_one_layout() {
        let signature = NOTE.lines().last().unwrap();
        assert_eq!(code(NOTE), "ok");
        assert_eq!(code(&format!("{NOTE}text after\n")), "tlog.note_signature_line");
        assert_eq!(code(&format!("{NOTE}\n")), "tlog.note_layout");
        assert_eq!(code(NOTE.trim_end()), "tlog.note_layout");
        assert_eq!(code(&NOTE.replace("\n\n", "\n")), "tlog.note_layout");
        assert_eq!(code(&NOTE.replace('\n', "\r\n")), "tlog.note_encoding");
        assert_eq!(code(&NOTE.replace("is.", "is\u{7f}.")), "tlog.note_encoding");
        assert_eq!(code(&NOTE.replace('\u{2014}', "-")), "tlog.note_signature_line");
        assert_eq!(code(&NOTE.replace("PeterNeumann ", "PeterNeumann  ")), "tlog.note_signature_line");
        assert_eq!(code(&NOTE.replace("nAM=", "nAM")), "tlog.note_signature_line");
        assert_eq!(code(&NOTE.replace("nAM=", "nAN=")), "tlog.note_signature_line");
        assert_eq!(code(&NOTE.replace("/ZJk", "_ZJk")), "tlog.note_signature_line");
        assert_eq!(code(&NOTE.replace(signature, "")), "tlog.note_layout");
        assert_eq!(code(&NOTE.replace(signature, "\u{2014} a AAAAAA==")), "tlog.note_signature_line");
        assert_eq!(code(&NOTE.replace("If you", "DSSEv1 If you")), "tlog.note_text");
        assert_eq!(code(""), "tlog.note_layout");
        let unknown = format!("{}\n", NOTE.trim_end().replace("PeterNeumann", "Another"));
        assert_eq!(code(&unknown), "tlog.note_no_known_signature");
        let too_large = format!("{}{NOTE}", "x".repeat(MAX_NOTE_BYTES));
        assert_eq!(code(&too_large), "tlog.note_too_large");
        assert_eq!(SignedNote::parse(b"\xff\n\n").unwrap_err().code(), "tlog.note_encoding");
    }

    #[test]
    fn a16_unknown_signatures_are_ignored_and_known_ones_must_hold() {
        let other = "\u{2014} other.example AAAAAAAA\n";
        assert_eq!(code(&format!("{NOTE}{other}")), "ok");
        let same_name = "\u{2014} PeterNeumann AAAAAAAA\n";
        assert_eq!(code(&format!("{NOTE}{same_name}")), "ok");
        let same_name_and_id = "\u{2014} PeterNeumann x08go/ZJ\n";
        assert_eq!(code(&format!("{NOTE}{same_name_and_id}")), "tlog.note_bad_signature");
        assert_eq!(code(&NOTE.replace("cryptography", "cryptology")), "tlog.note_bad_signature");
        let full = format!("{NOTE}{}", other.repeat(MAX_NOTE_SIGNATURES - 1));
        assert_eq!(code(&full), "ok");
        assert_eq!(code(&format!("{full}{other}")), "tlog.note_too_many_signatures");
    }
}
