//! Reading a log frame by frame: format and chain, nothing else.

use std::io::{BufReader, ErrorKind, Read};

use reach_types::{Blake3Digest, StrictError};

use crate::{
    EndReason, Frame, Incomplete, Limits, MAX_FRAME_BYTES, MAX_HEADER_BYTES, ReplayError,
    chain::Chain,
    frame::{FRAMING_BYTES, PREAMBLE, PREFIX_BYTES, length},
};

/// Most frames are far smaller; a larger one grows the buffer only as far as its bytes arrive.
const FIRST_RESERVE: usize = 64 * 1024;

/// One frame in its place.
pub(crate) struct Placed {
    pub(crate) sequence: u64,
    pub(crate) frame: Frame,
    /// The chain's head before this frame; there is none before the header.
    pub(crate) before: Option<Blake3Digest>,
}

/// What comes next in a log.
pub(crate) enum Next {
    Frame(Placed),
    Cut(Incomplete),
}

/// Reads frames whose bytes follow from the ones before.
pub(crate) struct LogReader<R> {
    input: BufReader<R>,
    limits: Limits,
    chain: Option<Chain>,
    frames: u64,
    bytes: u64,
    body: Vec<u8>,
}

impl<R: Read> LogReader<R> {
    pub(crate) fn new(input: R, limits: Limits) -> Self {
        Self { input: BufReader::new(input), limits, chain: None, frames: 0, bytes: 0, body: Vec::new() }
    }

    pub(crate) const fn frames(&self) -> u64 {
        self.frames
    }

    pub(crate) fn head(&self) -> Option<Blake3Digest> {
        self.chain.as_ref().map(Chain::head)
    }

    /// The next frame. After an error, or a cut, the reader is of no further use.
    pub(crate) fn next(&mut self) -> Result<Next, ReplayError> {
        if self.bytes == 0 && !self.read_preamble()? {
            return Ok(Next::Cut(Incomplete::Tail));
        }
        if let Some(cut) = self.read_body()? {
            return Ok(Next::Cut(cut));
        }
        let mut stated = [0; 32];
        if self.fill(&mut stated)? < stated.len() {
            return Ok(Next::Cut(Incomplete::Tail));
        }
        self.link(Blake3Digest::from_bytes(stated)).map(Next::Frame)
    }

    /// Nothing may follow the end frame.
    pub(crate) fn expect_nothing(&mut self) -> Result<(), ReplayError> {
        match self.fill(&mut [0])? {
            0 => Ok(()),
            _ => Err(ReplayError::TrailingData { sequence: self.frames }),
        }
    }

    /// Whether the whole preamble is there; a beginning of it is a log cut very early.
    fn read_preamble(&mut self) -> Result<bool, ReplayError> {
        let mut start = [0; PREAMBLE.len()];
        let got = self.fill(&mut start)?;
        if !start.iter().take(got).eq(PREAMBLE.iter().take(got)) {
            return Err(ReplayError::FormatUnknown);
        }
        self.bytes = got as u64;
        Ok(got == PREAMBLE.len())
    }

    /// Reads the next frame's bytes into `body`, every limit checked before.
    fn read_body(&mut self) -> Result<Option<Incomplete>, ReplayError> {
        let mut prefix = [0; PREFIX_BYTES];
        if self.fill(&mut prefix)? < prefix.len() {
            return Ok(Some(Incomplete::Tail));
        }
        if self.frames >= self.limits.frames {
            return Ok(Some(Incomplete::Frames { limit: self.limits.frames }));
        }
        let length = self.checked_length(prefix)?;
        let end = self.bytes.saturating_add(FRAMING_BYTES).saturating_add(u64::from(length));
        if end > self.limits.bytes {
            return Ok(Some(Incomplete::Bytes { limit: self.limits.bytes }));
        }
        self.bytes = end;
        self.body.clear();
        self.body.reserve(usize::try_from(length).map_or(FIRST_RESERVE, |length| length.min(FIRST_RESERVE)));
        let read = self.input.by_ref().take(u64::from(length)).read_to_end(&mut self.body);
        let got = read.map_err(|error| ReplayError::Io { sequence: self.frames, kind: error.kind() })?;
        Ok((got as u64 != u64::from(length)).then_some(Incomplete::Tail))
    }

