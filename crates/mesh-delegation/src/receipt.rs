//! Receipts: what the receiver answered, signed by it, whether it accepted or refused.

use reach_signing::{AuthorityError, Envelope, EnvelopeError, Reader, SignError, Signer, VerifiedTrust};
use reach_types::{
    Blake3Digest, Class, Code, CodeRow, NodeId, RunId, StrictError, Timestamp, decode_strict, encode_strict,
};
use serde::{Deserialize, Serialize};

use crate::{
    AcceptedChain, ChainError,
    node::{node_id, verify_node},
};

/// The DSSE payload type of a receipt.
pub const RECEIPT_PAYLOAD_TYPE: &str = "application/vnd.reach.mesh.receipt.v1";
/// The version this crate writes and reads.
pub const RECEIPT_VERSION: u16 = 1;
/// The most codes of a receipt: more reasons than that help nobody.
pub const MAX_RECEIPT_CODES: usize = 8;
/// The most bytes of a receipt: eight codes of 64 bytes and 130 bytes beside them, in base64 with
/// 400 bytes of envelope, are under 2 KiB.
pub const MAX_RECEIPT_BYTES: usize = 4096;

/// The longest code, in bytes: twice what ours have.
const MAX_CODE_BYTES: usize = 64;

/// What a receipt says in place of a reason that is the receiver's own business.
pub const REFUSED: CodeRow =
    CodeRow { code: "mesh.refused", class: Class::Refused, remedy: "ask the operator of the node that refused" };

/// Beside everything that is wrong with a chain in itself, the codes a sender may read. They tell
/// it about its own chain; what they compare it with, the sender knows or may know.
const PUBLIC: &[&str] = &[
    "mesh.audience_mismatch",
    "mesh.chain_truncated",
    "mesh.expired",
    "mesh.issued_in_future",
    "mesh.nonce_capacity",
    "mesh.nonce_equivocation",
    "mesh.nonce_replayed",
    "mesh.not_yet_valid",
    "mesh.peer_binding_mismatch",
    "mesh.run_already_rooted",
    "mesh.spec_incompatible",
    "mesh.transcript_mismatch",
    "mesh.ttl_too_long",
];

/// Why a receipt was not made, or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The envelope.
    #[error(transparent)]
    Envelope(EnvelopeError),
    /// The payload's bytes.
    #[error(transparent)]
    Payload(StrictError),
    /// A payload of another version.
    #[error("the receipt is not of version 1")]
    Version,
    /// An acceptance with reasons, a refusal without, or codes that are none.
    #[error("the receipt holds an acceptance with codes or no run, or a refusal without codes")]
    Malformed,
    /// A receipt for another chain, or by another node.
    #[error("the receipt is for another chain or by another node than expected")]
    Mismatch,
    /// Two receipts that cannot both be true.
    #[error("the node signed two different answers to one chain")]
    Equivocation,
    /// The signature, or the key that made it.
    #[error(transparent)]
    Signature(AuthorityError),
    /// Signing failed.
    #[error(transparent)]
    Sign(SignError),
}

reach_types::codes!(ReceiptError {
    Version => ("mesh.receipt_version", Refused, "update the older of the two nodes"),
    Malformed => ("mesh.receipt_malformed", Refused, "ask the node for its receipt again"),
    Mismatch => ("mesh.receipt_mismatch", Refused, "ask the node this chain was sent to for its receipt"),
    Equivocation => ("mesh.receipt_equivocation", Refused, "keep both receipts: together they prove that the node is at fault"),
} wrap { Envelope, Payload, Signature, Sign });

/// What a node answered. Exhaustive: there is no third answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The delegation was accepted.
    Accepted,
    /// It was refused.
    Rejected,
}

/// An answer to be signed.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// An acceptance, of a chain that was in fact accepted.
    Accepted(&'a AcceptedChain),
    /// A refusal, by whatever check. Reasons that are the receiver's own business are signed as
    /// [`REFUSED`].
    Rejected {
        /// [`crate::chain_digest`] of what was received.
        chain: Blake3Digest,
        /// The run that the chain claims to be for, if it could be read.
        run: Option<RunId>,
        /// Why.
        reasons: &'a [&'a dyn Code],
    },
}

/// A receipt whose signature was verified; [`verify_receipt`] is the only way to hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationReceipt(Payload);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Payload {
    version: u16,
    chain: Blake3Digest,
    run: Option<RunId>,
    verdict: Verdict,
    codes: Vec<String>,
    at: Timestamp,
    node: NodeId,
}

impl DelegationReceipt {
    /// [`crate::chain_digest`] of the chain that was answered.
    #[must_use]
    pub const fn chain(&self) -> &Blake3Digest {
        &self.0.chain
    }

    /// The run the chain is for; in a refusal only as it claimed, and `None` if it was unreadable.
    #[must_use]
    pub const fn run(&self) -> Option<&RunId> {
        self.0.run.as_ref()
    }

    /// The answer.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// Why the chain was refused; empty if it was accepted.
    #[must_use]
    pub fn codes(&self) -> &[String] {
        &self.0.codes
    }

