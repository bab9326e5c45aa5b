//! Who sealed, and what.

use reach_replay::{
    CHECKPOINT_PAYLOAD_TYPE, Checkpoint, End, EndReason, Event, Frame, Limits, Recorder, SEAL_PAYLOAD_TYPE,
    check_equivocation, verify,
};
use reach_signing::{Message, Role, Signer, SigningKey};
use reach_types::{Blake3Digest, Code, RunId, Timestamp, encode_strict};

use crate::support::{
    NOW, answer, bodies, day, encode, framed, header, heads, held, join, judge, key, rechain, record, rejection,
    run_key, trust, verdict, word,
};

/// A short run, sealed with `key`.
fn sealed_by(key: &SigningKey) -> Vec<u8> {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(1), Limits::default()).unwrap();
    let _ = recorder.record(Event::Verdict(verdict(0))).unwrap();
    recorder.finish(EndReason::Completed, day(-1), key).unwrap();
    log
}

/// An end frame that claims `frames` before it, with whatever signature.
fn end(frames: &[Vec<u8>], key: &SigningKey, signature: [u8; 64]) -> End {
    let (count, head) = (frames.len() as u64, *heads(frames).last().unwrap());
    let key_id = key.public_key().key_id();
    End { reason: EndReason::Completed, count, head, at: day(-1), key_id, signature }
}

fn with(frames: &[Vec<u8>], last: Frame) -> Vec<u8> {
    rechain(&[frames, &[encode(&last)]].concat())
}

/// The signature of a seal as the format describes it, made without the recorder.
fn sign(
    key: &SigningKey,
    payload_type: &str,
    seal: &(u16, RunId, u64, Blake3Digest, EndReason, Timestamp),
) -> [u8; 64] {
    key.sign(&Message::dsse(payload_type, &encode_strict(seal).unwrap())).unwrap().0
}

#[test]
fn r04_a_forged_end_frame_does_not_seal() {
    let frames = bodies(&record(1, 2));
    let (real, kept) = (frames.last().unwrap(), &frames[..3]);
    let at = kept.len() as u64;
    let code = |signature| rejection(&with(kept, Frame::End(end(kept, &run_key(), signature))));
    // The real end frame, moved up.
    assert_eq!(rejection(&rechain(&[kept, std::slice::from_ref(real)].concat())), ("replay.seal_invalid", at));
    // Made up, with the trusted key's id.
    assert_eq!(code([0; 64]), ("replay.seal_invalid", at));
    assert_eq!(code([7; 64]), ("replay.seal_invalid", at));
    // A real signature of the trusted key, over a checkpoint of the same head.
    let head = *heads(kept).last().unwrap();
    let run = header(1).run;
    let seal = (1, run, at, head, EndReason::Completed, day(-1));
    assert_eq!(code(sign(&run_key(), CHECKPOINT_PAYLOAD_TYPE, &seal)), ("replay.seal_invalid", at));
    // Everything signed counts: another run, count, head, reason, time, version.
    let other = Blake3Digest::of(b"other");
    for wrong in [
        (2, run, at, head, EndReason::Completed, day(-1)),
        (1, header(2).run, at, head, EndReason::Completed, day(-1)),
        (1, run, at + 1, head, EndReason::Completed, day(-1)),
        (1, run, at, other, EndReason::Completed, day(-1)),
        (1, run, at, head, EndReason::Failed, day(-1)),
        (1, run, at, head, EndReason::Completed, day(-2)),
    ] {
        assert_eq!(code(sign(&run_key(), SEAL_PAYLOAD_TYPE, &wrong)), ("replay.seal_invalid", at));
    }
    // Its neighbour: what the key really signs.
    let good = end(kept, &run_key(), sign(&run_key(), SEAL_PAYLOAD_TYPE, &seal));
    assert_eq!(answer(&with(kept, Frame::End(good.clone()))), "verified");
    // A seal that states another count or head than its place is not read as covering it.
    for wrong in [End { count: at + 1, ..good.clone() }, End { head: other, ..good }] {
        assert_eq!(rejection(&with(kept, Frame::End(wrong))), ("replay.seal_invalid", at));
    }
}

