//! Receipts: what the receiver answered, signed by it, whether it accepted or refused.

use reach_signing::{AuthorityError, Envelope, EnvelopeError, Reader, SignError, Signer, VerifiedTrust};
use reach_types::{
    Blake3Digest, Class, Code, CodeRow, NodeId, RunId, StrictError, Timestamp, decode_strict, encode_strict,
};
use serde::{Deserialize, Serialize};

use crate::{
    AcceptedChain, ChainError, SPEC_INCOMPATIBLE,
    node::{node_id, verify_node},
};

/// The DSSE payload type of a receipt.
pub const RECEIPT_PAYLOAD_TYPE: &str = "application/vnd.reach.mesh.receipt.v1";
/// The newest version: it also holds the transcript of the agreement with the issuer.
pub const RECEIPT_VERSION: u16 = 2;
/// The oldest version, without a transcript; still read, and written for issuers who know no other.
pub const FIRST_RECEIPT_VERSION: u16 = 1;
/// The most codes of a receipt: more reasons than that help nobody.
pub const MAX_RECEIPT_CODES: usize = 8;
/// The most bytes of a receipt: eight codes of 64 bytes and 170 bytes beside them, in base64 with
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
    #[error("the receipt is not of version {FIRST_RECEIPT_VERSION} or {RECEIPT_VERSION}")]
    Version,
    /// An acceptance with reasons, a refusal without, or codes that are none.
    #[error("the receipt holds an acceptance with codes, no run or no transcript, or a refusal without codes")]
    Malformed,
    /// A receipt for another chain, or by another node.
    #[error("the receipt is for another chain or by another node than expected")]
    Mismatch,
    /// An acceptance of another agreement than the one that was signed.
    #[error("the node accepted another agreement than the one in the chain")]
    Transcript,
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
    Transcript => ("mesh.receipt_transcript", Refused, "keep the chain and the receipt: together they prove what each node signed"),
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
        /// The transcript of the agreement with the issuer as the receiver makes it, if there is one.
        transcript: Option<Blake3Digest>,
        /// Why.
        reasons: &'a [&'a dyn Code],
    },
}

/// A receipt whose signature was verified; [`verify_receipt`] is the only way to hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationReceipt(Payload);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Payload {
    version: u16,
    said: Said,
    // INVARIANT: `None` in version 1, there in an acceptance of version 2.
    transcript: Option<Blake3Digest>,
}

/// What a receipt of any version says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
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
        &self.0.said.chain
    }

    /// The run the chain is for; in a refusal only as it claimed, and `None` if it was unreadable.
    #[must_use]
    pub const fn run(&self) -> Option<&RunId> {
        self.0.said.run.as_ref()
    }

    /// The answer.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.0.said.verdict
    }

    /// Why the chain was refused; empty if it was accepted.
    #[must_use]
    pub fn codes(&self) -> &[String] {
        &self.0.said.codes
    }

    /// When, by the clock of the node that answered.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.0.said.at
    }

    /// The node that answered.
    #[must_use]
    pub const fn node(&self) -> &NodeId {
        &self.0.said.node
    }

    /// The version it was written in.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.0.version
    }

    /// The transcript of the agreement with the issuer, as the node that answered made it: in every
    /// acceptance of version 2, and in a refusal if there was an agreement.
    #[must_use]
    pub const fn transcript(&self) -> Option<&Blake3Digest> {
        self.0.transcript.as_ref()
    }

    /// Checks that an acceptance is of the agreement with the transcript `signed`: the one in the
    /// last link of the chain. A refusal may be over that very difference, and version 1 is silent.
    ///
    /// # Errors
    /// [`ReceiptError::Transcript`] if it is not.
    pub fn check_transcript(&self, signed: &Blake3Digest) -> Result<(), ReceiptError> {
        let other = self.verdict() == Verdict::Accepted && self.transcript().is_some_and(|stated| stated != signed);
        if other { Err(ReceiptError::Transcript) } else { Ok(()) }
    }

    /// Checks that `other`, if it is the same node's answer to the same chain, is this very answer:
    /// in all that both state, for a transcript is stated from version 2 on.
    ///
    /// # Errors
    /// [`ReceiptError::Equivocation`] if it is not.
    pub fn check_same(&self, other: &Self) -> Result<(), ReceiptError> {
        let about_one = self.chain() == other.chain() && self.node() == other.node();
        let both_state_one = [self, other].iter().all(|one| one.version() != FIRST_RECEIPT_VERSION);
        let same = self.0.said == other.0.said && (!both_state_one || self.transcript() == other.transcript());
        if about_one && !same { Err(ReceiptError::Equivocation) } else { Ok(()) }
    }
}

