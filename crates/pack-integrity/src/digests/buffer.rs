//! The pieces in which an archive passes through memory.

/// How much is read at once: enough for BLAKE3 to use its widest instructions. A multiple of a
/// block, so that no header ever lies across two pieces.
pub(crate) const BUFFER_BYTES: usize = 256 * 1024;

/// One piece: what was read so far, and room for the rest. The default one has no room.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; BUFFER_BYTES], filled: 0 }
    }

    /// What was read.
    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    /// The room that is left.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.filled >= BUFFER_BYTES
    }

    /// Takes `count` bytes of the room in.
    pub(crate) fn grow(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count).min(self.bytes.len());
    }

    pub(crate) const fn clear(&mut self) {
        self.filled = 0;
    }
}