#[test]
fn r04_a_forged_checkpoint_is_refused_where_it_stands() {
    let frames = bodies(&record(1, 2));
    let kept = &frames[..2];
    let (count, head) = (2, *heads(kept).last().unwrap());
    let forge = |key: &SigningKey, signature| {
        let key_id = key.public_key().key_id();
        rejection(&with(kept, Frame::Checkpoint(Checkpoint { count, head, key_id, signature })))
    };
    assert_eq!(forge(&run_key(), [1; 64]), ("replay.seal_invalid", 2));
    assert_eq!(forge(&key(Role::Run, 99), [1; 64]), ("replay.seal_untrusted", 2));
}

#[test]
fn r05_two_sealed_logs_of_one_run_are_an_equivocation() {
    let report = |log: &[u8]| judge(log).unwrap();
    let (a, b) = (report(&record(1, 1)), report(&record(1, 2)));
    let error = check_equivocation(&a, &b).unwrap_err();
    assert_eq!(error.code(), "replay.equivocation");
    for head in [a.head.unwrap(), b.head.unwrap()] {
        assert!(error.to_string().contains(&head.to_string()), "{error}");
    }
    assert_eq!(check_equivocation(&a, &report(&record(1, 1))), Ok(()));
    assert_eq!(check_equivocation(&a, &report(&record(2, 2))), Ok(()));
    let log = record(1, 2);
    let cut = report(&log[..log.len() - 1]);
    assert_eq!(check_equivocation(&a, &cut).unwrap_err().code(), "replay.not_sealed");
    assert_eq!(check_equivocation(&cut, &a).unwrap_err().code(), "replay.not_sealed");
}

#[test]
fn r05_the_same_events_with_another_ending_are_another_content() {
    let ended = |reason, at| {
        let mut log = Vec::new();
        let recorder = Recorder::start(&mut log, header(1), Limits::default()).unwrap();
        recorder.finish(reason, at, &run_key()).unwrap();
        judge(&log).unwrap()
    };
    let first = ended(EndReason::Completed, day(-1));
    for other in [ended(EndReason::Refused, day(-1)), ended(EndReason::Completed, day(-2))] {
        assert_eq!(check_equivocation(&first, &other).unwrap_err().code(), "replay.equivocation");
    }
}

#[test]
fn r10_only_an_active_run_key_of_the_trust_document_seals() {
    for (key, expected) in [
        (key(Role::Run, 2), "verified"),
        (key(Role::Run, 99), "replay.seal_untrusted"),
        // The pack signer's key, used as if it were a run key.
        (key(Role::Run, 7), "replay.seal_untrusted"),
        (key(Role::Run, 3), "replay.seal_key_revoked"),
        (key(Role::Run, 4), "replay.seal_key_expired"),
        (key(Role::Run, 5), "replay.seal_key_retired"),
        (key(Role::Run, 6), "replay.seal_key_not_yet_valid"),
        (key(Role::Run, 8), "replay.seal_key_overdue"),
    ] {
        assert_eq!(answer(&sealed_by(&key)), expected, "{key:?}");
    }
    // Each is good at the moment when it is active.
    let at = |key: &SigningKey, now| {
        word(verify(sealed_by(key).as_slice(), trust(), Some(&held()), &Limits::default(), now))
    };
    assert_eq!(at(&key(Role::Run, 4), day(-1)), "verified");
    assert_eq!(at(&key(Role::Run, 5), day(-1)), "verified");
    assert_eq!(at(&key(Role::Run, 6), day(1)), "verified");
    assert_eq!(at(&key(Role::Run, 8), day(-1)), "verified");
    assert_eq!(at(&key(Role::Run, 3), day(-1)), "replay.seal_key_revoked");
}

#[test]
fn r10_a_recorder_does_not_seal_with_another_role() {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(1), Limits::default()).unwrap();
    assert_eq!(recorder.checkpoint(&key(Role::Pack, 7)).unwrap_err().code(), "sign.role_mismatch");
    assert_eq!(recorder.frames(), 1);
    let refused = recorder.finish(EndReason::Completed, NOW, &key(Role::Node, 7));
    assert_eq!(refused.unwrap_err().code(), "sign.role_mismatch");
    assert_eq!(answer(&log), "replay.incomplete");
}

#[test]
fn the_report_names_the_signer_and_the_whole_logs_head() {
    let log = record(1, 2);
    let report = judge(&log).unwrap();
    assert_eq!(report.signer.as_deref(), Some("recorder"));
    assert_eq!(report.end, Some(EndReason::Completed));
    assert_eq!(report.frames, framed(&log).len() as u64);
    assert_eq!(report.head.as_ref(), heads(&bodies(&log)).last());
    assert_eq!(report.header, Some(header(1)));
    assert_eq!(join(&framed(&log)), log);
}
