//! Signing: a statement about an archive, in an envelope.

use reach_signing::{Envelope, MAX_SIGNATURES, SignError, Signer};
use reach_types::Timestamp;

use crate::{ArchiveDigests, Manifest, PAYLOAD_TYPE, Statement};

/// Why a pack was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignPackError {
    /// No signer, or more than an envelope may carry.
    #[error("{actual} signers, there must be 1 to {MAX_SIGNATURES}")]
    Signers {
        /// How many there are.
        actual: usize,
    },
    /// The validity holds no moment, or a date lies outside what a statement can say.
    #[error("the pack would expire before it is created, or in a year that cannot be written")]
    Dates,
    /// A signer refused or failed.
    #[error(transparent)]
    Sign(SignError),
    /// A signer returned something that its own public key does not verify.
    #[error("a signer returned a signature that its public key does not verify")]
    Faulty,
}

reach_types::codes!(SignPackError {
    Signers => ("pack.signer_count", Usage, "give one key for each signer"),
    Dates => ("pack.validity", Usage, "let the pack expire after it is created"),
    Faulty => ("pack.signer_faulty", Environment, "check the signing device or agent, and which key it uses"),
} wrap { Sign });

impl From<SignError> for SignPackError {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Faulty { .. } => Self::Faulty,
            SignError::Signers { actual } => Self::Signers { actual },
            other => Self::Sign(other),
        }
    }
}

/// Signs the archive with these digests and this manifest, valid from `created` until before
/// `expires`, and returns the envelope as JSON. Dates are cut to whole seconds.
///
/// The manifest must be the archive's own, as [`crate::inspect_archive`] gives it.
///
/// # Errors
/// [`SignPackError::Dates`], [`SignPackError::Signers`], then [`SignPackError::Sign`] and
/// [`SignPackError::Faulty`].
pub fn sign_pack(
    digests: &ArchiveDigests,
    manifest: &Manifest,
    created: Timestamp,
    expires: Timestamp,
    signers: &[&dyn Signer],
) -> Result<String, SignPackError> {
    let statement = Statement {
        name: manifest.name().clone(),
        version: manifest.version(),
        created: whole_seconds(created)?,
        expires: whole_seconds(expires)?,
        digests: *digests,
        others: Vec::new(),
    };
    if statement.expires <= statement.created {
        return Err(SignPackError::Dates);
    }
    let envelope = Envelope::sign(PAYLOAD_TYPE, statement.to_json(), signers).map_err(SignPackError::from)?;
    Ok(envelope.to_json())
}

/// The moment cut to its second, if a statement can say it.
fn whole_seconds(time: Timestamp) -> Result<Timestamp, SignPackError> {
    let time = Timestamp::from_millis(time.as_millis() - time.as_millis() % 1000);
    Timestamp::parse(&time.to_string()).map_err(|_| SignPackError::Dates)
}
