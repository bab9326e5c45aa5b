#![doc = include_str!("../README.md")]

mod checkpoint;
mod cosignature;
mod decimal;
mod merkle;
mod name;
mod note;
mod proof;
mod prove;
mod sign;
mod tile;
mod verify;
mod vkey;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{Cosignature, CosignatureError, cosign};
pub use merkle::{Frontier, HashReader, empty_root, leaf_hash, node_hash};
pub use name::{KeyName, MAX_KEY_NAME_BYTES, NameError};
pub use note::{MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES, NoteError, NoteSignature, SignedNote, VerifiedNote};
pub use proof::{MAX_PROOF_BYTES, ProofError, TlogProof};
pub use prove::{prove_consistency, prove_inclusion, root_at};
pub use sign::{NoteSignError, sign_note};
pub use tile::{
    MAX_BUNDLE_ENTRY_BYTES, TILE_HEIGHT, TILE_WIDTH, Tile, TileError, TileKind, decode_bundle, encode_bundle,
};
pub use verify::{MAX_PROOF_HASHES, MerkleError, verify_consistency, verify_inclusion};
pub use vkey::{VerifierKey, VkeyError, cosigner_vkey};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    CheckpointError::ROWS,
    CosignatureError::ROWS,
    MerkleError::ROWS,
    NameError::ROWS,
    NoteError::ROWS,
    NoteSignError::ROWS,
    ProofError::ROWS,
    TileError::ROWS,
    VkeyError::ROWS,
];
