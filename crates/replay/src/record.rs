//! Recording a run: every frame is durable before the caller may go on.

use std::io;

use reach_signing::{SignError, Signer};
use reach_types::{Blake3Digest, KeyId, RunId, StrictError, Timestamp};

use crate::{
    Checkpoint, End, EndReason, Event, Frame, Header, HeaderError, Limits, MAX_FRAME_BYTES, VerdictOutcome,
    chain::Chain,
    frame::{END_RESERVE_BYTES, FRAMING_BYTES, PREAMBLE, prefix},
    seal::{checkpoint_message, seal_message},
};

/// Where a log goes. The runner's is a file; a `Vec<u8>` keeps it in memory.
pub trait LogSink {
    /// Adds `bytes` at the end.
    ///
    /// # Errors
    /// What the system said; how much was added is then unknown.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything added will outlast a crash.
    ///
    /// # Errors
    /// What the system said; what outlasts a crash is then unknown.
    fn sync(&mut self) -> io::Result<()>;
}

impl LogSink for Vec<u8> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: LogSink + ?Sized> LogSink for &mut S {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }
}

/// Why something was not recorded. Exhaustive on purpose: a run that goes on unrecorded is one that
/// nobody can check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A header that no reader would take.
    #[error(transparent)]
    Header(HeaderError),
    /// An event that no reader would take.
    #[error("the event cannot be recorded: {detail}")]
    Event {
        /// What is wrong.
        detail: &'static str,
    },
    /// An event too large for a frame. A smaller one may still be recorded.
    #[error("the event takes {actual} bytes, at most {MAX_FRAME_BYTES} are allowed")]
    EventTooLarge {
        /// The size.
        actual: usize,
    },
    /// A limit of this recording is reached: finish it. Only room for the end frame is left.
    #[error("the recording has reached its limit of {} frames or {} bytes", .limits.frames, .limits.bytes)]
    Limit {
        /// The limits.
        limits: Limits,
    },
    /// The sink failed. What it holds is unknown, so the recorder takes nothing more.
    #[error("the log could not be written: {kind}")]
    Io {
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The sink failed before.
    #[error("the log could not be written before, and what it holds is unknown")]
    Latched,
    /// The seal or checkpoint was not signed.
    #[error(transparent)]
    Sign(SignError),
    /// A value that cannot be encoded, which the types rule out.
    #[error(transparent)]
    Encoding(StrictError),
}

reach_types::codes!(RecordError {
    Event => ("replay.event_malformed", Refused, "record what happened with identifiers and codes of the known grammar"),
    EventTooLarge => ("replay.event_too_large", Limit, "let the tool work in smaller batches"),
    Limit => ("replay.recording_limit", Limit, "let the run do less, or raise the recording's limits"),
    Io => ("replay.record_failed", Environment, "check the disk, then start the run again"),
    Latched => ("replay.record_latched", Environment, "check the disk, then start the run again"),
} wrap { Header, Sign, Encoding });

/// Evidence that a frame is durable: only [`Recorder`] makes one, and it cannot be copied.
///
/// ```compile_fail,E0308
/// # use reach_replay::DurableFrame;
/// fn twice(frame: &DurableFrame) -> DurableFrame {
///     frame.clone()
/// }
/// ```
/// ```compile_fail,E0451
/// # use reach_replay::DurableFrame;
/// fn another(frame: DurableFrame) -> DurableFrame {
///     DurableFrame { ..frame }
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct DurableFrame {
    run: RunId,
    sequence: u64,
    head: Blake3Digest,
    recorded: Recorded,
}

/// What a frame holds, as far as it matters to whoever acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recorded {
    Verdict(u64, VerdictOutcome),
    Warned(u64, Blake3Digest),
    Approval(u64, Blake3Digest),
    Other,
}

impl Recorded {
    fn of(event: &Event) -> Self {
        match event {
            Event::Verdict(verdict) => Self::Verdict(verdict.call, verdict.outcome),
            Event::Warned(warned) => Self::Warned(warned.call, warned.permit),
            Event::Approval(approved) => Self::Approval(approved.call, approved.request),
            Event::Result(_) => Self::Other,
        }
    }
}

