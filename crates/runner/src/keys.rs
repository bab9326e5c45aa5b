//! Key files: made, read, and described; and who signs with them.

mod generate;
mod passphrase;
mod read;
mod signers;

pub use generate::{KeyFiles, generate, generate_encrypted, vkey_text};
pub use passphrase::{Ask, AskError, GivenPassphrase, NoPassphrases, PassphraseSource};
pub use read::{Described, describe, read_public, read_signing, read_unattended};
pub(crate) use read::{parse_signing, read_private_pem};
pub use signers::{Signers, read_roots, read_signers};

use std::path::{Path, PathBuf};

use reach_signing::KeyError;
use reach_tlog::NameError;
use reach_types::{Code, CodeRow, KeyId};

use crate::{command_signer::CommandError, files::FileError};

/// Why a key file was not made or not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file.
    #[error(transparent)]
    File(FileError),
    /// What is in it is no key.
    #[error("`{path}`: {error}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: KeyError,
    },
    /// A private key where a public one belongs.
    #[error("`{path}` is a PRIVATE key where a public key belongs")]
    Private {
        /// Which file.
        path: PathBuf,
    },
    /// A key that is refused for a reason with a code of its own.
    #[error(transparent)]
    Refused(RefusedKey),
    /// The passphrase.
    #[error(transparent)]
    Ask(AskError),
    /// One key twice among the signers of one thing.
    #[error("the key {key_id} is given twice; each signer signs once")]
    Twice {
        /// Which key.
        key_id: KeyId,
    },
    /// A signing command.
    #[error(transparent)]
    Command(CommandError),
    /// The name of a log.
    #[error(transparent)]
    Name(NameError),
    /// The output name.
    #[error("a key is written to a file whose name ends in `.pem`, and `.pub.pem` is its public half")]
    OutName,
}

reach_types::codes!(KeyFileError {
    Key => ("key.malformed", Refused, "use the PEM file that `reach key generate` or `openssl genpkey -algorithm ed25519` writes"),
    Private => ("key.private", Refused, "use the .pub.pem file, and treat the private key as exposed if it was shared"),
    Twice => ("key.twice", Usage, "give each key once, as a file or as a command"),
    OutName => ("key.out_name", Usage, "end the name in `.pem`"),
} wrap { File, Refused, Ask, Command, Name });

impl KeyFileError {
    /// What `error` means for the file at `path`.
    pub(crate) fn of(path: &Path, error: KeyError) -> Self {
        let path = path.to_path_buf();
        match error {
            KeyError::PrivateKey => Self::Private { path },
            KeyError::Format { .. } => Self::Key { path, error },
            error => Self::Refused(RefusedKey { path, error }),
        }
    }
}

/// A key that is weak, or encrypted and not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {error}")]
pub struct RefusedKey {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub error: KeyError,
}

impl Code for RefusedKey {
    fn row(&self) -> CodeRow {
        self.error.row()
    }
}

#[cfg(test)]
mod tests;
