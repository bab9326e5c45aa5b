//! One frame: its kinds, its bytes, and how it stands in a file.

use reach_types::{Blake3Digest, KeyId, StrictError, Timestamp, decode_strict, encode_strict};
use serde::{Deserialize, Serialize};

use crate::{Event, Header, wire};

/// The version of the format this crate writes.
pub const FORMAT_VERSION: u16 = 1;
/// How every log of [`FORMAT_VERSION`] begins: eight letters and the version, little-endian.
pub(crate) const PREAMBLE: [u8; 10] = *b"reachlog\x01\x00";
/// The bytes before a frame: its length twice.
pub(crate) const PREFIX_BYTES: usize = 8;
/// The bytes around a frame: the prefix, and the chain's head after it.
pub(crate) const FRAMING_BYTES: u64 = 8 + 32;
/// Room for an end frame with its framing: 150 bytes at the longest, and some to grow.
pub(crate) const END_RESERVE_BYTES: u64 = 256;

/// The most bytes of one frame: the listing of 100,000 files takes about 450 bytes a file in JSON
/// (a path of 255 bytes, two digests in hex, a size, names and punctuation), 45 MB together.
pub const MAX_FRAME_BYTES: usize = 64 * 1024 * 1024;
/// The most bytes of the header frame: ten times what it takes.
pub const MAX_HEADER_BYTES: usize = 4096;

/// A signature over the log so far: what comes before it was not changed after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How many frames stand before this one.
    pub count: u64,
    /// The chain's head after those.
    pub head: Blake3Digest,
    /// The `run` key that signed.
    pub key_id: KeyId,
    /// Its signature: see [`CHECKPOINT_PAYLOAD_TYPE`](crate::CHECKPOINT_PAYLOAD_TYPE).
    #[serde(with = "wire::signature")]
    pub signature: [u8; 64],
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// The graph ran to its end.
    Completed,
    /// A call was denied that the run could not do without.
    Refused,
    /// A tool failed.
    Failed,
    /// A limit of the recording was reached.
    Limit,
    /// It was stopped from outside.
    Interrupted,
}

/// The seal: the last frame of every whole log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Why the run ended.
    pub reason: EndReason,
    /// How many frames stand before this one.
    pub count: u64,
    /// The chain's head after those.
    pub head: Blake3Digest,
    /// When, by the recorder's clock.
    pub at: Timestamp,
    /// The `run` key that signed.
    pub key_id: KeyId,
    /// Its signature: see [`SEAL_PAYLOAD_TYPE`](crate::SEAL_PAYLOAD_TYPE).
    #[serde(with = "wire::signature")]
    pub signature: [u8; 64],
}

/// One frame of a log. The first is the header and no other; nothing follows the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// Whose run it is.
    Header(Box<Header>),
    /// What happened.
    Event(Event),
    /// A signature on the way.
    Checkpoint(Checkpoint),
    /// The seal.
    End(End),
}

impl Frame {
    /// The moment the frame claims, if it claims one.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Header(header) => Some(header.started),
            Self::Event(event) => Some(event.time()),
            Self::Checkpoint(_) => None,
            Self::End(end) => Some(end.at),
        }
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, StrictError> {
        encode_strict(self)
    }

    /// The frame that `body` spells. The reader has bounded `body` already.
    pub(crate) fn decode(body: &[u8]) -> Result<Self, StrictError> {
        decode_strict(body, MAX_FRAME_BYTES)
    }
}

/// What stands before a frame of `length` bytes: the length, and the same bits inverted, so that a
/// damaged length is told apart from a tail that was cut off.
pub(crate) fn prefix(length: u32) -> [u8; PREFIX_BYTES] {
    (u64::from(length) | u64::from(!length) << 32).to_le_bytes()
}

/// The length that `bytes` state, or `None` if the two copies differ.
pub(crate) fn length(bytes: [u8; PREFIX_BYTES]) -> Option<u32> {
    let [a, b, c, d, ..] = bytes;
    let length = u32::from_le_bytes([a, b, c, d]);
    (prefix(length) == bytes).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r01_no_damaged_length_is_read() {
        for length_in in [0, 1, 77, u32::MAX] {
            let good = prefix(length_in);
            assert_eq!(length(good), Some(length_in));
            for bit in 0..64 {
                assert_eq!(length((u64::from_le_bytes(good) ^ 1 << bit).to_le_bytes()), None, "{bit}");
            }
        }
    }
}
