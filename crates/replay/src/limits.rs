//! How much of a log is written or read.

/// The most frames of a log: a verdict and a result for each of a million calls, and room for
/// checkpoints.
pub const MAX_LOG_FRAMES: u64 = 1 << 21;
/// The most bytes of a log: 2 KiB for each of [`MAX_LOG_FRAMES`], or 64 of the largest frames.
pub const MAX_LOG_BYTES: u64 = 1 << 32;

/// How many frames and bytes a log may have, header, end frame and framing included.
///
/// A recorder stops at its limits with an end frame that says so; a reader stops at its own at the
/// last frame that fits, which depends on the bytes and the limits alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At most this many frames.
    pub frames: u64,
    /// At most this many bytes.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { frames: MAX_LOG_FRAMES, bytes: MAX_LOG_BYTES }
    }
}
