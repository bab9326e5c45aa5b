//! What a person signs about one request, and the proof that somebody did.

use std::time::Duration;

use reach_signing::{Envelope, Reader, Role, Signer, VerifiedTrust};
use reach_types::{Blake3Digest, KeyId, Timestamp, decode_strict, encode_strict};
use serde::{Deserialize, Serialize};

use super::{ApprovalError, ApprovalRequest, error::envelope_error};
use crate::{Binding, Decision, Outcome, Permit, PermitError};

/// The DSSE payload type of an approval.
pub const APPROVAL_PAYLOAD_TYPE: &str = "application/vnd.reach.operator.approval.v1";
/// The most bytes of an approval's payload: a version, a digest, a yes or no, and two dates of at
/// most 10 bytes.
pub const MAX_APPROVAL_PAYLOAD_BYTES: usize = 1 + 32 + 1 + 2 * 10;
/// The most bytes of an approval's file: the payload in base64, and 16 signatures of 200 bytes.
pub const MAX_APPROVAL_BYTES: usize = 4 * 1024;
/// The longest validity: a run that waits holds its node's state, and what a person saw an hour ago
/// is worth asking again.
pub const MAX_APPROVAL_VALIDITY: Duration = Duration::from_hours(1);

const FORMAT: u16 = 1;
const FORMAT_BYTE: u8 = 1;

/// A person's answer to one request, as it is signed. Plain data: see [`VerifiedApproval::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The digest of the request: see [`ApprovalRequest::digest`].
    pub request: Blake3Digest,
    /// Yes or no.
    pub approved: bool,
    /// When the person said so.
    pub issued: Timestamp,
    /// It answers nothing from this moment on.
    pub expires: Timestamp,
}

impl Approval {
    /// Signs the answer with each of `operators`, and returns the file.
    ///
    /// # Errors
    /// [`ApprovalError::Malformed`] for dates that no reader would take; [`ApprovalError::Unsigned`]
    /// without operators, [`ApprovalError::Sign`].
    pub fn sign(&self, operators: &[&dyn Signer]) -> Result<String, ApprovalError> {
        self.check_dates()?;
        if operators.is_empty() {
            return Err(ApprovalError::Unsigned);
        }
        let payload = encode_strict(&(FORMAT, self)).map_err(ApprovalError::Encoding)?;
        Ok(Envelope::sign(APPROVAL_PAYLOAD_TYPE, payload, operators).map_err(ApprovalError::Sign)?.to_json())
    }

    /// The answer that `payload` spells.
    fn decode(payload: &[u8]) -> Result<Self, ApprovalError> {
        if payload.first() != Some(&FORMAT_BYTE) {
            return Err(ApprovalError::Malformed { detail: "its version is unknown" });
        }
        let decoded = decode_strict(payload, MAX_APPROVAL_PAYLOAD_BYTES);
        let (_, approval): (u16, Self) =
            decoded.map_err(|_| ApprovalError::Malformed { detail: "its payload is not the encoding of an answer" })?;
        approval.check_dates()?;
        Ok(approval)
    }

    fn check_dates(&self) -> Result<(), ApprovalError> {
        let longest = self.issued.saturating_add(MAX_APPROVAL_VALIDITY);
        if self.issued < self.expires && self.expires <= longest {
            Ok(())
        } else {
            Err(ApprovalError::Malformed { detail: "it ends before it begins, or holds for more than an hour" })
        }
    }
}

/// An answer of yes to one request, signed by enough operators, in force when it was verified.
///
/// Only [`VerifiedApproval::verify`] makes one, and it is used up by the permit that is made of it:
///
/// ```compile_fail,E0382
/// // policy_r_an_approval_moves
/// # use reach_policy::{Binding, Decision, VerifiedApproval};
/// # use reach_types::Timestamp;
/// fn twice(decision: &Decision, first: Binding, second: Binding, yes: VerifiedApproval, end: Timestamp) {
///     let _ = decision.permit_approved(first, yes, end);
///     let _ = decision.permit_approved(second, yes, end);
/// }
/// ```
///
/// ```compile_fail,E0277
/// # use reach_policy::VerifiedApproval;
/// fn copied(yes: &VerifiedApproval) -> VerifiedApproval {
///     VerifiedApproval::clone(yes)
/// }
/// ```
#[derive(PartialEq, Eq)]
#[must_use = "an approval that no permit is made of allows nothing"]
pub struct VerifiedApproval {
    binding: Binding,
    request: Blake3Digest,
    statement: Blake3Digest,
    approvers: Vec<String>,
    keys: Vec<KeyId>,
    issued: Timestamp,
    expires: Timestamp,
}

