//! Sizes and counts: stopped before memory is spent, at a place that the bytes and limits decide.

use std::io::{self, Read};

use reach_replay::{
    EndReason, Event, Frame, Limits, MAX_FRAME_BYTES, MAX_HEADER_BYTES, Outcome, Recorder, ReplayError, Report, verify,
};
use reach_types::{Blake3Digest, Code};

use crate::support::{
    NOW, PREAMBLE, bodies, day, encode, framed, header, heads, held, join, rechain, record, rejection, result, run_key,
    trust, verdict, word,
};

fn read(input: impl Read, limits: Limits) -> Result<Report, ReplayError> {
    verify(input, trust(), Some(&held()), &limits, NOW)
}

fn prefix(length: u32) -> Vec<u8> {
    [length.to_le_bytes(), (!length).to_le_bytes()].concat()
}

#[test]
fn r12_a_declared_length_over_the_limit_is_refused_before_anything_is_read() {
    let limit = u32::try_from(MAX_FRAME_BYTES).unwrap();
    let start = join(&framed(&record(1, 1))[..1]);
    let declared = |length: u32| {
        let endless = io::repeat(0).take(u64::from(length) / 1024);
        word(read([&start[..], &prefix(length)].concat().chain(endless), Limits::default()))
    };
    assert_eq!(declared(u32::MAX), "replay.limit_frame");
    assert_eq!(declared(1 << 30), "replay.limit_frame");
    assert_eq!(declared(limit + 1), "replay.limit_frame");
    assert_eq!(declared(limit), "replay.incomplete");
    // 2^63 does not fit in a length: its bytes are a damaged one.
    assert_eq!(rejection(&[&start[..], &(1u64 << 63).to_le_bytes()].concat()), ("replay.malformed", 1));
    let header = u32::try_from(MAX_HEADER_BYTES).unwrap();
    assert_eq!(rejection(&[PREAMBLE, &prefix(header + 1)].concat()), ("replay.limit_frame", 0));
    assert_eq!(word(read([PREAMBLE, &prefix(header)].concat().as_slice(), Limits::default())), "replay.incomplete");
}

#[test]
fn r12_an_oversized_event_is_not_recorded_and_does_not_end_the_recording() {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(1), Limits::default()).unwrap();
    let _ = recorder.record(Event::Verdict(verdict(0))).unwrap();
    let mut big = result(0);
    big.payload = vec![0; MAX_FRAME_BYTES].into();
    assert_eq!(recorder.record(Event::Result(big.clone())).unwrap_err().code(), "replay.event_too_large");
    // Two tags, call, outcome, one tag, a length of four bytes, six of time.
    big.payload = vec![0; MAX_FRAME_BYTES - 15].into();
    let _ = recorder.record(Event::Result(big)).unwrap();
    recorder.finish(EndReason::Completed, day(-1), &run_key()).unwrap();
    assert_eq!(word(read(log.as_slice(), Limits::default())), "verified");
}

fn framed_as(body: &[u8], head: &Blake3Digest) -> Vec<u8> {
    [&prefix(u32::try_from(body.len()).unwrap())[..], body, head.as_bytes()].concat()
}

/// A log of the smallest frames there are, without end, made as it is read.
struct Endless {
    head: Blake3Digest,
    ready: Vec<u8>,
    given: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            let body = encode(&Frame::Event(Event::Result(result(0))));
            self.head = Blake3Digest::derive("reach 2026 run log frame v1", &[self.head.as_bytes(), &body]);
            self.ready = framed_as(&body, &self.head);
            self.given = 0;
        }
        let count = buffer.len().min(self.ready.len() - self.given);
        buffer[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[test]
fn r12_endless_small_frames_end_at_the_limit() {
    let frames = bodies(&record(1, 0));
    let endless = || Endless { head: heads(&frames)[0], ready: join(&framed(&record(1, 0))[..1]), given: 0 };
    let by_frames = read(endless(), Limits { frames: 20_000, ..Limits::default() }).unwrap();
    assert_eq!(by_frames.frames, 20_000);
    assert_eq!(word(Ok(by_frames)), "replay.limit_events");
    assert_eq!(word(read(endless(), Limits { bytes: 1 << 20, ..Limits::default() })), "replay.limit_bytes");
}

#[test]
fn r12_a_payload_is_bytes_however_deep_its_json_is() {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(1), Limits::default()).unwrap();
    let _ = recorder.record(Event::Verdict(verdict(0))).unwrap();
    let mut deep = result(0);
    deep.payload = b"[".repeat(100_000).into();
    let _ = recorder.record(Event::Result(deep)).unwrap();
    recorder.finish(EndReason::Completed, day(-1), &run_key()).unwrap();
    assert_eq!(word(read(log.as_slice(), Limits::default())), "verified");
}

