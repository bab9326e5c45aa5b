//! The chain: each frame's head covers it and everything before it.

use blake3::Hasher;
use reach_types::{Blake3Digest, fold_length_prefixed};

use crate::frame::PREAMBLE;

const HEADER_CONTEXT: &str = "reach 2026 run log header v1";
const FRAME_CONTEXT: &str = "reach 2026 run log frame v1";

/// The head of a chain, and what it takes to move it on.
pub(crate) struct Chain {
    // Keyed once: deriving the key anew would cost as much as a small frame.
    hasher: Hasher,
    head: Blake3Digest,
}

impl Chain {
    /// The chain whose first link is the preamble and the header's bytes.
    pub(crate) fn start(header: &[u8]) -> Self {
        let head = Blake3Digest::derive(HEADER_CONTEXT, &[&PREAMBLE, header]);
        Self { hasher: Hasher::new_derive_key(FRAME_CONTEXT), head }
    }

    /// Adds a frame's bytes and returns the head after it.
    pub(crate) fn add(&mut self, body: &[u8]) -> Blake3Digest {
        self.hasher.reset();
        fold_length_prefixed(&mut self.hasher, &[self.head.as_bytes(), body]);
        self.head = Blake3Digest::from_bytes(*self.hasher.finalize().as_bytes());
        self.head
    }

    pub(crate) const fn head(&self) -> Blake3Digest {
        self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_is_the_derivation_that_the_format_states() {
        let mut chain = Chain::start(b"header");
        let first = chain.head();
        assert_eq!(first, Blake3Digest::derive(HEADER_CONTEXT, &[b"reachlog\x01\x00", b"header"]));
        let second = chain.add(b"one");
        assert_eq!(second, Blake3Digest::derive(FRAME_CONTEXT, &[first.as_bytes(), b"one"]));
        assert_eq!(chain.add(b"two"), Blake3Digest::derive(FRAME_CONTEXT, &[second.as_bytes(), b"two"]));
    }
}
