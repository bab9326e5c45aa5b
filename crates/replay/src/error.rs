//! Why a log was rejected, and why one is not whole.

use std::io;

use reach_types::Timestamp;

use crate::{Guard, HeaderError, MAX_FRAME_BYTES};

/// Why a log was rejected. All of it is then without worth, also what comes before the place named.
///
/// Exhaustive on purpose: whoever maps rejections must decide about each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Not a log, or one of a version this build cannot read.
    #[error("not a run log of a known format version")]
    FormatUnknown,
    /// A frame that is no frame, or stands where it must not.
    #[error("frame {sequence}: {detail}")]
    Malformed {
        /// Which frame, from 0.
        sequence: u64,
        /// What is wrong.
        detail: &'static str,
    },
    /// A frame spelled in another way than the one way.
    #[error("frame {sequence} is not the canonical encoding of its value")]
    NonCanonical {
        /// Which frame, from 0.
        sequence: u64,
    },
    /// A frame that does not follow from the ones before it.
    #[error("frame {sequence} does not continue the chain: it was changed, or frames are missing, added or moved")]
    ChainBroken {
        /// Which frame, from 0.
        sequence: u64,
    },
    /// A header that no recorder would have written.
    #[error(transparent)]
    Header(HeaderError),
    /// A guard that differs from what the caller holds. The values stay unsaid.
    #[error("the {guard} of the run is not the one expected")]
    GuardMismatch {
        /// Which one.
        guard: Guard,
    },
    /// A seal or checkpoint that does not sign this log.
    #[error("frame {sequence}: the signature does not cover this log")]
    SealInvalid {
        /// Which frame, from 0.
        sequence: u64,
    },
    /// Signed by a key that the trust document does not give the role `run`.
    #[error("frame {sequence}: signed by a key not trusted for the role `run`")]
    SealUntrusted {
        /// Which frame, from 0.
        sequence: u64,
    },
    /// Signed by a key whose validity has not begun.
    #[error("frame {sequence}: the signing key is not valid before {from}")]
    SealKeyNotYetValid {
        /// Which frame, from 0.
        sequence: u64,
        /// When it begins.
        from: Timestamp,
    },
    /// Signed by a key whose validity is over.
    #[error("frame {sequence}: the signing key expired at {expired}")]
    SealKeyExpired {
        /// Which frame, from 0.
        sequence: u64,
        /// When it ended.
        expired: Timestamp,
    },
    /// Signed by a key that is older than the trust document allows.
    #[error("frame {sequence}: the signing key has been older than the trust document allows since {since}")]
    SealKeyOverdue {
        /// Which frame, from 0.
        sequence: u64,
        /// Since when.
        since: Timestamp,
    },
    /// Signed by a key that was retired.
    #[error("frame {sequence}: the signing key was retired")]
    SealKeyRetired {
        /// Which frame, from 0.
        sequence: u64,
    },
    /// Signed by a key that was revoked.
    #[error("frame {sequence}: the signing key was revoked")]
    SealKeyRevoked {
        /// Which frame, from 0.
        sequence: u64,
    },
    /// A frame larger than the format allows.
    #[error("frame {sequence} states {actual} bytes, at most {limit} are allowed")]
    FrameTooLarge {
        /// Which frame, from 0.
        sequence: u64,
        /// The limit in bytes: [`MAX_FRAME_BYTES`], or less for the header.
        limit: usize,
        /// The size it states.
        actual: u32,
    },
    /// The result of a call that the log does not say may be made.
    #[error("frame {sequence}: the result of call {call}, which nothing before it lets through")]
    ResultNotPermitted {
        /// Which frame, from 0.
        sequence: u64,
        /// Which call of the run.
        call: u64,
    },
    /// A frame that lets a call through which its verdict does not leave to it, or a verdict on a call
    /// that was made before, or that comes before one that was judged already.
    #[error("frame {sequence}: it decides on call {call}, and nothing before it leaves that to it")]
    PermissionMisplaced {
        /// Which frame, from 0.
        sequence: u64,
        /// Which call of the run.
        call: u64,
    },
    /// Bytes after the end frame.
    #[error("there are bytes after the end frame; {sequence} frames belong to the log")]
    TrailingData {
        /// The sequence the next frame would have had.
        sequence: u64,
    },
    /// The log could not be read.
    #[error("frame {sequence} could not be read: {kind}")]
    Io {
        /// Which frame, from 0.
        sequence: u64,
        /// What the system said.
        kind: io::ErrorKind,
    },
}

