//! Verifying a log: chain, guards, seal.

use std::io::Read;

use reach_signing::VerifiedTrust;
use reach_types::{Blake3Digest, Timestamp};

use crate::{
    Checkpoint, End, EndReason, ExpectedGuards, Frame, Header, Incomplete, Limits, ReplayError,
    permission::Permission,
    read::{LogReader, Next, Placed},
    seal::{Authority, checkpoint_message, seal_message},
};

/// How good a log is that was not rejected.
///
/// Exhaustive on purpose: `VerifiedPartial` will join when payloads can be elided, and every caller
/// must then decide about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Chain and seal hold, and every guard is what the caller expected.
    Verified,
    /// Chain and seal hold; the caller expected nothing of the guards.
    Sealed,
    /// What is there holds together, but the end is missing. It proves nothing.
    Incomplete(Incomplete),
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How good the log is.
    pub outcome: Outcome,
    /// The header; `None` only for a log that was cut before its header was complete.
    pub header: Option<Header>,
    /// How many frames were read, the end frame included.
    pub frames: u64,
    /// The chain's head after those, which names the log's whole content; `None` as for `header`.
    pub head: Option<Blake3Digest>,
    /// Why the run ended.
    pub end: Option<EndReason>,
    /// The name of the signer who sealed it.
    pub signer: Option<String>,
    /// Frames that claim a moment before one that an earlier frame claims.
    pub backwards: u64,
    /// Frames that claim a moment after `now`.
    pub future: u64,
}

/// Verifies a log at `now`, holding one frame at a time in memory.
///
/// Without `expected` the answer is [`Outcome::Sealed`] at best. Times in the log decide nothing:
/// the report counts the odd ones.
///
/// # Errors
/// [`ReplayError`]: the log is rejected. A log that merely ends early is not: see [`Outcome`].
pub fn verify<R: Read>(
    reader: R,
    trust: &VerifiedTrust,
    expected: Option<&ExpectedGuards>,
    limits: &Limits,
    now: Timestamp,
) -> Result<Report, ReplayError> {
    verify_with(reader, trust, expected, limits, now, &mut |_, _| ())
}

/// Verifies a log as [`verify`] does, and shows each frame to `visit`.
///
/// A frame is shown once it continues the chain and its own checks hold, which is **before** the
/// seal is reached: what `visit` collected may be used only if the report says so in the end.
///
/// # Errors
/// As [`verify`].
pub fn verify_with<R: Read>(
    reader: R,
    trust: &VerifiedTrust,
    expected: Option<&ExpectedGuards>,
    limits: &Limits,
    now: Timestamp,
    visit: &mut dyn FnMut(u64, &Frame),
) -> Result<Report, ReplayError> {
    let mut log = LogReader::new(reader, *limits);
    let mut judge = Judge::new(Authority { trust, now }, expected);
    loop {
        match log.next()? {
            Next::Cut(why) => return Ok(judge.report(&log, Outcome::Incomplete(why))),
            Next::Frame(placed) => {
                judge.examine(&placed)?;
                visit(placed.sequence, &placed.frame);
            }
        }
        if judge.end.is_some() {
            log.expect_nothing()?;
            let outcome = if expected.is_some() { Outcome::Verified } else { Outcome::Sealed };
            return Ok(judge.report(&log, outcome));
        }
    }
}

/// What is known so far.
struct Judge<'t> {
    authority: Authority<'t>,
    expected: Option<&'t ExpectedGuards>,
    header: Option<Header>,
    permission: Permission,
    end: Option<EndReason>,
    signer: Option<&'t str>,
    latest: Timestamp,
    backwards: u64,
    future: u64,
}

impl<'t> Judge<'t> {
    fn new(authority: Authority<'t>, expected: Option<&'t ExpectedGuards>) -> Self {
        let latest = Timestamp::from_millis(0);
        let permission = Permission::default();
        Self { authority, expected, header: None, permission, end: None, signer: None, latest, backwards: 0, future: 0 }
    }

    fn examine(&mut self, placed: &Placed) -> Result<(), ReplayError> {
        self.note_time(placed.frame.time());
        match &placed.frame {
            Frame::Header(header) => self.open(header),
            Frame::Event(event) => {
                self.permission.follow(placed.sequence, event);
                Ok(())
            }
            Frame::Checkpoint(checkpoint) => self.check_checkpoint(placed, checkpoint),
            Frame::End(end) => self.check_end(placed, end),
        }
    }

    fn open(&mut self, header: &Header) -> Result<(), ReplayError> {
        header.check().map_err(ReplayError::Header)?;
        if let Some(guard) = self.expected.and_then(|expected| expected.mismatch(&header.guards)) {
            return Err(ReplayError::GuardMismatch { guard });
        }
        self.header = Some(header.clone());
        Ok(())
    }

    fn check_checkpoint(&self, placed: &Placed, checkpoint: &Checkpoint) -> Result<(), ReplayError> {
        let header = self.covered(placed, checkpoint.count, &checkpoint.head)?;
        let message = checkpoint_message(&header.run, checkpoint);
        self.authority.check(placed.sequence, &checkpoint.key_id, message, &checkpoint.signature).map(|_| ())
    }

    fn check_end(&mut self, placed: &Placed, end: &End) -> Result<(), ReplayError> {
        let header = self.covered(placed, end.count, &end.head)?;
        let message = seal_message(&header.run, end);
        self.signer = Some(self.authority.check(placed.sequence, &end.key_id, message, &end.signature)?);
        // Only under a seal does it say anything about the recorder.
        self.permission.check()?;
        self.end = Some(end.reason);
        Ok(())
    }

    /// The header, if `count` and `head` are those of the log before this frame.
    fn covered(&self, placed: &Placed, count: u64, head: &Blake3Digest) -> Result<&Header, ReplayError> {
        let covers = count == placed.sequence && placed.before.as_ref() == Some(head);
        self.header.as_ref().filter(|_| covers).ok_or(ReplayError::SealInvalid { sequence: placed.sequence })
    }

    fn note_time(&mut self, claimed: Option<Timestamp>) {
        let Some(time) = claimed else { return };
        self.backwards = self.backwards.saturating_add(u64::from(time < self.latest));
        self.future = self.future.saturating_add(u64::from(time > self.authority.now));
        self.latest = self.latest.max(time);
    }

    fn report<R: Read>(self, log: &LogReader<R>, outcome: Outcome) -> Report {
        Report {
            outcome,
            header: self.header,
            frames: log.frames(),
            head: log.head().filter(|_| log.frames() > 0),
            end: self.end,
            signer: self.signer.map(str::to_owned),
            backwards: self.backwards,
            future: self.future,
        }
    }
}
