//! Checkpoints: origin, size and root hash of a log, as the text of a signed note.

use data_encoding::BASE64;
use reach_signing::Signer;
use reach_types::Sha256Digest;

use crate::{
    KeyName, NoteError, NoteSignError, SignedNote, VerifierKey, decimal::parse_decimal, merkle::empty_root, sign_note,
};

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note or its signatures.
    #[error(transparent)]
    Note(NoteError),
    /// Fewer than three lines.
    #[error("a checkpoint is three lines: origin, size, root hash")]
    Lines,
    /// A fourth line. C2SP allows such lines and discourages them: no monitor can audit them.
    #[error("the checkpoint has extension lines")]
    Extension,
    /// The origin is not the name of the log's key.
    #[error("the checkpoint's origin is not the log `{expected}`")]
    Origin {
        /// The key's name.
        expected: KeyName,
    },
    /// A size that is not canonical decimal below 2^64.
    #[error("the checkpoint's size is not a decimal number in its one spelling")]
    Size,
    /// A root hash that is not 32 bytes in canonical base64, or not the empty tree's at size 0.
    #[error("the checkpoint's root hash is not 32 bytes in base64, or not that of an empty tree at size 0")]
    Root,
}

reach_types::codes!(CheckpointError {
    Lines => ("tlog.checkpoint_lines", Refused, "this note is not a checkpoint"),
    Extension => ("tlog.checkpoint_extension", Refused, "ask the log for a checkpoint without extension lines"),
    Origin => ("tlog.checkpoint_origin", Untrusted, "this is another log's checkpoint: check the file and the key"),
    Size => ("tlog.checkpoint_size", Refused, "fetch the checkpoint again"),
    Root => ("tlog.checkpoint_root", Refused, "fetch the checkpoint again"),
} wrap { Note });

/// The head of a log. Holding one proves nothing about who made it: see [`Checkpoint::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: KeyName,
    /// How many leaves the tree has.
    pub size: u64,
    /// Its root hash.
    pub root: Sha256Digest,
}

impl Checkpoint {
    /// Reads a signed note, verifies its signature by `key`, and only then the checkpoint in it,
    /// whose origin must be the key's name.
    ///
    /// # Errors
    /// Every variant of [`CheckpointError`].
    pub fn verify(note: &[u8], key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(note).map_err(CheckpointError::Note)?;
        let note = note.verify(std::slice::from_ref(key)).map_err(CheckpointError::Note)?;
        Self::read(note.text(), key.name())
    }

    fn read(text: &str, expected: &KeyName) -> Result<Self, CheckpointError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Lines);
        };
        if lines.next().is_some() {
            return Err(CheckpointError::Extension);
        }
        if origin != expected.as_str() {
            return Err(CheckpointError::Origin { expected: expected.clone() });
        }
        let size = parse_decimal(size).ok_or(CheckpointError::Size)?;
        let root = parse_hash(root).ok_or(CheckpointError::Root)?;
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::Root);
        }
        Ok(Self { origin: expected.clone(), size, root })
    }

    /// The three lines that are signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, format_hash(&self.root))
    }

    /// Signs the checkpoint under its origin and returns the whole note. Whether an earlier one
    /// contradicts it is the caller's to know.
    ///
    /// # Errors
    /// As [`sign_note`].
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, NoteSignError> {
        sign_note(&self.text(), &self.origin, signer)
    }
}

pub(crate) fn format_hash(hash: &Sha256Digest) -> String {
    BASE64.encode(hash.as_bytes())
}

/// 32 bytes in canonical, padded base64: data-encoding refuses stray bits and missing padding.
pub(crate) fn parse_hash(text: &str) -> Option<Sha256Digest> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok().map(Sha256Digest::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_signing::{Role, SigningKey};
    use reach_types::Code;

    fn key() -> SigningKey {
        SigningKey::from_seed(Role::Log, &[7; 32]).unwrap()
    }

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn code(note: &str) -> &'static str {
        let vkey = VerifierKey::new(name("log.example"), key().public_key());
        Checkpoint::verify(note.as_bytes(), &vkey).map_or_else(|e| e.code(), |_| "ok")
    }

    fn signed(text: &str) -> String {
        sign_note(text, &name("log.example"), &key()).unwrap()
    }

    #[test]
    fn a16_validly_signed_text_that_is_no_checkpoint_of_this_log() {
        let root = format_hash(&Sha256Digest::from_bytes([1; 32]));
        let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(code(&signed(&format!("log.example\n7\n{root}\n"))), "ok");
        assert_eq!(code(&signed(&format!("log.example\n0\n{empty}\n"))), "ok");
        assert_eq!(code(&signed(&format!("log.example\n0\n{root}\n"))), "tlog.checkpoint_root");
        assert_eq!(code(&signed(&format!("log.example/2\n7\n{root}\n"))), "tlog.checkpoint_origin");
        assert_eq!(code(&signed(&format!("Log.example\n7\n{root}\n"))), "tlog.checkpoint_origin");
        assert_eq!(code(&signed(&format!("log.example\n7\n{root}\nmore\n"))), "tlog.checkpoint_extension");
        assert_eq!(code(&signed(&format!("log.example\n7\n{root}\n\n"))), "tlog.checkpoint_extension");
        assert_eq!(code(&signed("log.example\n7\n")), "tlog.checkpoint_lines");
        for size in ["", "07", "+7", "7 ", "-1", "18446744073709551616"] {
            assert_eq!(code(&signed(&format!("log.example\n{size}\n{root}\n"))), "tlog.checkpoint_size", "{size}");
        }
        for bad in [root.trim_end_matches('=').to_owned(), root.replace("E=", "F="), format!("{root} ")] {
            assert_eq!(code(&signed(&format!("log.example\n7\n{bad}\n"))), "tlog.checkpoint_root", "{bad}");
        }
    }

    #[test]
    fn a16_the_same_name_with_another_key_is_another_log() {
        let checkpoint = Checkpoint { origin: name("log.example"), size: 0, root: empty_root() };
        let other = SigningKey::from_seed(Role::Log, &[8; 32]).unwrap();
        assert_eq!(code(&checkpoint.sign(&key()).unwrap()), "ok");
        assert_eq!(code(&checkpoint.sign(&other).unwrap()), "tlog.note_no_known_signature");
        let witness = SigningKey::from_seed(Role::Witness, &[7; 32]).unwrap();
        assert_eq!(checkpoint.sign(&witness).unwrap_err().code(), "sign.role_mismatch");
    }
}
