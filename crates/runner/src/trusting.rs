//! Trust documents as files: loaded under a pin, made, changed, signed.

mod change;
mod load;
mod outside;

pub use change::{
    Asked, FirstTrust, KeyRetirement, KeyRevocation, SignerSpec, first_document, next_document, sign_document,
};
pub use load::{LoadTrustError, load_chain, load_trust};
pub(crate) use outside::refuse_inside;

use reach_signing::SuccessionError;

use crate::keys::KeyFileError;

/// Why a trust document was not made, changed or signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeTrustError {
    /// A key file.
    #[error(transparent)]
    Key(KeyFileError),
    /// The document that was to be changed.
    #[error(transparent)]
    Load(LoadTrustError),
    /// A pack name pattern.
    #[error("a pack name pattern is a name, `prefix*` or `*`")]
    Pattern,
    /// The change, or what the document's own checks say of it.
    #[error(transparent)]
    Succession(SuccessionError),
}

reach_types::codes!(MakeTrustError {
    Pattern => ("trust.name_pattern", Usage, "write `acme-*` for every name that begins so"),
} wrap { Key, Load, Succession });
