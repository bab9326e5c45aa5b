//! Trust files: every version in its envelope, and each next one signed by both sides.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Blake3Digest, JsonLimits, KeyId, Timestamp, read_json_value};
use serde_json::Value;

use crate::{
    Envelope, EnvelopeError, KeyEntry, MAX_TRUST_BYTES, Reader, SignerEntry, TrustDocument, TrustError, VerifiedTrust,
    steps,
};

/// The most earlier versions a file carries: one a week for five years.
pub const MAX_TRUST_HISTORY: usize = 260;

/// One version of a trust document, with its envelope and what is computed from it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustVersion {
    envelope: Envelope,
    document: TrustDocument,
    digest: Blake3Digest,
    /// Places of keys by id: hashing a thousand keys for each signature would be the attack.
    index: BTreeMap<KeyId, (usize, usize)>,
    signed_by: BTreeSet<(String, KeyId)>,
}

impl TrustVersion {
    fn read(envelope: Envelope) -> Result<Self, TrustError> {
        let document = TrustDocument::read(envelope.unverified_payload())?;
        let digest = Blake3Digest::derive("reach 2026 trust root v1", &[envelope.unverified_payload()]);
        let places = document.signers.iter().enumerate().flat_map(|(at, signer)| {
            signer.keys.iter().enumerate().map(move |(key, entry)| (entry.public.key_id(), (at, key)))
        });
        Ok(Self { index: places.collect(), envelope, document, digest, signed_by: BTreeSet::new() })
    }

    /// The document.
    #[must_use]
    pub const fn document(&self) -> &TrustDocument {
        &self.document
    }

    /// The digest of this version's payload.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }

    /// The root signers, with their keys, whose signatures of this version verify.
    pub fn signed_by(&self) -> impl Iterator<Item = (&str, &KeyId)> {
        self.signed_by.iter().map(|(name, key)| (name.as_str(), key))
    }

    /// The key with this id, and its signer.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<(&SignerEntry, &KeyEntry)> {
        let (signer, key) = self.index.get(id)?;
        let signer = self.document.signers.get(*signer)?;
        Some((signer, signer.keys.get(*key)?))
    }

    pub(crate) const fn envelope(&self) -> &Envelope {
        &self.envelope
    }
}

/// A root threshold that is not met yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The version whose threshold it is: the newest, or the one before it.
    pub version: u64,
    /// How many root signers that version needs.
    pub required: usize,
    /// How many of them signed.
    pub actual: usize,
}

impl Missing {
    pub(crate) const fn error(self) -> TrustError {
        TrustError::Envelope(EnvelopeError::Threshold { required: self.required, actual: self.actual })
    }
}

/// A trust file that was checked but for its newest version's expiry and number of signatures.
///
/// It decides nothing: its signatures may still be collected. See [`TrustDraft::complete`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustDraft {
    earlier: Vec<TrustVersion>,
    newest: TrustVersion,
    missing: Vec<Missing>,
    pinned: bool,
}

impl TrustDraft {
    /// Reads a trust file: one DSSE envelope whose extra member `history`, if there is one, lists the
    /// envelopes of the versions before it, oldest first.
    ///
    /// `pin` is the trust root: the digest of version 1 that was received by another channel.
    ///
    /// # Errors
    /// [`TrustError::RootMismatch`] before any signature is checked; then every variant but
    /// [`TrustError::Expired`] and [`TrustError::Sign`]. A threshold counts for every version but the
    /// newest.
    pub fn read(file: &[u8], pin: Option<&Blake3Digest>, now: Timestamp) -> Result<Self, TrustError> {
        let mut read: Option<Self> = None;
        for envelope in read_envelopes(file)? {
            read = Some(match read {
                None => Self::first(TrustVersion::read(envelope)?, pin, now)?,
                Some(before) => before.next(TrustVersion::read(envelope)?, now)?,
            });
        }
        read.ok_or(TrustError::Envelope(EnvelopeError::Malformed { detail: "no envelope" }))
    }

    fn first(mut newest: TrustVersion, pin: Option<&Blake3Digest>, now: Timestamp) -> Result<Self, TrustError> {
        if pin.is_some_and(|pin| *pin != newest.digest) {
            return Err(TrustError::RootMismatch);
        }
        let counted = steps::check(None, &newest, now)?;
        newest.signed_by = counted.signed_by;
        Ok(Self { earlier: Vec::new(), newest, missing: counted.missing, pinned: pin.is_some() })
    }

    fn next(self, mut newest: TrustVersion, now: Timestamp) -> Result<Self, TrustError> {
        let TrustChain(Self { mut earlier, newest: previous, pinned, .. }) = self.complete()?;
        let counted = steps::check(Some(&previous), &newest, now)?;
        newest.signed_by = counted.signed_by;
        earlier.push(previous);
        Ok(Self { earlier, newest, missing: counted.missing, pinned })
    }

    /// The newest version.
    #[must_use]
    pub const fn newest(&self) -> &TrustVersion {
        &self.newest
    }

    /// The version before the newest.
    #[must_use]
    pub fn previous(&self) -> Option<&TrustVersion> {
        self.earlier.last()
    }

    /// The root thresholds that the newest version does not meet yet.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// The trust root: the digest of version 1's payload.
    #[must_use]
    pub fn root(&self) -> &Blake3Digest {
        self.earlier.first().map_or(&self.newest.digest, |first| &first.digest)
    }

