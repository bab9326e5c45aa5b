//! Proofs that stand alone: `c2sp.org/tlog-proof@v1` files.

use std::fmt;

use reach_types::Sha256Digest;

use crate::{
    Checkpoint, CheckpointError, MAX_NOTE_BYTES, MAX_PROOF_HASHES, MerkleError, VerifierKey,
    checkpoint::{format_hash, parse_hash},
    decimal::parse_decimal,
    leaf_hash, verify_inclusion,
};

/// The most bytes of a proof file: a note, 65 hash lines of 45 bytes, and two more lines.
pub const MAX_PROOF_BYTES: usize = MAX_NOTE_BYTES + 4096;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Why a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// More bytes than [`MAX_PROOF_BYTES`].
    #[error("the proof has {actual} bytes, at most {MAX_PROOF_BYTES} are allowed")]
    TooLarge {
        /// The size offered.
        actual: usize,
    },
    /// Not UTF-8, or not a first line, an index, hashes and a blank line.
    #[error("a proof is `{FIRST_LINE}`, an index line, hash lines, a blank line and a checkpoint")]
    Layout,
    /// An `extra` line: C2SP allows one, but nothing authenticates it.
    #[error("the proof has an `extra` line, which nothing authenticates")]
    Extra,
    /// An index that is not canonical decimal below 2^64.
    #[error("the proof's index is not a decimal number in its one spelling")]
    Index,
    /// A hash line that is not 32 bytes in canonical base64.
    #[error("hash line {line} of the proof is not 32 bytes in base64")]
    Hash {
        /// Which one, from 1.
        line: usize,
    },
    /// The checkpoint in it.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// What it proves does not hold.
    #[error(transparent)]
    Merkle(MerkleError),
}

reach_types::codes!(ProofError {
    TooLarge => ("tlog.proof_too_large", Limit, "this is not a proof that a log would write"),
    Layout => ("tlog.proof_layout", Refused, "fetch the whole proof again, as it is"),
    Extra => ("tlog.proof_extra", Refused, "remove the `extra` line: what it says must be checked in some other way"),
    Index => ("tlog.proof_index", Refused, "fetch the proof again"),
    Hash => ("tlog.proof_hash", Refused, "fetch the proof again"),
} wrap { Checkpoint, Merkle });

/// A proof that a leaf stands in a log. Parsing one verifies nothing: see [`TlogProof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// The leaf's index.
    pub index: u64,
    /// The siblings on its way up to the root.
    pub hashes: Vec<Sha256Digest>,
    /// The checkpoint that the path leads to: a whole signed note.
    pub checkpoint: String,
}

impl TlogProof {
    /// Parses a proof file.
    ///
    /// # Errors
    /// [`ProofError::TooLarge`], [`ProofError::Layout`], [`ProofError::Extra`],
    /// [`ProofError::Index`], [`ProofError::Hash`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(ProofError::TooLarge { actual: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ProofError::Layout)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofError::Layout)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(ProofError::Layout);
        }
        let index = match lines.next().and_then(|line| line.split_once(' ')) {
            Some(("index", digits)) => parse_decimal(digits).ok_or(ProofError::Index)?,
            Some(("extra", _)) => return Err(ProofError::Extra),
            _ => return Err(ProofError::Layout),
        };
        Ok(Self { index, hashes: read_hashes(lines)?, checkpoint: checkpoint.to_owned() })
    }

    /// Verifies that `leaf` stands at [`TlogProof::index`] in the log that `key` signs, and returns
    /// the checkpoint it stands under.
    ///
    /// # Errors
    /// [`ProofError::Checkpoint`] first, then [`ProofError::Merkle`].
    pub fn verify(&self, leaf: &[u8], key: &VerifierKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::verify(self.checkpoint.as_bytes(), key).map_err(ProofError::Checkpoint)?;
        let Checkpoint { size, root, .. } = &checkpoint;
        verify_inclusion(self.index, *size, &leaf_hash(leaf), &self.hashes, root).map_err(ProofError::Merkle)?;
        Ok(checkpoint)
    }
}