impl DurableFrame {
    /// The run that was recorded.
    #[must_use]
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// Which frame it is, from 0 for the header.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The chain's head after it.
    #[must_use]
    pub const fn head(&self) -> &Blake3Digest {
        &self.head
    }

    /// If the frame is a verdict: about which call of the run, and what it was.
    #[must_use]
    pub const fn verdict(&self) -> Option<(u64, VerdictOutcome)> {
        match self.recorded {
            Recorded::Verdict(call, outcome) => Some((call, outcome)),
            _ => None,
        }
    }

    /// If the frame lets a call through that was warned about: which call, and by which permit.
    #[must_use]
    pub const fn warned(&self) -> Option<(u64, &Blake3Digest)> {
        match &self.recorded {
            Recorded::Warned(call, permit) => Some((*call, permit)),
            _ => None,
        }
    }

    /// If the frame is a person's approval: of which call, and by which request.
    #[must_use]
    pub const fn approval(&self) -> Option<(u64, &Blake3Digest)> {
        match &self.recorded {
            Recorded::Approval(call, request) => Some((*call, request)),
            _ => None,
        }
    }
}

/// A log that was ended and sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The chain's head after the end frame, as [`Report::head`](crate::Report::head) gives it.
    pub head: Blake3Digest,
    /// How many frames there are, the end frame included.
    pub count: u64,
    /// The reason that was sealed.
    pub reason: EndReason,
}

/// Whether a recorder takes events.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Over a limit: only the end frame is taken.
    Full,
    /// The sink failed: nothing is taken.
    Failed,
}

/// Records one run.
pub struct Recorder<S> {
    sink: S,
    run: RunId,
    chain: Chain,
    limits: Limits,
    frames: u64,
    bytes: u64,
    state: State,
}

impl<S: LogSink> Recorder<S> {
    /// Starts a log whose header is durable when this returns. `sink` must be empty.
    ///
    /// # Errors
    /// [`RecordError::Header`]; [`RecordError::Limit`] if `limits` leave no room for a header and an
    /// end frame; [`RecordError::Io`].
    pub fn start(sink: S, header: Header, limits: Limits) -> Result<Self, RecordError> {
        header.check().map_err(RecordError::Header)?;
        let run = header.run;
        let body = Frame::Header(Box::new(header)).encode().map_err(RecordError::Encoding)?;
        let chain = Chain::start(&body);
        let mut recorder = Self { sink, run, chain, limits, frames: 0, bytes: 0, state: State::Open };
        let start = [&PREAMBLE[..], &prefix(length(&body)?), &body, recorder.chain.head().as_bytes()].concat();
        recorder.reserve(start.len() as u64)?;
        recorder.write(&start)?;
        Ok(recorder)
    }

    /// Records `event`; it is durable when this returns.
    ///
    /// After [`RecordError::Limit`] the caller ends the run and calls [`Recorder::finish`]: the log
    /// is still good, and takes no other event.
    ///
    /// # Errors
    /// [`RecordError::Event`], [`RecordError::EventTooLarge`], [`RecordError::Limit`],
    /// [`RecordError::Io`], and from then on [`RecordError::Latched`].
    pub fn record(&mut self, event: Event) -> Result<DurableFrame, RecordError> {
        event.check().map_err(|detail| RecordError::Event { detail })?;
        let recorded = Recorded::of(&event);
        let frame = self.add(&Frame::Event(event))?;
        Ok(DurableFrame { recorded, ..frame })
    }

