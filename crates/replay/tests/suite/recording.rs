//! The recorder: durable or latched, and times that decide nothing.

use std::io;

use reach_replay::{EndReason, Event, Frame, Limits, LogSink, Recorder, VerdictOutcome, read_frames, verify_with};
use reach_types::Code;

use crate::support::{NOW, answer, day, framed, header, held, judge, record, result, run_key, trust, verdict};

/// A sink that fails at its `fails_at`th call, after `keeps` bytes of an append have arrived.
struct Faulty {
    bytes: Vec<u8>,
    calls: usize,
    fails_at: usize,
    keeps: usize,
}

impl Faulty {
    fn step(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.calls == self.fails_at { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl LogSink for Faulty {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let step = self.step();
        let keep = if step.is_err() { self.keeps.min(bytes.len()) } else { bytes.len() };
        self.bytes.extend_from_slice(&bytes[..keep]);
        step
    }

    fn sync(&mut self) -> io::Result<()> {
        self.step()
    }
}

#[test]
fn a_failed_write_latches_and_leaves_a_log_that_is_whole_or_incomplete() {
    // Start, two events and end: four appends, four syncs.
    for fails_at in 1..=9 {
        for keeps in [0, 1, 9, 30, usize::MAX] {
            let mut sink = Faulty { bytes: vec![], calls: 0, fails_at, keeps };
            let acknowledged = run(&mut sink, fails_at);
            let report = judge(&sink.bytes).unwrap();
            assert!(report.frames >= acknowledged, "{fails_at} {keeps}");
            // A sync or a whole append that was reported as failed may have arrived after all.
            let arrived = fails_at == 9 || fails_at == 8 || fails_at == 7 && keeps == usize::MAX;
            assert_eq!(answer(&sink.bytes), if arrived { "verified" } else { "replay.incomplete" });
        }
    }
}

/// Records against a sink that fails; returns how many frames were acknowledged.
fn run(sink: &mut Faulty, fails_at: usize) -> u64 {
    let mut recorder = match Recorder::start(&mut *sink, header(1), Limits::default()) {
        Ok(recorder) => recorder,
        Err(error) => {
            assert_eq!((error.code(), fails_at <= 2), ("replay.record_failed", true));
            return 0;
        }
    };
    for event in [Event::Verdict(verdict(0)), Event::Result(result(0))] {
        if let Err(error) = recorder.record(event) {
            assert_eq!(error.code(), "replay.record_failed");
            let frames = recorder.frames();
            assert_eq!(recorder.record(Event::Result(result(0))).unwrap_err().code(), "replay.record_latched");
            assert_eq!(recorder.checkpoint(&run_key()).unwrap_err().code(), "replay.record_latched");
            let end = recorder.finish(EndReason::Failed, NOW, &run_key());
            assert_eq!(end.unwrap_err().code(), "replay.record_latched");
            return frames;
        }
    }
    match recorder.finish(EndReason::Completed, day(-1), &run_key()) {
        Ok(sealed) => sealed.count,
        Err(error) => {
            assert_eq!(error.code(), "replay.record_failed");
            3
        }
    }
}

#[test]
fn a_durable_frame_says_which_run_call_and_verdict_it_stands_for() {
    let mut recorder = Recorder::start(Vec::new(), header(1), Limits::default()).unwrap();
    let frame = recorder.record(Event::Verdict(verdict(7))).unwrap();
    assert_eq!(frame.run(), &header(1).run);
    assert_eq!((frame.sequence(), *frame.head()), (1, recorder.head()));
    assert_eq!(frame.verdict(), Some((7, VerdictOutcome::Warned)));
    assert_eq!(recorder.record(Event::Result(result(7))).unwrap().verdict(), None);
    assert_eq!(recorder.checkpoint(&run_key()).unwrap().verdict(), None);
}

#[test]
fn r11_odd_times_are_counted_and_decide_nothing() {
    let timed = |first, second| {
        let mut log = Vec::new();
        let mut recorder = Recorder::start(&mut log, header(1), Limits::default()).unwrap();
        for (call, at) in [(0, first), (1, second)] {
            let mut verdict = verdict(call);
            verdict.now = at;
            let _ = recorder.record(Event::Verdict(verdict)).unwrap();
        }
        recorder.finish(EndReason::Completed, second, &run_key()).unwrap();
        let report = judge(&log).unwrap();
        assert_eq!(answer(&log), "verified");
        (report.backwards, report.future)
    };
    assert_eq!(timed(day(-1), day(-1)), (0, 0));
    assert_eq!(timed(day(-1), NOW), (0, 0));
    assert_eq!(timed(day(0), day(-1)), (2, 0));
    assert_eq!(timed(day(-100), day(-1)), (1, 0));
    assert_eq!(timed(day(-1), day(1)), (0, 2));
    assert_eq!(timed(day(300), day(-1)), (2, 1));
}

#[test]
fn a_visitor_sees_every_frame_in_order_and_only_those_before_the_bad_one() {
    let log = record(1, 2);
    let seen = |log: &[u8]| {
        let mut seen = Vec::new();
        let mut visit = |sequence, frame: &Frame| seen.push((sequence, frame.clone()));
        let judged = verify_with(log, trust(), Some(&held()), &Limits::default(), NOW, &mut visit);
        (judged.map_err(|error| error.sequence()), seen)
    };
    let (report, all) = seen(&log);
    let frames = framed(&log);
    assert_eq!(report.unwrap().frames, frames.len() as u64);
    assert_eq!(
        all.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(),
        (0..frames.len() as u64).collect::<Vec<_>>()
    );
    assert!(matches!(all.first(), Some((0, Frame::Header(_)))));
    assert!(matches!(all.last(), Some((_, Frame::End(_)))));
    let bad = log.len() - frames[frames.len() - 1].len() - 40;
    let mut broken = log.clone();
    broken[bad] ^= 1;
    let (report, before) = seen(&broken);
    assert_eq!(report, Err(before.len() as u64));
    assert_eq!(before, all[..before.len()]);
}

#[test]
fn listing_a_log_checks_its_chain_and_trusts_nothing() {
    let log = record(1, 2);
    let mut shown = 0;
    let listing = read_frames(log.as_slice(), &Limits::default(), &mut |_, _| shown += 1).unwrap();
    let report = judge(&log).unwrap();
    assert_eq!((listing.frames, listing.head, listing.end), (shown, report.head, report.end));
    assert_eq!(listing.incomplete, None);
    let cut = read_frames(&log[..log.len() - 1], &Limits::default(), &mut |_, _| ()).unwrap();
    assert_eq!(cut.incomplete.map(|why| why.code()), Some("replay.incomplete"));
    let mut broken = log.clone();
    broken[200] ^= 1;
    let error = read_frames(broken.as_slice(), &Limits::default(), &mut |_, _| ()).unwrap_err();
    assert_eq!((error.code(), error.sequence()), ("replay.chain_broken", 0));
}
