//! Why a spec exception was not signed or not believed.

use reach_signing::{EnvelopeError, SignError};
use reach_spec_version::SpecVersion;
use reach_types::{StrictError, Timestamp};

use crate::{files::FileError, keys::KeyFileError, nodes::NodeError, operator_statement::StatementError};

/// Why a spec exception was not signed or not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecExceptionError {
    /// The peer.
    #[error(transparent)]
    Peer(NodeError),
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// An operator's key.
    #[error(transparent)]
    Key(KeyFileError),
    /// Signing.
    #[error(transparent)]
    Sign(SignError),
    /// The statement's signatures.
    #[error(transparent)]
    Envelope(EnvelopeError),
    /// An encoding of our own.
    #[error(transparent)]
    Encode(StrictError),
    /// What was signed is no statement.
    #[error("the signed payload is no spec exception: {0}")]
    Malformed(StrictError),
    /// What was signed is a statement of another version of the format.
    #[error("the spec exception is not in encoding 1, the one known here")]
    Format,
    /// A floor that no agreement can come to.
    #[error("the spec exception goes down to {floor}, and nothing but the major of {ours} is spoken here")]
    OtherMajor {
        /// The floor it states.
        floor: SpecVersion,
        /// This release's own version.
        ours: SpecVersion,
    },
    /// Dates that hold no moment, or too many.
    #[error("a spec exception holds for up to 90 days, and ends after it begins")]
    Dates,
    /// It was made later than now.
    #[error("the spec exception does not hold before {created}")]
    NotYetValid {
        /// When it was made.
        created: Timestamp,
    },
    /// It is over.
    #[error("the spec exception ended at {until}")]
    Ended {
        /// When.
        until: Timestamp,
    },
}

reach_types::codes!(SpecExceptionError {
    Format => ("spec.exception_format_unknown", Refused, "have it signed by this version of reach"),
    OtherMajor => ("spec.exception_major", Refused, "update the peer: no exception makes two majors agree"),
    Dates => ("spec.exception_dates", Refused, "sign it for 90 days at most"),
    NotYetValid => ("spec.exception_not_yet_valid", Expired, "wait, or check both clocks"),
    Ended => ("spec.exception_ended", Expired, "update the peer, or have a new exception signed"),
} wrap { Peer, File, Key, Sign, Envelope, Encode, Malformed });

impl From<FileError> for SpecExceptionError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<StatementError> for SpecExceptionError {
    fn from(error: StatementError) -> Self {
        match error {
            StatementError::Encode(error) => Self::Encode(error),
            StatementError::Sign(error) => Self::Sign(error),
            StatementError::Envelope(error) => Self::Envelope(error),
            StatementError::Format => Self::Format,
            StatementError::Malformed(error) => Self::Malformed(error),
            StatementError::Dates => Self::Dates,
            StatementError::NotYetValid { created } => Self::NotYetValid { created },
            StatementError::Ended { until } => Self::Ended { until },
        }
    }
}
