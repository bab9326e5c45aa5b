//! What operators sign to let an older version of a pack run again on one node.

use std::time::Duration;

use reach_signing::{Signer, VerifiedTrust};
use reach_types::{Blake3Digest, NodeId, PackName, PackVersion, Timestamp, is_reason};
use serde::{Deserialize, Serialize};

use super::DowngradeError;
use crate::operator_statement::{Form, check_in_force};

/// The DSSE payload type of a downgrade statement.
pub const DOWNGRADE_PAYLOAD_TYPE: &str = "application/vnd.reach.operator.downgrade.v1";
/// The most bytes of a statement's payload: a name of 64, two versions of 32, three digests, two
/// dates and a reason of 256 take 500.
pub const MAX_DOWNGRADE_PAYLOAD_BYTES: usize = 1024;
/// The most bytes of a statement's file: the payload in base64, and 16 signatures of 200 bytes.
pub const MAX_DOWNGRADE_BYTES: usize = 8 * 1024;
/// The longest validity: a week is enough to carry a file to a node, and too short to keep a way
/// back open.
pub const MAX_DOWNGRADE_VALIDITY: Duration = Duration::from_hours(7 * 24);

/// A downgrade as it is signed. Plain data: see [`Downgrade::verify`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downgrade {
    /// The node it is for.
    pub node: NodeId,
    /// The pack.
    pub name: PackName,
    /// The version that may run again.
    pub version: PackVersion,
    /// Its archive.
    pub digest: Blake3Digest,
    /// The highest version that the node has seen.
    pub from_version: PackVersion,
    /// That version's archive.
    pub from_digest: Blake3Digest,
    /// Why, for people.
    pub reason: String,
    /// When it was made.
    pub created: Timestamp,
    /// It changes nothing from this moment on (exclusive).
    pub expires: Timestamp,
}

const FORM: Form = Form {
    payload_type: DOWNGRADE_PAYLOAD_TYPE,
    max_file: MAX_DOWNGRADE_BYTES,
    max_payload: MAX_DOWNGRADE_PAYLOAD_BYTES,
    longest: MAX_DOWNGRADE_VALIDITY,
};

impl Downgrade {
    /// Signs this statement with each of `operators`.
    ///
    /// # Errors
    /// What [`Downgrade::verify`] refuses of reason and dates; [`DowngradeError::Sign`].
    pub fn sign(&self, operators: &[&dyn Signer]) -> Result<String, DowngradeError> {
        self.check()?;
        Ok(FORM.sign(self, operators)?)
    }

    /// Verifies the file of a statement at `now`: enough operators signed it, and it is in force.
    /// Which node and pack it is about is for the caller to compare. Returns the signers too.
    ///
    /// # Errors
    /// [`DowngradeError::Envelope`] before anything is read of what was signed;
    /// [`DowngradeError::Format`], [`DowngradeError::Malformed`], [`DowngradeError::Reason`],
    /// [`DowngradeError::Dates`], [`DowngradeError::NotYetValid`], [`DowngradeError::Expired`].
    pub fn verify(file: &[u8], trust: &VerifiedTrust, now: Timestamp) -> Result<(Self, Vec<String>), DowngradeError> {
        let (statement, signers) = FORM.read::<Self>(file, trust, now)?;
        statement.check()?;
        check_in_force(statement.created, statement.expires, now)?;
        Ok((statement, signers))
    }

    fn check(&self) -> Result<(), DowngradeError> {
        if !is_reason(&self.reason) {
            return Err(DowngradeError::Reason);
        }
        Ok(FORM.check_dates(self.created, self.expires)?)
    }
}