crate::unseen::debug_only!(VerifiedApproval { issued, expires });

impl VerifiedApproval {
    /// Verifies the file of an answer to `request` at `now`: enough operators of `trust` signed it,
    /// it is about this very request, it says yes, and it is in force.
    ///
    /// # Errors
    /// Every variant of [`ApprovalError`] but those of requests' files and of signing: the envelope
    /// and its signatures before anything is read of what was signed; [`ApprovalError::Mismatch`]
    /// before what is answered, and [`ApprovalError::Refused`] whatever the dates say.
    pub fn verify(
        file: &[u8],
        request: &ApprovalRequest,
        trust: &VerifiedTrust,
        now: Timestamp,
    ) -> Result<Self, ApprovalError> {
        let envelope = Envelope::read(file, Reader::Own, MAX_APPROVAL_BYTES).map_err(envelope_error)?;
        let verified = envelope.verify(trust, Role::Operator, None, APPROVAL_PAYLOAD_TYPE, now);
        let verified = verified.map_err(envelope_error)?;
        let Approval { request: answered, approved, issued, expires } = Approval::decode(verified.payload)?;
        let digest = request.digest();
        if answered != digest {
            return Err(ApprovalError::Mismatch);
        }
        if !approved {
            return Err(ApprovalError::Refused { by: verified.signers.join(", ") });
        }
        if now < issued {
            return Err(ApprovalError::NotYetValid { issued });
        }
        let expires = expires.min(request.until);
        if now >= expires {
            return Err(ApprovalError::Expired { expired: expires });
        }
        Ok(Self {
            binding: request.binding.clone(),
            request: digest,
            statement: Blake3Digest::derive("reach 2026 approval v1", &[file]),
            approvers: verified.signers,
            // Every signature of our own envelopes names its key, and every one was verified.
            keys: envelope.signatures().iter().filter_map(|one| one.key_id).collect(),
            issued,
            expires,
        })
    }

    /// The request that was answered.
    #[must_use]
    pub const fn request(&self) -> &Blake3Digest {
        &self.request
    }

    /// The digest of the approval's whole file, under which it can be found again.
    #[must_use]
    pub const fn statement(&self) -> &Blake3Digest {
        &self.statement
    }

    /// Who approved: names of signers in the trust document, sorted.
    #[must_use]
    pub fn approvers(&self) -> &[String] {
        &self.approvers
    }

    /// The keys they signed with.
    #[must_use]
    pub fn keys(&self) -> &[KeyId] {
        &self.keys
    }

    /// When they did.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// It allows nothing from this moment on: the approval's end or the request's, whichever is first.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl Decision {
    /// A permit for the call of `binding` that a person approved, until before `expires` and in no
    /// case longer than the policy or the approval holds.
    ///
    /// # Errors
    /// [`PermitError::Denied`] for any outcome but [`Outcome::Ask`]: no person can approve what the
    /// rules deny. [`PermitError::CallMismatch`] for an approval of anything but exactly this call
    /// of this run; else as [`Decision::permit`].
    pub fn permit_approved(
        &self,
        binding: Binding,
        approval: VerifiedApproval,
        expires: Timestamp,
    ) -> Result<Permit, PermitError> {
        if self.outcome != Outcome::Ask {
            return Err(PermitError::Denied);
        }
        if approval.binding != binding {
            return Err(PermitError::CallMismatch { field: "approval" });
        }
        let permit = self.permit_for(binding, expires.min(approval.expires), false)?;
        Ok(Permit { approval: Some(approval.request), ..permit })
    }
}
