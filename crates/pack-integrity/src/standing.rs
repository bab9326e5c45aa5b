//! Whether a verdict still stands under a newer trust document.

use reach_signing::{Role, SignatureEvidence, VerifiedTrust};
use reach_types::Timestamp;

use crate::{PAYLOAD_TYPE, Provenance, VerifiedPack, VerifyError, verify::check_revocation};

impl VerifiedPack {
    /// Judges this pack again, without its archive, under `trust` at `now`: whether it is over or
    /// revoked, and whether its signatures still reach the threshold for its name. `evidence` dates
    /// them as in [`crate::Verification`].
    ///
    /// # Errors
    /// [`VerifyError::PackExpired`], or [`VerifyError::LegacyExpired`] for an unsigned pack;
    /// [`VerifyError::PackRevoked`]; then the signatures and their authority.
    pub fn check_standing(
        &self,
        trust: &VerifiedTrust,
        now: Timestamp,
        evidence: Option<&SignatureEvidence>,
    ) -> Result<(), VerifyError> {
        if now >= self.expires {
            return Err(self.over());
        }
        check_revocation(self.digest(), trust)?;
        let Some(envelope) = &self.envelope else { return Ok(()) };
        let name = Some(&self.facts.name);
        envelope.verify_dated(trust, Role::Pack, name, PAYLOAD_TYPE, now, evidence)?;
        Ok(())
    }

    fn over(&self) -> VerifyError {
        match &self.provenance {
            Provenance::Signed { .. } => {
                VerifyError::PackExpired { created: self.created.unwrap_or_default(), expires: self.expires }
            }
            Provenance::LegacyUnsigned { until, .. } => VerifyError::LegacyExpired { until: *until },
        }
    }
}
