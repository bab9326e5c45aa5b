//! Any run recorded is verified; any way of reading gives one answer.

use std::io::{self, Read};

use proptest::prelude::*;
use reach_replay::{
    Approved, CallResult, EndReason, Event, Frame, Limits, Outcome, Recorder, ResultOutcome, Verdict, VerdictOutcome,
    Warned, verify, verify_with,
};
use reach_types::{Scope, Timestamp};

use crate::support::{NOW, approved, header, held, run_key, trust, verdict, warned};

/// A call as recorders record it: its verdict, what lets it through if the verdict alone does not,
/// and its result if it was let through.
fn any_call() -> impl Strategy<Value = Vec<Event>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..300);
    let outcome = prop_oneof![
        Just(VerdictOutcome::Allowed),
        Just(VerdictOutcome::Warned),
        Just(VerdictOutcome::Denied),
        Just(VerdictOutcome::Asked)
    ];
    let scopes = proptest::collection::btree_set("[a-z]{1,9}(:[a-z0-9]{1,5}){0,3}", 0..4);
    let verdicts = (any::<u64>(), "[a-z0-9]{1,20}", scopes, bytes.clone(), outcome, any::<u64>()).prop_map(
        |(call, node, scopes, arguments, outcome, now)| {
            let scopes = scopes.iter().map(|text| Scope::parse(text).unwrap()).collect();
            let (arguments, now) = (arguments.into(), Timestamp::from_millis(now));
            Verdict { call, node, scopes, arguments, outcome, now, ..verdict(0) }
        },
    );
    let results = (any::<bool>(), bytes, any::<u64>(), any::<bool>());
    (verdicts, results).prop_map(|(verdict, (ok, payload, at, through))| {
        let (call, outcome, at) = (verdict.call, verdict.outcome, Timestamp::from_millis(at));
        let mut events = vec![Event::Verdict(verdict)];
        match outcome {
            VerdictOutcome::Denied if through => events.push(Event::Warned(Warned { at, ..warned(call) })),
            VerdictOutcome::Asked if through => {
                events.push(Event::Approval(Box::new(Approved { at, ..approved(call) })))
            }
            VerdictOutcome::Denied | VerdictOutcome::Asked => return events,
            VerdictOutcome::Allowed | VerdictOutcome::Warned => {}
        }
        let outcome = if ok { ResultOutcome::Ok } else { ResultOutcome::Failed };
        events.push(Event::Result(CallResult { call, outcome, payload: payload.into(), at }));
        events
    })
}

/// The events of fewer than `calls` calls, in their order.
fn any_events(calls: usize) -> impl Strategy<Value = Vec<Event>> {
    let call = |events: &Vec<Event>| {
        events.iter().find_map(|event| if let Event::Verdict(verdict) = event { Some(verdict.call) } else { None })
    };
    proptest::collection::vec(any_call(), 0..calls).prop_map(move |mut calls| {
        calls.sort_by_key(call);
        calls.dedup_by_key(|events| call(events));
        calls.concat()
    })
}

fn any_reason() -> impl Strategy<Value = EndReason> {
    prop_oneof![
        Just(EndReason::Completed),
        Just(EndReason::Refused),
        Just(EndReason::Failed),
        Just(EndReason::Limit),
        Just(EndReason::Interrupted),
    ]
}

/// Records `events`, with a checkpoint after every event whose place is in `marks`.
fn record(events: &[Event], marks: &[usize], reason: EndReason) -> (Vec<u8>, reach_replay::Sealed) {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(1), Limits::default()).unwrap();
    for (place, event) in events.iter().enumerate() {
        let _ = recorder.record(event.clone()).unwrap();
        if marks.contains(&place) {
            let _ = recorder.checkpoint(&run_key()).unwrap();
        }
    }
    let sealed = recorder.finish(reason, NOW, &run_key()).unwrap();
    (log, sealed)
}

/// Gives its bytes in pieces of the sizes in `sizes`, again and again, with interruptions.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.sizes.next().copied().unwrap_or(1) {
            0 => Err(io::ErrorKind::Interrupted.into()),
            size => {
                let (piece, rest) = self.bytes.split_at(size.min(buffer.len()).min(self.bytes.len()));
                buffer[..piece.len()].copy_from_slice(piece);
                self.bytes = rest;
                Ok(piece.len())
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_recorded_is_verified_and_read_back(
        events in any_events(6),
        marks in proptest::collection::vec(0usize..12, 0..3),
        reason in any_reason(),
    ) {
        let (log, sealed) = record(&events, &marks, reason);
        let mut seen = Vec::new();
        let mut visit = |_, frame: &Frame| if let Frame::Event(event) = frame { seen.push(event.clone()) };
        let report = verify_with(log.as_slice(), trust(), Some(&held()), &Limits::default(), NOW, &mut visit).unwrap();
        prop_assert_eq!(report.outcome, Outcome::Verified);
        prop_assert_eq!((report.head, report.frames, report.end), (Some(sealed.head), sealed.count, Some(reason)));
        prop_assert_eq!(seen, events);
    }

    #[test]
    fn r14_the_size_of_the_pieces_read_changes_nothing(
        events in any_events(4),
        damage in proptest::option::of((any::<prop::sample::Index>(), 1u8..)),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        frames in 0u64..12,
        bytes in 0u64..4000,
        sizes in proptest::collection::vec(0usize..600, 1..8).prop_filter("one that moves on", |s| s.iter().any(|n| *n > 0)),
    ) {
        let (mut log, _) = record(&events, &[1], EndReason::Completed);
        if let Some((place, mask)) = damage {
            let place = place.index(log.len());
            log[place] ^= mask;
        }
        if let Some(cut) = cut {
            log.truncate(cut.index(log.len()));
        }
        for limits in [Limits::default(), Limits { frames, bytes }] {
            let whole = verify(log.as_slice(), trust(), Some(&held()), &limits, NOW);
            let pieces = Pieces { bytes: &log, sizes: sizes.iter().cycle() };
            prop_assert_eq!(&verify(pieces, trust(), Some(&held()), &limits, NOW), &whole);
            if damage.is_some() || cut.is_some() {
                prop_assert!(!whole.is_ok_and(|report| report.outcome == Outcome::Verified));
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), start in any::<bool>()) {
        let log = if start { [crate::support::PREAMBLE, &bytes].concat() } else { bytes };
        let judged = verify(log.as_slice(), trust(), Some(&held()), &Limits::default(), NOW);
        prop_assert!(!judged.is_ok_and(|report| report.outcome == Outcome::Verified));
    }
}