#[test]
fn r12_counts_inside_a_frame_are_refused_before_their_entries() {
    let mut frames = bodies(&record(1, 1));
    let mut crowded = verdict(0);
    crowded.codes = vec![String::new(); 1_000_000];
    frames[1] = encode(&Frame::Event(Event::Verdict(crowded)));
    assert_eq!(rejection(&rechain(&frames)), ("replay.malformed", 1));
}

/// Records until the limit; returns the log and how many events went in.
fn record_full(limits: Limits, asked: EndReason) -> (Vec<u8>, u64) {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(1), limits).unwrap();
    let mut call = 0;
    let error = loop {
        match recorder.record(Event::Verdict(verdict(call))) {
            Ok(durable) => assert_eq!(durable.sequence(), call + 1),
            Err(error) => break error,
        }
        call += 1;
    };
    assert_eq!(error.code(), "replay.recording_limit");
    // Smaller ones would fit in, and leave a hole behind them.
    assert_eq!(recorder.record(Event::Result(result(0))).unwrap_err().code(), "replay.recording_limit");
    assert_eq!(recorder.checkpoint(&run_key()).unwrap_err().code(), "replay.recording_limit");
    assert_eq!(recorder.frames(), call + 1);
    let sealed = recorder.finish(asked, day(-1), &run_key()).unwrap();
    assert_eq!((sealed.reason, sealed.count), (EndReason::Limit, call + 2));
    (log, call)
}

#[test]
fn r13_a_recording_at_its_limit_ends_with_a_valid_end_frame_that_says_so() {
    for asked in [EndReason::Limit, EndReason::Completed] {
        let (log, events) = record_full(Limits { frames: 7, ..Limits::default() }, asked);
        assert_eq!(events, 5);
        let report = read(log.as_slice(), Limits { frames: 7, ..Limits::default() }).unwrap();
        assert_eq!((report.outcome, report.end), (Outcome::Verified, Some(EndReason::Limit)));
    }
    for bytes in 2000..2300 {
        let limits = Limits { bytes, ..Limits::default() };
        let (log, _) = record_full(limits, EndReason::Limit);
        assert!(log.len() as u64 <= bytes, "{} of {bytes}", log.len());
        assert_eq!(read(log.as_slice(), limits).unwrap().outcome, Outcome::Verified);
    }
}

#[test]
fn r13_limits_without_room_for_a_run_are_told_at_the_start() {
    let start = |frames, bytes| {
        let mut log = Vec::new();
        let started = Recorder::start(&mut log, header(1), Limits { frames, bytes });
        let code = started.map_or_else(|error| error.code(), |_| "ok");
        assert_eq!(log.is_empty(), code != "ok");
        code
    };
    assert_eq!(start(2, 4096), "ok");
    assert_eq!(start(1, 4096), "replay.recording_limit");
    assert_eq!(start(2, 300), "replay.recording_limit");
}

#[test]
fn r14_a_reader_stops_at_the_frame_that_its_limits_and_the_bytes_decide() {
    let log = record(1, 3);
    let (frames, heads) = (framed(&log), heads(&bodies(&log)));
    let mut end = PREAMBLE.len();
    for (whole, frame) in frames.iter().enumerate() {
        let head = whole.checked_sub(1).map(|last| heads[last]);
        let by_frames = read(log.as_slice(), Limits { frames: whole as u64, ..Limits::default() }).unwrap();
        assert_eq!((by_frames.frames, by_frames.head), (whole as u64, head));
        assert_eq!(word(Ok(by_frames)), "replay.limit_events");
        for bytes in [end, end + frame.len() - 1] {
            let by_bytes = read(log.as_slice(), Limits { bytes: bytes as u64, ..Limits::default() }).unwrap();
            assert_eq!((by_bytes.frames, by_bytes.head), (whole as u64, head));
            assert_eq!(word(Ok(by_bytes)), "replay.limit_bytes");
        }
        end += frame.len();
    }
    let exact = Limits { frames: frames.len() as u64, bytes: log.len() as u64 };
    assert_eq!(word(read(log.as_slice(), exact)), "verified");
}
