//! Trust documents in their envelopes: pinned by version 1, each next one signed by both sides.

use reach_types::{Blake3Digest, JsonError, JsonLimits, KeyId, PackName, Timestamp, read_json_value};
use serde_json::Value;

use crate::{
    Envelope, EnvelopeError, KeyEntry, KeyStanding, Message, Reader, Role, SignError, Signature, Signer, SignerEntry,
    TrustDocument,
};

/// The DSSE payload type of a trust document.
pub const TRUST_PAYLOAD_TYPE: &str = "application/vnd.reach.trust.v1+json";
/// The most bytes of a trust file with its history: 1,000 keys take about 250 KiB.
pub const MAX_TRUST_BYTES: usize = 8 * 1024 * 1024;
/// The most earlier versions a file carries: one a week for five years.
pub const MAX_TRUST_HISTORY: usize = 260;

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
    #[error("a validity in the trust document ends before it begins, or a date is not in whole seconds")]
    Dates,
    /// More keys or revoked packs than the limits.
    #[error("the trust document lists too many keys or revoked packs")]
    TooMany,
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
    /// A threshold of 0, or one that the listed signers cannot meet.
    #[error("the threshold for `{role}` is {required}, with {available} signers that could meet it")]
    BadThreshold {
        /// The role.
        role: Role,
        /// The threshold.
        required: usize,
        /// Signers with a key of that role that is not revoked.
        available: usize,
    },
    /// The document's version 1 is not the pinned one.
    #[error("this trust document does not descend from the pinned trust root")]
    RootMismatch,
    /// The history does not count up by one, or a step is not signed by both sides.
    #[error("version {version} does not follow from the one before it")]
    Chain {
        /// Which version.
        version: u64,
    },
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
    SignerName => ("trust.signer_name", Refused, "use lower-case ASCII letters, digits, `.`, `_` and `-`"),
    DuplicateSigner => ("trust.duplicate_signer", Refused, "list every signer once, with all its keys"),
    DuplicatePublicKey => ("trust.duplicate_public_key", Refused, "list every public key once"),
    BadThreshold => ("trust.bad_threshold", Refused, "set a threshold between 1 and the number of signers of that role"),
    RootMismatch => ("trust.root_mismatch", Untrusted, "get the document from whoever gave you the trust root, or compare the two digests by another channel"),
    Chain => ("trust.chain_broken", Untrusted, "get the complete document, with its history"),
    Expired => ("trust.expired", Expired, "get the next version of the document"),
} wrap { Json, Envelope, Sign });

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
    Retired => ("sign.key_retired", Expired, "have it signed again with a current key"),
    Revoked => ("sign.key_revoked", Expired, "have it signed again with another key; treat what this key signed with suspicion"),
    NameScope => ("sign.name_scope", Untrusted, "have a signer sign it whose scope covers the name"),
});

/// A trust document whose signatures, history and expiry were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTrust {
    document: TrustDocument,
    root: Blake3Digest,
    digest: Blake3Digest,
    pinned: bool,
}

impl VerifiedTrust {
    /// Verifies a trust file at `now`.
    ///
    /// `pin` is the trust root: the digest of version 1 that was received by another channel.
    /// Without it the document only vouches for itself, and [`VerifiedTrust::pinned`] says so.
    ///
    /// The file is one DSSE envelope whose extra member `history`, if there is one, lists the
    /// envelopes of the versions before it, oldest first.
    ///
    /// # Errors
    /// [`TrustError::RootMismatch`] before any signature is checked; then every variant but
    /// [`TrustError::Sign`].
    pub fn verify(file: &[u8], pin: Option<&Blake3Digest>, now: Timestamp) -> Result<Self, TrustError> {
        let newest = Self::verify_history(file, pin, now)?;
        let expired = newest.document.expires;
        if now >= expired { Err(TrustError::Expired { expired }) } else { Ok(newest) }
    }

    fn verify_history(file: &[u8], pin: Option<&Blake3Digest>, now: Timestamp) -> Result<Self, TrustError> {
        let envelopes = read_envelopes(file)?;
        let mut current: Option<Self> = None;
        for envelope in &envelopes {
            let document = TrustDocument::read(envelope.unverified_payload())?;
            let digest = root_digest(envelope.unverified_payload());
            let root = current.as_ref().map_or(digest, |previous| previous.root);
            if pin.is_some_and(|pin| *pin != root) {
                return Err(TrustError::RootMismatch);
            }
            let next = Self { document, root, digest, pinned: pin.is_some() };
            next.check_step(envelope, current.as_ref(), now)?;
            current = Some(next);
        }
        current.ok_or(TrustError::Envelope(EnvelopeError::Malformed { detail: "no envelope" }))
    }

    /// Version N+1 must count exactly one more and carry the root thresholds of N and of N+1.
    fn check_step(&self, envelope: &Envelope, previous: Option<&Self>, now: Timestamp) -> Result<(), TrustError> {
        let version = self.document.version;
        let follows = previous.map_or(Some(1), |previous| previous.document.version.checked_add(1));
        // A step that dates itself before the one it follows could bring back a retired root.
        let later = previous.is_none_or(|previous| previous.document.created <= self.document.created);
        if follows != Some(version) || !later {
            return Err(TrustError::Chain { version });
        }
        if envelope.unverified_payload_type() != TRUST_PAYLOAD_TYPE {
            return Err(TrustError::Envelope(EnvelopeError::WrongPayloadType { expected: TRUST_PAYLOAD_TYPE }));
        }
        let at = self.document.created.min(now);
        match previous {
            None => verify_roots(envelope, &[self], at),
            Some(previous) => verify_roots(envelope, &[previous, self], at),
        }
    }

