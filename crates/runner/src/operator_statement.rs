//! What every statement of operators has in common: a payload type of its own, enough operators'
//! signatures, strict postcard after its version, and a time in which it is in force.

use std::time::Duration;

use reach_signing::{Envelope, EnvelopeError, Reader, Role, SignError, Signer, VerifiedTrust};
use reach_types::{StrictError, Timestamp, decode_strict, encode_strict};
use serde::{Serialize, de::DeserializeOwned};

/// One kind of statement.
pub(crate) struct Form {
    pub(crate) payload_type: &'static str,
    /// The most bytes of the file.
    pub(crate) max_file: usize,
    /// The most bytes of the payload.
    pub(crate) max_payload: usize,
    /// The longest it is in force.
    pub(crate) longest: Duration,
}

/// Why a statement was not made or not believed: each kind says so in its own words.
#[derive(Debug)]
pub(crate) enum StatementError {
    Encode(StrictError),
    Sign(SignError),
    Envelope(EnvelopeError),
    Format,
    Malformed(StrictError),
    Dates,
    NotYetValid { created: Timestamp },
    Ended { until: Timestamp },
}

const FORMAT: u16 = 1;
/// The version is a varint: every version below 128 is its first byte.
const FORMAT_BYTE: u8 = 1;

impl Form {
    /// Signs `statement` with each of `operators`.
    pub(crate) fn sign(&self, statement: &impl Serialize, operators: &[&dyn Signer]) -> Result<String, StatementError> {
        let payload = encode_strict(&(FORMAT, statement)).map_err(StatementError::Encode)?;
        let signed = Envelope::sign(self.payload_type, payload, operators).map_err(StatementError::Sign)?;
        Ok(signed.to_json())
    }

    /// The statement in `file` and who signed it; nothing is read of what too few operators signed.
    pub(crate) fn read<T: Serialize + DeserializeOwned>(
        &self,
        file: &[u8],
        trust: &VerifiedTrust,
        now: Timestamp,
    ) -> Result<(T, Vec<String>), StatementError> {
        let envelope = Envelope::read(file, Reader::Own, self.max_file).map_err(StatementError::Envelope)?;
        let verified = envelope.verify(trust, Role::Operator, None, self.payload_type, now);
        let verified = verified.map_err(StatementError::Envelope)?;
        if verified.payload.first() != Some(&FORMAT_BYTE) {
            return Err(StatementError::Format);
        }
        let decoded = decode_strict(verified.payload, self.max_payload);
        let (_, statement): (u16, T) = decoded.map_err(StatementError::Malformed)?;
        Ok((statement, verified.signers))
    }

    /// Whether a statement may be in force from `created` until `until`.
    pub(crate) fn check_dates(&self, created: Timestamp, until: Timestamp) -> Result<(), StatementError> {
        let longest = created.saturating_add(self.longest);
        if created < until && until <= longest { Ok(()) } else { Err(StatementError::Dates) }
    }
}

/// Whether `now` is within a statement's time: its beginning is, its end is not.
pub(crate) fn check_in_force(created: Timestamp, until: Timestamp, now: Timestamp) -> Result<(), StatementError> {
    if now < created {
        return Err(StatementError::NotYetValid { created });
    }
    if now >= until { Err(StatementError::Ended { until }) } else { Ok(()) }
}
