//! The two DER forms of an RSA public key, each of which has exactly one spelling.

/// `rsaEncryption` (1.2.840.113549.1.1.1) with NULL parameters, as RFC 3279, §2.3.1 demands.
/// `id-RSASSA-PSS` (…1.10) and a missing NULL are other bytes and so other algorithms.
const ALGORITHM: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// Modulus and exponent, big-endian without leading zeros.
pub(super) type Numbers<'a> = (&'a [u8], &'a [u8]);

/// `SubjectPublicKeyInfo ::= SEQUENCE { algorithm, BIT STRING }` around the PKCS#1 form.
pub(super) fn read_spki(der: &[u8]) -> Option<Numbers<'_>> {
    let after_algorithm = only(SEQUENCE, der)?.strip_prefix(ALGORITHM)?;
    // The first byte counts unused bits: a DER structure has none.
    read_pkcs1(only(BIT_STRING, after_algorithm)?.strip_prefix(&[0])?)
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017, A.1.1).
pub(super) fn read_pkcs1(der: &[u8]) -> Option<Numbers<'_>> {
    let (modulus, rest) = element(INTEGER, only(SEQUENCE, der)?)?;
    Some((positive(modulus)?, positive(only(INTEGER, rest)?)?))
}

/// The content of one element that is all of `der`.
fn only(tag: u8, der: &[u8]) -> Option<&[u8]> {
    element(tag, der).and_then(|(content, rest)| rest.is_empty().then_some(content))
}

/// The content of the element that `der` begins with, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der.split_first().filter(|(first, _)| **first == tag)?.1 {
        [short @ ..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
        [0x82, high @ 1..=0xff, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        // Longer than a key file can be, indefinite, or with a shorter spelling: BER, not DER.
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// An INTEGER above zero in its shortest spelling, without the byte that only says it is positive.
fn positive(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, number @ ..] => matches!(number, [0x80..=0xff, ..]).then_some(number),
        [1..=0x7f, ..] => Some(content),
        _ => None,
    }
}
