//! Exactly one PEM block, and the two fixed DER frames of an Ed25519 key.

use zeroize::Zeroizing;

use crate::KeyError;

/// The most bytes of a key file: a PKCS#8 Ed25519 key takes 120, an RSA-8192 public key 1,500.
pub(crate) const MAX_PEM_BYTES: usize = 16 * 1024;

/// SubjectPublicKeyInfo for Ed25519 (RFC 8410) up to the 32 key bytes.
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// PKCS#8 v1 for Ed25519 (RFC 8410) up to the 32 seed bytes.
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// How the label of every private key ends: PKCS#8, encrypted or not, EC, RSA, OpenSSH.
const PRIVATE_LABEL: &[u8] = b"PRIVATE KEY-----";

/// Whether a private key stands anywhere in the text, however it is wrapped: in PEM under any
/// label, or as seed and public half in hex, which some tools write.
pub(crate) fn holds_private_key(text: &[u8]) -> bool {
    let hex = text.trim_ascii();
    let hex_pair = hex.len() == 128 && hex.iter().all(u8::is_ascii_hexdigit);
    let labelled = text.windows(PRIVATE_LABEL.len()).any(|window| window.eq_ignore_ascii_case(PRIVATE_LABEL));
    hex_pair || labelled || decode(text).is_ok_and(|(_, der)| is_private(&der))
}

/// Whether this is a private key in PKCS#8, SEC 1 or PKCS#1, whatever the label says: each is a
/// sequence that begins with a version of 0 or 1, then an algorithm, a secret or a long modulus.
fn is_private(der: &[u8]) -> bool {
    let content = match der {
        [0x30, 0x81, _, content @ ..] | [0x30, 0x82, _, _, content @ ..] => content,
        [0x30, 0..=0x7f, content @ ..] => content,
        _ => return false,
    };
    matches!(content, [0x02, 0x01, 0 | 1, 0x30 | 0x04, ..] | [0x02, 0x01, 0, 0x02, 0x81 | 0x82, ..])
}

/// Decodes exactly one PEM block with nothing around it.
pub(crate) fn decode(pem: &[u8]) -> Result<(String, Zeroizing<Vec<u8>>), KeyError> {
    if pem.len() > MAX_PEM_BYTES {
        return Err(KeyError::Format { expected: "a PEM file of at most 16 KiB" });
    }
    let whole = std::str::from_utf8(pem).map_err(|_| KeyError::Format { expected: "a PEM file in ASCII" })?;
    let one_block = whole.starts_with("-----BEGIN ") && whole.matches("-----BEGIN ").count() == 1;
    let ends_there = whole.trim_end_matches(['\r', '\n']).ends_with("-----");
    if !(one_block && ends_there) {
        return Err(KeyError::Format { expected: "one PEM block with nothing before or after it" });
    }
    // Decoded into a buffer that is wiped whatever happens, and that never has to grow.
    let mut der = Zeroizing::new(vec![0; pem.len()]);
    let decoded = pem_rfc7468::decode(pem, &mut der).map(|(label, bytes)| (label.to_owned(), bytes.len()));
    let (label, length) = decoded.map_err(|_| KeyError::Format { expected: "a well-formed PEM block" })?;
    der.truncate(length);
    Ok((label, der))
}

/// Encodes one block with line feeds.
pub(crate) fn encode(label: &'static str, der: &[u8]) -> Result<Zeroizing<String>, KeyError> {
    let text = pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, der);
    text.map(Zeroizing::new).map_err(|_| KeyError::Format { expected: "an encodable PEM label" })
}

/// The 32 key bytes of an Ed25519 SubjectPublicKeyInfo, which has exactly one DER form.
pub(crate) fn spki_key(der: &[u8]) -> Result<[u8; 32], KeyError> {
    let key = der.strip_prefix(&SPKI_PREFIX).and_then(|key| key.try_into().ok());
    key.ok_or(KeyError::Format { expected: "an Ed25519 SubjectPublicKeyInfo" })
}

pub(crate) fn spki_der(key: &[u8; 32]) -> Vec<u8> {
    [&SPKI_PREFIX[..], key].concat()
}

pub(crate) fn pkcs8_v1_der(seed: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([&PKCS8_PREFIX[..], seed].concat())
}
