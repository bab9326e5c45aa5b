//! Whose signatures an envelope carries, found out once, and what they count for.

use reach_types::{KeyId, PackName, Timestamp};

use crate::{
    Envelope, EnvelopeError, EnvelopeSignature, KeyEntry, Message, Reader, Role, Signature, SignatureEvidence,
    SignerEntry, Verified, VerifiedTrust,
};

/// The most keys that are tried for the signatures of one envelope that do not say whose they are,
/// or say it wrongly. One try takes 0.25 ms where the payload is as long as that of a pack may be:
/// together half a second. Two such signatures can be looked for among all of
/// [`crate::MAX_KEYS`]; whoever needs more lets each signature name its key.
pub const MAX_KEY_TRIES: usize = 2048;

/// An envelope's signatures and the keys of one role that made them. All cryptography is done;
/// whether they are enough is for [`Attribution::judge`] to say, as often as it is asked.
#[derive(Debug, Clone)]
pub struct Attribution<'e, 't> {
    envelope: &'e Envelope,
    trust: &'t VerifiedTrust,
    role: Role,
    found: Vec<Found<'e, 't>>,
}

type Found<'e, 't> = Result<Attributed<'e, 't>, EnvelopeError>;

/// A signature that verifies, and its key.
#[derive(Debug, Clone, Copy)]
struct Attributed<'e, 't> {
    signature: &'e EnvelopeSignature,
    signer: &'t SignerEntry,
    key: &'t KeyEntry,
}

/// What an attributed envelope is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Judging<'a> {
    /// The name that the signers must be allowed for; any if `None`.
    pub name: Option<&'a PackName>,
    /// What the payload must be.
    pub expected_type: &'static str,
    /// The moment that keys are judged at.
    pub now: Timestamp,
    /// What dates signatures by keys that have ended.
    pub evidence: Option<&'a SignatureEvidence>,
}

impl Envelope {
    /// Finds the keys with `role` in `trust` that made this envelope's signatures.
    ///
    /// # Errors
    /// [`EnvelopeError::TooManyTries`] if more than [`MAX_KEY_TRIES`] would be needed. What does not
    /// verify, or is by no such key, is for [`Attribution::judge`] to refuse.
    pub fn attribute<'e, 't>(
        &'e self,
        trust: &'t VerifiedTrust,
        role: Role,
    ) -> Result<Attribution<'e, 't>, EnvelopeError> {
        let (message, mut tries) = (self.message(), MAX_KEY_TRIES);
        let mut found = Vec::new();
        for one in self.signatures() {
            found.push(match self.key_of(one, &message, trust, role, &mut tries) {
                Err(EnvelopeError::TooManyTries) => return Err(EnvelopeError::TooManyTries),
                found => found,
            });
        }
        Ok(Attribution { envelope: self, trust, role, found })
    }

    fn key_of<'e, 't>(
        &self,
        one: &'e EnvelopeSignature,
        message: &Message,
        trust: &'t VerifiedTrust,
        role: Role,
        tries: &mut usize,
    ) -> Found<'e, 't> {
        let hinted = one.key_id.and_then(|id| trust.key(&id));
        // Naming a key that is trusted for this role and failing is tampering, not a stranger.
        let known = hinted.is_some_and(|(_, key)| key.role == role);
        let none = if known { EnvelopeError::BadSignature } else { EnvelopeError::Untrusted };
        let Some(signature) = Signature::from_slice(&one.signature) else { return Err(none) };
        let mut found = hinted.filter(|(_, key)| key.public.verifies(message, &signature));
        if found.is_none() && self.reader() == Reader::Foreign {
            found = search(message, &signature, trust, role, tries)?;
        }
        match found {
            Some((signer, key)) if key.role == role => Ok(Attributed { signature: one, signer, key }),
            Some(_) => Err(EnvelopeError::Untrusted),
            None => Err(none),
        }
    }
}

/// The key with `role` that made `signature`, which no hint leads to.
fn search<'a>(
    message: &Message,
    signature: &Signature,
    trust: &'a VerifiedTrust,
    role: Role,
    tries: &mut usize,
) -> Result<Option<(&'a SignerEntry, &'a KeyEntry)>, EnvelopeError> {
    for (signer, key) in trust.document().keys().filter(|(_, key)| key.role == role) {
        *tries = tries.checked_sub(1).ok_or(EnvelopeError::TooManyTries)?;
        if key.public.verifies(message, signature) {
            return Ok(Some((signer, key)));
        }
    }
    Ok(None)
}

impl<'e, 't> Attribution<'e, 't> {
    /// Judges the signatures, without verifying any of them again. See [`Envelope::verify_dated`].
    ///
    /// # Errors
    /// As [`Envelope::verify`].
    pub fn judge(&self, by: &Judging<'_>) -> Result<Verified<'e>, EnvelopeError> {
        let signers = self.count_signers(by)?;
        if self.envelope.unverified_payload_type() != by.expected_type {
            return Err(EnvelopeError::WrongPayloadType { expected: by.expected_type });
        }
        Ok(Verified { payload: self.envelope.unverified_payload(), signers })
    }

    /// The signatures that verify, and their keys; whether those may still sign is not said.
    pub fn made_by(&self) -> impl Iterator<Item = (&'e EnvelopeSignature, KeyId)> {
        self.found.iter().flatten().map(|one| (one.signature, one.key.public.key_id()))
    }

    /// The signers of the role whose signatures verify, if they reach the role's threshold.
    fn count_signers(&self, by: &Judging<'_>) -> Result<Vec<String>, EnvelopeError> {
        let mut signers = Vec::new();
        let mut worst = None;
        for one in &self.found {
            match one.clone().and_then(|one| self.authority(&one, by)) {
                Ok(signer) => signers.push(signer.to_owned()),
                // A lying or stale hint in our own format is refused outright: nothing but the
                // hint could have been changed, and our writers never write a wrong one.
                Err(error) if self.envelope.reader() == Reader::Own => return Err(error),
                Err(error) => worst = worse(worst, error),
            }
        }
        // Signers are counted, not signatures and not keys.
        signers.sort();
        signers.dedup();
        let required = self.trust.document().threshold(self.role);
        if signers.len() >= required {
            return Ok(signers);
        }
        match worst {
            Some(error) if signers.is_empty() => Err(error),
            Some(error @ (EnvelopeError::BadSignature | EnvelopeError::Authority(_))) => Err(error),
            _ => Err(EnvelopeError::Threshold { required, actual: signers.len() }),
        }
    }

    fn authority(&self, one: &Attributed<'e, 't>, by: &Judging<'_>) -> Result<&'t str, EnvelopeError> {
        let Attributed { signature, signer, key } = *one;
        // By the key that verified, not by the one that was named.
        let dated = by.evidence.and_then(|evidence| evidence.dates(&key.public.key_id(), &signature.signature));
        let authority = self.trust.check_authority(signer, key, by.name, by.now, dated);
        authority.map(|()| signer.name.as_str()).map_err(EnvelopeError::Authority)
    }
}

/// Keeps the error that says most: tampering before lost authority before a stranger.
fn worse(old: Option<EnvelopeError>, new: EnvelopeError) -> Option<EnvelopeError> {
    let rank = |error: &EnvelopeError| match error {
        EnvelopeError::BadSignature => 2,
        EnvelopeError::Authority(_) => 1,
        _ => 0,
    };
    match old {
        Some(old) if rank(&old) >= rank(&new) => Some(old),
        _ => Some(new),
    }
}
