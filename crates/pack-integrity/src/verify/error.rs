//! Every way a pack is refused, each with a code of its own.

use reach_signing::{AuthorityError, EnvelopeError, MAX_KEY_TRIES, MAX_SIGNATURES};
use reach_types::{PackName, PackVersion, Timestamp};

use crate::{ContentsError, SeenError, StatementError};

/// Why a pack was refused. Exhaustive on purpose: whoever decides on it must decide every case.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no envelope.
    #[error("the pack is not signed")]
    Unsigned,
    /// The envelope is not a DSSE envelope.
    #[error("the pack's signature file is not a DSSE envelope: {detail}")]
    EnvelopeMalformed {
        /// What is wrong.
        detail: &'static str,
    },
    /// The envelope holds a key twice.
    #[error("the pack's signature file holds the same key twice")]
    DuplicateKey,
    /// The envelope is too large.
    #[error("the pack's signature file has {actual} bytes, at most {limit} are allowed")]
    EnvelopeTooLarge {
        /// The limit in bytes.
        limit: usize,
        /// Its size in bytes.
        actual: usize,
    },
    /// The envelope is nested too deeply.
    #[error("the signature file is nested deeper than {limit}")]
    EnvelopeTooDeep {
        /// The limit.
        limit: usize,
    },
    /// The envelope carries no signature, or an empty one.
    #[error("the pack's signature file carries no signature")]
    NoSignatures,
    /// The envelope carries too many signatures.
    #[error("the pack's signature file carries {actual} signatures, at most {MAX_SIGNATURES} are allowed")]
    TooManySignatures {
        /// How many there are.
        actual: usize,
    },
    /// A signature that names a trusted key is not that key's.
    #[error("the signature does not verify: the statement, its type or the signature was changed")]
    BadSignature,
    /// No signature is by a key trusted to sign packs.
    #[error("no signature is by a key that the trust document lets sign packs")]
    Untrusted,
    /// Too few signers.
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
    /// Validly signed, as something else.
    #[error("the signed payload is not of type `{expected}`")]
    WrongPayloadType {
        /// What it should be.
        expected: &'static str,
    },
    /// The key's validity has not begun.
    #[error("the signer's key is not valid before {from}")]
    KeyNotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// The key's validity is over.
    #[error("the signer's key expired at {expired}")]
    KeyExpired {
        /// When it ended.
        expired: Timestamp,
    },
    /// The key is older than the trust document allows.
    #[error("the signer's key has been older than the trust document allows since {since}")]
    KeyOverdue {
        /// Since when.
        since: Timestamp,
    },
    /// The key was retired.
    #[error("the signer's key was retired, and only the signature's own word dates it before that")]
    KeyRetired,
    /// The key was revoked.
    #[error("the signer's key was revoked")]
    KeyRevoked,
    /// The signer may not sign packs of this name.
    #[error("the signer may not sign packs of this name")]
    NameScope,
    /// What was signed is no statement about one pack.
    #[error(transparent)]
    Statement(StatementError),
    /// Signed for another pack than the one asked for.
    #[error("this is the pack `{name}` {version}, which is not the one asked for")]
    SubjectMismatch {
        /// The name signed.
        name: PackName,
        /// The version signed.
        version: PackVersion,
    },
    /// The pack's validity is over, or never was.
    #[error("the pack is valid from {created} until before {expires}")]
    PackExpired {
        /// When it was made.
        created: Timestamp,
        /// When it expires.
        expires: Timestamp,
    },
    /// The trust document revokes this very pack.
    #[error("the trust document revoked this pack as of {since}")]
    PackRevoked {
        /// Since when.
        since: Timestamp,
    },
    /// A higher version was verified before.
    #[error("the pack has version {version}, and {highest} was seen before")]
    Rollback {
        /// Its version.
        version: PackVersion,
        /// The highest one seen.
        highest: PackVersion,
    },
    /// The same version was verified before with another archive.
    #[error("another archive was seen before as version {version} of this pack")]
    Equivocation {
        /// The version.
        version: PackVersion,
    },
    /// The exception for this unsigned pack is over.
    #[error("the policy's exception for this unsigned pack ended at {until}")]
    LegacyExpired {
        /// When.
        until: Timestamp,
    },
    /// The exception names another archive.
    #[error("the archive is not the one that the policy's exception names")]
    LegacyOtherArchive,
    /// The store of seen versions failed.
    #[error(transparent)]
    Seen(SeenError),
    /// The archive or its manifest.
    #[error(transparent)]
    Contents(ContentsError),
    /// The archive is not the one that was signed.
    #[error(
        "the archive's {algorithm} is not the signed one: the archive was changed, or belongs to another signature"
    )]
    DigestMismatch {
        /// The first digest that differs.
        algorithm: &'static str,
    },
    /// The manifest is about another pack than the statement.
    #[error("the manifest is about `{name}` {version}, which is not what was signed")]
    ManifestMismatch {
        /// The manifest's name.
        name: PackName,
        /// The manifest's version.
        version: PackVersion,
    },
}

