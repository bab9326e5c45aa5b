//! Where the contents of an archive go while it is read.

use crate::Entry;

/// Receives every file of an archive, in order, as it passes by to be digested.
///
/// What it is given is **not yet verified**: the verdict comes only after the last byte. Whatever
/// the sink made of it must be thrown away unless the whole call succeeds.
pub trait ContentSink {
    /// A file begins; the one before it is complete.
    ///
    /// # Errors
    /// [`SinkStopped`] to end the reading.
    fn file(&mut self, entry: &Entry) -> Result<(), SinkStopped>;

    /// The next bytes of the file: of all its chunks together, exactly [`Entry::size`].
    ///
    /// # Errors
    /// [`SinkStopped`] to end the reading.
    fn chunk(&mut self, bytes: &[u8]) -> Result<(), SinkStopped>;
}

/// A sink can take no more. It keeps the reason for whoever gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkStopped;

/// Keeps nothing.
impl ContentSink for () {
    fn file(&mut self, _: &Entry) -> Result<(), SinkStopped> {
        Ok(())
    }

    fn chunk(&mut self, _: &[u8]) -> Result<(), SinkStopped> {
        Ok(())
    }
}

/// Keeps the list of files.
impl ContentSink for Vec<Entry> {
    fn file(&mut self, entry: &Entry) -> Result<(), SinkStopped> {
        self.push(entry.clone());
        Ok(())
    }

    fn chunk(&mut self, _: &[u8]) -> Result<(), SinkStopped> {
        Ok(())
    }
}
