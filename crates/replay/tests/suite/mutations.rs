//! Every bit, every frame, every cut: none of it is verified.

use crate::support::{FRAMING, PREAMBLE, answer, bodies, flipped, framed, join, judge, rechain, record, rejection};

/// Which frame each byte of a log belongs to; the preamble counts to the header.
fn owners(log: &[u8]) -> Vec<u64> {
    let mut owners = vec![0; PREAMBLE.len()];
    for (sequence, frame) in (0u64..).zip(framed(log)) {
        owners.extend(vec![sequence; frame.len()]);
    }
    owners
}

#[test]
fn r01_every_flipped_bit_is_rejected_at_its_frame() {
    let header_alone = join(&framed(&record(1, 0))[..1]);
    assert_eq!(answer(&header_alone), "replay.incomplete");
    for calls in [0, 1, 2] {
        assert_eq!(answer(&record(1, calls)), "verified", "{calls}");
    }
    for log in [header_alone, record(1, 0), record(1, 1), record(1, 2)] {
        let owners = owners(&log);
        for bit in 0..log.len() * 8 {
            let (code, sequence) = rejection(&flipped(&log, bit));
            let allowed = ["replay.format_unknown", "replay.malformed", "replay.chain_broken"];
            assert!(allowed.contains(&code), "bit {bit}: {code}");
            assert_eq!(sequence, owners[bit / 8], "bit {bit}: {code}");
        }
    }
}

#[test]
fn r01_every_flipped_bit_is_rejected_though_all_heads_are_made_right_again() {
    let log = record(1, 1);
    let frames = bodies(&log);
    assert_eq!(rechain(&frames), log);
    for (sequence, frame) in frames.iter().enumerate() {
        for bit in 0..frame.len() * 8 {
            let mut forged = frames.clone();
            forged[sequence] = flipped(frame, bit);
            let (code, at) = rejection(&rechain(&forged));
            assert!(code != "replay.chain_broken" && at >= sequence as u64, "frame {sequence} bit {bit}: {code}");
        }
    }
}

#[test]
fn r02_dropped_doubled_swapped_and_moved_frames_break_the_chain_there() {
    let log = record(1, 3);
    let frames = framed(&log);
    let last = frames.len() - 1;
    assert_eq!(answer(&join(&frames)), "verified");
    for at in 0..last {
        let mut dropped = frames.clone();
        dropped.remove(at);
        assert_eq!(rejection(&join(&dropped)), ("replay.chain_broken", at as u64));
        let mut doubled = frames.clone();
        doubled.insert(at, frames[at].clone());
        assert_eq!(rejection(&join(&doubled)), ("replay.chain_broken", at as u64 + 1));
        for to in at + 1..=last {
            let mut swapped = frames.clone();
            swapped.swap(at, to);
            assert_eq!(rejection(&join(&swapped)), ("replay.chain_broken", at as u64));
            let mut moved = frames.clone();
            let frame = moved.remove(to);
            moved.insert(at, frame);
            assert_eq!(rejection(&join(&moved)), ("replay.chain_broken", at as u64));
        }
    }
    let mut two_ends = frames.clone();
    two_ends.push(frames[last].clone());
    assert_eq!(rejection(&join(&two_ends)), ("replay.trailing_data", last as u64 + 1));
}

#[test]
fn r02_a_chain_made_right_again_does_not_carry_the_seal() {
    let frames = bodies(&record(1, 3));
    let last = frames.len() - 1;
    // Frame 3 is the checkpoint: what comes before it is refused there already.
    for at in 1..last {
        let mut dropped = frames.clone();
        dropped.remove(at);
        let seal = if at < 3 { 2 } else { last as u64 - 1 };
        assert_eq!(rejection(&rechain(&dropped)), ("replay.seal_invalid", seal));
        let mut doubled = frames.clone();
        doubled.insert(at, frames[at].clone());
        let seal = if at <= 3 { 4 } else { last as u64 + 1 };
        assert_eq!(rejection(&rechain(&doubled)), ("replay.seal_invalid", seal));
    }
    let mut headless = frames.clone();
    headless.remove(0);
    assert_eq!(rejection(&rechain(&headless)), ("replay.malformed", 0));
    let mut two_headers = frames.clone();
    two_headers.insert(1, frames[0].clone());
    assert_eq!(rejection(&rechain(&two_headers)), ("replay.malformed", 1));
}

#[test]
fn r03_every_cut_tail_is_incomplete() {
    let log = record(1, 2);
    let frames = framed(&log);
    let header_end = PREAMBLE.len() + frames[0].len();
    for length in 0..log.len() {
        let report = judge(&log[..length]).unwrap();
        assert_eq!(answer(&log[..length]), "replay.incomplete", "{length}");
        assert_eq!((report.end, report.signer), (None, None));
        assert_eq!(report.header.is_some(), length >= header_end, "{length}");
        assert_eq!(report.head.is_some(), length >= header_end, "{length}");
    }
    assert_eq!(answer(&log), "verified");
    assert_eq!(answer(&[]), "replay.incomplete");
    assert_eq!(rejection(b"some other file"), ("replay.format_unknown", 0));
}

#[test]
fn r03_an_incomplete_log_is_counted_to_its_last_whole_frame() {
    let log = record(1, 2);
    let frames = framed(&log);
    let mut length = PREAMBLE.len();
    for (whole, frame) in frames.iter().enumerate() {
        assert_eq!(judge(&log[..length]).unwrap().frames, whole as u64);
        assert_eq!(judge(&log[..length + FRAMING]).unwrap().frames, whole as u64);
        length += frame.len();
    }
}

#[test]
fn r06_another_runs_header_is_not_this_chains_first_link() {
    let (a, b) = (record(1, 2), record(2, 2));
    assert_eq!((answer(&a), answer(&b)), ("verified", "verified"));
    let mut mixed = framed(&b);
    mixed[0] = framed(&a)[0].clone();
    assert_eq!(rejection(&join(&mixed)), ("replay.chain_broken", 1));
    let mut mixed = bodies(&b);
    mixed[0] = bodies(&a)[0].clone();
    assert_eq!(rejection(&rechain(&mixed)), ("replay.seal_invalid", 3));
}
