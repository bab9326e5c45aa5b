//! The signed policy bundle: built, and verified.

use reach_signing::{Envelope, Reader, Role, Signer, VerifiedTrust};
use reach_types::{Blake3Digest, Timestamp};

use crate::{
    BundleError, BundleFloor, Floors, Gate, Mode, ModeError, Policy,
    bundle_error::{envelope_error, sign_error},
    wire::{self, MAX_BUNDLE_PAYLOAD_BYTES},
};

/// The DSSE payload type of a policy bundle.
pub const BUNDLE_PAYLOAD_TYPE: &str = "application/vnd.reach.policy.v1";
/// The most bytes of a bundle file: the largest payload in base64, and 64 KiB for the envelope
/// around it, of which 16 signatures take 3.
pub const MAX_BUNDLE_BYTES: usize = MAX_BUNDLE_PAYLOAD_BYTES / 3 * 4 + 64 * 1024;

/// Signs `policy` with each of `signers`, who hold the role `policy`, and returns the file.
///
/// The same policy and signers give the same bytes.
///
/// # Errors
/// [`BundleError::Unsigned`] without signers, [`BundleError::Sign`] if one refuses,
/// [`BundleError::TooManySignatures`] if they are too many, [`BundleError::SignerFaulty`] if one
/// returned something that its public key does not verify.
pub fn build_bundle(policy: &Policy, signers: &[&dyn Signer]) -> Result<String, BundleError> {
    let payload = wire::encode(policy)?;
    let file = Envelope::sign(BUNDLE_PAYLOAD_TYPE, payload, signers).map_err(sign_error)?.to_json();
    // What a reader would refuse is not handed out.
    let read = Envelope::read(file.as_bytes(), Reader::Own, MAX_BUNDLE_BYTES).map_err(envelope_error)?;
    wire::decode(read.unverified_payload())?;
    Ok(file)
}

/// A bundle's digest, over the payload that is signed.
pub(crate) fn payload_digest(payload: &[u8]) -> Blake3Digest {
    Blake3Digest::derive("reach 2026 policy bundle v1", &[payload])
}

/// A policy whose signatures, encoding, validity and place after the floor were checked.
///
/// Only [`VerifiedBundle::verify`] makes one:
///
/// ```compile_fail,E0451
/// # use reach_policy::{Policy, VerifiedBundle};
/// fn forged(policy: Policy, digest: reach_types::Blake3Digest) -> VerifiedBundle {
///     VerifiedBundle { policy, digest, signers: Vec::new(), envelope: todo!() }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBundle {
    policy: Policy,
    digest: Blake3Digest,
    signers: Vec<String>,
    envelope: Envelope,
}

impl VerifiedBundle {
    /// Verifies a bundle file at `now`: who signed, what it says, that it is in force, and that it
    /// is no step back from what `floors` remembers of the policy of its name.
    ///
    /// Every byte of the file is authenticated, and nothing is asked of `floors` before that. With
    /// [`Floor::Unchecked`](crate::Floor::Unchecked) nothing is known about rollback; whoever keeps
    /// state keeps the last [`VerifiedBundle::floor`].
    ///
    /// # Errors
    /// Every variant of [`BundleError`] but [`BundleError::Sign`]: the envelope first, then its
    /// signatures, and only then what is in it.
    pub fn verify(
        file: &[u8],
        trust: &VerifiedTrust,
        now: Timestamp,
        floors: &dyn Floors,
    ) -> Result<Self, BundleError> {
        // Without a key to trust no bundle can ever be good: that is the node's fault, not the file's.
        if !trust.document().keys().any(|(_, key)| key.role == Role::Policy) {
            return Err(BundleError::NoTrustedKey);
        }
        let envelope = Envelope::read(file, Reader::Own, MAX_BUNDLE_BYTES).map_err(envelope_error)?;
        let verified = envelope.verify(trust, Role::Policy, None, BUNDLE_PAYLOAD_TYPE, now).map_err(envelope_error)?;
        let policy = wire::decode(verified.payload)?;
        let digest = payload_digest(verified.payload);
        let signers = verified.signers;
        let bundle = Self { policy, digest, signers, envelope };
        // A step back says more than an expiry that it may well come with.
        let floor = floors.floor(bundle.policy.name());
        let floor = floor.map_err(|error| BundleError::FloorUnavailable { reason: error.reason })?;
        floor.check(&bundle.floor())?;
        bundle.policy.check_validity(now).map_err(BundleError::Validity)?;
        Ok(bundle)
    }

    /// The digest of the bundle in `file`, whoever signed it and whatever it says: for telling
    /// whether a file that does not verify is one that did.
    ///
    /// # Errors
    /// [`BundleError`] for what is no envelope.
    pub fn unverified_digest(file: &[u8]) -> Result<Blake3Digest, BundleError> {
        let envelope = Envelope::read(file, Reader::Own, MAX_BUNDLE_BYTES).map_err(envelope_error)?;
        Ok(payload_digest(envelope.unverified_payload()))
    }

    /// Judges this bundle again under `trust`, a newer document perhaps, at `now`: whether its
    /// signatures still reach the threshold of role `policy`, and whether it is in force.
    ///
    /// # Errors
    /// What [`VerifiedBundle::verify`] refuses of signatures and validity.
    pub fn check_standing(&self, trust: &VerifiedTrust, now: Timestamp) -> Result<(), BundleError> {
        self.envelope.verify(trust, Role::Policy, None, BUNDLE_PAYLOAD_TYPE, now).map_err(envelope_error)?;
        self.policy.check_validity(now).map_err(BundleError::Validity)
    }

    /// A gate for this bundle's policy.
    ///
    /// # Errors
    /// [`ModeError::WarnNotInPolicy`] for mode warn under a policy that does not provide for it.
    pub fn gate(&self, mode: Mode) -> Result<Gate<'_>, ModeError> {
        Gate::new(&self.policy, self.digest, mode)
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The bundle's digest: BLAKE3 over the signed payload, in its own domain.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }

    /// The policy's version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.policy.version()
    }

    /// The names of the signers counted, sorted.
    #[must_use]
    pub fn signers(&self) -> &[String] {
        &self.signers
    }

    /// The policy is not in force from this moment on.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.policy.expires()
    }

    /// The floor to keep once this bundle is in use.
    #[must_use]
    pub const fn floor(&self) -> BundleFloor {
        BundleFloor { version: self.policy.version(), digest: self.digest }
    }
}
