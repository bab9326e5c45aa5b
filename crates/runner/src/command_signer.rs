//! A signer that is a program: it reads what is to be signed and answers with the signature.

mod run;
mod words;

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, time::Duration};

use data_encoding::BASE64;
use reach_signing::{Message, PublicKey, Role, SignError, Signature, Signer};

use crate::{
    Environment,
    keys::{KeyFileError, read_public},
};

/// How long a signing command has: enough for a person to touch a token.
pub const MAX_SIGNER_TIME: Duration = Duration::from_secs(60);

/// The most bytes that a signing command may answer: 88 characters of base64 and a line end.
pub const MAX_SIGNER_ANSWER: usize = 90;

/// The most bytes of what a signing command says on standard error that are shown.
pub const MAX_SIGNER_SAID: usize = 1_024;

/// A key whose private half a command keeps, as a person names it: `KEY.pub.pem=COMMAND`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSpec {
    public: PathBuf,
    program: String,
    arguments: Vec<String>,
}

impl CommandSpec {
    /// Reads `KEY.pub.pem=COMMAND`: the file up to the first `=`, then words as a shell splits them.
    ///
    /// No shell is run. Single and double quotes and `\` keep blanks together; whatever else a shell
    /// would act on is refused unless it is quoted.
    ///
    /// # Errors
    /// Every variant of [`CommandError`].
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let (public, command) = text.split_once('=').ok_or(CommandError::Form)?;
        let mut words = words::split(command)?.into_iter();
        match words.next() {
            Some(program) if !public.is_empty() && !program.is_empty() => {
                Ok(Self { public: PathBuf::from(public), program, arguments: words.collect() })
            }
            _ => Err(CommandError::Form),
        }
    }
}

/// Why something names no signing command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No key, no `=` or no command.
    #[error("a signing command is named KEY.pub.pem=COMMAND")]
    Form,
    /// A quote is not closed, or a `\` is the last character.
    #[error("the signing command ends inside a quote or after a `\\`")]
    Unfinished,
    /// Something that only a shell could do.
    #[error("the signing command has `{character}` outside quotes, and no shell is run")]
    Shell {
        /// What.
        character: char,
    },
}

reach_types::codes!(CommandError {
    Form => ("key.signer_form", Usage, "write --signer 'keys/pack.pub.pem=./sign.sh slot-1'"),
    Unfinished => ("key.signer_unfinished", Usage, "close the quote"),
    Shell => ("key.signer_shell", Usage, "put it into a script and name the script, or quote the character if it is meant as it stands"),
});

/// A key whose private half a command keeps.
///
/// For each signature the command is started anew. It gets exactly the bytes to be signed on
/// standard input, and of the environment only `PATH` and `HOME`; it has [`MAX_SIGNER_TIME`] to
/// answer on standard output with 64 raw bytes or one line of their base64, and to exit with 0. It
/// runs in a process group of its own, which is killed when it ends or the time is over, and so has
/// no terminal to ask on. What it answers is not believed: whoever calls `sign` checks it against the
/// key, as [`reach_signing::Envelope::sign`] does.
#[derive(Debug)]
pub struct CommandSigner {
    public: PublicKey,
    role: Role,
    program: String,
    arguments: Vec<String>,
    inherited: BTreeMap<OsString, OsString>,
    time: Duration,
}

impl CommandSigner {
    /// The signer that `spec` names, for `role`. Nothing is started yet.
    ///
    /// # Errors
    /// As [`read_public`], for the file of the public key.
    pub fn new(spec: &CommandSpec, role: Role, environment: &Environment) -> Result<Self, KeyFileError> {
        Ok(Self {
            public: read_public(&spec.public)?,
            role,
            program: spec.program.clone(),
            arguments: spec.arguments.clone(),
            inherited: environment.inherited.clone(),
            time: MAX_SIGNER_TIME,
        })
    }
}

impl Signer for CommandSigner {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn role(&self) -> Role {
        self.role
    }

    fn sign(&self, message: &Message) -> Result<Signature, SignError> {
        if !message.allowed_for(self.role) {
            return Err(SignError::Role { role: self.role });
        }
        let answer = self.ask(message.as_bytes())?;
        let no_signature = || SignError::NoSignature { signer: self.program.clone(), actual: answer.len() };
        signature(&answer).ok_or_else(no_signature)
    }
}

/// 64 raw bytes, or one line of their padded standard base64.
fn signature(answer: &[u8]) -> Option<Signature> {
    let line = answer.strip_suffix(b"\n").unwrap_or(answer);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Signature::from_slice(answer).or_else(|| Signature::from_slice(&BASE64.decode(line).ok()?))
}

#[cfg(test)]
mod tests;
