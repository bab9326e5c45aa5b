//! Private keys under a passphrase: PKCS#8 `EncryptedPrivateKeyInfo`, PBES2 with PBKDF2 and AES-CBC.

use std::{fmt, num::NonZeroU32};

use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use aes::{Aes128, Aes192, Aes256};
use pkcs8::{
    EncryptedPrivateKeyInfoRef,
    der::{Decode, Encode, ErrorKind, Tag, asn1::AnyRef, asn1::OctetStringRef},
    pkcs5::{
        EncryptionScheme,
        pbes2::{EncryptionScheme as Cipher, Kdf, PBES2_OID, Parameters, Pbkdf2Params, Pbkdf2Prf},
    },
};
use ring::{
    pbkdf2::{self, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512},
    rand,
};
use zeroize::Zeroizing;

use crate::{KeyError, pem};

/// The rounds of PBKDF2-HMAC-SHA256 that a passphrase is stretched by: OWASP's number for it, 0.2 to
/// 0.5 s a guess on one core.
pub const KDF_ROUNDS: u32 = 600_000;

/// The fewest rounds that are read: the minimum of RFC 8018, §4.2. OpenSSL writes 2,048 unless told
/// otherwise with `-iter`.
pub const MIN_KDF_ROUNDS: u32 = 1_000;

/// The most rounds that are read: RFC 8018's number for especially critical keys, some ten seconds
/// on one core. A file that asks for more is refused before any is done.
pub const MAX_KDF_ROUNDS: u32 = 10_000_000;

/// The most bytes of a passphrase: OpenSSL cuts what it reads from a file to 1,023.
pub const MAX_PASSPHRASE_BYTES: usize = 1_023;

/// RFC 8018, §4.1: a salt has at least eight bytes.
const MIN_SALT_BYTES: usize = 8;
const NOT_PBES2: &str = "with another scheme than PBES2";
const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Why something is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Nothing at all.
    #[error("the passphrase is empty")]
    Empty,
    /// OpenSSL would cut it.
    #[error("the passphrase has more than {MAX_PASSPHRASE_BYTES} bytes, or a zero byte")]
    Unusable,
}

reach_types::codes!(PassphraseError {
    Empty => ("key.passphrase_empty", Usage, "put a passphrase on the first line, or leave out --encrypt"),
    Unusable => ("key.passphrase_unusable", Usage, "use a shorter passphrase without zero bytes"),
});

