//! The transcript: one digest over who offered what to whom, and what came of it.

use reach_types::{Blake3Digest, StrictError};

use crate::{Agreement, Offer};

/// Why no transcript could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TranscriptError {
    /// Both sides carry one id, so the transcript would not tell who began.
    #[error("the initiator and the responder have the same id")]
    SameParty,
    /// An offer or the agreement cannot be encoded.
    #[error(transparent)]
    Encoding(StrictError),
}

reach_types::codes!(TranscriptError {
    SameParty => ("spec.same_party", Refused, "negotiate with another party than yourself"),
} wrap { Encoding });

/// One side of a negotiation.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    /// The bytes of its node id; for a pack, those of its digest.
    pub id: &'a [u8; 32],
    /// What it offered, or what the pack needs.
    pub offer: &'a Offer,
}

/// BLAKE3 over both ids, both encoded offers and the agreement, in their own domain.
///
/// An agreement is the same in both directions, a transcript is not: an offer sent back to its
/// author gives another digest. A pack that is admitted stands as the initiator.
///
/// Trust: it binds only what a signature covers. Put it into the signed message, and compare it
/// with one made from the offer you sent and the offer you received.
///
/// # Errors
/// [`TranscriptError::SameParty`]; [`TranscriptError::Encoding`], which the types here rule out.
pub fn transcript_hash(
    initiator: Party<'_>,
    responder: Party<'_>,
    agreement: &Agreement,
) -> Result<Blake3Digest, TranscriptError> {
    if initiator.id == responder.id {
        return Err(TranscriptError::SameParty);
    }
    let initiator_offer = initiator.offer.encode().map_err(TranscriptError::Encoding)?;
    let responder_offer = responder.offer.encode().map_err(TranscriptError::Encoding)?;
    let agreement = agreement.encode().map_err(TranscriptError::Encoding)?;
    Ok(Blake3Digest::derive(
        "reach 2026 spec transcript v1",
        &[initiator.id, responder.id, &initiator_offer, &responder_offer, &agreement],
    ))
}
