//! Why a chain was not accepted: one case, and one code, for each rule.

use std::time::Duration;

use reach_signing::AuthorityError;
use reach_types::Timestamp;

use crate::{ChainError, NonceError, SpecRefusal};

/// Why a chain was not accepted. Links are counted from 0.
///
/// Exhaustive on purpose: a case that is not handled is a chain that is let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// Something that is wrong with the chain, whoever reads it.
    #[error(transparent)]
    Chain(ChainError),
    /// An issuer that is no trusted node.
    #[error("the issuer of link {index} is not a trusted node")]
    IssuerUnknown {
        /// Which link.
        index: usize,
    },
    /// An issuer's key that is revoked, retired, expired or not yet valid.
    #[error(transparent)]
    IssuerKey(AuthorityError),
    /// Two node ids of one node.
    #[error("two keys of one node stand in the chain")]
    IdentityConflict,
    /// Our own clock.
    #[error("the clock says {now} after {seen} was seen")]
    ClockRollback {
        /// What it says.
        now: Timestamp,
        /// The latest time that was seen.
        seen: Timestamp,
    },
    /// Valid for too long.
    #[error("link {index} is valid for more than {} s after its issue", limit.as_secs())]
    TtlTooLong {
        /// Which link.
        index: usize,
        /// The longest that is allowed.
        limit: Duration,
    },
    /// Issued at a moment to come.
    #[error("link {index} says it was issued at {issued}, it is {now}")]
    IssuedInFuture {
        /// Which link.
        index: usize,
        /// When it says it was issued.
        issued: Timestamp,
        /// The receiver's time.
        now: Timestamp,
    },
    /// Not valid yet.
    #[error("link {index} is valid from {from}, it is {now}")]
    NotYetValid {
        /// Which link.
        index: usize,
        /// When its validity begins.
        from: Timestamp,
        /// The receiver's time.
        now: Timestamp,
    },
    /// Not valid any more.
    #[error("link {index} expired at {expired}, it is {now}")]
    Expired {
        /// Which link.
        index: usize,
        /// When it expired.
        expired: Timestamp,
        /// The receiver's time.
        now: Timestamp,
    },
    /// For another node.
    #[error("the chain is for another node")]
    AudienceMismatch,
    /// The peer was given this chain, and did not pass it on.
    #[error("the chain ends with the peer that sent it: its last links are missing")]
    ChainTruncated,
    /// Sent by another node than the one that issued it.
    #[error("the last link was not issued by the peer that sent the chain")]
    PeerBindingMismatch,
    /// No snapshot to compare with.
    #[error("this node has no registry snapshot for the pack")]
    RegistryUnset,
    /// Another policy where the same one is demanded.
    #[error("link {index} was issued under another policy bundle, and the same one is demanded")]
    PolicyMismatch {
        /// Which link.
        index: usize,
    },
    /// No agreement with the issuer's offer, or one that was not kept to. The code is the exact one;
    /// a receipt says [`crate::SPEC_INCOMPATIBLE`].
    #[error("the spec of the last issuer: {0}")]
    Spec(SpecRefusal),
    /// An agreement, but not the one that was signed.
    #[error("the agreement with the last issuer's offer is not the one it signed")]
    TranscriptMismatch,
    /// The nonce store.
    #[error(transparent)]
    Nonce(NonceError),
    /// Accepted before.
    #[error("this link was presented before, and its nonce is used up")]
    NonceReplayed,
    /// One nonce for two links.
    #[error("the issuer used the nonce of this link for another link")]
    NonceEquivocation,
    /// A run with two first links.
    #[error("the run was begun by another first link")]
    RunAlreadyRooted,
}

reach_types::codes!(AcceptError {
    IssuerUnknown => ("mesh.issuer_unknown", Untrusted, "add the node's key to the trust document, with the role `node`"),
    IdentityConflict => ("mesh.identity_conflict", Refused, "list each node as a signer of its own, and delegate between different nodes"),
    ClockRollback => ("mesh.clock_rollback", Expired, "set the clock right"),
    TtlTooLong => ("mesh.ttl_too_long", Refused, "issue the link for a shorter time"),
    IssuedInFuture => ("mesh.issued_in_future", Expired, "compare the clocks of both nodes"),
    NotYetValid => ("mesh.not_yet_valid", Expired, "wait, or compare the clocks of both nodes"),
    Expired => ("mesh.expired", Expired, "have the delegation issued again"),
    AudienceMismatch => ("mesh.audience_mismatch", Refused, "send the chain to the node it is for, or have it issued for this one"),
    ChainTruncated => ("mesh.chain_truncated", Refused, "send the chain with the link that passes it on"),
    PeerBindingMismatch => ("mesh.peer_binding_mismatch", Refused, "only the node that issued the last link may send it"),
    RegistryUnset => ("mesh.registry_unset", Refused, "register the pack's tools on this node"),
    PolicyMismatch => ("mesh.policy_mismatch", Refused, "bring both nodes to the same policy bundle"),
    TranscriptMismatch => ("mesh.transcript_mismatch", Refused, "have the delegation issued again, with this node's current offer"),
    NonceReplayed => ("mesh.nonce_replayed", Refused, "have the delegation issued again"),
    NonceEquivocation => ("mesh.nonce_equivocation", Refused, "draw a nonce at random for every link"),
    RunAlreadyRooted => ("mesh.run_already_rooted", Refused, "start another run"),
} wrap { Chain, IssuerKey, Nonce, Spec });
