//! The same digests, wherever they are computed.

use std::io::{self, Read};

use reach_types::Blake3Digest;
use ring::digest::{SHA256, digest};

use super::{BUFFER_BYTES, Digester, OtherAlgorithm, OtherDigest, digest_archive, digest_at_most};
use crate::{ArchiveError, EntryError, archive::Window};

/// `length` bytes that no two pieces of have in common.
fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

/// Reads at most `most` bytes at a time.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn digests_do_not_depend_on_where_they_are_computed() {
    let piece = BUFFER_BYTES;
    for length in [0, 1, piece - 1, piece, piece + 1, 4 * piece, 4 * piece + 1, 5 * piece, 30 * piece + 17] {
        let content = bytes(length);
        for step in [piece * 2, 65_537] {
            let digests = digest_archive(Dribble(&content, step)).unwrap();
            assert_eq!(digests.blake3, Blake3Digest::of(&content), "{length}");
            assert_eq!(digests.sha256.as_bytes(), digest(&SHA256, &content).as_ref(), "{length}");
        }
    }
}

#[test]
fn k45_what_never_ends_is_not_digested_for_ever() {
    for length in [0, 1, BUFFER_BYTES, 4 * BUFFER_BYTES + 1] {
        let limit = u64::try_from(length).unwrap();
        let whole = digest_at_most(limit, io::repeat(7).take(limit)).unwrap();
        assert_eq!(whole.blake3, Blake3Digest::of(&vec![7; length]));
        let endless = digest_at_most(limit, io::repeat(7));
        assert!(matches!(endless, Err(ArchiveError::Entry(EntryError::ArchiveTooLarge))), "{limit}");
    }
}

#[test]
fn k13_every_other_digest_is_computed_on_the_second_thread_too() {
    use OtherAlgorithm::{Sha1, Sha384, Sha512, Sha512Of256};
    for length in [1000, 12 * BUFFER_BYTES + 5] {
        let content = bytes(length);
        let other = |algorithm: OtherAlgorithm| OtherDigest {
            algorithm,
            value: digest(algorithm.ring(), &content).as_ref().to_vec(),
        };
        let stated = [Sha1, Sha384, Sha512, Sha512Of256].map(other);
        let mut window = Window::new(&content[..], Digester::new(&stated));
        while window.skip().unwrap() > 0 {}
        assert_eq!(window.finish().unwrap().1, stated, "{length}");
    }
}
