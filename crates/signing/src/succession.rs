//! The next version of a trust document: made, signed, and verified before it is handed out.

use reach_types::{KeyId, Timestamp};

use crate::{
    MAX_TRUST_HISTORY, MIN_KEY_PREFIX, Role, SignError, Signer, TrustChain, TrustChange, TrustDocument, TrustDraft,
    TrustError, chain::file_of,
};

/// Why no next version was made, or not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuccessionError {
    /// A key named by something else than the beginning of its id.
    #[error(
        "a key is named by its id, or by at least {MIN_KEY_PREFIX} lower-case hex characters that the id begins with"
    )]
    KeyPrefix,
    /// No key of that id.
    #[error("the document lists no key `{key}`")]
    NoSuchKey {
        /// What was asked for.
        key: String,
    },
    /// More than one key whose id begins so.
    #[error("more than one key's id begins with `{key}`")]
    AmbiguousKey {
        /// What was asked for.
        key: String,
    },
    /// No signer of that name.
    #[error("the document lists no signer `{name}`")]
    NoSuchSigner {
        /// The name.
        name: String,
    },
    /// A key of another signer than the one named.
    #[error("the key {key} is not one of `{signer}`")]
    KeyOfAnother {
        /// The key.
        key: KeyId,
        /// The signer.
        signer: String,
    },
    /// A change that would undo an earlier one, or soften it.
    #[error("the key {key} was retired or revoked before, and that is not taken back")]
    TakesBack {
        /// The key.
        key: KeyId,
    },
    /// A next version that says what the one before it says.
    #[error("this changes nothing in version {version}")]
    NothingChanged {
        /// The version that stays.
        version: u64,
    },
    /// A next version that would have expired when it is made.
    #[error("the next version would expire at {expires}, which is over")]
    StillExpired {
        /// When it would expire.
        expires: Timestamp,
    },
    /// A second signature by one key.
    #[error("the key {key} has signed this version already")]
    AlreadySigned {
        /// The key.
        key: KeyId,
    },
    /// What the document's own checks and the verification refuse.
    #[error(transparent)]
    Trust(TrustError),
    /// Signing failed.
    #[error(transparent)]
    Sign(SignError),
}

reach_types::codes!(SuccessionError {
    KeyPrefix => ("trust.key_prefix", Usage, "see `reach trust show` for the key ids"),
    NoSuchKey => ("trust.key_unknown", Usage, "see `reach trust show` for the key ids"),
    AmbiguousKey => ("trust.key_ambiguous", Usage, "give more characters of the key id"),
    NoSuchSigner => ("trust.signer_unknown", Usage, "see `reach trust show` for the signers, or list the signer with --signer"),
    KeyOfAnother => ("trust.key_of_another", Usage, "name the signer that `reach trust show` lists with the key"),
    TakesBack => ("trust.takes_back", Refused, "add a new key: what ended an old one stays"),
    NothingChanged => ("trust.nothing_changed", Usage, "use the version that you have"),
    StillExpired => ("trust.still_expired", Usage, "say with --days how long the next version is valid"),
    AlreadySigned => ("trust.already_signed", Usage, "have another root sign"),
} wrap { Trust, Sign });

impl From<TrustError> for SuccessionError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}

impl TrustDraft {
    /// Signs `document` as version 1 with `roots`.
    ///
    /// # Errors
    /// [`SuccessionError::Trust`]: what [`TrustDocument::check`] and [`TrustDraft::read`] refuse.
    pub fn start(document: &TrustDocument, roots: &[&dyn Signer], now: Timestamp) -> Result<Self, SuccessionError> {
        Ok(Self::read(document.sign_first(roots)?.as_bytes(), None, now)?)
    }

    /// The same file with signatures of `roots` added to its newest version.
    ///
    /// # Errors
    /// [`SuccessionError::AlreadySigned`]; [`SuccessionError::Trust`] for a key that is no root of this
    /// version or the one before it, or may not sign any more.
    pub fn countersign(&self, roots: &[&dyn Signer], now: Timestamp) -> Result<Self, SuccessionError> {
        let signed = |key: &KeyId| self.newest().signed_by().any(|(_, signed)| signed == key);
        let again = roots.iter().map(|root| root.public_key().key_id()).find(signed);
        if let Some(key) = again {
            return Err(SuccessionError::AlreadySigned { key });
        }
        let envelope = self.newest().envelope().countersigned(roots).map_err(SuccessionError::Sign)?;
        let file = file_of(&envelope, self.earlier());
        Ok(Self::read(file.as_bytes(), self.pin(), now)?)
    }
}

impl TrustChain {
    /// Makes the version after the newest one, made at `now`, changed by `changes`, expiring at
    /// `expires` if that is given, and signed by `roots`.
    ///
    /// An expired document may be succeeded too. A root that was valid as long as the document was,
    /// or that signs, is valid as long as the next one. What comes out was read back and verified; if
    /// roots are still missing, [`TrustDraft::missing`] says how many.
    ///
    /// # Errors
    /// One variant of [`SuccessionError`] for each rule.
    pub fn succeed(
        &self,
        changes: &[TrustChange],
        expires: Option<Timestamp>,
        roots: &[&dyn Signer],
        now: Timestamp,
    ) -> Result<TrustDraft, SuccessionError> {
        let next = self.next_document(changes, expires, roots, now)?;
        let earlier: Vec<_> = self.versions().cloned().collect();
        if earlier.len() > MAX_TRUST_HISTORY {
            return Err(SuccessionError::Trust(TrustError::HistoryTooLong));
        }
        let file = file_of(&next.sign(roots)?, &earlier);
        Ok(TrustDraft::read(file.as_bytes(), self.pin(), now)?)
    }

    fn next_document(
        &self,
        changes: &[TrustChange],
        expires: Option<Timestamp>,
        roots: &[&dyn Signer],
        now: Timestamp,
    ) -> Result<TrustDocument, SuccessionError> {
        let current = self.newest().document();
        let whole_second = Timestamp::from_millis(now.as_millis() / 1000 * 1000);
        let created = whole_second.max(current.created);
        let version = current.version.checked_add(1).ok_or(TrustError::Version)?;
        let mut next = TrustDocument { version, created, ..current.clone() };
        if let Some(expires) = expires {
            next.expires = expires;
            extend_roots(&mut next, current.expires, roots);
        }
        if next.expires <= created {
            return Err(SuccessionError::StillExpired { expires: next.expires });
        }
        changes.iter().try_for_each(|change| next.apply(change))?;
        let same = TrustDocument { version: current.version, created: current.created, ..next.clone() };
        if same == *current { Err(SuccessionError::NothingChanged { version: current.version }) } else { Ok(next) }
    }
}

/// Without this the roots would run out under a document that is renewed and nobody could sign the
/// next one. A root that was given less time than the document keeps its own end, unless it signs.
fn extend_roots(next: &mut TrustDocument, expired: Timestamp, roots: &[&dyn Signer]) {
    let expires = next.expires;
    let signs = |key: &crate::KeyEntry| roots.iter().any(|root| root.public_key() == key.public);
    for key in next.signers.iter_mut().flat_map(|signer| signer.keys.iter_mut()) {
        let stands = key.role == Role::Root && key.retired.is_none() && key.revoked.is_none();
        if stands && (key.not_after >= expired || signs(key)) {
            key.not_after = key.not_after.max(expires);
        }
    }
}