reach_types::codes!(VerifyError {
    Unsigned => ("pack.unsigned", Unsigned, "sign it with `reach pack sign`, or get the signature file that belongs to it"),
    EnvelopeMalformed => ("pack.envelope_malformed", Refused, "fetch the signature file again; it must be one DSSE envelope in JSON"),
    DuplicateKey => ("pack.duplicate_key", Refused, "fetch the signature file again"),
    EnvelopeTooLarge => ("pack.envelope_too_large", Limit, "this is not a signature file that a pack needs"),
    EnvelopeTooDeep => ("pack.envelope_too_deep", Limit, "this is not a signature file that a pack needs"),
    NoSignatures => ("pack.no_signatures", Unsigned, "sign the pack with `reach pack sign`"),
    TooManySignatures => ("pack.too_many_signatures", Limit, "keep one signature per signer"),
    BadSignature => ("pack.bad_signature", Refused, "fetch the pack and its signature file again from the signer"),
    Untrusted => ("pack.untrusted", Untrusted, "ask for a signature by a trusted signer, or add the signer to the trust document"),
    Threshold => ("pack.threshold", Untrusted, "collect signatures from more signers"),
    TooManyTries => ("pack.too_many_tries", Limit, "let each signature name its key in `keyid`"),
    WrongPayloadType => ("pack.wrong_payload_type", Refused, "use the pack's own signature: this one is of another kind"),
    KeyNotYetValid => ("pack.key_not_yet_valid", Expired, "wait, or check the clock"),
    KeyExpired => ("pack.key_expired", Expired, "have the pack signed again with a current key"),
    KeyOverdue => ("pack.key_overdue", Expired, "have the pack signed again with a newer key"),
    KeyRetired => ("pack.key_retired", Expired, "have the pack signed again with a current key"),
    KeyRevoked => ("pack.key_revoked", Expired, "have the pack signed again with another key; treat what this key signed with suspicion"),
    NameScope => ("pack.name_scope", Untrusted, "have a signer sign it whose scope covers the name"),
    SubjectMismatch => ("pack.subject_mismatch", Refused, "get the pack you want together with its own signature"),
    PackExpired => ("pack.pack_expired", Expired, "get a newer version, or have this one signed again"),
    PackRevoked => ("pack.pack_revoked", Expired, "get another version; `reach trust show` says why this one was revoked"),
    Rollback => ("pack.rollback", Expired, "use the newer version; a deliberate downgrade is an operator's signed act: `reach pack allow-downgrade`"),
    Equivocation => ("pack.equivocation", Refused, "ask the signer which of the two archives is theirs: one version must be one archive"),
    LegacyExpired => ("pack.legacy_expired", Expired, "have the pack signed; the policy's exception for it is over"),
    LegacyOtherArchive => ("pack.legacy_other_archive", Refused, "the file was replaced while it was read: try again, and find out by whom"),
    DigestMismatch => ("pack.digest_mismatch", Refused, "fetch the pack and its signature file again from the signer"),
    ManifestMismatch => ("pack.manifest_mismatch", Refused, "have the pack signed again with `reach pack sign`"),
} wrap { Statement, Seen, Contents });

impl From<EnvelopeError> for VerifyError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Malformed { detail } => Self::EnvelopeMalformed { detail },
            EnvelopeError::DuplicateKey => Self::DuplicateKey,
            EnvelopeError::TooLarge { limit, actual } => Self::EnvelopeTooLarge { limit, actual },
            EnvelopeError::TooDeep { limit } => Self::EnvelopeTooDeep { limit },
            EnvelopeError::NoSignatures => Self::NoSignatures,
            EnvelopeError::TooManySignatures { actual } => Self::TooManySignatures { actual },
            EnvelopeError::BadSignature => Self::BadSignature,
            EnvelopeError::Untrusted => Self::Untrusted,
            EnvelopeError::Authority(error) => error.into(),
            EnvelopeError::Threshold { required, actual } => Self::Threshold { required, actual },
            EnvelopeError::TooManyTries => Self::TooManyTries,
            EnvelopeError::WrongPayloadType { expected } => Self::WrongPayloadType { expected },
        }
    }
}

impl From<AuthorityError> for VerifyError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Unknown { .. } => Self::Untrusted,
            AuthorityError::BadSignature => Self::BadSignature,
            AuthorityError::NotYetValid { from } => Self::KeyNotYetValid { from },
            AuthorityError::Expired { expired } => Self::KeyExpired { expired },
            AuthorityError::Overdue { since } => Self::KeyOverdue { since },
            AuthorityError::Retired => Self::KeyRetired,
            AuthorityError::Revoked => Self::KeyRevoked,
            AuthorityError::NameScope => Self::NameScope,
        }
    }
}
