//! Digests in a domain of their own, against bare BLAKE3 of the same bytes.

use std::hint::black_box;

use reach_types::Blake3Digest;

use crate::pair::{CPU, Pair};

pub fn pairs() -> Vec<Pair> {
    vec![
        pair("digest.256", "`Blake3Digest::derive` against `blake3::hash`, 256 bytes", 256),
        pair("digest.64k", "`Blake3Digest::derive` against `blake3::hash`, 64 KiB", 64 * 1024),
    ]
}

fn pair(name: &'static str, about: &'static str, length: usize) -> Pair {
    let content = vec![0x5a_u8; length];
    let same = content.clone();
    Pair {
        name,
        about,
        wanted: "none stated",
        clock: CPU,
        ours: Box::new(move || {
            black_box(Blake3Digest::derive("reach 2026 benchmark v1", &[black_box(&content)]));
        }),
        base: Box::new(move || {
            black_box(blake3::hash(black_box(&same)));
        }),
    }
}
