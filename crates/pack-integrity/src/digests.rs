//! The digests of an archive, all computed in one pass over its bytes.

mod buffer;
mod pass;
mod worker;

use std::io::Read;

use reach_types::{Blake3Digest, Sha256Digest};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA384, SHA512, SHA512_256};

use crate::{ArchiveError, EntryError, MAX_ARCHIVE_BYTES, archive::Window};

pub(crate) use buffer::{BUFFER_BYTES, Buffer};
pub(crate) use pass::Digester;

/// The two digests that name an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveDigests {
    /// SHA-256, for everybody's tools.
    pub sha256: Sha256Digest,
    /// BLAKE3: the pack's id.
    pub blake3: Blake3Digest,
}

/// Digests everything that `archive` holds, without looking at what it is: of at most
/// [`MAX_ARCHIVE_BYTES`], and no more than one byte beyond them is read.
///
/// # Errors
/// [`ArchiveError::Entry`] with [`EntryError::ArchiveTooLarge`]; [`ArchiveError::Input`].
pub fn digest_archive<R: Read>(archive: R) -> Result<ArchiveDigests, ArchiveError> {
    digest_at_most(MAX_ARCHIVE_BYTES, archive)
}

fn digest_at_most<R: Read>(limit: u64, archive: R) -> Result<ArchiveDigests, ArchiveError> {
    let mut rest = archive.take(limit.saturating_add(1));
    let mut window = Window::new(&mut rest, Digester::new(&[]));
    while window.skip()? > 0 {}
    let digests = window.finish()?.0;
    if rest.limit() == 0 { Err(ArchiveError::Entry(EntryError::ArchiveTooLarge)) } else { Ok(digests) }
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

#[cfg(test)]
mod tests;
