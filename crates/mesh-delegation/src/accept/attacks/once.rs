//! A link is accepted once, a run has one root, and a full store forgets nothing.

use reach_types::{RunId, encode_strict};

use crate::{AcceptLimits, Claim, MemoryNonces, NonceStore, Reservation, inspect, testing::*};

const MINUTE: u64 = 60_000;

#[test]
fn d18_a_link_is_accepted_once_for_as_long_as_it_could_be_accepted_at_all() {
    let chain = root(A, B);
    let other = {
        let mut terms = terms(B);
        terms.nonce = [201; 32];
        root_with(C, terms)
    };
    let mut receiver = Receiver::new(B);
    receiver.accept(&chain).unwrap();
    let end = later(EXPIRES, 30_000);
    for (now, peer) in [(NOW, None), (NOW, Some(A)), (end, None), (earlier(NOW, 30_000), None)] {
        (receiver.now, receiver.peer) = (now, peer);
        assert_eq!(receiver.code_with(&chain, &receiver.nonces), "mesh.nonce_replayed");
    }
    // Even at the widest skew, after a clock that stepped back as far as it may unnoticed.
    (receiver.now, receiver.peer) = (later(EXPIRES, 2 * MINUTE), None);
    receiver.limits = AcceptLimits::new(crate::MAX_SKEW, crate::DEFAULT_TTL, 5).unwrap();
    assert_eq!(receiver.code_with(&other, &receiver.nonces), "mesh.expired");
    assert_eq!(reserve_code(&receiver, &chain), Reservation::Replayed);
    receiver.now = later(receiver.now, 1);
    assert_eq!(reserve_code(&receiver, &chain), Reservation::Fresh);
}

/// What the store says of a chain, past the checks that would refuse it earlier.
fn reserve_code(receiver: &Receiver, chain: &str) -> Reservation {
    let links = crate::chain::read_chain(chain.as_bytes(), 5).unwrap();
    let (first, last) = (links.first().unwrap(), links.last().unwrap());
    let claim = Claim {
        issuer: last.link.issuer,
        nonce: last.link.terms.nonce,
        link: last.digest,
        run: last.link.run,
        root: first.digest,
        until: later(first.link.terms.expires, 2 * MINUTE),
    };
    receiver.nonces.reserve(&claim, receiver.now).unwrap()
}

#[test]
fn d20_a_full_store_refuses_and_forgets_nothing() {
    let receiver = Receiver { nonces: MemoryNonces::bounded(2, 3), ..Receiver::new(B) };
    let chain = |from: u8, nonce: u8| {
        let mut terms = terms(B);
        terms.nonce = [nonce; 32];
        // A run of its own each time, for a run has one root.
        crate::issue(&by(from, terms), &[nonce; 32], &node(from)).unwrap()
    };
    let code = |chain: &str| receiver.code_with(chain, &receiver.nonces);
    assert_eq!([code(&chain(A, 1)), code(&chain(A, 2))], ["ok"; 2]);
    assert_eq!(code(&chain(A, 3)), "mesh.nonce_capacity");
    assert_eq!(code(&chain(C, 4)), "ok");
    assert_eq!(code(&chain(D, 5)), "mesh.nonce_capacity");
    assert_eq!(code(&chain(A, 1)), "mesh.nonce_replayed");
}

#[test]
fn d21_only_a_chain_that_passes_everything_else_uses_up_its_nonce() {
    let good = root(A, B);
    let link = inspect(good.as_bytes()).unwrap().remove(0);
    let mut receiver = Receiver::new(B);
    let code = |receiver: &Receiver, chain: &str| receiver.code_with(chain, &receiver.nonces);
    assert_eq!(code(&receiver, &listed(&[forged(&link, C)])), "mesh.link_signature_invalid");
    receiver.registry = None;
    assert_eq!(code(&receiver, &good), "mesh.registry_unset");
    receiver.registry = Some(digest(2));
    receiver.pack.digest = digest(9);
    assert_eq!(code(&receiver, &good), "mesh.pack_mismatch");
    receiver.pack = pack();
    assert_eq!(code(&receiver, &good), "ok");
    assert_eq!(code(&receiver, &good), "mesh.nonce_replayed");
}

#[test]
fn d22_of_two_threads_with_one_nonce_exactly_one_is_let_in() {
    let chain = root(A, B);
    for _ in 0..50 {
        let nonces = MemoryNonces::new();
        let codes: Vec<_> = std::thread::scope(|scope| {
            let one = || Receiver::new(B).code_with(&chain, &nonces);
            let threads = [scope.spawn(one), scope.spawn(one)];
            threads.map(|thread| thread.join().unwrap()).to_vec()
        });
        let count = |code| codes.iter().filter(|found| **found == code).count();
        assert_eq!((count("ok"), count("mesh.nonce_replayed")), (1, 1));
    }
}

#[test]
fn d24_a_nonce_is_whole_drawn_and_for_one_link() {
    let chain = root(A, B);
    let receiver = Receiver::new(B);
    let empty = edited(&chain, A, |link| link.terms.nonce = [0; 32]);
    assert_eq!(receiver.code(empty), "mesh.nonce_invalid");
    let payload = encode_strict(&inspect(chain.as_bytes()).unwrap()[0]).unwrap();
    // The nonce is followed by the attempts, one byte here.
    let short = [&payload[..payload.len() - 2], &payload[payload.len() - 1..]].concat();
    let short = sealed(short);
    assert_eq!(receiver.code(listed(&[short])), "input.malformed");
    receiver.accept(&chain).unwrap();
    let again = edited(&chain, A, |link| link.terms.attempts = 2);
    assert_eq!(receiver.code_with(again, &receiver.nonces), "mesh.nonce_equivocation");
    let mut theirs = terms(B);
    theirs.nonce = inspect(chain.as_bytes()).unwrap()[0].terms.nonce;
    assert_eq!(receiver.code_with(root_with(C, theirs), &receiver.nonces), "ok");
}

#[test]
fn d44_a_run_has_one_root_and_belongs_to_its_origin() {
    let receiver = Receiver::new(B);
    let code = |chain: &str| receiver.code_with(chain, &receiver.nonces);
    assert_eq!(code(&root(A, B)), "ok");
    let again = {
        let mut terms = terms(B);
        terms.nonce = [202; 32];
        terms
    };
    assert_eq!(code(&root_with(A, again.clone())), "mesh.run_already_rooted");
    let another_run = crate::issue(&by(A, again), &[78; 32], &node(A)).unwrap();
    assert_eq!(code(&another_run), "ok");
    // A stranger to the run cannot take its id, whichever nonce it claims.
    let run = RunId::derive(&id(A), &ORIGIN_NONCE);
    assert_eq!(code(&edited(&root(C, B), C, |link| link.run = run)), "mesh.root_untrusted");
    assert_eq!(code(&edited(&root(A, B), A, |link| link.origin_nonce = [0; 32])), "mesh.root_untrusted");
    let switched = edited(&through(&[A, C, B]), C, |link| link.run = RunId::derive(&id(C), &ORIGIN_NONCE));
    assert_eq!(code(&switched), "mesh.run_mismatch");
}

#[test]
fn d44_one_root_may_reach_a_node_by_two_links() {
    let receiver = Receiver::new(C);
    let mut second = terms(C);
    second.nonce = [203; 32];
    let root = root(A, B);
    for terms in [terms(C), second] {
        assert_eq!(receiver.code_with(extended(&root, B, terms), &receiver.nonces), "ok");
    }
}
