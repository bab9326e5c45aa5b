//! Logs of released format versions are still read, and version 1 is still written, to the byte.

use reach_replay::{EndReason, Event, Limits, Outcome, Recorder};

use crate::support::{answer, day, header, judge, record, run_key, verdict};

const COMPLETED: &[u8] = include_bytes!("../golden/v1-completed.rlog");
const LIMIT: &[u8] = include_bytes!("../golden/v1-limit.rlog");
const INCOMPLETE: &[u8] = include_bytes!("../golden/v1-incomplete.rlog");

/// A run stopped by its limit of frames.
fn limited() -> Vec<u8> {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(2), Limits { frames: 3, ..Limits::default() }).unwrap();
    let _ = recorder.record(Event::Verdict(verdict(0))).unwrap();
    recorder.record(Event::Verdict(verdict(1))).unwrap_err();
    recorder.finish(EndReason::Limit, day(-1), &run_key()).unwrap();
    log
}

/// A run whose recorder stopped in the middle of a frame.
fn stopped() -> Vec<u8> {
    let log = record(3, 2);
    log[..log.len() - 200].to_vec()
}

#[test]
fn r20_version_1_logs_are_read_by_every_build() {
    let report = judge(COMPLETED).unwrap();
    assert_eq!((report.outcome, report.end, report.frames), (Outcome::Verified, Some(EndReason::Completed), 7));
    assert_eq!(report.head.unwrap().to_string(), "7f3c6093836f18db2b0d6ea36d3a2bd78cc9d5219f653a564cf31464c3139f58");
    let report = judge(LIMIT).unwrap();
    assert_eq!((report.outcome, report.end, report.frames), (Outcome::Verified, Some(EndReason::Limit), 3));
    assert_eq!(report.head.unwrap().to_string(), "78bce6606397a58e20a3d2d5e338fde185b43667f4c4c002d78895af5ea9c5c6");
    assert_eq!(answer(INCOMPLETE), "replay.incomplete");
    assert_eq!(judge(INCOMPLETE).unwrap().frames, 5);
}

#[test]
fn r20_version_1_is_written_as_it_was() {
    assert_eq!(record(1, 2), COMPLETED);
    assert_eq!(limited(), LIMIT);
    assert_eq!(stopped(), INCOMPLETE);
}
