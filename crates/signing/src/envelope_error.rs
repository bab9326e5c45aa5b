//! Why envelopes are refused.

use crate::{AuthorityError, MAX_KEY_TRIES, MAX_SIGNATURES};

/// Why an envelope was refused. Exhaustive on purpose: each surface maps every case to its code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not a DSSE envelope.
    #[error("not a DSSE envelope: {detail}")]
    Malformed {
        /// What is wrong.
        detail: &'static str,
    },
    /// An object holds a key twice.
    #[error("the envelope holds the same key twice")]
    DuplicateKey,
    /// Larger than allowed.
    #[error("the envelope has {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size offered.
        actual: usize,
    },
    /// Nested deeper than any envelope is.
    #[error("the envelope is nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// No signature at all, or an empty one.
    #[error("the envelope carries no signature")]
    NoSignatures,
    /// More signatures than [`MAX_SIGNATURES`].
    #[error("the envelope carries {actual} signatures, at most {MAX_SIGNATURES} are allowed")]
    TooManySignatures {
        /// How many there are.
        actual: usize,
    },
    /// A signature names a trusted key and is not that key's signature of these bytes.
    #[error("the signature does not verify: the payload, its type or the signature was changed")]
    BadSignature,
    /// No signature is by a key that the trust document gives this role.
    #[error("no signature is by a key trusted for this role")]
    Untrusted,
    /// A trusted key signed, but it may not any more, or not for this name.
    #[error(transparent)]
    Authority(AuthorityError),
    /// Fewer signers than the role's threshold.
    #[error("{actual} of {required} required signers signed; signers are counted, not keys")]
    Threshold {
        /// How many are required.
        required: usize,
        /// How many signed.
        actual: usize,
    },
    /// Whose signatures these are would take too long to find out.
    #[error("the signatures do not name their keys, and finding them takes more than {MAX_KEY_TRIES} tries")]
    TooManyTries,
    /// Validly signed, but as something else.
    #[error("the payload type is not `{expected}`")]
    WrongPayloadType {
        /// What it should be.
        expected: &'static str,
    },
}

reach_types::codes!(EnvelopeError {
    Malformed => ("sign.envelope_malformed", Refused, "fetch the file again; it must be one DSSE envelope in JSON"),
    DuplicateKey => ("sign.duplicate_key", Refused, "name every key once"),
    TooLarge => ("sign.envelope_too_large", Limit, "this is not an envelope that Reach would write"),
    TooDeep => ("sign.envelope_too_deep", Limit, "this is not an envelope that Reach would write"),
    NoSignatures => ("sign.no_signatures", Unsigned, "sign it"),
    TooManySignatures => ("sign.too_many_signatures", Limit, "keep one signature per signer"),
    BadSignature => ("sign.bad_signature", Refused, "fetch the file and its signature again from the signer"),
    Untrusted => ("sign.untrusted", Untrusted, "ask for a signature by a trusted key, or add the signer to the trust document"),
    Threshold => ("sign.threshold", Untrusted, "collect signatures from more signers"),
    TooManyTries => ("sign.too_many_tries", Limit, "let each signature name its key in `keyid`"),
    WrongPayloadType => ("sign.wrong_payload_type", Refused, "this file is a statement of another kind"),
} wrap { Authority });
