//! A bundle whose signatures are still being collected.

use reach_signing::{Envelope, Reader, Signer};
use reach_types::{Blake3Digest, KeyId};

use crate::{
    BUNDLE_PAYLOAD_TYPE, BundleError, MAX_BUNDLE_BYTES, Policy,
    bundle::payload_digest,
    bundle_error::{envelope_error, sign_error},
    wire,
};

/// A bundle as a signer receives it from the one before: what it says was checked, and nobody who
/// signed it.
///
/// So that k of n signers can sign on machines of their own, each adds to what is there. What is
/// signed never changes: it is the payload's exact bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleDraft {
    policy: Policy,
    digest: Blake3Digest,
    envelope: Envelope,
}

impl BundleDraft {
    /// Reads a bundle file and checks all but its signatures.
    ///
    /// # Errors
    /// What [`VerifiedBundle::verify`] refuses of the envelope's form, the payload's type and
    /// encoding, and the policy.
    ///
    /// [`VerifiedBundle::verify`]: crate::VerifiedBundle::verify
    pub fn read(file: &[u8]) -> Result<Self, BundleError> {
        let envelope = Envelope::read(file, Reader::Own, MAX_BUNDLE_BYTES).map_err(envelope_error)?;
        if envelope.unverified_payload_type() != BUNDLE_PAYLOAD_TYPE {
            return Err(BundleError::WrongPayloadType { expected: BUNDLE_PAYLOAD_TYPE });
        }
        let policy = wire::decode(envelope.unverified_payload())?;
        Ok(Self { policy, digest: payload_digest(envelope.unverified_payload()), envelope })
    }

    /// The same bundle with a signature of each of `signers` added.
    ///
    /// # Errors
    /// [`BundleError::AlreadySigned`] for a key that is named by a signature already, or given
    /// twice; what [`build_bundle`](crate::build_bundle) refuses of signers.
    pub fn countersign(&self, signers: &[&dyn Signer]) -> Result<Self, BundleError> {
        let mut signed = self.signed_by();
        for key in signers.iter().map(|signer| signer.public_key().key_id()) {
            if signed.contains(&key) {
                return Err(BundleError::AlreadySigned { key });
            }
            signed.push(key);
        }
        let envelope = self.envelope.countersigned(signers).map_err(sign_error)?;
        // What a reader would refuse is not handed out.
        Self::read(envelope.to_json().as_bytes())
    }

    /// The file.
    #[must_use]
    pub fn to_file(&self) -> String {
        self.envelope.to_json()
    }

    /// What is signed.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The digest that the bundle will have, whoever signs it.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }

    /// The keys that the signatures name, in the order of the file; nothing of it is verified.
    #[must_use]
    pub fn signed_by(&self) -> Vec<KeyId> {
        self.envelope.signatures().iter().filter_map(|one| one.key_id).collect()
    }
}
