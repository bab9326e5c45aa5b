//! Verifying one entry with no ledger at hand: proof, leaf, opening and the log's key.

use reach_tlog::{Checkpoint, ProofError, TlogProof, VerifierKey};

use crate::{
    Header, Opening, OpeningError,
    header::{Leaf, commit_payload},
};

/// Why an entry was not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The proof.
    #[error(transparent)]
    Proof(ProofError),
    /// The opening.
    #[error(transparent)]
    Opening(OpeningError),
    /// The leaf is none of this format.
    #[error("the leaf is not one of a Reach ledger")]
    Leaf,
    /// The opening is not what the leaf commits to.
    #[error("the opening's {what} is not what the leaf commits to")]
    Mismatch {
        /// Which part.
        what: &'static str,
    },
    /// The proof is of another place than the opening says.
    #[error("the proof is of entry {proven}, the opening of entry {opened}")]
    Index {
        /// What the proof proves.
        proven: u64,
        /// What the opening says.
        opened: u64,
    },
}

reach_types::codes!(VerifyError {
    Leaf => ("audit.leaf_malformed", Refused, "fetch the leaf again"),
    Mismatch => ("audit.opening_mismatch", Refused, "the entry was changed, or belongs to another leaf: fetch all three files again"),
    Index => ("audit.proof_of_another_entry", Refused, "fetch all three files again"),
} wrap { Proof, Opening });

/// An entry that was proven to stand in a signed log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    /// The checkpoint it stands under.
    pub checkpoint: Checkpoint,
    /// Everything but the payload.
    pub header: Header,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Checks that `opening` is what `leaf` commits to, in every field.
///
/// # Errors
/// [`VerifyError::Leaf`], [`VerifyError::Mismatch`].
pub fn verify_opening(leaf: &[u8], opening: &Opening) -> Result<(), VerifyError> {
    let leaf = Leaf::decode(leaf).map_err(|_| VerifyError::Leaf)?;
    let Opening { header, payload, header_salt, payload_salt } = opening;
    let header_commitment = header.commit(header_salt).map_err(|_| VerifyError::Leaf)?;
    let checks = [
        ("header", header_commitment == leaf.header_commitment),
        ("payload", commit_payload(payload, payload_salt) == leaf.payload_commitment),
        ("index in its run", header.index_in_run == leaf.index_in_run),
        ("payload's length", u32::try_from(payload.len()).is_ok_and(|length| length == header.payload_len)),
    ];
    match checks.into_iter().find(|(_, good)| !good) {
        Some((what, _)) => Err(VerifyError::Mismatch { what }),
        None => Ok(()),
    }
}

/// Verifies the three files that `prove` made: that the log of `key` holds `leaf` at the proof's
/// index, and that the opening is what it commits to and names the same index.
///
/// # Errors
/// Every variant of [`VerifyError`], the proof's first.
pub fn verify_proof(
    proof: &[u8],
    leaf: &[u8],
    opening_json: &[u8],
    key: &VerifierKey,
) -> Result<VerifiedEntry, VerifyError> {
    let proof = TlogProof::parse(proof).map_err(VerifyError::Proof)?;
    let checkpoint = proof.verify(leaf, key).map_err(VerifyError::Proof)?;
    let opening = Opening::from_json(opening_json).map_err(VerifyError::Opening)?;
    verify_opening(leaf, &opening)?;
    let Opening { header, payload, .. } = opening;
    if header.seq != proof.index {
        return Err(VerifyError::Index { proven: proof.index, opened: header.seq });
    }
    Ok(VerifiedEntry { checkpoint, header, payload })
}
