//! One link: what one node lets one other node do, and where in the chain it stands.

use std::collections::BTreeSet;

use reach_types::{Blake3Digest, Grants, NodeId, RunId, Timestamp, ToolId, decode_strict};
use serde::{Deserialize, Serialize};

use crate::ChainError;

/// The DSSE payload type of a link.
pub const LINK_PAYLOAD_TYPE: &str = "application/vnd.reach.mesh.link.v1";
/// The version this crate writes and reads.
pub const LINK_VERSION: u16 = 1;
/// The most tools of a link: with the longest names they take 16 KiB, so that five full links
/// still read in a few milliseconds.
pub const MAX_TOOLS: usize = 256;
/// The most grants of a link, for the same reason; at their longest they take 33 KiB.
pub const MAX_SCOPES: usize = 256;
/// The most bytes of an issuer's spec offer: what an offer may have at most.
pub const MAX_OFFER_BYTES: usize = 4096;
/// The most bytes of a link's payload: tools, grants and offer at their largest (54 KiB), and half
/// a kibibyte for the rest.
pub const MAX_LINK_BYTES: usize = 56 * 1024;

/// What one link says. Plain data: holding one proves nothing about who said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// [`LINK_VERSION`].
    pub version: u16,
    /// Its place in the chain, from 0.
    pub index: u8,
    /// The digest of the link before it; `None` for the first.
    pub prev: Option<Blake3Digest>,
    /// Who delegates, and signs.
    pub issuer: NodeId,
    /// The run, the same through the whole chain.
    pub run: RunId,
    /// What the run's id was derived from, together with the first issuer.
    pub origin_nonce: [u8; 32],
    /// What is delegated, and to whom.
    pub terms: Terms,
}

/// What an issuer decides for itself: to whom, what and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The one node that may use this link.
    pub audience: NodeId,
    /// The pack to be run: BLAKE3 of its archive.
    pub pack: Blake3Digest,
    /// The digest of the issuer's snapshot of the tools that the pack declares.
    pub registry: Blake3Digest,
    /// The digest of the policy bundle the issuer goes by.
    pub policy: Blake3Digest,
    /// The issuer's spec offer, encoded; opaque here.
    pub offer: Vec<u8>,
    /// The transcript of the agreement between issuer (initiator) and audience (responder).
    pub transcript: Blake3Digest,
    /// The tools the audience may call. The empty set allows none.
    pub tools: BTreeSet<ToolId>,
    /// The scopes the audience may use. The empty set allows none.
    pub scopes: Grants,
    /// Whether the pack is declared deterministic.
    pub deterministic: bool,
    /// When the link was made.
    pub issued: Timestamp,
    /// Valid from this moment on (inclusive).
    pub not_before: Timestamp,
    /// Valid up to this moment (inclusive).
    pub expires: Timestamp,
    /// Drawn at random by the issuer, for this link alone.
    pub nonce: [u8; 32],
    /// How often the run may be tried, at least once.
    pub attempts: u16,
}

impl Link {
    /// Decodes the payload of the link at `index` of a chain and checks what it must hold by itself.
    pub(crate) fn decode(payload: &[u8], index: usize) -> Result<Self, ChainError> {
        // The version is a varint: every version below 128 is its first byte.
        if payload.first().copied().map(u16::from) != Some(LINK_VERSION) {
            return Err(ChainError::LinkVersion { index });
        }
        let link: Self = decode_strict(payload, MAX_LINK_BYTES).map_err(ChainError::Payload)?;
        link.terms.check(index)?;
        Ok(link)
    }
}

impl Terms {
    pub(crate) fn check(&self, index: usize) -> Result<(), ChainError> {
        let counts = [
            ("tools", self.tools.len(), MAX_TOOLS),
            ("scopes", self.scopes.len(), MAX_SCOPES),
            ("offer", self.offer.len(), MAX_OFFER_BYTES),
        ];
        if let Some((field, actual, limit)) = counts.into_iter().find(|(_, actual, limit)| actual > limit) {
            return Err(ChainError::LinkTooLarge { index, field, limit, actual });
        }
        if self.nonce == [0; 32] {
            return Err(ChainError::NonceInvalid { index });
        }
        if self.attempts == 0 {
            return Err(ChainError::AttemptsExhausted { index });
        }
        let ordered = self.issued <= self.not_before && self.not_before < self.expires;
        if ordered { Ok(()) } else { Err(ChainError::TtlInvalid { index }) }
    }
}

/// The digest by which the next link names this one.
pub(crate) fn link_digest(payload: &[u8]) -> Blake3Digest {
    Blake3Digest::derive("reach 2026 mesh link v1", &[payload])
}