fn read_hashes<'t>(lines: impl Iterator<Item = &'t str>) -> Result<Vec<Sha256Digest>, ProofError> {
    let mut hashes = Vec::new();
    for (index, line) in lines.enumerate() {
        if index >= MAX_PROOF_HASHES {
            return Err(ProofError::Layout);
        }
        hashes.push(parse_hash(line).ok_or(ProofError::Hash { line: index.saturating_add(1) })?);
    }
    Ok(hashes)
}

impl fmt::Display for TlogProof {
    /// The file that [`TlogProof::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", format_hash(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        KeyName,
        merkle::tests::{naive_root, numbered},
        prove_inclusion,
    };
    use reach_signing::{Role, Signer, SigningKey};
    use reach_types::Code;

    fn vkey() -> VerifierKey {
        VerifierKey::new(KeyName::parse("log.example").unwrap(), key().public_key())
    }

    fn key() -> SigningKey {
        SigningKey::from_seed(Role::Log, &[7; 32]).unwrap()
    }

    fn proof(index: u64, size: u64) -> String {
        let tree = numbered(size);
        let root = naive_root(&tree.0);
        let checkpoint = Checkpoint { origin: vkey().name().clone(), size, root }.sign(&key()).unwrap();
        TlogProof { index, hashes: prove_inclusion(index, size, &tree).unwrap(), checkpoint }.to_string()
    }

    fn code(proof: &[u8], leaf: &[u8]) -> &'static str {
        TlogProof::parse(proof).and_then(|proof| proof.verify(leaf, &vkey())).map_or_else(|e| e.code(), |_| "ok")
    }

    #[test]
    fn a15_a16_every_bit_of_a_proof_is_authenticated() {
        for (index, size) in [(0u64, 1), (5, 11)] {
            let good = proof(index, size).into_bytes();
            let leaf = index.to_be_bytes();
            assert_eq!(code(&good, &leaf), "ok");
            for bit in 0..good.len() * 8 {
                let mut bad = good.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(code(&bad, &leaf), "ok", "bit {bit} of {}", String::from_utf8_lossy(&good));
            }
            for cut in 0..good.len() {
                assert_ne!(code(&good[..cut], &leaf), "ok", "cut to {cut} bytes");
            }
            assert_eq!(code(&good, &(index + 1).to_be_bytes()), "tlog.root_mismatch");
        }
    }

    #[test]
    fn a15_the_rules_by_name() {
        let good = proof(5, 11);
        let leaf = 5u64.to_be_bytes();
        let code = |text: &str| code(text.as_bytes(), &leaf);
        assert_eq!(code(&good), "ok");
        assert_eq!(code(&good.replace("index 5", "index 11")), "tlog.out_of_range");
        assert_eq!(code(&good.replace("index 5", "index 18446744073709551615")), "tlog.out_of_range");
        assert_eq!(code(&good.replace("index 5", "index 18446744073709551616")), "tlog.proof_index");
        assert_eq!(code(&good.replace("index 5", "index 05")), "tlog.proof_index");
        assert_eq!(code(&good.replace("index 5", "index 4")), "tlog.root_mismatch");
        assert_eq!(code(&good.replace("index 5", "index 10")), "tlog.proof_length");
        assert_eq!(code(&good.replace("@v1\n", "@v1\nextra AAAA\n")), "tlog.proof_extra");
        assert_eq!(code(&good.replace("@v1\n", "@v2\n")), "tlog.proof_layout");
        assert_eq!(code(&good.replace("index 5", "Index 5")), "tlog.proof_layout");
        assert_eq!(code(&good.replace("=\n", "\n")), "tlog.proof_hash");
        assert_eq!(code(&good.replace("\n11\n", "\n12\n")), "tlog.note_bad_signature");
        let hash_lines: String = good.lines().skip(2).take(4).map(|line| format!("{line}\n")).collect();
        assert_eq!(code(&good.replace(&hash_lines, "")), "tlog.proof_length");
        assert_eq!(code(&good.replace(&hash_lines, &hash_lines.repeat(17))), "tlog.proof_layout");
        assert_eq!(code(&format!("{good}{}", " ".repeat(MAX_PROOF_BYTES))), "tlog.proof_too_large");
    }
}
