//! Why a policy bundle was refused.

use reach_signing::{AuthorityError, EnvelopeError, SignError};
use reach_types::{KeyId, StrictError, Timestamp};

use crate::{PolicyError, ValidityError};

/// Why a policy bundle was refused, or not built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// No signature at all.
    #[error("the policy bundle carries no signature")]
    Unsigned,
    /// The trust document names nobody who could sign a policy.
    #[error("the trust document gives no key the role `policy`, so no bundle can be verified")]
    NoTrustedKey,
    /// Not a bundle.
    #[error("not a policy bundle: {detail}")]
    Malformed {
        /// What is wrong.
        detail: &'static str,
    },
    /// Larger than allowed.
    #[error("{actual} bytes, at most {limit} are allowed in a policy bundle")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size offered.
        actual: usize,
    },
    /// Nested too deeply.
    #[error("the bundle is nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More signatures than an envelope may carry.
    #[error("the policy bundle carries {actual} signatures, at most {} are allowed", reach_signing::MAX_SIGNATURES)]
    TooManySignatures {
        /// How many there are.
        actual: usize,
    },
    /// A signature that names a trusted key does not verify.
    #[error("a signature does not verify: the policy bundle was changed")]
    SignatureInvalid,
    /// A signature is by a key that the trust document does not give the role `policy`.
    #[error("a signature is not by a key trusted for the role `policy`")]
    KeyUntrusted,
    /// The signing key's validity has not begun.
    #[error("the signing key is not valid before {from}")]
    KeyNotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// The signing key's validity is over.
    #[error("the signing key expired at {expired}")]
    KeyExpired {
        /// When it ended.
        expired: Timestamp,
    },
    /// The signing key is older than the trust document allows.
    #[error("the signing key has been older than the trust document allows since {since}")]
    KeyOverdue {
        /// Since when.
        since: Timestamp,
    },
    /// The signing key was retired.
    #[error("the signing key was retired")]
    KeyRetired,
    /// The signing key was revoked.
    #[error("the signing key was revoked")]
    KeyRevoked,
    /// Fewer signers than the trust document asks for.
    #[error("{actual} of {required} required signers signed; signers are counted, not keys")]
    Threshold {
        /// How many are required.
        required: usize,
        /// How many signed.
        actual: usize,
    },
    /// Validly signed, but as something else.
    #[error("the payload type is not `{expected}`")]
    WrongPayloadType {
        /// What it should be.
        expected: &'static str,
    },
    /// Another version of the encoding.
    #[error("the policy is not in encoding 1, 2 or 3, those known here")]
    Format,
    /// Another spelling of the same policy is the canonical one.
    #[error("the policy is not in its one canonical encoding")]
    NonCanonical,
    /// The policy does not pass the load checks.
    #[error(transparent)]
    Policy(PolicyError),
    /// The policy is not in force.
    #[error(transparent)]
    Validity(ValidityError),
    /// Older than a bundle that was accepted before.
    #[error("version {actual} is older than version {floor}, which was accepted before")]
    Rollback {
        /// The version accepted before.
        floor: u64,
        /// The version offered.
        actual: u64,
    },
    /// Another bundle of a version that was accepted before.
    #[error("this is not the version {version} that was accepted before")]
    Equivocation {
        /// The version of both.
        version: u64,
    },
    /// A policy of this name was used before, and what was remembered of it is gone.
    #[error("a policy of this name was used before, and nothing says any more which version")]
    FloorMissing,
    /// What is remembered cannot be told.
    #[error("the newest version seen cannot be told: {reason}")]
    FloorUnavailable {
        /// Why.
        reason: String,
    },
    /// Encoding failed.
    #[error(transparent)]
    Encoding(StrictError),
    /// Signing failed.
    #[error(transparent)]
    Sign(SignError),
    /// A second signature by one key.
    #[error("the key {key} has signed this bundle already")]
    AlreadySigned {
        /// The key.
        key: KeyId,
    },
    /// A signer returned something that its own public key does not verify.
    #[error("a signer returned a signature that its public key does not verify")]
    SignerFaulty,
}

