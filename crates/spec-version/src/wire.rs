//! What is looked at before a decoder runs: the numbers at the start of encoded bytes.

/// The longest varint of postcard's: 64 bits in groups of seven.
const MAX_VARINT_BYTES: usize = 10;

/// The varints at the start of `bytes`, as far as they go.
///
/// Over-long spellings are read too: the strict decoder refuses them afterwards.
pub(crate) fn varints(mut bytes: &[u8]) -> impl Iterator<Item = u64> {
    std::iter::from_fn(move || {
        let last = bytes.iter().take(MAX_VARINT_BYTES).position(|byte| byte & 0x80 == 0)?;
        let (number, rest) = bytes.split_at_checked(last + 1)?;
        bytes = rest;
        number.iter().rev().try_fold(0u64, |value, byte| value.checked_mul(128)?.checked_add(u64::from(byte & 0x7f)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_postcard_writes_them() {
        let bytes = reach_types::encode_strict(&(1u16, 65_535u16, 127u8, u64::MAX, 128u64)).unwrap();
        assert_eq!(varints(&bytes).collect::<Vec<_>>(), [1, 65_535, 127, u64::MAX, 128]);
        assert_eq!(varints(&[]).next(), None);
        assert_eq!(varints(&[0x80]).next(), None);
        assert_eq!(varints(&[0xff; 10]).next(), None);
        assert_eq!(varints(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).next(), None);
    }
}
