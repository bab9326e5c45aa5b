//! The bytes that are signed: a policy in strict postcard.

use reach_types::{StrictError, decode_strict, encode_strict};

use crate::{BundleError, Policy, policy::Body};

/// The most bytes of an encoded policy, 3 MiB: 16,384 grants of 130 bytes, 4,096 tools of 65,
/// and 64 keys with 64 models of 65 take 2.7 million.
pub const MAX_BUNDLE_PAYLOAD_BYTES: usize = 3 * 1024 * 1024;

/// The encoding's version. Below 128 it is one byte, the first.
const FORMAT: u16 = 1;
const FORMAT_BYTE: u8 = 1;

/// Encodes `policy` after the encoding's version.
pub(crate) fn encode(policy: &Policy) -> Result<Vec<u8>, BundleError> {
    encode_strict(&(FORMAT, policy.body())).map_err(encoding_error)
}

/// Decodes what [`encode`] wrote, and nothing else, and runs the load checks.
pub(crate) fn decode(payload: &[u8]) -> Result<Policy, BundleError> {
    if payload.first() != Some(&FORMAT_BYTE) {
        return Err(BundleError::Format { expected: FORMAT });
    }
    // Every entry has a byte at least, so the bytes bound the counts; the load checks bound them
    // more tightly, and sets that are not sorted are not what encoding them again would give.
    let (_, body): (u16, Body) = decode_strict(payload, MAX_BUNDLE_PAYLOAD_BYTES).map_err(encoding_error)?;
    Policy::checked(body).map_err(BundleError::Policy)
}

fn encoding_error(error: StrictError) -> BundleError {
    match error {
        StrictError::TooLarge { limit, actual } => BundleError::TooLarge { limit, actual },
        StrictError::Malformed => BundleError::Malformed { detail: "the payload is not an encoded policy" },
        StrictError::NonCanonical => BundleError::NonCanonical,
        other => BundleError::Encoding(other),
    }
}
