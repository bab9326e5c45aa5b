//! Why an approval, or the request for one, was refused.

use reach_signing::{AuthorityError, EnvelopeError, SignError};
use reach_types::{JsonError, StrictError, Timestamp};

/// Why an approval was not made or not accepted. Exhaustive on purpose: each case ends a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The request's file is not one strict JSON object of the known fields.
    #[error(transparent)]
    RequestJson(JsonError),
    /// The request's file says something that no request says.
    #[error("this is no request for an approval: {detail}")]
    RequestMalformed {
        /// What is wrong.
        detail: &'static str,
    },
    /// What was signed, or the envelope around it, is no approval.
    #[error("this is no approval: {detail}")]
    Malformed {
        /// What is wrong.
        detail: &'static str,
    },
    /// Nobody signed it.
    #[error("the approval carries no signature")]
    Unsigned,
    /// Signed by a key that the trust document does not give the role `operator`.
    #[error("the approval is not signed by a key trusted for the role `operator`")]
    Untrusted,
    /// Its signatures, or the keys that made them.
    #[error(transparent)]
    Envelope(EnvelopeError),
    /// It answers another question: another call, another run, or the same one asked again.
    #[error("the approval is not about this call: it answers another request")]
    Mismatch,
    /// The person said no.
    #[error("{by} refused this call")]
    Refused {
        /// Who: names of signers in the trust document, joined by a comma.
        by: String,
    },
    /// Made later than now.
    #[error("the approval is not valid before {issued}")]
    NotYetValid {
        /// When it was made.
        issued: Timestamp,
    },
    /// Its time, or the question's, is over.
    #[error("the approval, or the request that it answers, ended at {expired}")]
    Expired {
        /// When.
        expired: Timestamp,
    },
    /// Signing failed.
    #[error(transparent)]
    Sign(SignError),
    /// Encoding failed, which would be a fault of ours.
    #[error(transparent)]
    Encoding(StrictError),
}

reach_types::codes!(ApprovalError {
    RequestMalformed => ("policy.approval_request_malformed", Refused, "use the `*.ask.json` file as `reach run` wrote it"),
    Malformed => ("policy.approval_malformed", Refused, "use the file as `reach policy approve` wrote it"),
    Unsigned => ("policy.approval_unsigned", Unsigned, "have an `operator` key sign it with `reach policy approve`"),
    Untrusted => ("policy.approval_untrusted", Untrusted, "have it signed by an `operator` key of the trust document"),
    Mismatch => ("policy.approval_mismatch", Refused, "approve the very `*.ask.json` file that the waiting run wrote"),
    Refused => ("policy.approval_refused", Refused, "ask the person who refused; the run has to be started again"),
    NotYetValid => ("policy.approval_not_yet_valid", Expired, "compare the clocks of both machines"),
    Expired => ("policy.approval_expired", Expired, "start the run again and approve its call in time"),
} wrap { RequestJson, Envelope, Sign, Encoding });

/// What a refused envelope means for an approval: exhaustive, so that no new case slips through.
pub(super) fn envelope_error(error: EnvelopeError) -> ApprovalError {
    match error {
        EnvelopeError::Malformed { detail } => ApprovalError::Malformed { detail },
        EnvelopeError::DuplicateKey => ApprovalError::Malformed { detail: "an object holds the same key twice" },
        EnvelopeError::WrongPayloadType { .. } => {
            ApprovalError::Malformed { detail: "it is a signed statement of another kind" }
        }
        EnvelopeError::NoSignatures => ApprovalError::Unsigned,
        EnvelopeError::Untrusted
        | EnvelopeError::TooManyTries
        | EnvelopeError::Authority(AuthorityError::Unknown { .. } | AuthorityError::NameScope) => {
            ApprovalError::Untrusted
        }
        // Size, count, threshold, a bad signature, and a key whose time is over or not come.
        other @ (EnvelopeError::TooLarge { .. }
        | EnvelopeError::TooDeep { .. }
        | EnvelopeError::TooManySignatures { .. }
        | EnvelopeError::BadSignature
        | EnvelopeError::Threshold { .. }
        | EnvelopeError::Authority(
            AuthorityError::BadSignature
            | AuthorityError::NotYetValid { .. }
            | AuthorityError::Expired { .. }
            | AuthorityError::Overdue { .. }
            | AuthorityError::Retired
            | AuthorityError::Revoked,
        )) => ApprovalError::Envelope(other),
    }
}
