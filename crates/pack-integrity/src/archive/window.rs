//! The input as it is parsed: read once, in large pieces, each digested when all of it was taken.

use std::io::Read;

use super::{ArchiveError, write::read_some};
use crate::{
    ArchiveDigests,
    digests::{BUFFER_BYTES, Buffer, Digester, OtherDigest},
};

/// What was read and not yet taken. The bytes that are digested are the very ones that were handed
/// out: nothing is read twice, and nothing is copied.
pub(crate) struct Window<R> {
    input: R,
    piece: Buffer,
    // INVARIANT: at most what the piece holds.
    start: usize,
    digester: Digester,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(input: R, digester: Digester) -> Self {
        Self { input, piece: Buffer::new(), start: 0, digester }
    }

    /// Makes at least `wanted` bytes available, fewer only at the end of the input, and says how
    /// many there are. What is wanted must not lie across two pieces: an archive's blocks never do.
    pub(crate) fn fill(&mut self, wanted: usize) -> Result<usize, ArchiveError> {
        if self.start == BUFFER_BYTES {
            self.turn()?;
        }
        while self.available() < wanted && !self.piece.is_full() {
            // No more than one read more than needed: what a header says is judged before waiting
            // for what it announces.
            let read = read_some(&mut self.input, self.piece.room()).map_err(failed)?;
            if read == 0 {
                break;
            }
            self.piece.grow(read);
        }
        Ok(self.available())
    }

    /// Takes `count` bytes, or as many as there are.
    pub(crate) fn take(&mut self, count: usize) -> &[u8] {
        let start = self.start;
        self.start = start.saturating_add(count).min(self.piece.filled().len());
        self.piece.filled().get(start..self.start).unwrap_or_default()
    }

    /// Takes whatever comes next, and says how much that was: nothing only at the end.
    pub(crate) fn skip(&mut self) -> Result<usize, ArchiveError> {
        let count = self.fill(1)?;
        self.take(count);
        Ok(count)
    }

    /// The digests of everything that was read.
    pub(crate) fn finish(self) -> Result<(ArchiveDigests, Vec<OtherDigest>), ArchiveError> {
        self.digester.finish(&self.piece).map_err(failed)
    }

    fn available(&self) -> usize {
        self.piece.filled().len() - self.start
    }

    /// Hands a piece that was taken whole over to be digested, and begins another.
    fn turn(&mut self) -> Result<(), ArchiveError> {
        let full = std::mem::take(&mut self.piece);
        self.start = 0;
        self.piece = self.digester.digest(full).map_err(failed)?;
        Ok(())
    }
}

const fn failed(source: std::io::Error) -> ArchiveError {
    ArchiveError::Input { source }
}