    /// The document.
    #[must_use]
    pub const fn document(&self) -> &TrustDocument {
        &self.document
    }

    /// The trust root: the digest of version 1's payload.
    #[must_use]
    pub const fn root(&self) -> &Blake3Digest {
        &self.root
    }

    /// The digest of this version's payload.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }

    /// Whether the trust root was pinned, or the document only vouches for itself.
    #[must_use]
    pub const fn pinned(&self) -> bool {
        self.pinned
    }

    /// Verifies one signature by the key `key_id`, which must hold `role` at `now`; returns the
    /// signer's name.
    ///
    /// # Errors
    /// Every variant of [`AuthorityError`] but [`AuthorityError::NameScope`].
    pub fn verify_one(
        &self,
        role: Role,
        key_id: &KeyId,
        message: &Message,
        signature: &Signature,
        now: Timestamp,
    ) -> Result<&str, AuthorityError> {
        let found = self.document.key(key_id).filter(|(_, key)| key.role == role);
        let (signer, key) = found.ok_or(AuthorityError::Unknown { role })?;
        if !key.public.verifies(message, signature) {
            return Err(AuthorityError::BadSignature);
        }
        self.check_authority(signer, key, None, now)?;
        Ok(&signer.name)
    }

    /// Whether `key` may sign at `now`, and packs of `name` if one is given.
    pub(crate) fn check_authority(
        &self,
        signer: &SignerEntry,
        key: &KeyEntry,
        name: Option<&PackName>,
        now: Timestamp,
    ) -> Result<(), AuthorityError> {
        match key.standing(now) {
            KeyStanding::Active => {}
            KeyStanding::NotYetValid => return Err(AuthorityError::NotYetValid { from: key.not_before }),
            KeyStanding::Expired => return Err(AuthorityError::Expired { expired: key.not_after }),
            KeyStanding::Retired => return Err(AuthorityError::Retired),
            KeyStanding::Revoked => return Err(AuthorityError::Revoked),
        }
        match name {
            Some(name) if !signer.packs.iter().any(|pattern| pattern.covers(name)) => Err(AuthorityError::NameScope),
            _ => Ok(()),
        }
    }
}

impl TrustDocument {
    /// Signs this document as version 1 and returns the file.
    ///
    /// # Errors
    /// What [`TrustDocument::check`] refuses, and [`TrustError::Sign`].
    pub fn sign_first(&self, roots: &[&dyn Signer]) -> Result<String, TrustError> {
        self.check()?;
        let payload = serde_json::to_vec(self).map_err(|_| TrustError::Schema)?;
        Ok(Envelope::sign(TRUST_PAYLOAD_TYPE, payload, roots).map_err(TrustError::Sign)?.to_json())
    }
}

/// The trust root of a version-1 payload.
fn root_digest(payload: &[u8]) -> Blake3Digest {
    Blake3Digest::derive("reach 2026 trust root v1", &[payload])
}

/// The envelopes of a trust file, oldest first.
fn read_envelopes(file: &[u8]) -> Result<Vec<Envelope>, TrustError> {
    let value = read_json_value(file, JsonLimits::bytes(MAX_TRUST_BYTES)).map_err(TrustError::Json)?;
    let history = match value.get("history") {
        None => &[][..],
        Some(Value::Array(list)) if (1..=MAX_TRUST_HISTORY).contains(&list.len()) => list,
        Some(_) => return Err(TrustError::Chain { version: 0 }),
    };
    let read =
        |value: &Value, also: &[&str]| Envelope::from_value(value, Reader::Own, also).map_err(TrustError::Envelope);
    let mut envelopes = history.iter().map(|one| read(one, &[])).collect::<Result<Vec<_>, _>>()?;
    envelopes.push(read(&value, &["history"])?);
    Ok(envelopes)
}

/// Every signature must be by a root of one of `sides`, and each side's threshold must be met.
fn verify_roots(envelope: &Envelope, sides: &[&VerifiedTrust], at: Timestamp) -> Result<(), TrustError> {
    let message = envelope.message();
    let mut counted = vec![Vec::new(); sides.len()];
    for one in envelope.signatures() {
        let error = count_root(one, &message, sides, &mut counted, at);
        error.map_err(TrustError::Envelope)?;
    }
    for (side, mut signers) in sides.iter().zip(counted) {
        signers.sort_unstable();
        signers.dedup();
        let required = side.document.threshold(Role::Root);
        if signers.len() < required {
            return Err(TrustError::Envelope(EnvelopeError::Threshold { required, actual: signers.len() }));
        }
    }
    Ok(())
}

fn count_root<'t>(
    one: &crate::EnvelopeSignature,
    message: &Message,
    sides: &[&'t VerifiedTrust],
    counted: &mut [Vec<&'t str>],
    at: Timestamp,
) -> Result<(), EnvelopeError> {
    let key_id = one.key_id.ok_or(EnvelopeError::Untrusted)?;
    let signature = Signature::from_slice(&one.signature).ok_or(EnvelopeError::BadSignature)?;
    let mut last = Some(EnvelopeError::Untrusted);
    for (side, signers) in sides.iter().zip(counted) {
        match side.verify_one(Role::Root, &key_id, message, &signature, at) {
            Ok(name) => {
                signers.push(name);
                last = None;
            }
            Err(AuthorityError::Unknown { .. }) => {}
            Err(AuthorityError::BadSignature) => return Err(EnvelopeError::BadSignature),
            Err(error) => last = last.map(|_| EnvelopeError::Authority(error)),
        }
    }
    last.map_or(Ok(()), Err)
}
