//! Strict postcard: the only encoding of bytes that Reach hashes or signs.

use serde::{Serialize, de::DeserializeOwned};

/// Why bytes were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StrictError {
    /// More bytes than the format allows.
    #[error("{actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size offered.
        actual: usize,
    },
    /// The bytes are not this structure.
    #[error("the bytes do not decode as the expected structure")]
    Malformed,
    /// The bytes decode, but another spelling of the same value is the canonical one.
    #[error("the bytes are not the canonical encoding of their value")]
    NonCanonical,
    /// The value cannot be encoded.
    #[error("the value cannot be encoded")]
    Unencodable,
}

crate::codes!(StrictError {
    TooLarge => ("input.too_large", Limit, "split the input or raise no limit: it is part of the format"),
    Malformed => ("input.malformed", Refused, "the file is damaged or is something else; fetch it again"),
    NonCanonical => ("input.non_canonical", Unsafe, "re-encode the value with a conforming writer"),
    Unencodable => ("internal.unencodable", Internal, "report this as a bug"),
});

/// Encodes `value` as postcard.
///
/// # Errors
/// [`StrictError::Unencodable`] if the type holds something postcard cannot express.
pub fn encode_strict<T: Serialize>(value: &T) -> Result<Vec<u8>, StrictError> {
    postcard::to_stdvec(value).map_err(|_| StrictError::Unencodable)
}

/// Decodes `bytes`, refusing more than `limit` bytes, trailing bytes, and any spelling that
/// encoding the value again would not give.
///
/// postcard itself accepts over-long varints and trailing bytes; both end here. It reserves memory
/// for a declared length only as far as the input can fill it.
///
/// # Errors
/// [`StrictError::TooLarge`], [`StrictError::Malformed`] or [`StrictError::NonCanonical`].
pub fn decode_strict<T: Serialize + DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, StrictError> {
    if bytes.len() > limit {
        return Err(StrictError::TooLarge { limit, actual: bytes.len() });
    }
    let (value, rest) = postcard::take_from_bytes::<T>(bytes).map_err(|_| StrictError::Malformed)?;
    if !rest.is_empty() || encode_strict(&value)? != bytes {
        return Err(StrictError::NonCanonical);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_spelling_decodes() {
        let bytes = encode_strict(&(7u64, "a")).unwrap();
        assert_eq!(decode_strict::<(u64, String)>(&bytes, 64), Ok((7, "a".to_owned())));
        let mut trailing = bytes.clone();
        trailing.push(0);
        assert_eq!(decode_strict::<(u64, String)>(&trailing, 64), Err(StrictError::NonCanonical));
        let over_long = [0x87, 0x00, 0x01, b'a'];
        assert_eq!(decode_strict::<(u64, String)>(&over_long, 64), Err(StrictError::NonCanonical));
        assert_eq!(decode_strict::<(u64, String)>(&bytes[..1], 64), Err(StrictError::Malformed));
        assert_eq!(decode_strict::<(u64, String)>(&bytes, 2), Err(StrictError::TooLarge { limit: 2, actual: 3 }));
    }

    #[test]
    fn a_declared_length_reserves_nothing_the_input_cannot_fill() {
        let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(decode_strict::<Vec<u8>>(&huge, 64), Err(StrictError::Malformed));
    }
}
