//! The bytes that are signed: a policy in strict postcard.

use reach_types::{StrictError, decode_strict, encode_strict};
use serde::{Serialize, de::DeserializeOwned};

use crate::{BundleError, Policy, exceptions::Exceptions, policy::Body, refinements::Refinements};

/// The most bytes of an encoded policy, 7 MiB: 16,384 grants of 130 bytes, 4,096 tools of 65,
/// and 64 keys with 64 models of 65 take 2.7 million, and 512 exceptions of 298 another 0.15. The
/// same number of entries of 130 in questions and tenants, 1,024 limits of 410, 4,096 values of 259
/// and 1,024 tenants of 80 take 3.7 million.
pub const MAX_BUNDLE_PAYLOAD_BYTES: usize = 7 * 1024 * 1024;

/// The encoding's version. Below 128 it is one byte, the first.
const PLAIN: u8 = 1;
/// The encoding of policies with exceptions or a pinned keyring.
const WITH_EXCEPTIONS: u8 = 2;
/// The highest encoding of a bundle, that of policies with limits, questions or tenants. Those from
/// 1 on are read, and they are the revisions of feature `policy.bundle`.
pub const BUNDLE_ENCODING: u8 = 3;

/// Encodes `policy` after the encoding's version: the lowest that can say it, so that every policy
/// has one encoding and readers of the first ones read all that those can say.
pub(crate) fn encode(policy: &Policy) -> Result<Vec<u8>, BundleError> {
    let (body, exceptions, refinements) = (policy.body(), policy.exceptions(), policy.refinements());
    let encoded = if !refinements.is_empty() {
        encode_strict(&(u16::from(BUNDLE_ENCODING), body, exceptions, refinements))
    } else if !exceptions.is_empty() {
        encode_strict(&(u16::from(WITH_EXCEPTIONS), body, exceptions))
    } else {
        encode_strict(&(u16::from(PLAIN), body))
    };
    encoded.map_err(encoding_error)
}

/// Decodes what [`encode`] wrote, and nothing else, and runs the load checks.
pub(crate) fn decode(payload: &[u8]) -> Result<Policy, BundleError> {
    // Every entry has a byte at least, so the bytes bound the counts; the load checks bound them
    // more tightly, and sets that are not sorted are not what encoding them again would give.
    let (body, exceptions, refinements) = match payload.first() {
        Some(&PLAIN) => {
            let (_, body): (u16, Body) = strict(payload)?;
            (body, Exceptions::default(), Refinements::default())
        }
        Some(&WITH_EXCEPTIONS) => {
            let (_, body, exceptions): (u16, Body, Exceptions) = strict(payload)?;
            require_canonical(!exceptions.is_empty())?;
            (body, exceptions, Refinements::default())
        }
        Some(&BUNDLE_ENCODING) => {
            let (_, body, exceptions, refinements): (u16, Body, Exceptions, Refinements) = strict(payload)?;
            require_canonical(!refinements.is_empty())?;
            (body, exceptions, refinements)
        }
        _ => return Err(BundleError::Format),
    };
    require_canonical(exceptions.sorted() && refinements.sorted())?;
    Policy::checked(body, exceptions, refinements).map_err(BundleError::Policy)
}

fn require_canonical(canonical: bool) -> Result<(), BundleError> {
    if canonical { Ok(()) } else { Err(BundleError::NonCanonical) }
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
