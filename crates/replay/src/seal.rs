//! What a `run` key signs of a log, and whether such a signature holds.

use reach_signing::{AuthorityError, Message, Role, Signature, VerifiedTrust};
use reach_types::{Blake3Digest, KeyId, RunId, StrictError, Timestamp, encode_strict};
use serde::Serialize;

use crate::{Checkpoint, End, EndReason, FORMAT_VERSION, ReplayError};

/// The DSSE payload type of an end frame's signature.
pub const SEAL_PAYLOAD_TYPE: &str = "application/vnd.reach.run.seal.v1";
/// The DSSE payload type of a checkpoint's signature.
pub const CHECKPOINT_PAYLOAD_TYPE: &str = "application/vnd.reach.run.checkpoint.v1";

#[derive(Serialize)]
struct Seal<'a> {
    version: u16,
    run: &'a RunId,
    count: u64,
    head: &'a Blake3Digest,
    reason: EndReason,
    at: Timestamp,
}

#[derive(Serialize)]
struct Mark<'a> {
    version: u16,
    run: &'a RunId,
    count: u64,
    head: &'a Blake3Digest,
}

/// What the end frame's key signs.
pub(crate) fn seal_message(run: &RunId, end: &End) -> Result<Message, StrictError> {
    let End { reason, count, head, at, .. } = end;
    let seal = Seal { version: FORMAT_VERSION, run, count: *count, head, reason: *reason, at: *at };
    Ok(Message::dsse(SEAL_PAYLOAD_TYPE, &encode_strict(&seal)?))
}

/// What a checkpoint's key signs.
pub(crate) fn checkpoint_message(run: &RunId, checkpoint: &Checkpoint) -> Result<Message, StrictError> {
    let Checkpoint { count, head, .. } = checkpoint;
    let mark = Mark { version: FORMAT_VERSION, run, count: *count, head };
    Ok(Message::dsse(CHECKPOINT_PAYLOAD_TYPE, &encode_strict(&mark)?))
}

/// Whose signatures count, and when.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'t> {
    pub(crate) trust: &'t VerifiedTrust,
    pub(crate) now: Timestamp,
}

impl<'t> Authority<'t> {
    /// Checks the signature of the frame `sequence`; returns the signer's name.
    pub(crate) fn check(
        &self,
        sequence: u64,
        key_id: &KeyId,
        message: Result<Message, StrictError>,
        signature: &[u8; 64],
    ) -> Result<&'t str, ReplayError> {
        let message = message.map_err(|_| ReplayError::Malformed { sequence, detail: "cannot be encoded" })?;
        let checked = self.trust.verify_one(Role::Run, key_id, &message, &Signature(*signature), self.now);
        checked.map_err(|error| match error {
            AuthorityError::BadSignature => ReplayError::SealInvalid { sequence },
            AuthorityError::Unknown { .. } | AuthorityError::NameScope => ReplayError::SealUntrusted { sequence },
            AuthorityError::NotYetValid { from } => ReplayError::SealKeyNotYetValid { sequence, from },
            AuthorityError::Expired { expired } => ReplayError::SealKeyExpired { sequence, expired },
            AuthorityError::Overdue { since } => ReplayError::SealKeyOverdue { sequence, since },
            AuthorityError::Retired => ReplayError::SealKeyRetired { sequence },
            AuthorityError::Revoked => ReplayError::SealKeyRevoked { sequence },
        })
    }
}