/// What a private key is encrypted under; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// From 1 to [`MAX_PASSPHRASE_BYTES`] bytes, none of them zero. Nothing is trimmed or folded.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`], [`PassphraseError::Unusable`].
    pub fn new(bytes: &[u8]) -> Result<Self, PassphraseError> {
        match bytes {
            [] => Err(PassphraseError::Empty),
            _ if bytes.len() > MAX_PASSPHRASE_BYTES || bytes.contains(&0) => Err(PassphraseError::Unusable),
            _ => Ok(Self(Zeroizing::new(bytes.to_vec()))),
        }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Encrypts one `PRIVATE KEY` PEM block under `passphrase` into an `ENCRYPTED PRIVATE KEY` one:
/// PBKDF2-HMAC-SHA256 with [`KDF_ROUNDS`] and a salt of 16 bytes, AES-256-CBC.
///
/// # Errors
/// [`KeyError::Format`] if there is no such block, [`KeyError::NoRandomness`].
pub fn encrypt_private_pem(
    pem: &[u8],
    passphrase: &Passphrase,
    random: &dyn rand::SecureRandom,
) -> Result<Zeroizing<String>, KeyError> {
    let (label, plain) = pem::decode(pem)?;
    if label != "PRIVATE KEY" || !is_pkcs8(&plain) {
        return Err(KeyError::Format { expected: "an unencrypted `PRIVATE KEY` PEM block (PKCS#8)" });
    }
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    for part in [&mut salt, &mut iv] {
        random.fill(part).map_err(|_| KeyError::NoRandomness)?;
    }
    let unencodable = KeyError::Format { expected: "an encodable key" };
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(KDF_ROUNDS, &salt, iv);
    let parameters = parameters.map_err(|_| unencodable.clone())?;
    let data = encrypt(&parameters, passphrase, &plain)?;
    let data = OctetStringRef::new(&data).map_err(|_| unencodable.clone())?;
    let info =
        EncryptedPrivateKeyInfoRef { encryption_algorithm: EncryptionScheme::Pbes2(parameters), encrypted_data: data };
    pem::encode(LABEL, &info.to_der().map_err(|_| unencodable)?)
}

/// Decrypts one `ENCRYPTED PRIVATE KEY` PEM block into a `PRIVATE KEY` one.
///
/// Read is PBES2 with PBKDF2 over HMAC-SHA-256, -384 or -512, [`MIN_KDF_ROUNDS`] to
/// [`MAX_KDF_ROUNDS`] of them and a salt of 8 to 32 bytes, and AES-128-, -192- or -256-CBC: what
/// OpenSSL 3 writes. Nothing else is, scrypt among it.
///
/// The form has no authentication: whoever can change the file can make another key of it, which
/// nobody trusts, and nothing here notices.
///
/// # Errors
/// [`KeyError::Format`], [`KeyError::Encryption`], [`KeyError::FewRounds`] and
/// [`KeyError::ManyRounds`] before any key is derived; then [`KeyError::PassphraseWrong`].
pub fn decrypt_private_pem(pem: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<String>, KeyError> {
    let (label, der) = pem::decode(pem)?;
    if label != LABEL {
        return Err(KeyError::Format { expected: "an `ENCRYPTED PRIVATE KEY` PEM block (PKCS#8)" });
    }
    let info = EncryptedPrivateKeyInfoRef::from_der(&der).map_err(|error| undecoded(&der, error.kind()))?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else { return Err(unread(NOT_PBES2)) };
    let plain = decrypt(parameters, passphrase, info.encrypted_data.as_bytes())?;
    pem::encode("PRIVATE KEY", &plain)
}

/// The scheme is told apart from a damaged file, so that whoever holds such a key knows what to do.
fn undecoded(der: &[u8], kind: ErrorKind) -> KeyError {
    let pbes2 = der.windows(PBES2_OID.as_bytes().len()).any(|window| window == PBES2_OID.as_bytes());
    match kind {
        _ if !pbes2 => unread(NOT_PBES2),
        ErrorKind::OidUnknown { .. } => unread("with another algorithm than PBKDF2 and AES-CBC"),
        _ => KeyError::Format { expected: "an encrypted PKCS#8 key" },
    }
}

fn unread(found: &'static str) -> KeyError {
    KeyError::Encryption { found }
}

fn encrypt(parameters: &Parameters, passphrase: &Passphrase, plain: &[u8]) -> Result<Vec<u8>, KeyError> {
    let Cipher::Aes256Cbc { iv } = &parameters.encryption else { return Err(unread("with another cipher")) };
    let key = derive(&parameters.kdf, passphrase, 32)?;
    let mut data = Zeroizing::new([plain, &[0; 16]].concat());
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key, iv).map_err(|_| unread("with another key length"))?;
    let length = cipher.encrypt_padded::<Pkcs7>(&mut data, plain.len()).map_err(|_| KeyError::PassphraseWrong)?.len();
    data.truncate(length);
    Ok(data.to_vec())
}

/// The plain PKCS#8 bytes. With a wrong passphrase they are noise, which a padding of one byte lets
/// through once in 256 times: so they must also begin, and end, as a PKCS#8 key does.
fn decrypt(parameters: &Parameters, passphrase: &Passphrase, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut plain = Zeroizing::new(data.to_vec());
    let length = match &parameters.encryption {
        Cipher::Aes128Cbc { iv } => {
            unpad::<cbc::Decryptor<Aes128>>(&derive(&parameters.kdf, passphrase, 16)?, iv, &mut plain)
        }
        Cipher::Aes192Cbc { iv } => {
            unpad::<cbc::Decryptor<Aes192>>(&derive(&parameters.kdf, passphrase, 24)?, iv, &mut plain)
        }
        Cipher::Aes256Cbc { iv } => {
            unpad::<cbc::Decryptor<Aes256>>(&derive(&parameters.kdf, passphrase, 32)?, iv, &mut plain)
        }
        _ => return Err(unread("with another cipher than AES-CBC")),
    };
    plain.truncate(length.ok_or(KeyError::PassphraseWrong)?);
    if is_pkcs8(&plain) { Ok(plain) } else { Err(KeyError::PassphraseWrong) }
}

/// Decrypts in place; `None` if the padding is none.
fn unpad<D: BlockModeDecrypt + KeyIvInit>(key: &[u8], iv: &[u8], data: &mut [u8]) -> Option<usize> {
    let cipher = D::new_from_slices(key, iv).ok()?;
    Some(cipher.decrypt_padded::<Pkcs7>(data).ok()?.len())
}

/// The key of `length` bytes that the passphrase gives, after every bound was checked.
fn derive(kdf: &Kdf, passphrase: &Passphrase, length: usize) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let Kdf::Pbkdf2(parameters) = kdf else { return Err(unread("with scrypt")) };
    let rounds = checked_rounds(parameters)?;
    let algorithm = match parameters.prf {
        Pbkdf2Prf::HmacWithSha256 => PBKDF2_HMAC_SHA256,
        Pbkdf2Prf::HmacWithSha384 => PBKDF2_HMAC_SHA384,
        Pbkdf2Prf::HmacWithSha512 => PBKDF2_HMAC_SHA512,
        _ => return Err(unread("with another hash than SHA-256, SHA-384 or SHA-512")),
    };
    if parameters.key_length.is_some_and(|stated| usize::from(stated) != length) {
        return Err(unread("with a key length that is not the cipher's"));
    }
    if parameters.salt.as_bytes().len() < MIN_SALT_BYTES {
        return Err(unread("with a salt of less than 8 bytes"));
    }
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(algorithm, rounds, parameters.salt.as_bytes(), &passphrase.0, &mut key);
    Ok(key)
}

fn checked_rounds(parameters: &Pbkdf2Params) -> Result<NonZeroU32, KeyError> {
    let rounds = parameters.iteration_count;
    if rounds > MAX_KDF_ROUNDS {
        return Err(KeyError::ManyRounds { actual: rounds });
    }
    let enough = NonZeroU32::new(rounds).filter(|rounds| rounds.get() >= MIN_KDF_ROUNDS);
    enough.ok_or(KeyError::FewRounds { actual: rounds })
}

/// Whether these bytes are one DER sequence that begins as PKCS#8 v1 or v2 does.
fn is_pkcs8(der: &[u8]) -> bool {
    let versions: [&[u8]; 2] = [&[0x02, 0x01, 0x00], &[0x02, 0x01, 0x01]];
    let whole = AnyRef::from_der(der).ok().filter(|any| pkcs8::der::Tagged::tag(any) == Tag::Sequence);
    whole.is_some_and(|any| versions.iter().any(|version| any.value().starts_with(version)))
}

#[cfg(test)]
mod tests;
