//! Writing an archive, one file at a time, in order.

use std::io::{self, Read, Write};

use super::{
    ArchivePath, Entry, EntryError,
    header::{BLOCK, encode},
    names::Sequence,
};

/// How much of a file is copied at once.
const COPY_BYTES: usize = 128 * 1024;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file may not stand here.
    #[error(transparent)]
    Entry(EntryError),
    /// The content is not as long as announced.
    #[error("`{path}` was announced with {expected} bytes and has {found}")]
    Length {
        /// The file.
        path: ArchivePath,
        /// The size announced.
        expected: u64,
        /// What there was.
        found: &'static str,
    },
    /// The content could not be read.
    #[error("the content of `{path}` cannot be read")]
    Content {
        /// The file.
        path: ArchivePath,
        /// What happened.
        source: io::Error,
    },
    /// The archive could not be written.
    #[error("the archive cannot be written")]
    Output {
        /// What happened.
        source: io::Error,
    },
    /// An earlier file failed: what was written so far ends in the middle of it.
    #[error("an earlier file of this archive failed")]
    Broken,
}

reach_types::codes!(WriteError {
    Length => ("pack.content_length", Environment, "let nothing change the files while the pack is built"),
    Content => ("pack.content_unreadable", Environment, "check the file and its permissions"),
    Output => ("pack.write_failed", Environment, "check the disk and its permissions"),
    Broken => ("pack.writer_broken", Internal, "report this as a bug"),
} wrap { Entry });

/// Writes the one archive of a tree of files.
///
/// After an error the archive is unusable, and every further call says so.
pub struct ArchiveWriter<W> {
    output: W,
    sequence: Sequence,
    broken: bool,
}

impl<W: Write> ArchiveWriter<W> {
    /// An empty archive, written to `output`.
    pub fn new(output: W) -> Self {
        Self { output, sequence: Sequence::default(), broken: false }
    }

    /// Adds a file of exactly `size` bytes; `path` must sort after the one before it.
    ///
    /// # Errors
    /// [`WriteError::Entry`] if the path or the size breaks a rule, [`WriteError::Length`] if
    /// `content` is shorter or longer, [`WriteError::Content`], [`WriteError::Output`],
    /// [`WriteError::Broken`].
    pub fn append(
        &mut self,
        path: &ArchivePath,
        executable: bool,
        size: u64,
        content: &mut dyn Read,
    ) -> Result<(), WriteError> {
        self.check_whole()?;
        self.broken = true;
        self.sequence.admit(path, size).map_err(WriteError::Entry)?;
        let entry = Entry { path: path.clone(), executable, size };
        self.put(&encode(&entry))?;
        self.copy(&entry, content)?;
        self.broken = false;
        Ok(())
    }

    /// Closes the archive with its two zero blocks and returns the output, which is not flushed.
    ///
    /// # Errors
    /// [`WriteError::Output`], [`WriteError::Broken`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.check_whole()?;
        self.put(&[0; 2 * BLOCK])?;
        Ok(self.output)
    }

    const fn check_whole(&self) -> Result<(), WriteError> {
        if self.broken { Err(WriteError::Broken) } else { Ok(()) }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.output.write_all(bytes).map_err(|source| WriteError::Output { source })
    }

    fn copy(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), WriteError> {
        let unreadable = |source| WriteError::Content { path: entry.path.clone(), source };
        let wrong = |found| WriteError::Length { path: entry.path.clone(), expected: entry.size, found };
        let mut buffer = vec![0; COPY_BYTES];
        let mut left = entry.size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(COPY_BYTES);
            let read = read_some(content, buffer.get_mut(..most).unwrap_or_default()).map_err(unreadable)?;
            if read == 0 {
                return Err(wrong("fewer"));
            }
            self.put(buffer.get(..read).unwrap_or_default())?;
            left -= read as u64;
        }
        if read_some(content, &mut [0]).map_err(unreadable)? != 0 {
            return Err(wrong("more"));
        }
        let padding = usize::try_from(entry.padding()).unwrap_or_default();
        self.put([0; BLOCK].get(..padding).unwrap_or_default())
    }
}

/// One read that is not interrupted.
pub(crate) fn read_some(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
