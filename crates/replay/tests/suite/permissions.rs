//! What was not allowed leaves no result: a log says by itself what let each call through.

use reach_replay::{
    Approved, EndReason, Event, Limits, MAX_APPROVERS, PolicyMode, Recorder, Verdict, VerdictOutcome, Warned,
};
use reach_types::Code;

use crate::support::{answer, approved, day, header, rejection, result, run_key, verdict, warned};

fn judged(call: u64, outcome: VerdictOutcome, mode: PolicyMode) -> Event {
    Event::Verdict(Verdict { outcome, mode, ..verdict(call) })
}

fn denied(call: u64) -> Event {
    judged(call, VerdictOutcome::Denied, PolicyMode::Warn)
}

fn asked(call: u64) -> Event {
    judged(call, VerdictOutcome::Asked, PolicyMode::Enforce)
}

fn warning(call: u64) -> Event {
    Event::Warned(warned(call))
}

fn approval(call: u64) -> Event {
    Event::Approval(Box::new(approved(call)))
}

fn made(call: u64) -> Event {
    Event::Result(result(call))
}

/// A sealed log of `events`.
fn log(events: Vec<Event>) -> Vec<u8> {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(1), Limits::default()).unwrap();
    for event in events {
        let _ = recorder.record(event).unwrap();
    }
    recorder.finish(EndReason::Completed, day(-1), &run_key()).unwrap();
    log
}

#[test]
fn policy_x1_a_denied_call_has_a_result_only_after_its_warned_frame() {
    let good = log(vec![denied(0), warning(0), made(0), denied(1)]);
    assert_eq!(answer(&good), "verified");
    let not = |events| rejection(&log(events));
    assert_eq!(not(vec![denied(0), made(0)]), ("replay.result_not_permitted", 2));
    assert_eq!(not(vec![denied(0), warning(1), made(0)]), ("replay.permission_misplaced", 2));
    assert_eq!(not(vec![denied(0), approval(0), made(0)]), ("replay.permission_misplaced", 2));
    assert_eq!(not(vec![warning(0), denied(0), made(0)]), ("replay.permission_misplaced", 1));
    assert_eq!(not(vec![denied(0), made(0), warning(0)]), ("replay.result_not_permitted", 2));
    // Nothing lets through what was denied while the policy was enforced.
    let enforced = || judged(0, VerdictOutcome::Denied, PolicyMode::Enforce);
    assert_eq!(answer(&log(vec![enforced()])), "verified");
    assert_eq!(not(vec![enforced(), warning(0), made(0)]), ("replay.permission_misplaced", 2));
    assert_eq!(not(vec![enforced(), made(0)]), ("replay.result_not_permitted", 2));
}

#[test]
fn policy_r_a_call_that_a_person_was_asked_about_has_a_result_only_after_the_approval() {
    assert_eq!(answer(&log(vec![asked(0), approval(0), made(0), asked(1)])), "verified");
    let not = |events| rejection(&log(events));
    assert_eq!(not(vec![asked(0), made(0)]), ("replay.result_not_permitted", 2));
    assert_eq!(not(vec![asked(0), warning(0), made(0)]), ("replay.permission_misplaced", 2));
    assert_eq!(not(vec![asked(0), approval(1), made(0)]), ("replay.permission_misplaced", 2));
    // An approval is for one call, once.
    assert_eq!(not(vec![asked(0), approval(0), made(0), made(0)]), ("replay.result_not_permitted", 4));
    assert_eq!(not(vec![asked(0), approval(0), made(0), approval(0)]), ("replay.permission_misplaced", 4));
    assert_eq!(not(vec![asked(0), approval(0), approval(0)]), ("replay.permission_misplaced", 3));
    assert_eq!(not(vec![asked(0), approval(0), asked(1), made(1)]), ("replay.result_not_permitted", 4));
    // Judged again, it waits for what the later verdict asks for.
    assert_eq!(not(vec![asked(0), approval(0), denied(0), made(0)]), ("replay.result_not_permitted", 4));
}

