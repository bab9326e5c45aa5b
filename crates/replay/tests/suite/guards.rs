//! Guards: stated, expected, and never taken from the log.

use reach_replay::{ExpectedGuards, Frame, Guards, Header, Limits, Outcome, Recorder, verify};
use reach_types::{Blake3Digest, Code, NodeId, RunId, Sha256Digest};

use crate::support::{NOW, answer, bodies, encode, header, held, judge, rechain, record, rejection, trust, word};

const ZERO: Blake3Digest = Blake3Digest::from_bytes([0; 32]);

/// `held` with each guard in turn replaced by `by`.
fn each(by: Blake3Digest) -> [(&'static str, ExpectedGuards); 6] {
    let held = held();
    [
        ("pack", ExpectedGuards { pack: by, ..held }),
        ("bundle", ExpectedGuards { bundle: by, ..held }),
        ("registry", ExpectedGuards { registry: by, ..held }),
        ("transcript", ExpectedGuards { transcript: by, ..held }),
        ("engine", ExpectedGuards { engine: by, ..held }),
        ("chain", ExpectedGuards { chain: Some(by), ..held }),
    ]
}

fn with_header(header: Header) -> Vec<u8> {
    let mut frames = bodies(&record(1, 1));
    frames[0] = encode(&Frame::Header(Box::new(header)));
    rechain(&frames)
}

fn against(expected: Option<&ExpectedGuards>) -> &'static str {
    word(verify(record(1, 1).as_slice(), trust(), expected, &Limits::default(), NOW))
}

#[test]
fn r07_an_absent_guard_is_refused_by_reader_and_recorder() {
    for (name, guards) in each(ZERO) {
        let header = Header { guards: Guards::from(&guards), ..header(1) };
        let log = with_header(header.clone());
        assert_eq!(rejection(&log), ("replay.guard_absent", 0), "{name}");
        assert!(judge(&log).unwrap_err().to_string().contains(name), "{name}");
        // Also for a caller who expects nothing, or that very thing.
        for expected in [None, Some(&guards)] {
            assert_eq!(word(verify(log.as_slice(), trust(), expected, &Limits::default(), NOW)), "replay.guard_absent");
        }
        let refused = Recorder::start(Vec::new(), header, Limits::default()).err().unwrap();
        assert_eq!(refused.code(), "replay.guard_absent", "{name}");
    }
    assert_eq!(answer(&record(1, 1)), "verified");
}

#[test]
fn r07_without_expectations_a_log_is_sealed_never_verified() {
    let report = verify(record(1, 1).as_slice(), trust(), None, &Limits::default(), NOW).unwrap();
    assert_eq!(report.outcome, Outcome::Sealed);
    assert_eq!(against(Some(&held())), "verified");
}

#[test]
fn r08_a_guard_that_differs_is_named_and_its_values_are_not() {
    let other = Blake3Digest::of(b"other");
    for (name, expected) in each(other) {
        let error = verify(record(1, 1).as_slice(), trust(), Some(&expected), &Limits::default(), NOW).unwrap_err();
        assert_eq!((error.code(), error.sequence()), ("replay.guard_mismatch", 0), "{name}");
        let text = error.to_string();
        assert!(text.contains(name), "{text}");
        assert!(!text.bytes().any(|byte| byte.is_ascii_digit()), "{text}");
    }
    let direct = ExpectedGuards { chain: None, ..held() };
    assert_eq!(against(Some(&direct)), "replay.guard_mismatch");
    assert_eq!(against(Some(&held())), "verified");
}

#[test]
fn r08_a_guard_has_one_spelling() {
    let good = held().pack.to_string();
    assert_eq!(Blake3Digest::parse(&good), Ok(held().pack));
    for bad in ["", &good.to_uppercase(), &format!("{good}00"), good.split_at(62).0] {
        assert_eq!(Blake3Digest::parse(bad).unwrap_err().code(), "input.digest_format", "{bad}");
    }
}

#[test]
fn a_run_id_that_does_not_follow_from_its_origin_is_refused() {
    let node = NodeId(Sha256Digest::from_bytes([9; 32]));
    for header in [
        Header { origin: node, ..header(1) },
        Header { origin_nonce: [9; 32], ..header(1) },
        Header { run: RunId::derive(&node, &[1; 32]), ..header(1) },
    ] {
        assert_eq!(rejection(&with_header(header.clone())), ("replay.run_id_mismatch", 0));
        let refused = Recorder::start(Vec::new(), header, Limits::default()).err().unwrap();
        assert_eq!(refused.code(), "replay.run_id_mismatch");
    }
    assert_eq!(answer(&with_header(header(1))), "verified");
}
