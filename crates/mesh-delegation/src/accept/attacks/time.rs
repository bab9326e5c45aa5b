//! Time: both ends inclusive, each bound a millisecond off.

use reach_types::Timestamp;

use crate::{Terms, testing::*};

const MINUTE: u64 = 60_000;

#[test]
fn d12_a_validity_holds_some_time_and_not_too_much() {
    let receiver = Receiver::new(B);
    let hour = 60 * MINUTE;
    let with = |issued: u64, not_before: u64, expires: u64| {
        let millis = Timestamp::from_millis;
        receiver.code(edited(&root(A, B), A, |link| {
            let terms = &mut link.terms;
            (terms.issued, terms.not_before, terms.expires) = (millis(issued), millis(not_before), millis(expires));
        }))
    };
    let now = NOW.as_millis();
    assert_eq!(with(now, now, now), "mesh.ttl_invalid");
    assert_eq!(with(now, now, now + 1), "ok");
    assert_eq!(with(now, now, now - 1), "mesh.ttl_invalid");
    assert_eq!(with(now, now - 1, now + 1), "mesh.ttl_invalid");
    assert_eq!(with(now, now + 2, now + 1), "mesh.ttl_invalid");
    assert_eq!(with(now, now, 0), "mesh.ttl_invalid");
    assert_eq!(with(now, now, now + hour), "ok");
    assert_eq!(with(now, now, now + hour + 1), "mesh.ttl_too_long");
    assert_eq!(with(now, now, (1 << 53) + 1), "mesh.ttl_too_long");
    assert_eq!(with(now, now, 1 << 63), "mesh.ttl_too_long");
    assert_eq!(with(0, 0, u64::MAX), "mesh.ttl_too_long");
    // Nanoseconds where milliseconds belong.
    let nanos = now * 1_000_000;
    assert_eq!(with(nanos, nanos, nanos + hour), "mesh.issued_in_future");
    assert_eq!(with(now, now, nanos), "mesh.ttl_too_long");
}

#[test]
fn d13_a_link_stays_within_the_time_of_the_one_before() {
    let chain = through(&[A, B, C]);
    let with = |edit: &dyn Fn(&mut Terms)| Receiver::new(C).code(edited(&chain, B, |link| edit(&mut link.terms)));
    assert_eq!(with(&|t| t.expires = EXPIRES), "ok");
    assert_eq!(with(&|t| t.expires = later(EXPIRES, 1)), "mesh.ttl_widened");
    assert_eq!(with(&|t| t.not_before = later(NOW, 1)), "ok");
    let before = |t: &mut Terms| (t.issued, t.not_before) = (earlier(NOW, 1), earlier(NOW, 1));
    assert_eq!(with(&before), "mesh.ttl_widened");
}

#[test]
fn d14_d15_both_ends_are_inclusive_and_widened_by_the_skew() {
    let skew = 30_000;
    let at = |now| Receiver { now, high_water: NOW, ..Receiver::new(B) }.code(root(A, B));
    assert_eq!(at(earlier(NOW, skew)), "ok");
    assert_eq!(at(earlier(NOW, skew + 1)), "mesh.clock_rollback");
    assert_eq!(at(later(EXPIRES, skew)), "ok");
    assert_eq!(at(later(EXPIRES, skew + 1)), "mesh.expired");
    let from = |issued, not_before| {
        let mut terms = terms(B);
        (terms.issued, terms.not_before, terms.expires) = (issued, not_before, later(not_before, MINUTE));
        Receiver::new(B).code(root_with(A, terms))
    };
    assert_eq!(from(NOW, later(NOW, skew)), "ok");
    assert_eq!(from(NOW, later(NOW, skew + 1)), "mesh.not_yet_valid");
    assert_eq!(from(NOW, later(NOW, 31_000)), "mesh.not_yet_valid");
    assert_eq!(from(later(NOW, skew), later(NOW, skew)), "ok");
    assert_eq!(from(later(NOW, skew + 1), later(NOW, skew + 1)), "mesh.issued_in_future");
    let year = later(NOW, 365 * 24 * 60 * MINUTE);
    assert_eq!(from(year, year), "mesh.issued_in_future");
}

#[test]
fn d16_a_clock_that_went_back_accepts_nothing() {
    let at = |back| {
        let receiver = Receiver { now: NOW, high_water: later(NOW, back), ..Receiver::new(B) };
        receiver.code(root(A, B))
    };
    assert_eq!(at(0), "ok");
    assert_eq!(at(30_000), "ok");
    assert_eq!(at(30_001), "mesh.clock_rollback");
    assert_eq!(at(60 * MINUTE), "mesh.clock_rollback");
    let before_1970 = Receiver { now: Timestamp::from_millis(0), ..Receiver::new(B) };
    assert_eq!(before_1970.code(root(A, B)), "mesh.clock_rollback");
}
