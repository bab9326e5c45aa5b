#![doc = include_str!("../README.md")]

mod accept;
mod attenuate;
mod chain;
mod clock;
mod issue;
mod limits;
mod link;
mod linkage;
mod node;
mod nonce;
mod receipt;
mod spec;

#[cfg(test)]
mod testing;

pub use accept::{AcceptContext, AcceptError, AcceptedChain, Rights, accept};
pub use chain::{ChainError, MAX_CHAIN_BYTES, chain_digest, inspect};
pub use issue::{IssueError, extend, issue};
pub use limits::{AcceptLimits, DEFAULT_SKEW, DEFAULT_TTL, LimitsError, MAX_DEPTH, MAX_SKEW, MAX_TTL, NONCE_RETENTION};
pub use link::{LINK_PAYLOAD_TYPE, LINK_VERSION, Link, MAX_LINK_BYTES, MAX_OFFER_BYTES, MAX_SCOPES, MAX_TOOLS, Terms};
pub use nonce::{Claim, MAX_NONCES, MAX_NONCES_PER_ISSUER, MemoryNonces, NonceError, NonceStore, Reservation};
pub use receipt::{
    Answer, DelegationReceipt, FIRST_RECEIPT_VERSION, MAX_RECEIPT_BYTES, MAX_RECEIPT_CODES, RECEIPT_PAYLOAD_TYPE,
    RECEIPT_VERSION, REFUSED, ReceiptError, Verdict, sign_receipt, verify_receipt,
};
pub use spec::{ComputeTranscript, SPEC_INCOMPATIBLE, SpecRefusal};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    AcceptError::ROWS,
    ChainError::ROWS,
    IssueError::ROWS,
    LimitsError::ROWS,
    NonceError::ROWS,
    ReceiptError::ROWS,
    &[REFUSED, SPEC_INCOMPATIBLE],
];
