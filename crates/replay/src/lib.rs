#![doc = include_str!("../README.md")]

mod chain;
mod equivocation;
mod error;
mod event;
mod frame;
mod guards;
mod header;
mod limits;
mod offsets;
mod permission;
mod read;
mod record;
mod seal;
mod verify;
mod wire;

pub use equivocation::{EquivocationError, check_equivocation};
pub use error::{Incomplete, ReplayError};
pub use event::{
    Approved, CallResult, Event, MAX_APPROVERS, MAX_CODE_BYTES, MAX_VERDICT_CODES, MAX_VERDICT_SCOPES, Payload,
    PolicyMode, ResultOutcome, Verdict, VerdictOutcome, Warned,
};
pub use frame::{Checkpoint, End, EndReason, FORMAT_VERSION, Frame, MAX_FRAME_BYTES, MAX_HEADER_BYTES};
pub use guards::{Claimed, ExpectedGuards, Guard, Guards, engine_digest};
pub use header::{Header, HeaderError};
pub use limits::{Limits, MAX_LOG_BYTES, MAX_LOG_FRAMES};
pub use offsets::frame_offsets;
pub use read::{Listing, read_frames};
pub use record::{DurableFrame, LogSink, RecordError, Recorder, Sealed};
pub use seal::{CHECKPOINT_PAYLOAD_TYPE, SEAL_PAYLOAD_TYPE};
pub use verify::{Outcome, Report, verify, verify_with};

use reach_types::CodeRow;

/// Every code this crate can answer with.
pub const CODES: &[&[CodeRow]] =
    &[EquivocationError::ROWS, HeaderError::ROWS, Incomplete::ROWS, RecordError::ROWS, ReplayError::ROWS];
