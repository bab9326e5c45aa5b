//! Who knows the passphrase of an encrypted private key.

use std::{
    io::{self, Read},
    path::Path,
};

use reach_signing::{MAX_PASSPHRASE_BYTES, Passphrase, PassphraseError};
use zeroize::Zeroizing;

use crate::files::{self, FileError};

/// What a passphrase is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// To open the key in this file.
    Open(&'a Path),
    /// To encrypt the key that will be in this file: a person is asked twice.
    Protect(&'a Path),
    /// To say which key is in this file; a person is not asked.
    Describe(&'a Path),
}

/// Somebody or something that may know passphrases.
pub trait PassphraseSource {
    /// The passphrase, or `None` if there is nobody to ask.
    ///
    /// # Errors
    /// [`AskError`] if whoever was asked gave none.
    fn passphrase(&self, ask: Ask<'_>) -> Result<Option<Passphrase>, AskError>;
}

/// Nobody: encrypted keys cannot be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPassphrases;

impl PassphraseSource for NoPassphrases {
    fn passphrase(&self, _: Ask<'_>) -> Result<Option<Passphrase>, AskError> {
        Ok(None)
    }
}

/// One passphrase, given beforehand, for every key.
#[derive(Debug)]
pub struct GivenPassphrase(Passphrase);

impl GivenPassphrase {
    /// The first line of a file that only its owner can read.
    ///
    /// # Errors
    /// [`AskError::File`], [`AskError::Passphrase`].
    pub fn from_file(path: &Path) -> Result<Self, AskError> {
        let bytes = files::read_private(path).map_err(AskError::File)?;
        Self::from_first_line(&mut &**bytes)
    }

    /// Up to the first line feed, as OpenSSL reads `-passin file:`; nothing else is cut off, and
    /// nothing after it is read. `from` should not be buffered: a buffer is not wiped.
    ///
    /// # Errors
    /// [`AskError::Input`], [`AskError::Passphrase`].
    pub fn from_first_line(from: &mut dyn Read) -> Result<Self, AskError> {
        // One byte more than is allowed, so that a longer line is seen to be longer.
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE_BYTES + 1));
        while line.len() <= MAX_PASSPHRASE_BYTES {
            let mut byte = [0];
            match from.read(&mut byte) {
                Ok(1) if byte != *b"\n" => line.extend(byte),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(AskError::Input(error)),
            }
        }
        Passphrase::new(&line).map(Self).map_err(AskError::Passphrase)
    }
}

impl PassphraseSource for GivenPassphrase {
    fn passphrase(&self, _: Ask<'_>) -> Result<Option<Passphrase>, AskError> {
        Ok(Some(self.0.clone()))
    }
}

/// Why no passphrase was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Its file.
    #[error(transparent)]
    File(FileError),
    /// Standard input.
    #[error("no passphrase could be read: {0}")]
    Input(io::Error),
    /// It is none.
    #[error(transparent)]
    Passphrase(PassphraseError),
    /// The two that were typed differ.
    #[error("the two passphrases differ")]
    Mismatch,
    /// The terminal.
    #[error("the terminal could not be asked for a passphrase: {0}")]
    Terminal(io::Error),
}

reach_types::codes!(AskError {
    Input => ("key.passphrase_input", Environment, "write the passphrase to standard input, or name a file"),
    Mismatch => ("key.passphrase_mismatch", Usage, "type the same passphrase twice"),
    Terminal => ("key.passphrase_terminal", Environment, "give --passphrase-file FILE (mode 0600, or - for standard input)"),
} wrap { File, Passphrase });

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::Code;

    #[test]
    fn the_passphrase_is_the_first_line_and_only_that() {
        let first = |bytes: &[u8]| match GivenPassphrase::from_first_line(&mut &*bytes) {
            Ok(given) => Ok(given.0),
            Err(error) => Err(error.code()),
        };
        let same = |text: &str| Ok(Passphrase::new(text.as_bytes()).unwrap());
        assert_eq!(first(b"a b\n"), same("a b"));
        assert_eq!(first(b"a b"), same("a b"));
        assert_eq!(first(b" a \nsecond\n"), same(" a "));
        assert_eq!(first(b"a\r\n"), same("a\r"));
        assert_eq!(first(b""), Err("key.passphrase_empty"));
        assert_eq!(first(b"\nsecond"), Err("key.passphrase_empty"));
        assert_eq!(first(&[b'a'; MAX_PASSPHRASE_BYTES]), same(&"a".repeat(MAX_PASSPHRASE_BYTES)));
        assert_eq!(first(&[b'a'; MAX_PASSPHRASE_BYTES + 1]), Err("key.passphrase_unusable"));
        let mut rest: &[u8] = b"a\nb";
        GivenPassphrase::from_first_line(&mut rest).unwrap();
        assert_eq!(rest, b"b");
    }
}
