//! Why trust documents and keys are refused.

use reach_types::{JsonError, KeyId, Timestamp};

use crate::{EnvelopeError, KeyError, MAX_KEY_AGE_DAYS, MAX_TRUST_HISTORY, Role, SignError, TrustDocument};

/// Why a trust document was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The JSON of the payload.
    #[error("trust document: {0}")]
    Json(JsonError),
    /// The envelope or its signatures.
    #[error("trust document: {0}")]
    Envelope(EnvelopeError),
    /// Another schema.
    #[error("the trust document's schema is not `{}`", TrustDocument::SCHEMA)]
    Schema,
    /// Version 0.
    #[error("trust document versions count from 1")]
    Version,
    /// A date interval that holds no moment.
    #[error(
        "a validity in the trust document ends before it begins, or a date is not written as `2026-01-31T00:00:00Z`"
    )]
    Dates,
    /// More keys or revoked packs than the limits.
    #[error("the trust document lists too many keys or revoked packs")]
    TooMany,
    /// A longest age of keys outside 1 to [`MAX_KEY_AGE_DAYS`] days.
    #[error("the longest age of a key is {days} days; it is 1 to {MAX_KEY_AGE_DAYS}")]
    KeyAge {
        /// What is stated.
        days: u32,
    },
    /// A signer's name outside the grammar.
    #[error("a signer's name is 1 to 64 bytes of `a-z 0-9 . _ -`")]
    SignerName,
    /// Two signers of one name.
    #[error("the signer `{name}` is listed twice")]
    DuplicateSigner {
        /// The name.
        name: String,
    },
    /// One public key listed twice, under whatever signer or role.
    #[error("the public key {key_id} is listed twice; a key has one signer and one role")]
    DuplicatePublicKey {
        /// The key's id.
        key_id: KeyId,
    },
    /// A threshold of 0, or one that the active signers cannot meet.
    #[error("the threshold for `{role}` is {required}, with {available} active signers that could meet it")]
    BadThreshold {
        /// The role.
        role: Role,
        /// The threshold.
        required: i64,
        /// Signers with a key of that role that could still sign when the document was made.
        available: usize,
    },
    /// A public key.
    #[error("a key in the trust document: {0}")]
    Key(KeyError),
    /// The document's version 1 is not the pinned one.
    #[error("this trust document does not descend from the pinned trust root")]
    RootMismatch,
    /// The history does not count up by one, steps back in time, or goes on without any root of the
    /// version before.
    #[error("version {version} does not follow from the one before it")]
    Chain {
        /// Which version.
        version: u64,
    },
    /// More versions than a file may carry.
    #[error("a trust file carries at most {MAX_TRUST_HISTORY} earlier versions")]
    HistoryTooLong,
    /// The newest version has expired.
    #[error("the trust document expired at {expired}")]
    Expired {
        /// When.
        expired: Timestamp,
    },
    /// Signing failed.
    #[error(transparent)]
    Sign(SignError),
}

reach_types::codes!(TrustError {
    Schema => ("trust.schema_unknown", Refused, "this file is not a trust document of this version of the format"),
    Version => ("trust.version_invalid", Refused, "start at version 1"),
    Dates => ("trust.dates_invalid", Refused, "let every validity end after it begins, and write dates in whole seconds"),
    TooMany => ("trust.too_many_entries", Limit, "remove keys and revocations that can no longer matter"),
    KeyAge => ("trust.key_age_invalid", Refused, "state an age between 1 and 3650 days, or none"),
    SignerName => ("trust.signer_name", Refused, "use lower-case ASCII letters, digits, `.`, `_` and `-`"),
    DuplicateSigner => ("trust.duplicate_signer", Refused, "list every signer once, with all its keys"),
    DuplicatePublicKey => ("trust.duplicate_public_key", Refused, "list every public key once"),
    BadThreshold => ("trust.bad_threshold", Refused, "set a threshold between 1 and the number of active signers of that role; `rotate` adds a key as it retires one, `renew --key` gives one more time"),
    RootMismatch => ("trust.root_mismatch", Untrusted, "get the document from whoever gave you the trust root, or compare the two digests by another channel"),
    Chain => ("trust.chain_broken", Untrusted, "get the complete document, with its history"),
    HistoryTooLong => ("trust.history_too_long", Limit, "start a new document with `reach trust init`, and pin it with `reach init --reset-trust`"),
    Expired => ("trust.expired", Expired, "get the next version of the document; who holds its root makes one with `reach trust renew`"),
} wrap { Json, Envelope, Key, Sign });

/// Why a key has no authority for what it signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// Not in the trust document, or there with another role.
    #[error("the key is not trusted for the role `{role}`")]
    Unknown {
        /// The role that was needed.
        role: Role,
    },
    /// The signature is not this key's.
    #[error("the signature does not verify")]
    BadSignature,
    /// Its validity has not begun.
    #[error("the key is not valid before {from}")]
    NotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// Its validity is over.
    #[error("the key expired at {expired}")]
    Expired {
        /// When it ended.
        expired: Timestamp,
    },
    /// It is older than the document allows.
    #[error("the key has been older than the trust document allows since {since}")]
    Overdue {
        /// Since when.
        since: Timestamp,
    },
    /// It was retired.
    #[error("the key was retired, and nothing but its own word dates this signature before that")]
    Retired,
    /// It was revoked.
    #[error("the key was revoked")]
    Revoked,
    /// The signer may not sign packs of this name.
    #[error("this signer may not sign packs of this name")]
    NameScope,
}

reach_types::codes!(AuthorityError {
    Unknown => ("sign.key_unknown", Untrusted, "add the key to the trust document, or ask for a trusted one's signature"),
    BadSignature => ("sign.signature_invalid", Refused, "fetch the file again from its signer"),
    NotYetValid => ("sign.key_not_yet_valid", Expired, "wait, or check the clock"),
    Expired => ("sign.key_expired", Expired, "have it signed again with a current key"),
    Overdue => ("sign.key_overdue", Expired, "replace the key with `reach trust rotate`, and have it signed again with the new one"),
    Retired => ("sign.key_retired", Expired, "have it signed again with a current key"),
    Revoked => ("sign.key_revoked", Expired, "have it signed again with another key; treat what this key signed with suspicion"),
    NameScope => ("sign.name_scope", Untrusted, "have a signer sign it whose scope covers the name"),
});
