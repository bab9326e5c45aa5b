//! What operators sign to let one peer go back in what it offers.

use std::time::Duration;

use reach_signing::{Signer, VerifiedTrust};
use reach_spec_version::SpecVersion;
use reach_types::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::SpecExceptionError;
use crate::operator_statement::{Form, check_in_force};

/// The DSSE payload type of a spec exception.
pub const SPEC_EXCEPTION_PAYLOAD_TYPE: &str = "application/vnd.reach.operator.spec-exception.v1";
/// The most bytes of a statement's payload: its version, a node id, three numbers and two dates take
/// at most 62.
pub const MAX_SPEC_EXCEPTION_PAYLOAD_BYTES: usize = 64;
/// The most bytes of a statement's file: the payload in base64, and 16 signatures of 200 bytes.
pub const MAX_SPEC_EXCEPTION_BYTES: usize = 4 * 1024;
/// The longest validity: a quarter is enough to bring a peer back up, and too short to forget about.
pub const MAX_SPEC_EXCEPTION_VALIDITY: Duration = Duration::from_hours(90 * 24);

/// A spec exception as it is signed. Plain data: see [`SpecException::verify`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecException {
    /// The peer it is for.
    pub peer: NodeId,
    /// The lowest version that it lets the peer offer; of this release's major.
    pub floor: SpecVersion,
    /// When it was made.
    pub created: Timestamp,
    /// It lets nothing through from this moment on (exclusive).
    pub until: Timestamp,
}

const FORM: Form = Form {
    payload_type: SPEC_EXCEPTION_PAYLOAD_TYPE,
    max_file: MAX_SPEC_EXCEPTION_BYTES,
    max_payload: MAX_SPEC_EXCEPTION_PAYLOAD_BYTES,
    longest: MAX_SPEC_EXCEPTION_VALIDITY,
};

impl SpecException {
    /// Signs this statement with each of `operators`.
    ///
    /// # Errors
    /// What [`SpecException::verify`] refuses of floor and dates; [`SpecExceptionError::Sign`].
    pub fn sign(&self, operators: &[&dyn Signer]) -> Result<String, SpecExceptionError> {
        self.check()?;
        Ok(FORM.sign(self, operators)?)
    }

    /// Verifies the file of a statement at `now`: enough operators signed it, and it is in force.
    /// Which peer it is for and how far down it goes is for [`reach_spec_version::check_floor`] to
    /// compare. Returns the signers too.
    ///
    /// # Errors
    /// [`SpecExceptionError::Envelope`] before anything is read of what was signed;
    /// [`SpecExceptionError::Format`], [`SpecExceptionError::Malformed`],
    /// [`SpecExceptionError::OtherMajor`], [`SpecExceptionError::Dates`],
    /// [`SpecExceptionError::NotYetValid`], [`SpecExceptionError::Ended`].
    pub fn verify(
        file: &[u8],
        trust: &VerifiedTrust,
        now: Timestamp,
    ) -> Result<(Self, Vec<String>), SpecExceptionError> {
        let (statement, signers) = FORM.read::<Self>(file, trust, now)?;
        statement.check()?;
        check_in_force(statement.created, statement.until, now)?;
        Ok((statement, signers))
    }

    /// Nodes of different majors have nothing to agree on, whatever an operator signs.
    fn check(&self) -> Result<(), SpecExceptionError> {
        if self.floor.line().major != SpecVersion::CURRENT.line().major {
            return Err(SpecExceptionError::OtherMajor { floor: self.floor, ours: SpecVersion::CURRENT });
        }
        Ok(FORM.check_dates(self.created, self.until)?)
    }
}