    fn checked_length(&self, prefix: [u8; PREFIX_BYTES]) -> Result<u32, ReplayError> {
        let sequence = self.frames;
        let actual = length(prefix).ok_or(ReplayError::Malformed { sequence, detail: "its length is damaged" })?;
        let limit = if sequence == 0 { MAX_HEADER_BYTES } else { MAX_FRAME_BYTES };
        match usize::try_from(actual) {
            Ok(length) if length <= limit => Ok(actual),
            _ => Err(ReplayError::FrameTooLarge { sequence, limit, actual }),
        }
    }

    /// Checks that `body` leads to the head `stated` after it, and only then decodes it.
    fn link(&mut self, stated: Blake3Digest) -> Result<Placed, ReplayError> {
        let sequence = self.frames;
        let before = self.head();
        let head = match &mut self.chain {
            Some(chain) => chain.add(&self.body),
            None => self.chain.insert(Chain::start(&self.body)).head(),
        };
        if head != stated {
            return Err(ReplayError::ChainBroken { sequence });
        }
        let frame = decode(sequence, &self.body)?;
        self.frames = sequence.saturating_add(1);
        Ok(Placed { sequence, frame, before })
    }

    /// Fills `buffer` as far as the input reaches; returns how far.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ReplayError> {
        let mut got = 0usize;
        while let Some(rest @ [_, ..]) = buffer.get_mut(got..) {
            match self.input.read(rest) {
                Ok(0) => break,
                Ok(more) => got = got.saturating_add(more),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(ReplayError::Io { sequence: self.frames, kind: error.kind() }),
            }
        }
        Ok(got)
    }
}

fn decode(sequence: u64, body: &[u8]) -> Result<Frame, ReplayError> {
    let malformed = |detail| ReplayError::Malformed { sequence, detail };
    let frame = Frame::decode(body).map_err(|error| match error {
        StrictError::NonCanonical => ReplayError::NonCanonical { sequence },
        _ => malformed("it is no frame of this format"),
    })?;
    match (&frame, sequence) {
        (Frame::Header(_), 0) => Ok(()),
        (Frame::Header(_), _) => Err(malformed("a header stands after the first frame")),
        (_, 0) => Err(malformed("the first frame is not the header")),
        (Frame::Event(event), _) => event.check().map_err(malformed),
        (Frame::Checkpoint(_) | Frame::End(_), _) => Ok(()),
    }?;
    Ok(frame)
}

/// What [`read_frames`] found. It proves nothing: anybody can write a log that lists well.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// How many frames were read.
    pub frames: u64,
    /// The chain's head after them.
    pub head: Option<Blake3Digest>,
    /// Why the run ended, if there is an end frame.
    pub end: Option<EndReason>,
    /// Why the log is not whole, if it is not.
    pub incomplete: Option<Incomplete>,
}

/// Shows every frame of a log to `visit`, in order, trusting nothing: format and chain are checked,
/// signatures, guards and the run's id are not. For looking at a log, never for deciding on it.
///
/// # Errors
/// [`ReplayError`], but for guards, header and signatures; the frames before the bad one have then
/// been shown.
pub fn read_frames<R: Read>(
    reader: R,
    limits: &Limits,
    visit: &mut dyn FnMut(u64, &Frame),
) -> Result<Listing, ReplayError> {
    let mut log = LogReader::new(reader, *limits);
    let (end, incomplete) = loop {
        match log.next()? {
            Next::Cut(why) => break (None, Some(why)),
            Next::Frame(placed) => {
                visit(placed.sequence, &placed.frame);
                if let Frame::End(end) = placed.frame {
                    log.expect_nothing()?;
                    break (Some(end.reason), None);
                }
            }
        }
    };
    Ok(Listing { frames: log.frames(), head: log.head(), end, incomplete })
}
