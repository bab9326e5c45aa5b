//! What a next version may change, one act at a time.

use reach_types::{Blake3Digest, KeyId, Timestamp};

use crate::{
    KeyEntry, NamePattern, PublicKey, Revocation, RevocationReason, RevokedPack, Role, SignerEntry, SuccessionError,
    TrustDocument,
};

/// The fewest characters that name a key by the beginning of its id: 32 bits, which two of a
/// thousand keys share by chance once in ten thousand documents; if they do, it is an error.
pub const MIN_KEY_PREFIX: usize = 8;

/// One change of a trust document. None of them takes back what an earlier one ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustChange {
    /// Lists a key, valid from now until the document expires; its signer is listed too if it is new,
    /// and may then sign packs of every name.
    AddKey {
        /// The signer.
        signer: String,
        /// The key.
        public: PublicKey,
        /// Its role.
        role: Role,
    },
    /// Lets a signer sign packs of these names, in place of those it could sign.
    SetPacks {
        /// The signer.
        signer: String,
        /// The names.
        packs: Vec<NamePattern>,
    },
    /// Sets how many signers a role needs.
    SetThreshold {
        /// The role.
        role: Role,
        /// How many.
        required: u32,
    },
    /// Sets the longest age of a key, in days.
    SetMaxKeyAge {
        /// How many days.
        days: u32,
    },
    /// Ends a key's use in good order.
    RetireKey {
        /// The key.
        key: KeyId,
        /// From when on; from this version on if `None`.
        at: Option<Timestamp>,
    },
    /// Revokes a key.
    RevokeKey {
        /// The key.
        key: KeyId,
        /// Since when; since this version if `None`.
        since: Option<Timestamp>,
        /// Why.
        reason: RevocationReason,
    },
    /// Lists a new key of the same signer and role, and retires the old one.
    RotateKey {
        /// The signer.
        signer: String,
        /// The old key.
        key: KeyId,
        /// The new key.
        new: PublicKey,
    },
    /// Lets a key be valid for as long as the document.
    RenewKey {
        /// The key.
        key: KeyId,
    },
    /// Revokes a pack.
    RevokePack {
        /// BLAKE3 of its archive.
        digest: Blake3Digest,
        /// Why, for people.
        reason: String,
    },
}

impl TrustDocument {
    /// The one key whose id begins with `prefix`, at least [`MIN_KEY_PREFIX`] lower-case hex characters.
    ///
    /// # Errors
    /// [`SuccessionError::KeyPrefix`], [`SuccessionError::NoSuchKey`], [`SuccessionError::AmbiguousKey`].
    pub fn key_named(&self, prefix: &str) -> Result<KeyId, SuccessionError> {
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if !(MIN_KEY_PREFIX..=64).contains(&prefix.len()) || !prefix.chars().all(hex) {
            return Err(SuccessionError::KeyPrefix);
        }
        let ids = self.keys().map(|(_, key)| key.public.key_id());
        let mut named = ids.filter(|id| id.to_string().starts_with(prefix));
        match (named.next(), named.next()) {
            (Some(id), None) => Ok(id),
            (None, _) => Err(SuccessionError::NoSuchKey { key: prefix.to_owned() }),
            (Some(_), Some(_)) => Err(SuccessionError::AmbiguousKey { key: prefix.to_owned() }),
        }
    }

    /// Makes one change; the document's own checks come after the last of them.
    ///
    /// # Errors
    /// [`SuccessionError::NoSuchKey`], [`SuccessionError::NoSuchSigner`],
    /// [`SuccessionError::KeyOfAnother`], [`SuccessionError::TakesBack`].
    pub fn apply(&mut self, change: &TrustChange) -> Result<(), SuccessionError> {
        match change {
            TrustChange::AddKey { signer, public, role } => {
                let key = self.new_key(*public, *role);
                self.add_key(signer, key);
            }
            TrustChange::SetPacks { signer, packs } => self.signer_mut(signer)?.packs.clone_from(packs),
            TrustChange::SetThreshold { role, required } => _ = self.thresholds.insert(*role, *required),
            TrustChange::SetMaxKeyAge { days } => self.max_key_age_days = Some(*days),
            TrustChange::RetireKey { key, at } => self.retire(key, *at)?,
            TrustChange::RevokeKey { key, since, reason } => self.revoke(key, *since, *reason)?,
            TrustChange::RotateKey { signer, key, new } => self.rotate(signer, key, *new)?,
            TrustChange::RenewKey { key } => self.renew(key)?,
            TrustChange::RevokePack { digest, reason } => self.revoke_pack(*digest, reason),
        }
        Ok(())
    }

