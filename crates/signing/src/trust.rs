//! A verified trust document: who may sign what, now.

use reach_types::{Blake3Digest, KeyId, PackName, Timestamp};

use crate::{
    AuthorityError, KeyEntry, KeyStanding, Message, Role, Signature, SignerEntry, TrustChain, TrustDocument,
    TrustError, TrustVersion, steps::standing_error,
};

/// The DSSE payload type of a trust document.
pub const TRUST_PAYLOAD_TYPE: &str = "application/vnd.reach.trust.v1+json";
/// The most bytes of a trust file with its history: 1,000 keys take about 250 KiB.
pub const MAX_TRUST_BYTES: usize = 8 * 1024 * 1024;

/// A trust document whose signatures, history and expiry were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTrust {
    newest: TrustVersion,
    root: Blake3Digest,
    pinned: bool,
}

impl VerifiedTrust {
    /// Verifies a trust file at `now`.
    ///
    /// `pin` is the trust root: the digest of version 1 that was received by another channel.
    /// Without it the document only vouches for itself, and [`VerifiedTrust::pinned`] says so.
    ///
    /// # Errors
    /// As [`TrustChain::verify`], and [`TrustError::Expired`].
    pub fn verify(file: &[u8], pin: Option<&Blake3Digest>, now: Timestamp) -> Result<Self, TrustError> {
        TrustChain::verify(file, pin, now)?.in_force(now)
    }

    pub(crate) const fn new(newest: TrustVersion, root: Blake3Digest, pinned: bool) -> Self {
        Self { newest, root, pinned }
    }

    /// The document.
    #[must_use]
    pub const fn document(&self) -> &TrustDocument {
        self.newest.document()
    }

    /// The trust root: the digest of version 1's payload.
    #[must_use]
    pub const fn root(&self) -> &Blake3Digest {
        &self.root
    }

    /// The digest of this version's payload.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        self.newest.digest()
    }

    /// Whether the trust root was pinned, or the document only vouches for itself.
    #[must_use]
    pub const fn pinned(&self) -> bool {
        self.pinned
    }

    /// The key with this id, and its signer.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<(&SignerEntry, &KeyEntry)> {
        self.newest.key(id)
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
        let found = self.key(key_id).filter(|(_, key)| key.role == role);
        let (signer, key) = found.ok_or(AuthorityError::Unknown { role })?;
        if !key.public.verifies(message, signature) {
            return Err(AuthorityError::BadSignature);
        }
        self.check_authority(signer, key, None, now, None)?;
        Ok(&signer.name)
    }

    /// Whether `key` may sign at `now`, and packs of `name` if one is given, or could still do so when
    /// a signature was made that existed before the moment `before`.
    pub(crate) fn check_authority(
        &self,
        signer: &SignerEntry,
        key: &KeyEntry,
        name: Option<&PackName>,
        now: Timestamp,
        before: Option<Timestamp>,
    ) -> Result<(), AuthorityError> {
        let document = self.document();
        let standing = match document.standing(key, now) {
            KeyStanding::Expired | KeyStanding::Overdue | KeyStanding::Retired | KeyStanding::Revoked
                if before.is_some_and(|before| document.stood_before(key, before)) =>
            {
                KeyStanding::Active
            }
            standing => standing,
        };
        standing_error(standing, key, document.overdue_from(key))?;
        match name {
            Some(name) if !signer.packs.iter().any(|pattern| pattern.covers(name)) => Err(AuthorityError::NameScope),
            _ => Ok(()),
        }
    }
}
