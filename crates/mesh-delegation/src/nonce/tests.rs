//! The rules of a nonce store, against a naive one that never forgets and looks at the time instead.

use proptest::prelude::*;
use reach_types::Code;

use super::*;
use crate::testing::{A, B, C, NOW, digest, earlier, id, later};

fn claim(issuer: u8, nonce: u8, link: u8, run: u8, root: u8, until: Timestamp) -> Claim {
    Claim {
        issuer: id(issuer),
        nonce: [nonce; 32],
        link: digest(link),
        run: RunId(digest(run)),
        root: digest(root),
        until,
    }
}

#[test]
fn d18_an_entry_is_kept_up_to_its_end_inclusive() {
    let nonces = MemoryNonces::new();
    let until = later(NOW, 100);
    let one = claim(A, 1, 1, 1, 1, until);
    assert_eq!(nonces.reserve(&one, NOW), Ok(Reservation::Fresh));
    assert_eq!(nonces.reserve(&one, until), Ok(Reservation::Replayed));
    // A clock that goes back brings nothing back and loses nothing.
    assert_eq!(nonces.reserve(&one, earlier(NOW, 1)), Ok(Reservation::Replayed));
    assert_eq!(nonces.reserve(&one, later(until, 1)), Ok(Reservation::Fresh));
}

#[test]
fn d24_d44_one_nonce_names_one_link_and_one_run_has_one_root() {
    let nonces = MemoryNonces::new();
    let reserve = |claim: Claim| nonces.reserve(&claim, NOW).unwrap();
    assert_eq!(reserve(claim(A, 1, 1, 1, 1, NOW)), Reservation::Fresh);
    assert_eq!(reserve(claim(A, 1, 2, 1, 1, NOW)), Reservation::Equivocation);
    assert_eq!(reserve(claim(B, 1, 2, 1, 1, NOW)), Reservation::Fresh);
    assert_eq!(reserve(claim(A, 2, 3, 1, 2, NOW)), Reservation::RunAlreadyRooted);
    // What was refused was not recorded.
    assert_eq!(reserve(claim(A, 2, 3, 2, 2, NOW)), Reservation::Fresh);
}

#[test]
fn d20_neither_one_issuer_nor_all_can_force_an_eviction() {
    let nonces = MemoryNonces::bounded(2, 3);
    let until = later(NOW, 100);
    let reserve = |issuer, nonce: u8, now| {
        let result = nonces.reserve(&claim(issuer, nonce, nonce, nonce, nonce, until), now);
        result.map_err(|error| error.code())
    };
    assert_eq!(reserve(A, 1, NOW), Ok(Reservation::Fresh));
    assert_eq!(reserve(A, 2, NOW), Ok(Reservation::Fresh));
    assert_eq!(reserve(A, 3, NOW), Err("mesh.nonce_capacity"));
    assert_eq!(reserve(B, 4, NOW), Ok(Reservation::Fresh));
    assert_eq!(reserve(C, 5, NOW), Err("mesh.nonce_capacity"));
    assert_eq!(reserve(A, 1, NOW), Ok(Reservation::Replayed));
    assert_eq!(reserve(A, 3, later(until, 1)), Ok(Reservation::Fresh));
    assert_eq!(nonces.state.lock().unwrap().roots.len(), 1);
}

#[test]
fn a_store_whose_thread_panicked_answers_nothing_more() {
    let nonces = MemoryNonces::new();
    let poisoned = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _held = nonces.state.lock().unwrap();
                panic!("while holding the lock");
            })
            .join()
    });
    poisoned.unwrap_err();
    assert_eq!(nonces.reserve(&claim(A, 1, 1, 1, 1, NOW), NOW).unwrap_err().code(), "mesh.nonce_unavailable");
}

proptest! {
    #[test]
    fn a_store_answers_as_one_that_never_forgets(
        steps in proptest::collection::vec((0..2_u8, 0..3_u8, 0..2_u8, 0..2_u8, 0..2_u8, 0..20_u64, 0..5_u64), 0..40),
    ) {
        let nonces = MemoryNonces::new();
        let mut past: Vec<Claim> = Vec::new();
        let mut now = NOW;
        for (issuer, nonce, link, run, root, lasts, passes) in steps {
            now = later(now, passes);
            let new = claim(issuer, nonce, link, run, root, later(now, lasts));
            let alive: Vec<_> = past.iter().filter(|old| old.until >= now).collect();
            let same = alive.iter().find(|old| (old.issuer, old.nonce) == (new.issuer, new.nonce));
            let other_root = alive.iter().any(|old| old.run == new.run && old.root != new.root);
            let expected = match same {
                Some(old) if old.link == new.link => Reservation::Replayed,
                Some(_) => Reservation::Equivocation,
                None if other_root => Reservation::RunAlreadyRooted,
                None => Reservation::Fresh,
            };
            prop_assert_eq!(nonces.reserve(&new, now), Ok(expected));
            if expected == Reservation::Fresh {
                past.push(new);
            }
        }
        let state = nonces.state.lock().unwrap();
        prop_assert_eq!(state.nonces.len(), state.ends.len());
        prop_assert_eq!(state.counts.values().sum::<usize>(), state.nonces.len());
        prop_assert!(state.roots.len() <= state.nonces.len());
    }
}
