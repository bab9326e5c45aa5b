//! All digests of one archive, computed while it passes by.

use std::io;

use reach_types::{Blake3Digest, Sha256Digest};
use ring::digest::{Context, SHA256};

use super::{ArchiveDigests, OtherAlgorithm, OtherDigest, buffer::Buffer, worker::Worker};

/// After how many full pieces a second thread pays for its start: a mebibyte, a millisecond of
/// SHA-256 against some fifty microseconds.
const PIECES_ALONE: usize = 4;

/// The digests that cost most: five times as much as BLAKE3, and more with every further one stated.
#[derive(Clone)]
pub(super) struct Slow {
    sha256: Context,
    others: Vec<(OtherAlgorithm, Context)>,
}

impl Slow {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.others.iter_mut().for_each(|(_, context)| context.update(bytes));
    }
}

/// Digests the pieces handed to it. The caller's thread does BLAKE3, as it does all reading and
/// parsing; the rest moves to a second thread when the archive turns out to be long.
pub(crate) struct Digester {
    blake3: blake3::Hasher,
    slow: Place,
    pieces: usize,
}

enum Place {
    Here(Slow),
    Beside(Worker),
}

impl Digester {
    /// Computes our two digests, and those of `others` beside them.
    pub(crate) fn new(others: &[OtherDigest]) -> Self {
        let others = others.iter().map(|other| (other.algorithm, Context::new(other.algorithm.ring()))).collect();
        let slow = Place::Here(Slow { sha256: Context::new(&SHA256), others });
        Self { blake3: blake3::Hasher::new(), slow, pieces: 0 }
    }

    /// Digests a piece and gives an empty one back. Fails only if the second thread is gone.
    pub(crate) fn digest(&mut self, mut piece: Buffer) -> io::Result<Buffer> {
        self.blake3.update(piece.filled());
        self.pieces = self.pieces.saturating_add(1);
        self.spread();
        match &mut self.slow {
            Place::Beside(worker) => worker.exchange(piece),
            Place::Here(slow) => {
                slow.update(piece.filled());
                piece.clear();
                Ok(piece)
            }
        }
    }

    /// Starts the second thread once it pays. A system that gives none has slower digests, not others.
    fn spread(&mut self) {
        if let Place::Here(slow) = &self.slow
            && self.pieces == PIECES_ALONE
            && let Ok(worker) = Worker::start(slow.clone())
        {
            self.slow = Place::Beside(worker);
        }
    }

    /// The digests of all pieces, the last of which may be part filled.
    pub(crate) fn finish(self, last: &Buffer) -> io::Result<(ArchiveDigests, Vec<OtherDigest>)> {
        let Self { mut blake3, slow, .. } = self;
        blake3.update(last.filled());
        let mut slow = match slow {
            Place::Here(slow) => slow,
            Place::Beside(worker) => worker.finish()?,
        };
        slow.update(last.filled());
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(slow.sha256.finish().as_ref());
        let digests = ArchiveDigests {
            sha256: Sha256Digest::from_bytes(sha256),
            blake3: Blake3Digest::from_bytes(*blake3.finalize().as_bytes()),
        };
        let finished =
            |(algorithm, context): (_, Context)| OtherDigest { algorithm, value: context.finish().as_ref().to_vec() };
        Ok((digests, slow.others.into_iter().map(finished).collect()))
    }
}
