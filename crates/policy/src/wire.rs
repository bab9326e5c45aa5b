//! The bytes that are signed: a policy in strict postcard.

use reach_types::{StrictError, decode_strict, encode_strict};
use serde::{Serialize, de::DeserializeOwned};

use crate::{BundleError, Policy, exceptions::Exceptions, policy::Body};

/// The most bytes of an encoded policy, 3 MiB: 16,384 grants of 130 bytes, 4,096 tools of 65,
/// and 64 keys with 64 models of 65 take 2.7 million, and 512 exceptions of 298 another 0.15.
pub const MAX_BUNDLE_PAYLOAD_BYTES: usize = 3 * 1024 * 1024;

/// The encoding's version. Below 128 it is one byte, the first.
const PLAIN: u8 = 1;
/// The encoding of policies with exceptions or a pinned keyring.
const WITH_EXCEPTIONS: u8 = 2;

/// Encodes `policy` after the encoding's version: the first one, unless it needs the second, so
/// that every policy has one encoding and readers of the first read all that it can say.
pub(crate) fn encode(policy: &Policy) -> Result<Vec<u8>, BundleError> {
    let encoded = if policy.exceptions().is_empty() {
        encode_strict(&(u16::from(PLAIN), policy.body()))
    } else {
        encode_strict(&(u16::from(WITH_EXCEPTIONS), policy.body(), policy.exceptions()))
    };
    encoded.map_err(encoding_error)
}

/// Decodes what [`encode`] wrote, and nothing else, and runs the load checks.
pub(crate) fn decode(payload: &[u8]) -> Result<Policy, BundleError> {
    // Every entry has a byte at least, so the bytes bound the counts; the load checks bound them
    // more tightly, and sets that are not sorted are not what encoding them again would give.
    let (body, exceptions) = match payload.first() {
        Some(&PLAIN) => {
            let (_, body): (u16, Body) = strict(payload)?;
            (body, Exceptions::default())
        }
        Some(&WITH_EXCEPTIONS) => {
            let (_, body, exceptions): (u16, Body, Exceptions) = strict(payload)?;
            if exceptions.is_empty() || !exceptions.sorted() {
                return Err(BundleError::NonCanonical);
            }
            (body, exceptions)
        }
        _ => return Err(BundleError::Format),
    };
    Policy::checked(body, exceptions).map_err(BundleError::Policy)
}

fn strict<T: Serialize + DeserializeOwned>(payload: &[u8]) -> Result<T, BundleError> {
    decode_strict(payload, MAX_BUNDLE_PAYLOAD_BYTES).map_err(encoding_error)
}

fn encoding_error(error: StrictError) -> BundleError {
    match error {
        StrictError::TooLarge { limit, actual } => BundleError::TooLarge { limit, actual },
        StrictError::Malformed => BundleError::Malformed { detail: "the payload is not an encoded policy" },
        StrictError::NonCanonical => BundleError::NonCanonical,
        other => BundleError::Encoding(other),
    }
}
