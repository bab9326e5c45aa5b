//! Receipts that come back: read by the node whose chain was answered.

use std::path::Path;

use reach_mesh_delegation::{
    AcceptError, DelegationReceipt, MAX_CHAIN_BYTES, MAX_RECEIPT_BYTES, chain_digest, inspect, verify_receipt,
};
use reach_signing::VerifiedTrust;
use reach_types::Timestamp;

use crate::{delegating::DelegateError, files};

/// Verifies the receipt at `receipt`: the answer to the chain at `chain` by the node it is for, and
/// if it accepted, of the very agreement that the chain's last link was signed with.
///
/// The chain itself is only read: whoever asks holds the one that was sent.
///
/// # Errors
/// [`DelegateError::Accept`] for a chain that cannot be read, [`DelegateError::Receipt`], and
/// [`DelegateError::Load`] for the files.
pub fn check_receipt(
    receipt: &Path,
    chain: &Path,
    trust: &VerifiedTrust,
    now: Timestamp,
) -> Result<DelegationReceipt, DelegateError> {
    let chain = files::read(chain, u64::try_from(MAX_CHAIN_BYTES).unwrap_or(u64::MAX))?;
    let receipt = files::read(receipt, u64::try_from(MAX_RECEIPT_BYTES).unwrap_or(u64::MAX))?;
    let unreadable = |error| DelegateError::Accept(AcceptError::Chain(error));
    let links = inspect(&chain).map_err(unreadable)?;
    let last = links.last().ok_or(unreadable(reach_mesh_delegation::ChainError::ChainMalformed))?;
    let read = verify_receipt(&receipt, trust, &chain_digest(&chain), &last.terms.audience, now);
    let read = read.map_err(DelegateError::Receipt)?;
    read.check_transcript(&last.terms.transcript).map_err(DelegateError::Receipt)?;
    Ok(read)
}