reach_types::codes!(ReplayError {
    FormatUnknown => ("replay.format_unknown", Refused, "this file is no run log, or a newer build wrote it"),
    Malformed => ("replay.malformed", Refused, "get the log from its origin again"),
    NonCanonical => ("replay.non_canonical", Unsafe, "get the log from its origin again; no recorder writes this"),
    ChainBroken => ("replay.chain_broken", Refused, "get the log from its origin again; trust no part of this copy"),
    GuardMismatch => ("replay.guard_mismatch", Refused, "give the pack, policy and state that the run was recorded with"),
    SealInvalid => ("replay.seal_invalid", Refused, "get the log from its origin again; trust no part of this copy"),
    SealUntrusted => ("replay.seal_untrusted", Untrusted, "add the recorder's `run` key to the trust document, if you trust it"),
    SealKeyNotYetValid => ("replay.seal_key_not_yet_valid", Expired, "wait, or check the clock"),
    SealKeyExpired => ("replay.seal_key_expired", Expired, "verify with a trust document that still holds the key as valid"),
    SealKeyOverdue => ("replay.seal_key_overdue", Expired, "compare the log's head with the ledger, which dates it"),
    SealKeyRetired => ("replay.seal_key_retired", Expired, "compare the log's head with the ledger, which dates it"),
    SealKeyRevoked => ("replay.seal_key_revoked", Expired, "compare the log's head with the ledger; treat the log with suspicion"),
    FrameTooLarge => ("replay.limit_frame", Limit, "no recorder writes such a frame; get the log from its origin again"),
    ResultNotPermitted => ("replay.result_not_permitted", Refused, "treat the run with suspicion: its recorder wrote that it did what it was not allowed"),
    PermissionMisplaced => ("replay.permission_misplaced", Refused, "treat the run with suspicion: its recorder wrote a permission that nobody asked for"),
    TrailingData => ("replay.trailing_data", Refused, "get the log from its origin again; nothing may follow the end frame"),
    Io => ("replay.io", Environment, "check the file and the disk"),
} wrap { Header });

const _: () = assert!(MAX_FRAME_BYTES <= u32::MAX as usize, "a frame's length is stated in 32 bits");

impl ReplayError {
    /// The sequence number of the first frame that is wrong, from 0 for the header.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        match self {
            Self::FormatUnknown | Self::Header(_) | Self::GuardMismatch { .. } => 0,
            Self::Malformed { sequence, .. }
            | Self::NonCanonical { sequence }
            | Self::ChainBroken { sequence }
            | Self::SealInvalid { sequence }
            | Self::SealUntrusted { sequence }
            | Self::SealKeyNotYetValid { sequence, .. }
            | Self::SealKeyExpired { sequence, .. }
            | Self::SealKeyOverdue { sequence, .. }
            | Self::SealKeyRetired { sequence }
            | Self::SealKeyRevoked { sequence }
            | Self::FrameTooLarge { sequence, .. }
            | Self::ResultNotPermitted { sequence, .. }
            | Self::PermissionMisplaced { sequence, .. }
            | Self::TrailingData { sequence }
            | Self::Io { sequence, .. } => *sequence,
        }
    }
}

/// Why a log is not whole, though what is there holds together. Not a rejection, and no proof
/// either: without the seal, anybody could have written all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// The bytes end before the end frame.
    #[error("the log ends without an end frame")]
    Tail,
    /// The log has more frames than the reader reads.
    #[error("the log has more than {limit} frames; what comes after them was not read")]
    Frames {
        /// The reader's limit.
        limit: u64,
    },
    /// The log has more bytes than the reader reads.
    #[error("the log has more than {limit} bytes; the frames that do not fit were not read")]
    Bytes {
        /// The reader's limit.
        limit: u64,
    },
}

reach_types::codes!(Incomplete {
    Tail => ("replay.incomplete", Incomplete, "get the whole log, or find out why its recorder stopped"),
    Frames => ("replay.limit_events", Incomplete, "read with a higher limit"),
    Bytes => ("replay.limit_bytes", Incomplete, "read with a higher limit"),
});