    /// When, by the clock of the node that answered.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.0.at
    }

    /// The node that answered.
    #[must_use]
    pub const fn node(&self) -> &NodeId {
        &self.0.node
    }

    /// Checks that `other`, if it is the same node's answer to the same chain, is this very answer.
    ///
    /// # Errors
    /// [`ReceiptError::Equivocation`] if it is not.
    pub fn check_same(&self, other: &Self) -> Result<(), ReceiptError> {
        let about_one = self.chain() == other.chain() && self.node() == other.node();
        if about_one && self != other { Err(ReceiptError::Equivocation) } else { Ok(()) }
    }
}

/// Signs `answer`, given at `at`, with the receiver's `node` key; returns the receipt file.
///
/// Sign one answer to each chain, and keep it for whoever sends the same chain again.
///
/// # Errors
/// [`ReceiptError::Sign`] for a key that is no `node` key or does not answer, and
/// [`ReceiptError::Malformed`] for a refusal without a reason.
pub fn sign_receipt(answer: &Answer<'_>, at: Timestamp, signer: &dyn Signer) -> Result<String, ReceiptError> {
    let (chain, run, verdict, codes) = match answer {
        Answer::Accepted(chain) => (*chain.digest(), Some(*chain.run()), Verdict::Accepted, Vec::new()),
        Answer::Rejected { chain, run, reasons } => (*chain, *run, Verdict::Rejected, public_codes(reasons)),
    };
    let payload = Payload { version: RECEIPT_VERSION, chain, run, verdict, codes, at, node: node_id(signer) };
    payload.check()?;
    let bytes = encode_strict(&payload).map_err(ReceiptError::Payload)?;
    let envelope = Envelope::sign(RECEIPT_PAYLOAD_TYPE, bytes, &[signer]).map_err(ReceiptError::Sign)?;
    Ok(envelope.to_json())
}

/// Verifies a receipt: `expected_node`'s answer to the chain with digest `expected_chain`.
///
/// The node's key must be valid at `now`; to verify an old receipt, give the time it was received.
///
/// # Errors
/// [`ReceiptError::Envelope`], [`ReceiptError::Version`], [`ReceiptError::Payload`] or
/// [`ReceiptError::Malformed`] for what is no receipt, [`ReceiptError::Mismatch`] for another
/// receipt than the expected one, [`ReceiptError::Signature`].
pub fn verify_receipt(
    receipt: &[u8],
    trust: &VerifiedTrust,
    expected_chain: &Blake3Digest,
    expected_node: &NodeId,
    now: Timestamp,
) -> Result<DelegationReceipt, ReceiptError> {
    let envelope = Envelope::read(receipt, Reader::Own, MAX_RECEIPT_BYTES).map_err(ReceiptError::Envelope)?;
    if envelope.unverified_payload_type() != RECEIPT_PAYLOAD_TYPE {
        return Err(ReceiptError::Envelope(EnvelopeError::WrongPayloadType { expected: RECEIPT_PAYLOAD_TYPE }));
    }
    let payload = Payload::decode(envelope.unverified_payload())?;
    if payload.chain != *expected_chain || payload.node != *expected_node {
        return Err(ReceiptError::Mismatch);
    }
    verify_node(&envelope, expected_node, trust, now).map_err(ReceiptError::Signature)?;
    Ok(DelegationReceipt(payload))
}

impl Payload {
    fn decode(bytes: &[u8]) -> Result<Self, ReceiptError> {
        // The version is a varint: every version below 128 is its first byte.
        if bytes.first().copied().map(u16::from) != Some(RECEIPT_VERSION) {
            return Err(ReceiptError::Version);
        }
        let payload: Self = decode_strict(bytes, MAX_RECEIPT_BYTES).map_err(ReceiptError::Payload)?;
        payload.check().map(|()| payload)
    }

    fn check(&self) -> Result<(), ReceiptError> {
        let fits = match self.verdict {
            Verdict::Accepted => self.codes.is_empty() && self.run.is_some(),
            Verdict::Rejected => (1..=MAX_RECEIPT_CODES).contains(&self.codes.len()),
        };
        if fits && self.codes.iter().all(|code| is_code(code)) { Ok(()) } else { Err(ReceiptError::Malformed) }
    }
}

/// `<surface>.<lower_snake>`: a newer node may know codes that this one does not.
fn is_code(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    text.len() <= MAX_CODE_BYTES && text.split_once('.').is_some_and(|(surface, rule)| word(surface) && word(rule))
}

/// The reasons a sender may read, each once, in the order they were given.
fn public_codes(reasons: &[&dyn Code]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for reason in reasons {
        let code = public_code(reason.code());
        if codes.len() < MAX_RECEIPT_CODES && !codes.iter().any(|known| known == code) {
            codes.push(code.to_owned());
        }
    }
    codes
}

fn public_code(code: &'static str) -> &'static str {
    let about_the_chain = ChainError::ROWS.iter().any(|row| row.code == code);
    if about_the_chain || PUBLIC.contains(&code) { code } else { REFUSED.code }
}

#[cfg(test)]
mod tests;
