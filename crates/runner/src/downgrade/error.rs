//! Why a downgrade was not allowed.

use reach_signing::{EnvelopeError, SignError};
use reach_types::{PackVersion, StrictError, Timestamp};

use crate::{
    files::FileError, keys::KeyFileError, operator_statement::StatementError, packs::PackFileError,
    state_error::StateError,
};

/// Why a downgrade was not signed or not allowed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DowngradeError {
    /// The state directory.
    #[error(transparent)]
    State(StateError),
    /// The pack, which is verified in all but its version.
    #[error(transparent)]
    Pack(PackFileError),
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
    #[error("the signed payload is no downgrade statement: {0}")]
    Malformed(StrictError),
    /// What was signed is a statement of another version of the format.
    #[error("the downgrade statement is not in encoding 1, the one known here")]
    Format,
    /// A reason that cannot be shown.
    #[error("the reason is not 1 to {} bytes of printable ASCII", reach_types::MAX_REASON_BYTES)]
    Reason,
    /// Dates that hold no moment, or too many.
    #[error("a downgrade statement is valid for up to a week, and ends after it begins")]
    Dates,
    /// It was made later than now.
    #[error("the downgrade statement is not valid before {created}")]
    NotYetValid {
        /// When it was made.
        created: Timestamp,
    },
    /// It is over.
    #[error("the downgrade statement expired at {expires}")]
    Expired {
        /// When.
        expires: Timestamp,
    },
    /// It is for another node.
    #[error("the downgrade statement is for another node")]
    OtherNode,
    /// It is about another pack, version or archive.
    #[error("the downgrade statement is about another archive than this pack's")]
    OtherPack,
    /// It is about another step than the one from what this node has seen.
    #[error("the downgrade statement is not about the highest version that this node has seen, {highest}")]
    OtherStep {
        /// The highest version seen.
        highest: PackVersion,
    },
    /// It, or a later one, has lowered this pack's floor already.
    #[error("the downgrade statement was used already, or is older than the last one that was")]
    Used,
    /// There is nothing to go back from.
    #[error("version {version} is no step back: this node has seen no higher one")]
    NotNeeded {
        /// The pack's version.
        version: PackVersion,
    },
}

reach_types::codes!(DowngradeError {
    Format => ("pack.downgrade_format_unknown", Refused, "have it signed by this version of reach"),
    Reason => ("pack.downgrade_reason", Usage, "say why in a sentence of plain ASCII"),
    Dates => ("pack.downgrade_dates", Refused, "sign it for seven days at most"),
    NotYetValid => ("pack.downgrade_not_yet_valid", Expired, "wait, or check both clocks"),
    Expired => ("pack.downgrade_expired", Expired, "have a new statement signed"),
    OtherNode => ("pack.downgrade_other_node", Refused, "have it signed for this node, whose id `reach status` shows"),
    OtherPack => ("pack.downgrade_other_pack", Refused, "use it with the very pack that it was signed for"),
    OtherStep => ("pack.downgrade_other_step", Refused, "have it signed again, from the version that this node has seen"),
    Used => ("pack.downgrade_used", Expired, "have a new statement signed: each lowers a floor once"),
    NotNeeded => ("pack.downgrade_not_needed", Refused, "run the pack as it is"),
} wrap { State, Pack, File, Key, Sign, Envelope, Encode, Malformed });

impl From<StateError> for DowngradeError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<StatementError> for DowngradeError {
    fn from(error: StatementError) -> Self {
        match error {
            StatementError::Encode(error) => Self::Encode(error),
            StatementError::Sign(error) => Self::Sign(error),
            StatementError::Envelope(error) => Self::Envelope(error),
            StatementError::Format => Self::Format,
            StatementError::Malformed(error) => Self::Malformed(error),
            StatementError::Dates => Self::Dates,
            StatementError::NotYetValid { created } => Self::NotYetValid { created },
            StatementError::Ended { until } => Self::Expired { expires: until },
        }
    }
}
