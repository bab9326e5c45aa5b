//! Reading an archive in one pass and flat memory, refusing every other spelling of it.

use std::io::{self, Read};

use super::{
    Entry, EntryError, PathError,
    header::{BLOCK, Block, decode, looks_like_header},
    names::Sequence,
    window::Window,
};
use crate::{
    ArchiveDigests,
    digests::{Digester, OtherDigest},
};

/// Why an archive was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A path outside the grammar.
    #[error(transparent)]
    Path(PathError),
    /// An entry that may not stand where it does.
    #[error(transparent)]
    Entry(EntryError),
    /// Not a regular file.
    #[error("an entry of type `{flag}`, only regular files (`0`) are allowed")]
    EntryType {
        /// The type flag, escaped.
        flag: String,
    },
    /// A mode that is neither 0644 nor 0755.
    #[error("a file has mode {mode:o}, only 644 and 755 are allowed")]
    Mode {
        /// The mode, if it fits.
        mode: u64,
    },
    /// A header or padding in another spelling than the one that is written.
    #[error("the archive is not in its one canonical form: {what}")]
    NonCanonical {
        /// Which part.
        what: &'static str,
    },
    /// It does not begin with its first header and end with its two zero blocks.
    #[error("the archive does not begin and end where it should: {what}")]
    Bounds {
        /// What is there instead.
        what: &'static str,
    },
    /// The bytes could not be read.
    #[error("the archive cannot be read")]
    Input {
        /// What happened.
        source: io::Error,
    },
    /// The archive was refused before, and its rest was asked for.
    #[error("the archive was refused already")]
    Stopped,
}

reach_types::codes!(ArchiveError {
    EntryType => ("pack.entry_type", Unsafe, "pack regular files only, with `reach pack build`"),
    Mode => ("pack.mode_mismatch", Unsafe, "build the archive with `reach pack build`"),
    NonCanonical => ("pack.non_canonical", Unsafe, "build the archive with `reach pack build`, or fetch it again"),
    Bounds => ("pack.trailing_data", Unsafe, "fetch the file again: it is cut off, added to, or something else"),
    Input => ("pack.read_failed", Environment, "check the file, the disk and its permissions"),
    Stopped => ("pack.reader_stopped", Internal, "report this as a bug"),
} wrap { Path, Entry });

enum State {
    Header,
    Content { left: u64, padding: u64 },
    Finished,
    Failed,
}

/// Reads an archive: [`ArchiveReader::next_entry`] until it says `None`.
///
/// Only that `None` means that the archive is whole and canonical, to its last byte.
pub struct ArchiveReader<R> {
    input: Window<R>,
    sequence: Sequence,
    state: State,
    first: bool,
}

impl<R: Read> ArchiveReader<R> {
    /// Reads the archive that `input` holds from here to its end. It is buffered here, in reads of
    /// up to 256 KiB: a buffer around `input` would only add a copy.
    pub fn new(input: R) -> Self {
        Self::digesting(input, &[])
    }

    /// As [`ArchiveReader::new`], computing the digests of `others` too.
    pub(crate) fn digesting(input: R, others: &[OtherDigest]) -> Self {
        let input = Window::new(input, Digester::new(others));
        Self { input, sequence: Sequence::default(), state: State::Header, first: true }
    }

    /// The next file, or `None` after the last one. What was not read of the file before it is
    /// skipped.
    ///
    /// # Errors
    /// Every variant of [`ArchiveError`].
    pub fn next_entry(&mut self) -> Result<Option<Entry>, ArchiveError> {
        while self.next_chunk()?.is_some() {}
        if matches!(self.state, State::Finished) {
            return Ok(None);
        }
        // Whatever fails from here on, the reader stays failed.
        self.state = State::Failed;
        let entry = self.read_header()?;
        self.state = match &entry {
            Some(entry) => State::Content { left: entry.size, padding: entry.padding() },
            None => State::Finished,
        };
        Ok(entry)
    }

    /// The next piece of the current file, or `None` at its end.
    ///
    /// # Errors
    /// [`ArchiveError::Bounds`] if the archive ends within the file, [`ArchiveError::NonCanonical`]
    /// if its padding is not zero, [`ArchiveError::Input`], [`ArchiveError::Stopped`].
    pub fn next_chunk(&mut self) -> Result<Option<&[u8]>, ArchiveError> {
        match self.state {
            State::Header | State::Finished => Ok(None),
            State::Failed => Err(ArchiveError::Stopped),
            State::Content { left: 0, padding } => {
                self.state = State::Failed;
                self.skip_padding(padding)?;
                self.state = State::Header;
                Ok(None)
            }
            State::Content { left, padding } => {
                self.state = State::Failed;
                let available = self.input.fill(1)?;
                let taken = usize::try_from(left).unwrap_or(usize::MAX).min(available);
                if taken == 0 {
                    return Err(ArchiveError::Bounds { what: "it ends within a file" });
                }
                self.state = State::Content { left: left - taken as u64, padding };
                Ok(Some(self.input.take(taken)))
            }
        }
    }

    /// The paths and the digests of an archive that was read to its end.
    pub(crate) fn finish(self) -> Result<(Sequence, ArchiveDigests, Vec<OtherDigest>), ArchiveError> {
        if !matches!(self.state, State::Finished) {
            return Err(ArchiveError::Stopped);
        }
        let (digests, others) = self.input.finish()?;
        Ok((self.sequence, digests, others))
    }

    fn read_header(&mut self) -> Result<Option<Entry>, ArchiveError> {
        let block = self.read_block()?;
        if block == [0; BLOCK] {
            return self.read_end();
        }
        if std::mem::take(&mut self.first) && !looks_like_header(&block) {
            return Err(ArchiveError::Bounds { what: "it does not begin with a USTAR header" });
        }
        let entry = decode(&block)?;
        self.sequence.admit(&entry.path, entry.size).map_err(ArchiveError::Entry)?;
        Ok(Some(entry))
    }

    /// The second of the two closing blocks, and nothing after it.
    fn read_end(&mut self) -> Result<Option<Entry>, ArchiveError> {
        if self.read_block()? != [0; BLOCK] {
            return Err(ArchiveError::Bounds { what: "one zero block stands where two close an archive" });
        }
        match self.input.fill(1)? {
            0 => Ok(None),
            _ => Err(ArchiveError::Bounds { what: "data after the two closing zero blocks" }),
        }
    }

    fn read_block(&mut self) -> Result<Block, ArchiveError> {
        self.input.fill(BLOCK)?;
        let block = self.input.take(BLOCK).try_into();
        block.map_err(|_| ArchiveError::Bounds { what: "it ends before its two closing zero blocks" })
    }

    fn skip_padding(&mut self, padding: u64) -> Result<(), ArchiveError> {
        let padding = usize::try_from(padding).unwrap_or(BLOCK);
        self.input.fill(padding)?;
        let bytes = self.input.take(padding);
        if bytes.len() < padding {
            return Err(ArchiveError::Bounds { what: "it ends within the padding of a file" });
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(ArchiveError::NonCanonical { what: "padding that is not zero" });
        }
        Ok(())
    }
}