    /// The chain, if every threshold is met.
    ///
    /// # Errors
    /// [`TrustError::Chain`] if no root of the version before signed, else
    /// [`EnvelopeError::Threshold`] in [`TrustError::Envelope`].
    pub fn complete(self) -> Result<TrustChain, TrustError> {
        let version = self.newest.document.version;
        match self.missing.first() {
            // Whoever made it holds no root of the version before: this is no step of that document.
            Some(missing) if missing.version != version && missing.actual == 0 => Err(TrustError::Chain { version }),
            Some(missing) => Err(missing.error()),
            None => Ok(TrustChain(self)),
        }
    }

    /// The file, in the one form that our writers give it.
    #[must_use]
    pub fn to_file(&self) -> String {
        file_of(self.newest.envelope(), &self.earlier)
    }

    /// The trust root, if it was given when the file was read.
    pub(crate) fn pin(&self) -> Option<&Blake3Digest> {
        self.pinned.then(|| self.root())
    }

    pub(crate) fn earlier(&self) -> &[TrustVersion] {
        &self.earlier
    }
}

/// A trust file of which every version was checked and has its signatures. The newest may have
/// expired: it may still be succeeded, and authorizes nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustChain(TrustDraft);

impl TrustChain {
    /// Verifies a trust file, whether it has expired or not.
    ///
    /// # Errors
    /// As [`TrustDraft::read`], and [`EnvelopeError::Threshold`] in [`TrustError::Envelope`].
    pub fn verify(file: &[u8], pin: Option<&Blake3Digest>, now: Timestamp) -> Result<Self, TrustError> {
        TrustDraft::read(file, pin, now)?.complete()
    }

    /// The newest version.
    #[must_use]
    pub const fn newest(&self) -> &TrustVersion {
        &self.0.newest
    }

    /// Every version, oldest first.
    pub fn versions(&self) -> impl Iterator<Item = &TrustVersion> {
        self.0.earlier.iter().chain([&self.0.newest])
    }

    /// The trust root: the digest of version 1's payload.
    #[must_use]
    pub fn root(&self) -> &Blake3Digest {
        self.0.root()
    }

    pub(crate) fn pin(&self) -> Option<&Blake3Digest> {
        self.0.pin()
    }

    /// The digest of version `version`, if this chain leads through it.
    #[must_use]
    pub fn digest_of(&self, version: u64) -> Option<&Blake3Digest> {
        self.versions().find(|one| one.document.version == version).map(TrustVersion::digest)
    }

    /// The chain with `next` after it, signed and not verified.
    #[cfg(test)]
    pub(crate) fn followed_by(&self, next: &TrustDocument, roots: &[&dyn crate::Signer]) -> Self {
        let newest = TrustVersion::read(next.sign(roots).unwrap()).unwrap();
        let earlier = self.versions().cloned().collect();
        Self(TrustDraft { earlier, newest, missing: Vec::new(), pinned: false })
    }

    /// The newest version as what authorizes, at `now`.
    ///
    /// # Errors
    /// [`TrustError::Expired`].
    pub fn in_force(self, now: Timestamp) -> Result<VerifiedTrust, TrustError> {
        let expired = self.newest().document.expires;
        if now >= expired {
            return Err(TrustError::Expired { expired });
        }
        let root = *self.root();
        Ok(VerifiedTrust::new(self.0.newest, root, self.0.pinned))
    }
}

/// A trust file of `newest` and the versions before it.
pub(crate) fn file_of(newest: &Envelope, earlier: &[TrustVersion]) -> String {
    let mut value = newest.to_value();
    let history: Vec<Value> = earlier.iter().map(|one| one.envelope.to_value()).collect();
    if let (false, Some(object)) = (history.is_empty(), value.as_object_mut()) {
        object.insert("history".to_owned(), Value::Array(history));
    }
    value.to_string()
}

/// The envelopes of a trust file, oldest first.
fn read_envelopes(file: &[u8]) -> Result<Vec<Envelope>, TrustError> {
    let value = read_json_value(file, JsonLimits::bytes(MAX_TRUST_BYTES)).map_err(TrustError::Json)?;
    let history = match value.get("history") {
        None => &[][..],
        Some(Value::Array(list)) if list.len() > MAX_TRUST_HISTORY => return Err(TrustError::HistoryTooLong),
        Some(Value::Array(list)) if !list.is_empty() => list,
        Some(_) => return Err(TrustError::Chain { version: 0 }),
    };
    let read =
        |value: &Value, also: &[&str]| Envelope::from_value(value, Reader::Own, also).map_err(TrustError::Envelope);
    let mut envelopes = history.iter().map(|one| read(one, &[])).collect::<Result<Vec<_>, _>>()?;
    envelopes.push(read(&value, &["history"])?);
    Ok(envelopes)
}

impl TrustDocument {
    /// Signs this document as version 1 and returns the file.
    ///
    /// # Errors
    /// What [`TrustDocument::check`] refuses, and [`TrustError::Sign`].
    pub fn sign_first(&self, roots: &[&dyn crate::Signer]) -> Result<String, TrustError> {
        self.sign(roots).map(|envelope| envelope.to_json())
    }

    pub(crate) fn sign(&self, roots: &[&dyn crate::Signer]) -> Result<Envelope, TrustError> {
        self.check()?;
        let payload = serde_json::to_vec(self).map_err(|_| TrustError::Schema)?;
        Envelope::sign(crate::TRUST_PAYLOAD_TYPE, payload, roots).map_err(TrustError::Sign)
    }
}
