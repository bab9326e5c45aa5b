//! The gate against itself: with more grants, on two threads, and what it allocates.

use std::{hint::black_box, thread};

use reach_types::Request;

use super::{
    one_call,
    ours::{self, Ready},
    pair,
    scenario::{Asked, World},
};
use crate::{
    allocations,
    json::REQUEST,
    pair::{Pair, WALL},
};

/// The name under which the allocations are counted.
pub const ALLOCATIONS: &str = "policy.allocations";

pub fn pairs() -> Vec<Pair> {
    let (usual, refused) = (Asked::usual(), Asked::refused());
    vec![
        growth("policy.growth_100", "allow with 100 granted scopes, against with 10", &usual, 100),
        growth("policy.growth_10000", "allow with 10,000 granted scopes, against with 10", &usual, 10_000),
        growth("policy.growth_deny", "six reasons with 10,000 granted scopes, against with 10", &refused, 10_000),
        two_threads(),
        two_loops(),
    ]
}

fn growth(name: &'static str, about: &'static str, asked: &Asked, grants: usize) -> Pair {
    let reasons = |grants| ours::reasons(&World::granting(grants), asked);
    pair(name, about, "flat: ≤ 1.1", reasons(grants), reasons(10))
}

/// How many pieces of work the threads share.
const SHARED: usize = 40_000;

/// Does all pieces on one thread, or half of them on each of two.
fn shared(threads: usize, piece: &(impl Fn() + Sync)) {
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..SHARED / threads).for_each(|_| piece()));
        }
    });
}

fn halved(
    name: &'static str,
    about: &'static str,
    wanted: &'static str,
    piece: impl Fn() + Sync + Clone + 'static,
) -> Pair {
    let same = piece.clone();
    let (ours, base) = (Box::new(move || shared(2, &piece)), Box::new(move || shared(1, &same)));
    Pair { name, about, wanted, clock: WALL, ours, base }
}

fn two_threads() -> Pair {
    let (ready, request) = (Ready::of(&World::usual()), ours::request(&Asked::usual()));
    let now = ours::moment(&Asked::usual());
    let piece = move || {
        black_box(ready.allows(black_box(&request), now));
    };
    let about = "40,000 times allow by one judge, halved between two threads, against one thread";
    halved("policy.threads", about, "as the loop below, ± 10 %", piece)
}

fn two_loops() -> Pair {
    let piece = || {
        let factor = black_box(0x5851_f42d_4c95_7f2d_u64);
        black_box((0..100).fold(factor, |product, addend| product.wrapping_mul(factor) ^ addend));
    };
    let about = "40,000 times 100 multiplications, halved between two threads, against one thread";
    halved("policy.threads_loop", about, "what the machine gives", piece)
}

/// The allocations of one decision, as a table of its own.
pub fn print_allocations() {
    let (ready, now) = (Ready::of(&World::usual()), ours::moment(&Asked::usual()));
    let prepared = ready.prepare(&one_call());
    let (usual, refused) = (ours::request(&Asked::usual()), ours::request(&Asked::refused()));
    println!("\n| allocations | of | count | wanted |\n|---|---|---|---|");
    let row = |of: &str, wanted: &str, count: u64| println!("| {ALLOCATIONS} | {of} | {count} | {wanted} |");
    row("one allow decision", "0", allocations::of(|| ready.allows(&usual, now)));
    row("one prepared call allowed", "0", allocations::of(|| ready.allows_call(&prepared, REQUEST.as_bytes(), now)));
    row("one deny decision with six reasons", "none stated", allocations::of(|| ready.allows(&refused, now)));
    row("one request read from JSON", "none stated", allocations::of(|| Request::from_json(REQUEST.as_bytes())));
}