#[test]
fn policy_r_every_result_has_its_verdict() {
    let allowed = |call| judged(call, VerdictOutcome::Allowed, PolicyMode::Enforce);
    assert_eq!(answer(&log(vec![allowed(0), made(0), allowed(1), made(1)])), "verified");
    let not = |events| rejection(&log(events));
    assert_eq!(not(vec![made(0)]), ("replay.result_not_permitted", 1));
    assert_eq!(not(vec![allowed(0), made(1)]), ("replay.result_not_permitted", 2));
    assert_eq!(not(vec![allowed(0), allowed(1), made(0)]), ("replay.result_not_permitted", 3));
    assert_eq!(not(vec![allowed(0), warning(0)]), ("replay.permission_misplaced", 2));
    assert_eq!(not(vec![allowed(0), approval(0)]), ("replay.permission_misplaced", 2));
    // The first of two faults is named, and a log from before there were warned frames is whole.
    assert_eq!(not(vec![made(0), warning(7)]), ("replay.result_not_permitted", 1));
    let old = |mode| judged(0, VerdictOutcome::Warned, mode);
    assert_eq!(answer(&log(vec![old(PolicyMode::Warn), made(0)])), "verified");
}

#[test]
fn policy_r_calls_are_judged_in_their_order_and_made_once() {
    let allowed = |call| judged(call, VerdictOutcome::Allowed, PolicyMode::Enforce);
    assert_eq!(answer(&log(vec![allowed(0), allowed(0), made(0), allowed(1), allowed(4), made(4)])), "verified");
    let not = |events| rejection(&log(events));
    let misplaced = |frame| ("replay.permission_misplaced", frame);
    assert_eq!(not(vec![allowed(0), made(0), allowed(0), made(0)]), misplaced(3));
    assert_eq!(not(vec![allowed(0), made(0), allowed(0)]), misplaced(3));
    assert_eq!(not(vec![allowed(2), made(2), allowed(1), made(1)]), misplaced(3));
    // One that was passed over is not gone back to, made or not.
    assert_eq!(not(vec![allowed(2), allowed(1), made(1)]), misplaced(2));
    assert_eq!(not(vec![asked(0), approval(0), made(0), asked(0), approval(0), made(0)]), misplaced(4));
    let last = u64::MAX;
    assert_eq!(answer(&log(vec![allowed(last), made(last)])), "verified");
    assert_eq!(not(vec![allowed(last), made(last), allowed(last)]), misplaced(3));
}

#[test]
fn policy_r_what_was_changed_after_the_fact_is_a_broken_seal_before_anything_else() {
    let mut cut = log(vec![denied(0), made(0)]);
    cut.truncate(cut.len() - 1);
    assert_eq!(answer(&cut), "replay.incomplete");
}

#[test]
fn policy_r_an_approval_frame_names_who_approved() {
    let mut recorder = Recorder::start(Vec::new(), header(1), Limits::default()).unwrap();
    let mut code = |change: &dyn Fn(&mut Approved)| {
        let mut one = approved(0);
        change(&mut one);
        recorder.record(Event::Approval(Box::new(one))).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code(&|_| ()), "ok");
    assert_eq!(code(&|one| one.approvers = vec!["a".to_owned(); MAX_APPROVERS]), "ok");
    assert_eq!(code(&|one| one.approvers = vec!["a".to_owned(); MAX_APPROVERS + 1]), "replay.event_malformed");
    assert_eq!(code(&|one| one.approvers.clear()), "replay.event_malformed");
    assert_eq!(code(&|one| one.approvers = vec!["A b".to_owned()]), "replay.event_malformed");
    assert_eq!(code(&|one| one.keys.clear()), "replay.event_malformed");
    assert_eq!(code(&|one| one.keys = vec![one.keys[0]; MAX_APPROVERS]), "ok");
    assert_eq!(code(&|one| one.keys = vec![one.keys[0]; MAX_APPROVERS + 1]), "replay.event_malformed");
}

#[test]
fn policy_x1_a_durable_frame_says_which_permission_it_holds() {
    let mut recorder = Recorder::start(Vec::new(), header(1), Limits::default()).unwrap();
    let (warning, approval) = (Warned { call: 3, ..warned(0) }, Approved { call: 4, ..approved(0) });
    let frame = recorder.record(Event::Warned(warning.clone())).unwrap();
    assert_eq!((frame.warned(), frame.approval(), frame.verdict()), (Some((3, &warning.permit)), None, None));
    let frame = recorder.record(Event::Approval(Box::new(approval.clone()))).unwrap();
    assert_eq!((frame.warned(), frame.approval(), frame.verdict()), (None, Some((4, &approval.request)), None));
    let frame = recorder.record(asked(5)).unwrap();
    assert_eq!((frame.warned(), frame.approval()), (None, None));
    assert_eq!(frame.verdict(), Some((5, VerdictOutcome::Asked)));
}