/// Signs `answer`, given at `at`, with the receiver's `node` key; returns the receipt file. `version`
/// is the one that the issuer is known to read.
///
/// Sign one answer to each chain, and keep it for whoever sends the same chain again.
///
/// # Errors
/// [`ReceiptError::Sign`] for a key that is no `node` key or does not answer, and
/// [`ReceiptError::Malformed`] for a refusal without a reason; [`ReceiptError::Version`] for a version
/// that there is not.
pub fn sign_receipt(
    answer: &Answer<'_>,
    version: u16,
    at: Timestamp,
    signer: &dyn Signer,
) -> Result<String, ReceiptError> {
    let payload = Payload::of(answer, version, at, node_id(signer));
    payload.check()?;
    let bytes = payload.encode()?;
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
    if payload.said.chain != *expected_chain || payload.said.node != *expected_node {
        return Err(ReceiptError::Mismatch);
    }
    verify_node(&envelope, expected_node, trust, now).map_err(ReceiptError::Signature)?;
    Ok(DelegationReceipt(payload))
}

impl Payload {
    fn of(answer: &Answer<'_>, version: u16, at: Timestamp, node: NodeId) -> Self {
        let (chain, run, verdict, codes, transcript) = match answer {
            Answer::Accepted(chain) => {
                (*chain.digest(), Some(*chain.run()), Verdict::Accepted, Vec::new(), Some(*chain.transcript()))
            }
            Answer::Rejected { chain, run, transcript, reasons } => {
                (*chain, *run, Verdict::Rejected, public_codes(reasons), *transcript)
            }
        };
        let transcript = transcript.filter(|_| version != FIRST_RECEIPT_VERSION);
        Self { version, said: Said { chain, run, verdict, codes, at, node }, transcript }
    }

    fn encode(&self) -> Result<Vec<u8>, ReceiptError> {
        let encoded = match self.version {
            FIRST_RECEIPT_VERSION => encode_strict(&(self.version, &self.said)),
            _ => encode_strict(&(self.version, &self.said, self.transcript)),
        };
        encoded.map_err(ReceiptError::Payload)
    }

    fn decode(bytes: &[u8]) -> Result<Self, ReceiptError> {
        // The version is a varint: every version below 128 is its first byte.
        let payload = match bytes.first().copied().map(u16::from) {
            Some(FIRST_RECEIPT_VERSION) => {
                let decoded = decode_strict(bytes, MAX_RECEIPT_BYTES).map_err(ReceiptError::Payload)?;
                let (version, said): (u16, Said) = decoded;
                Self { version, said, transcript: None }
            }
            Some(RECEIPT_VERSION) => {
                let decoded = decode_strict(bytes, MAX_RECEIPT_BYTES).map_err(ReceiptError::Payload)?;
                let (version, said, transcript): (u16, Said, Option<Blake3Digest>) = decoded;
                Self { version, said, transcript }
            }
            _ => return Err(ReceiptError::Version),
        };
        payload.check().map(|()| payload)
    }

    fn check(&self) -> Result<(), ReceiptError> {
        if !(FIRST_RECEIPT_VERSION..=RECEIPT_VERSION).contains(&self.version) {
            return Err(ReceiptError::Version);
        }
        let Said { verdict, run, codes, .. } = &self.said;
        let stated = self.transcript.is_some() || self.version == FIRST_RECEIPT_VERSION;
        let fits = match verdict {
            Verdict::Accepted => codes.is_empty() && run.is_some() && stated,
            Verdict::Rejected => (1..=MAX_RECEIPT_CODES).contains(&codes.len()),
        };
        if fits && codes.iter().all(|code| is_code(code)) { Ok(()) } else { Err(ReceiptError::Malformed) }
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

/// What this node says of spec versions, to whomever, is one code.
fn public_code(code: &'static str) -> &'static str {
    if code.starts_with("spec.") {
        return SPEC_INCOMPATIBLE.code;
    }
    let about_the_chain = ChainError::ROWS.iter().any(|row| row.code == code);
    if about_the_chain || PUBLIC.contains(&code) { code } else { REFUSED.code }
}

#[cfg(test)]
mod tests;