    fn new_key(&self, public: PublicKey, role: Role) -> KeyEntry {
        KeyEntry { public, role, not_before: self.created, not_after: self.expires, retired: None, revoked: None }
    }

    fn add_key(&mut self, name: &str, key: KeyEntry) {
        match self.signers.iter_mut().find(|signer| signer.name == name) {
            Some(signer) => signer.keys.push(key),
            None => {
                let signer = SignerEntry { name: name.to_owned(), keys: vec![key], packs: vec![NamePattern::Any] };
                self.signers.push(signer);
            }
        }
    }

    fn signer_mut(&mut self, name: &str) -> Result<&mut SignerEntry, SuccessionError> {
        let found = self.signers.iter_mut().find(|signer| signer.name == name);
        found.ok_or_else(|| SuccessionError::NoSuchSigner { name: name.to_owned() })
    }

    fn key_mut(&mut self, id: &KeyId) -> Result<&mut KeyEntry, SuccessionError> {
        let mut keys = self.signers.iter_mut().flat_map(|signer| signer.keys.iter_mut());
        let found = keys.find(|key| key.public.key_id() == *id);
        found.ok_or_else(|| SuccessionError::NoSuchKey { key: id.to_string() })
    }

    fn retire(&mut self, id: &KeyId, at: Option<Timestamp>) -> Result<(), SuccessionError> {
        let at = at.unwrap_or(self.created);
        let key = self.key_mut(id)?;
        if key.revoked.is_some() || key.retired.is_some_and(|since| since < at) {
            return Err(SuccessionError::TakesBack { key: *id });
        }
        key.retired = Some(at);
        Ok(())
    }

    fn revoke(
        &mut self,
        id: &KeyId,
        since: Option<Timestamp>,
        reason: RevocationReason,
    ) -> Result<(), SuccessionError> {
        let created = self.created;
        let key = self.key_mut(id)?;
        let since = since.unwrap_or_else(|| key.revoked.as_ref().map_or(created, |old| old.since.min(created)));
        if let Some(old) = &key.revoked {
            let softer = old.reason == RevocationReason::Compromised && reason == RevocationReason::Superseded;
            if softer || since > old.since {
                return Err(SuccessionError::TakesBack { key: *id });
            }
        }
        key.revoked = Some(Revocation { since, reason });
        Ok(())
    }

    fn rotate(&mut self, signer: &str, old: &KeyId, new: PublicKey) -> Result<(), SuccessionError> {
        let owner = self.signer_mut(signer)?;
        let held = owner.keys.iter().find(|key| key.public.key_id() == *old).map(|key| key.role);
        let role = held.ok_or_else(|| SuccessionError::KeyOfAnother { key: *old, signer: signer.to_owned() })?;
        self.retire(old, None)?;
        let key = self.new_key(new, role);
        self.add_key(signer, key);
        Ok(())
    }

    fn renew(&mut self, id: &KeyId) -> Result<(), SuccessionError> {
        let expires = self.expires;
        let key = self.key_mut(id)?;
        if key.revoked.is_some() || key.retired.is_some() {
            return Err(SuccessionError::TakesBack { key: *id });
        }
        key.not_after = key.not_after.max(expires);
        Ok(())
    }

    fn revoke_pack(&mut self, digest: Blake3Digest, reason: &str) {
        if self.pack_revocation(&digest).is_none() {
            self.revoked_packs.push(RevokedPack { digest, since: self.created, reason: reason.to_owned() });
        }
    }
}
