//! All that this crate knows of spec negotiation: a transcript, or why there is none.

use reach_types::{Blake3Digest, Class, Code, CodeRow};

use crate::Link;

/// Computes the transcript of the agreement that a link rests on, between its issuer (the initiator)
/// and its audience (the responder), from the issuer's encoded offer and the receiver's own; or says
/// why the receiver does not go by such an agreement.
pub type ComputeTranscript<'a> = dyn Fn(&Link) -> Result<Blake3Digest, SpecRefusal> + 'a;

/// What a receipt says of every [`SpecRefusal`]: no version, no feature, no cause.
pub const SPEC_INCOMPATIBLE: CodeRow =
    CodeRow { code: "mesh.spec_incompatible", class: Class::Refused, remedy: "update the older of the two nodes" };

/// Why a receiver does not agree with an issuer, in the words of whoever knows what offers mean.
///
/// For the eyes of this side only: a receipt says [`SPEC_INCOMPATIBLE`] in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SpecRefusal {
    row: CodeRow,
    message: String,
}

impl SpecRefusal {
    /// The refusal that `reason` is, with its code, class and remedy.
    #[must_use]
    pub fn of(reason: &dyn Code) -> Self {
        Self { row: reason.row(), message: reason.to_string() }
    }
}

impl Code for SpecRefusal {
    fn row(&self) -> CodeRow {
        self.row
    }
}