reach_types::codes!(BundleError {
    Unsigned => ("policy.bundle_unsigned", Unsigned, "have the policy built and signed by a `policy` key"),
    NoTrustedKey => ("policy.bundle_no_trusted_key", Untrusted, "have the organization's policy signer added to the trust document"),
    Malformed => ("policy.bundle_malformed", Refused, "fetch the bundle again; it is one DSSE envelope over an encoded policy"),
    TooDeep => ("policy.bundle_too_deep", Limit, "this is not a bundle that Reach would write"),
    TooLarge => ("policy.bundle_too_large", Limit, "shorten the policy; wildcard grants replace long lists"),
    TooManySignatures => ("policy.bundle_too_many_signatures", Limit, "keep one signature per signer"),
    SignatureInvalid => ("policy.bundle_signature_invalid", Refused, "fetch the bundle again from whoever signed it"),
    KeyUntrusted => ("policy.bundle_key_untrusted", Untrusted, "have it signed by a trusted `policy` key only, or add the signer to the trust document"),
    KeyNotYetValid => ("policy.bundle_key_not_yet_valid", Expired, "wait, or check the clock"),
    KeyExpired => ("policy.bundle_key_expired", Expired, "have it signed again with a current key"),
    KeyOverdue => ("policy.bundle_key_overdue", Expired, "have it signed again with a newer key"),
    KeyRetired => ("policy.bundle_key_retired", Expired, "have it signed again with a current key"),
    KeyRevoked => ("policy.bundle_key_revoked", Expired, "have it signed again with another key; treat what this key signed with suspicion"),
    Threshold => ("policy.bundle_threshold", Untrusted, "collect signatures from more signers"),
    WrongPayloadType => ("policy.bundle_wrong_payload_type", Refused, "this file is a statement of another kind"),
    Format => ("policy.bundle_format_unknown", Refused, "use a release that knows this encoding"),
    NonCanonical => ("policy.bundle_non_canonical", Unsafe, "build the bundle again with a conforming writer"),
    Rollback => ("policy.bundle_rollback", Expired, "get the newest bundle; to go back, sign the old rules as a newer version"),
    Equivocation => ("policy.bundle_equivocation", Refused, "ask the signers why one version has two contents, and sign a newer one"),
    FloorMissing => ("policy.bundle_floor_missing", Expired, "bring back the state directory's own node.redb; without it an old bundle could pass for a new one"),
    FloorUnavailable => ("policy.bundle_floor_unavailable", Environment, "check the state directory, its lock and its disk"),
    AlreadySigned => ("policy.bundle_already_signed", Usage, "have another signer sign"),
    SignerFaulty => ("policy.signer_faulty", Environment, "check the signing device or agent, and which key it uses"),
} wrap { Policy, Validity, Encoding, Sign });

/// What it means for a bundle that nobody signed, or not as they should.
pub(crate) fn sign_error(error: SignError) -> BundleError {
    match error {
        SignError::Signers { actual: 0 } => BundleError::Unsigned,
        SignError::Signers { actual } => BundleError::TooManySignatures { actual },
        SignError::Faulty { .. } => BundleError::SignerFaulty,
        other => BundleError::Sign(other),
    }
}

/// What a refused envelope means for a bundle: exhaustive, so that no new case slips through.
pub(crate) fn envelope_error(error: EnvelopeError) -> BundleError {
    match error {
        EnvelopeError::Malformed { detail } => BundleError::Malformed { detail },
        EnvelopeError::DuplicateKey => BundleError::Malformed { detail: "an object holds the same key twice" },
        EnvelopeError::TooLarge { limit, actual } => BundleError::TooLarge { limit, actual },
        EnvelopeError::TooDeep { limit } => BundleError::TooDeep { limit },
        EnvelopeError::NoSignatures => BundleError::Unsigned,
        EnvelopeError::TooManySignatures { actual } => BundleError::TooManySignatures { actual },
        EnvelopeError::BadSignature => BundleError::SignatureInvalid,
        // In a bundle every signature names its key, so that nothing is tried.
        EnvelopeError::Untrusted | EnvelopeError::TooManyTries => BundleError::KeyUntrusted,
        EnvelopeError::Authority(error) => authority_error(error),
        EnvelopeError::Threshold { required, actual } => BundleError::Threshold { required, actual },
        EnvelopeError::WrongPayloadType { expected } => BundleError::WrongPayloadType { expected },
    }
}

fn authority_error(error: AuthorityError) -> BundleError {
    match error {
        // Name scopes are about packs; a key held to one here would be held for no bundle at all.
        AuthorityError::Unknown { .. } | AuthorityError::NameScope => BundleError::KeyUntrusted,
        AuthorityError::BadSignature => BundleError::SignatureInvalid,
        AuthorityError::NotYetValid { from } => BundleError::KeyNotYetValid { from },
        AuthorityError::Expired { expired } => BundleError::KeyExpired { expired },
        AuthorityError::Overdue { since } => BundleError::KeyOverdue { since },
        AuthorityError::Retired => BundleError::KeyRetired,
        AuthorityError::Revoked => BundleError::KeyRevoked,
    }
}
