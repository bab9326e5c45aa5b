//! Writing signed notes.

use data_encoding::BASE64;
use reach_signing::{Message, SignError, Signer};

use crate::{KeyName, VerifierKey, note::DASH};

/// Why a note was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteSignError {
    /// A text that is no note's: control characters, no newline at its end, or readable as a
    /// statement of another kind.
    #[error("the text can not be signed as a note")]
    Text,
    /// A time that no cosignature can say.
    #[error("a cosignature's time lies after 1970 and before the year 9999")]
    Time,
    /// The signer refused or failed.
    #[error(transparent)]
    Sign(SignError),
}

reach_types::codes!(NoteSignError {
    Text => ("tlog.note_unsignable", Usage, "end the text with a newline and leave out other control characters"),
    Time => ("tlog.cosign_time", Environment, "set the system's clock"),
} wrap { Sign });

/// Signs `text` under `name` and returns the whole note.
///
/// # Errors
/// [`NoteSignError::Text`]; [`NoteSignError::Sign`] if the key is no `log` key, or the signer
/// failed.
pub fn sign_note(text: &str, name: &KeyName, signer: &dyn Signer) -> Result<String, NoteSignError> {
    let message = Message::note(text).ok_or(NoteSignError::Text)?;
    let signature = signer.sign(&message).map_err(NoteSignError::Sign)?;
    let key = VerifierKey::new(name.clone(), signer.public_key());
    let bytes = [key.key_id().as_slice(), &signature.0].concat();
    Ok(format!("{text}\n{DASH}{name} {}\n", BASE64.encode(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SignedNote;
    use reach_signing::{Role, SigningKey};
    use reach_types::Code;

    #[test]
    fn what_is_signed_reads_back() {
        let key = SigningKey::from_seed(Role::Log, &[7; 32]).unwrap();
        let name = KeyName::parse("log.example").unwrap();
        let note = sign_note("a\n\nb\n", &name, &key).unwrap();
        let vkey = VerifierKey::new(name.clone(), key.public_key());
        let read = SignedNote::parse(note.as_bytes()).unwrap().verify(&[vkey]).unwrap();
        assert_eq!(read.text(), "a\n\nb\n");
        assert_eq!(sign_note("a", &name, &key).unwrap_err().code(), "tlog.note_unsignable");
        let pack = SigningKey::from_seed(Role::Pack, &[7; 32]).unwrap();
        assert_eq!(sign_note("a\n", &name, &pack).unwrap_err().code(), "sign.role_mismatch");
    }
}
