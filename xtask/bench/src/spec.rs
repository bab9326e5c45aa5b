//! Spec versions: the token against `semver`'s own parse, negotiation against a plain merge, and the
//! most that somebody's offer can cost.

use std::{hint::black_box, ops::RangeInclusive};

use reach_spec_version::{
    Feature, FeatureId, MAX_FEATURES, MAX_OFFER_BYTES, Offer, Party, SpecVersion, negotiate, transcript_hash,
};

use crate::{
    allocations,
    pair::{CPU, Pair},
};

/// The name under which the allocations are counted.
pub const ALLOCATIONS: &str = "spec.allocations";

const TOKEN: &str = "1.12.3";
const LONGEST: &str = "65535.65535.65535";
const VERSION: SpecVersion = SpecVersion::new(1, 12, 3);

pub fn pairs() -> Vec<Pair> {
    vec![
        token("spec.token", "`SpecVersion::parse` against `semver::Version::parse`, `1.12.3`", TOKEN),
        token("spec.token_longest", "the same, `65535.65535.65535`", LONGEST),
        negotiation(),
        transcript(),
        worst(),
    ]
}

fn pair(
    name: &'static str,
    about: &'static str,
    wanted: &'static str,
    ours: impl Fn() + 'static,
    base: impl Fn() + 'static,
) -> Pair {
    Pair { name, about, wanted, clock: CPU, ours: Box::new(ours), base: Box::new(base) }
}

fn token(name: &'static str, about: &'static str, text: &'static str) -> Pair {
    let ours = || {
        black_box(SpecVersion::parse(black_box(text))).expect("a token");
    };
    let base = || {
        black_box(semver::Version::parse(black_box(text))).expect("a version");
    };
    pair(name, about, "≤ 1.30", ours, base)
}

/// An offer of `count` features with ids of `length` bytes, every other one critical.
fn offer(count: usize, length: usize) -> Offer {
    let feature = |number: usize| {
        let id = FeatureId::parse(&format!("{number:0length$}")).expect("an id");
        Feature::new(id, 1, 3, number % 2 == 0).expect("a range")
    };
    Offer::new(VERSION, SpecVersion::new(1, 0, 0), (0..count).map(feature).collect()).expect("an offer")
}

type Ranges = Vec<(String, RangeInclusive<u16>)>;

fn ranges(offer: &Offer) -> Ranges {
    offer.features().iter().map(|f| (f.id().as_str().to_owned(), f.min()..=f.max())).collect()
}

/// The least there is to do: the common ids of two sorted lists, with the highest common number.
fn merge(ours: &Ranges, theirs: &Ranges) -> Vec<(String, u16)> {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    let mut common = Vec::with_capacity(ours.len());
    while let (Some((id, range)), Some((other, others))) = (ours.peek(), theirs.peek()) {
        match id.cmp(other) {
            std::cmp::Ordering::Less => drop(ours.next()),
            std::cmp::Ordering::Greater => drop(theirs.next()),
            std::cmp::Ordering::Equal => {
                let (low, high) = (range.start().max(others.start()), range.end().min(others.end()));
                if low <= high {
                    common.push((id.clone(), *high));
                }
                (ours.next(), theirs.next());
            }
        }
    }
    common
}

fn negotiation() -> Pair {
    let (ours, theirs) = (offer(16, 12), offer(16, 12));
    let (left, right) = (ranges(&ours), ranges(&theirs));
    pair(
        "spec.negotiate",
        "`negotiate` of two offers of 16 features, against a bare merge of two sorted lists of 16 texts",
        "ours ≤ 1,000 ns",
        move || {
            black_box(negotiate(black_box(&ours), black_box(&theirs))).expect("an agreement");
        },
        move || {
            black_box(merge(black_box(&left), black_box(&right)));
        },
    )
}

fn transcript() -> Pair {
    let (ours, theirs) = (offer(16, 12), offer(16, 12));
    let agreement = negotiate(&ours, &theirs).expect("an agreement");
    let parts = [ours.encode(), theirs.encode(), agreement.encode()].map(|part| part.expect("encodable"));
    let hashed = [&[1; 32][..], &[2; 32], &parts[0], &parts[1], &parts[2], &[0; 40]].concat();
    pair(
        "spec.transcript",
        "`transcript_hash` of two offers of 16 features, against `blake3::hash` of as many bytes",
        "none stated",
        move || {
            let (initiator, responder) = (Party { id: &[1; 32], offer: &ours }, Party { id: &[2; 32], offer: &theirs });
            black_box(transcript_hash(initiator, responder, black_box(&agreement))).expect("a transcript");
        },
        move || {
            black_box(blake3::hash(black_box(&hashed)));
        },
    )
}

/// Decodes what a peer sent and negotiates with it: everything that somebody unknown can ask for.
fn answer(ours: &Offer, bytes: &[u8]) {
    let theirs = Offer::decode(black_box(bytes)).expect("an offer");
    black_box(negotiate(black_box(ours), &theirs)).expect("an agreement");
}

fn worst() -> Pair {
    // Long ids that differ in their last byte only: the most work for each comparison.
    let (ours, theirs) = (offer(MAX_FEATURES, 59), offer(MAX_FEATURES, 59));
    let bytes = theirs.encode().expect("encodable");
    assert!(bytes.len() > MAX_OFFER_BYTES - 64, "as large as an offer gets");
    let (small, usual) = (offer(16, 59), offer(16, 59).encode().expect("encodable"));
    pair(
        "spec.worst",
        "an offer of 64 features and 4 KiB decoded and negotiated, against one of 16 features and 1 KiB",
        "linear: ≤ 4.4",
        move || answer(&ours, &bytes),
        move || answer(&small, &usual),
    )
}

/// The allocations of a token and of a negotiation, as a table of its own.
pub fn print_allocations() {
    let long = "1".repeat(10_000);
    let (usual, largest) = (offer(16, 12), offer(MAX_FEATURES, 59));
    println!("\n| allocations | of | count | wanted |\n|---|---|---|---|");
    let row = |of: &str, wanted: &str, count: u64| println!("| {ALLOCATIONS} | {of} | {count} | {wanted} |");
    row("one token", "0", allocations::of(|| SpecVersion::parse(LONGEST)));
    row("10 kB of digits refused", "0", allocations::of(|| SpecVersion::parse(&long)));
    row("one negotiation of 16 features", "none stated", allocations::of(|| negotiate(&usual, &usual)));
    row("one negotiation of 64 features", "none stated", allocations::of(|| negotiate(&largest, &largest)));
}
