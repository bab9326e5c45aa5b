//! One spelling, known versions, known shapes.

use reach_replay::{Event, Frame, MAX_CODE_BYTES, MAX_VERDICT_CODES, MAX_VERDICT_SCOPES, Recorder};
use reach_types::{Code, Scope};

use crate::support::{answer, bodies, encode, header, rechain, record, rejection, verdict};

/// The log with frame 1 replaced, all heads right.
fn with_first(body: Vec<u8>) -> Vec<u8> {
    let mut frames = bodies(&record(1, 1));
    frames[1] = body;
    rechain(&frames)
}

#[test]
fn r19_another_spelling_of_the_same_frame_is_refused() {
    let frames = bodies(&record(1, 1));
    assert_eq!(answer(&rechain(&frames)), "verified");
    for sequence in 0..frames.len() {
        let body = &frames[sequence];
        let trailing = [&body[..], &[0]].concat();
        // The frame's kind as a varint of two bytes.
        let over_long = [&[body[0] | 0x80, 0], &body[1..]].concat();
        for spelled in [trailing, over_long] {
            let mut forged = frames.clone();
            forged[sequence] = spelled;
            assert_eq!(rejection(&rechain(&forged)), ("replay.non_canonical", sequence as u64));
        }
    }
}

#[test]
fn r19_a_set_of_scopes_has_one_order() {
    let mut two = verdict(0);
    two.scopes.insert(Scope::parse("workspace:view").unwrap());
    let good = encode(&Frame::Event(Event::Verdict(two)));
    let find = |needle: &[u8]| good.windows(needle.len()).position(|window| window == needle).unwrap();
    let (read, view) = (find(b"workspace:read"), find(b"workspace:view"));
    let mut turned = good.clone();
    turned[read..read + 14].copy_from_slice(b"workspace:view");
    turned[view..view + 14].copy_from_slice(b"workspace:read");
    assert_eq!(rejection(&with_first(turned)), ("replay.non_canonical", 1));
    let mut twice = good.clone();
    twice[view..view + 14].copy_from_slice(b"workspace:read");
    assert_eq!(rejection(&with_first(twice)), ("replay.non_canonical", 1));
    // Its neighbour gets as far as the checkpoint, which does not cover it.
    assert_eq!(rejection(&with_first(good)), ("replay.seal_invalid", 3));
}

#[test]
fn r20_other_versions_of_the_format_are_unknown() {
    let log = record(1, 1);
    for version in [0u16, 2, 256, u16::MAX] {
        let mut other = log.clone();
        other[8..10].copy_from_slice(&version.to_le_bytes());
        assert_eq!(rejection(&other), ("replay.format_unknown", 0), "{version}");
    }
    assert_eq!(answer(&log), "verified");
}

#[test]
fn a_frame_that_is_none_is_malformed() {
    for body in [vec![], vec![4], vec![1, 2], vec![0xff; 64]] {
        assert_eq!(rejection(&with_first(body)), ("replay.malformed", 1));
    }
    assert_eq!(rejection(&rechain(&[vec![]])), ("replay.malformed", 0));
}

#[test]
fn a_verdict_outside_its_bounds_is_recorded_by_nobody_and_read_by_nobody() {
    let scopes = |count: usize| (0..count).map(|n| Scope::parse(&format!("s:{n}")).unwrap());
    let changed = |change: &dyn Fn(&mut reach_replay::Verdict)| {
        let mut verdict = verdict(0);
        change(&mut verdict);
        Event::Verdict(verdict)
    };
    let recorded = |event: Event| {
        let mut recorder = Recorder::start(Vec::new(), header(1), Default::default()).unwrap();
        recorder.record(event).map_or_else(|error| error.code(), |_| "ok")
    };
    for good in [
        changed(&|v| v.codes = vec!["a".repeat(MAX_CODE_BYTES); MAX_VERDICT_CODES]),
        changed(&|v| v.scopes = scopes(MAX_VERDICT_SCOPES).collect()),
        changed(&|v| v.node = "a".repeat(64)),
    ] {
        assert_eq!(recorded(good.clone()), "ok");
        assert_eq!(rejection(&with_first(encode(&Frame::Event(good)))), ("replay.seal_invalid", 3));
    }
    for bad in [
        changed(&|v| v.codes = vec![String::new()]),
        changed(&|v| v.codes = vec!["Policy.x".to_owned()]),
        changed(&|v| v.codes = vec!["a".repeat(MAX_CODE_BYTES + 1)]),
        changed(&|v| v.codes = vec!["a".to_owned(); MAX_VERDICT_CODES + 1]),
        changed(&|v| v.scopes = scopes(MAX_VERDICT_SCOPES + 1).collect()),
        changed(&|v| v.node = String::new()),
        changed(&|v| v.node = "a b".to_owned()),
        changed(&|v| v.node = "a".repeat(65)),
    ] {
        assert_eq!(recorded(bad.clone()), "replay.event_malformed");
        assert_eq!(rejection(&with_first(encode(&Frame::Event(bad)))), ("replay.malformed", 1));
    }
}
