//! The digests of an archive, all computed in one pass over its bytes.

use std::io::{self, Read};

use reach_types::{Blake3Digest, Sha256Digest};
use ring::digest::{Algorithm, Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, SHA512_256};

use crate::{
    ArchiveError,
    archive::{BUFFER_BYTES, read_some},
};

/// The two digests that name an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveDigests {
    /// SHA-256, for everybody's tools.
    pub sha256: Sha256Digest,
    /// BLAKE3: the pack's id.
    pub blake3: Blake3Digest,
}

/// Digests everything that `archive` holds, without looking at what it is.
///
/// # Errors
/// [`ArchiveError::Input`].
pub fn digest_archive<R: Read>(archive: R) -> Result<ArchiveDigests, ArchiveError> {
    let mut digesting = Digesting::new(archive, &[]);
    let mut buffer = vec![0; BUFFER_BYTES];
    while read_some(&mut digesting, &mut buffer).map_err(|source| ArchiveError::Input { source })? > 0 {}
    Ok(digesting.finish().0)
}

/// A digest that others may state beside the two of ours: every one that is present and that can be
/// computed must match, or a verifier that prefers it would see another archive than we do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherDigest {
    pub(crate) algorithm: OtherAlgorithm,
    pub(crate) value: Vec<u8>,
}

/// The algorithms of [in-toto's DigestSet](https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md)
/// that ring computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherAlgorithm {
    Sha1,
    Sha384,
    Sha512,
    Sha512Of256,
}

impl OtherAlgorithm {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha384, Self::Sha512, Self::Sha512Of256].into_iter().find(|one| one.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sha512Of256 => "sha512_256",
        }
    }

    pub(crate) fn bytes(self) -> usize {
        self.ring().output_len()
    }

    fn ring(self) -> &'static Algorithm {
        match self {
            Self::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
            Self::Sha512Of256 => &SHA512_256,
        }
    }
}

/// Passes bytes through and digests them on the way.
pub(crate) struct Digesting<R> {
    input: R,
    sha256: Context,
    blake3: blake3::Hasher,
    others: Vec<(OtherAlgorithm, Context)>,
}

impl<R: Read> Digesting<R> {
    pub(crate) fn new(input: R, others: &[OtherDigest]) -> Self {
        let others = others.iter().map(|other| (other.algorithm, Context::new(other.algorithm.ring()))).collect();
        Self { input, sha256: Context::new(&SHA256), blake3: blake3::Hasher::new(), others }
    }

    /// The digests of all that was read.
    pub(crate) fn finish(self) -> (ArchiveDigests, Vec<OtherDigest>) {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.sha256.finish().as_ref());
        let digests = ArchiveDigests {
            sha256: Sha256Digest::from_bytes(sha256),
            blake3: Blake3Digest::from_bytes(*self.blake3.finalize().as_bytes()),
        };
        let finished =
            |(algorithm, context): (_, Context)| OtherDigest { algorithm, value: context.finish().as_ref().to_vec() };
        (digests, self.others.into_iter().map(finished).collect())
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        self.sha256.update(read);
        self.blake3.update(read);
        self.others.iter_mut().for_each(|(_, context)| context.update(read));
        Ok(count)
    }
}
