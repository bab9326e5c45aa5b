//! Whatever signs: a key in memory, or a token, agent or program that keeps it.

use std::fmt;

use data_encoding::HEXLOWER;
use reach_types::KeyId;

use crate::{MAX_SIGNATURES, Message, PublicKey, Role};

/// Why something was not signed.
///
/// All but [`SignError::Role`] and [`SignError::Signers`] are about a signer outside this process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// A key of this role never signs such a message.
    #[error("a `{role}` key never signs this kind of message")]
    Role {
        /// The key's role.
        role: Role,
    },
    /// The signer (a token, an agent) did not answer.
    #[error("the signer failed: {reason}")]
    Signer {
        /// What it said.
        reason: &'static str,
    },
    /// It could not be reached or started.
    #[error("the signer `{signer}` cannot be reached: {reason}")]
    Unreachable {
        /// Which signer.
        signer: String,
        /// What the system said.
        reason: String,
    },
    /// It answered that it will not sign.
    #[error("the signer `{signer}` refused ({status}): {said}")]
    Refused {
        /// Which signer.
        signer: String,
        /// How it ended.
        status: String,
        /// What it said, cut.
        said: String,
    },
    /// It did not read what it was to sign.
    #[error("the signer `{signer}` did not read the whole message that it was to sign")]
    Unread {
        /// Which signer.
        signer: String,
    },
    /// It took too long.
    #[error("the signer `{signer}` did not answer within {seconds} s")]
    Timeout {
        /// Which signer.
        signer: String,
        /// How long it had.
        seconds: u64,
    },
    /// It answered more than a signature.
    #[error("the signer `{signer}` answered more than {limit} bytes")]
    TooLong {
        /// Which signer.
        signer: String,
        /// The most that a signature takes.
        limit: usize,
    },
    /// It answered something that is no signature.
    #[error(
        "the signer `{signer}` answered {actual} bytes that are neither 64 raw bytes nor one line of base64 of them"
    )]
    NoSignature {
        /// Which signer.
        signer: String,
        /// How many bytes it answered.
        actual: usize,
    },
    /// It answered a signature that its own public key does not verify.
    #[error("the signer for the key {key_id} returned a signature that this key does not verify")]
    Faulty {
        /// The key.
        key_id: KeyId,
    },
    /// No signature, or more than an envelope may carry.
    #[error("there would be {actual} signatures, there must be 1 to {MAX_SIGNATURES}")]
    Signers {
        /// How many there would be.
        actual: usize,
    },
}

reach_types::codes!(SignError {
    Role => ("sign.role_mismatch", Usage, "sign with a key of the role that this statement needs"),
    Signer => ("sign.signer_failed", Environment, "check the signing device or agent"),
    Unreachable => ("sign.signer_unreachable", Environment, "check the command's name, its path and that it may be executed"),
    Refused => ("sign.signer_refused", Environment, "run the command by hand; what it said on standard error is in the message"),
    Unread => ("sign.signer_unread", Environment, "let the command read standard input to its end before it answers"),
    Timeout => ("sign.signer_timeout", Environment, "check what the command waits for; it has no terminal to ask on"),
    TooLong => ("sign.signer_too_long", Limit, "let the command write the signature and nothing else to standard output"),
    NoSignature => ("sign.signer_no_signature", Environment, "let the command write 64 raw bytes, or one line of base64, to standard output"),
    Faulty => ("sign.signer_faulty", Environment, "check the signing device or agent, and which key it uses"),
    Signers => ("sign.signer_count", Usage, "give one key for each signer"),
});

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl Signature {
    /// From exactly 64 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", HEXLOWER.encode(&self.0))
    }
}

/// Something that signs: a key in memory, a token, an agent, a program.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// The one role this key holds.
    fn role(&self) -> Role;

    /// Signs `message`. Whoever hands a signature on checks it against [`Signer::public_key`] first, as
    /// [`crate::Envelope::sign`] does: a signer outside this process is not believed.
    ///
    /// # Errors
    /// [`SignError::Role`] if a key of this role never signs such a message; every other variant if
    /// a signer outside this process failed.
    fn sign(&self, message: &Message) -> Result<Signature, SignError>;
}