    /// Signs the log so far; the signature is durable when this returns. When to do so is the
    /// caller's choice.
    ///
    /// # Errors
    /// [`RecordError::Sign`], which leaves the log as it was; [`RecordError::Limit`],
    /// [`RecordError::Io`], [`RecordError::Latched`].
    pub fn checkpoint(&mut self, signer: &dyn Signer) -> Result<DurableFrame, RecordError> {
        let mut checkpoint =
            Checkpoint { count: self.frames, head: self.chain.head(), key_id: key_id(signer), signature: [0; 64] };
        let message = checkpoint_message(&self.run, &checkpoint).map_err(RecordError::Encoding)?;
        checkpoint.signature = signer.sign(&message).map_err(RecordError::Sign)?.0;
        self.add(&Frame::Checkpoint(checkpoint))
    }

    /// Ends the log and seals it with a `run` key.
    ///
    /// Once a limit was reached the reason sealed is [`EndReason::Limit`], whatever is given: a log
    /// that lacks something says so.
    ///
    /// # Errors
    /// [`RecordError::Sign`] if `signer` holds another role or failed, [`RecordError::Io`],
    /// [`RecordError::Latched`]; the log then stays incomplete.
    pub fn finish(mut self, reason: EndReason, at: Timestamp, signer: &dyn Signer) -> Result<Sealed, RecordError> {
        let reason = if self.state == State::Full { EndReason::Limit } else { reason };
        let (count, head) = (self.frames, self.chain.head());
        let mut end = End { reason, count, head, at, key_id: key_id(signer), signature: [0; 64] };
        let message = seal_message(&self.run, &end).map_err(RecordError::Encoding)?;
        end.signature = signer.sign(&message).map_err(RecordError::Sign)?.0;
        // The room for this frame was left free by every frame before.
        let body = Frame::End(end).encode().map_err(RecordError::Encoding)?;
        self.write_frame(&body)?;
        Ok(Sealed { head: self.chain.head(), count: self.frames, reason })
    }

    /// The run that is recorded.
    #[must_use]
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// How many frames are durable.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// How many bytes they take.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The chain's head after them.
    #[must_use]
    pub const fn head(&self) -> Blake3Digest {
        self.chain.head()
    }

    fn add(&mut self, frame: &Frame) -> Result<DurableFrame, RecordError> {
        let body = frame.encode().map_err(RecordError::Encoding)?;
        if body.len() > MAX_FRAME_BYTES {
            return Err(RecordError::EventTooLarge { actual: body.len() });
        }
        self.reserve((body.len() as u64).saturating_add(FRAMING_BYTES))?;
        let sequence = self.frames;
        self.write_frame(&body)?;
        Ok(DurableFrame { run: self.run, sequence, head: self.chain.head(), recorded: Recorded::Other })
    }

    /// Refuses a frame that would leave no room for the end frame, and every event after it: a log
    /// with a hole would look whole.
    fn reserve(&mut self, bytes: u64) -> Result<(), RecordError> {
        let frames = self.frames.saturating_add(2) <= self.limits.frames;
        let room = self.bytes.saturating_add(bytes).saturating_add(END_RESERVE_BYTES) <= self.limits.bytes;
        if self.state == State::Open && !(frames && room) {
            self.state = State::Full;
        }
        match self.state {
            State::Open => Ok(()),
            State::Full => Err(RecordError::Limit { limits: self.limits }),
            State::Failed => Err(RecordError::Latched),
        }
    }

    fn write_frame(&mut self, body: &[u8]) -> Result<(), RecordError> {
        if self.state == State::Failed {
            return Err(RecordError::Latched);
        }
        let before = prefix(length(body)?);
        let head = self.chain.add(body);
        self.write(&[&before, body, head.as_bytes()].concat())
    }

    /// Latches on any failure: a frame half written must never be followed by another.
    fn write(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        if let Err(error) = self.sink.append(bytes).and_then(|()| self.sink.sync()) {
            self.state = State::Failed;
            return Err(RecordError::Io { kind: error.kind() });
        }
        self.frames = self.frames.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

fn key_id(signer: &dyn Signer) -> KeyId {
    signer.public_key().key_id()
}

fn length(body: &[u8]) -> Result<u32, RecordError> {
    u32::try_from(body.len()).map_err(|_| RecordError::EventTooLarge { actual: body.len() })
}
