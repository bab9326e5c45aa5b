//! Acceptance: everything a receiver checks before it lets a chain count, cheap before costly.

mod error;

use std::collections::{BTreeMap, BTreeSet};

use reach_signing::{AuthorityError, VerifiedTrust};
use reach_types::{Blake3Digest, Grants, KeyId, NodeId, PackFacts, RunId, Timestamp, ToolId};

use crate::{
    AcceptLimits, ChainError, Claim, ComputeTranscript, Link, NONCE_RETENTION, NonceStore, Reservation,
    attenuate::check_attenuation,
    chain::{ReadLink, chain_digest, read_chain},
    clock::{check_clock, check_times},
    linkage::check_linkage,
    node::verify_node,
};

pub use error::AcceptError;

/// What the receiver knows and demands. All of it is its own; nothing comes from the sender.
#[derive(Clone, Copy)]
pub struct AcceptContext<'a> {
    /// Whose keys count.
    pub trust: &'a VerifiedTrust,
    /// The receiving node.
    pub us: NodeId,
    /// The node at the other end of the channel, proven by its key; `None` for a file handed over.
    pub peer: Option<NodeId>,
    /// The receiver's time.
    pub now: Timestamp,
    /// The latest time this node has ever seen.
    pub high_water: Timestamp,
    /// The pack that is to run, verified.
    pub pack: &'a PackFacts,
    /// The digest of this node's snapshot of the pack's tools.
    pub registry: Option<Blake3Digest>,
    /// The one policy bundle that every issuer must go by, where that is demanded.
    pub same_policy: Option<Blake3Digest>,
    /// What the transcript in the last link must be; asked once its signature is verified.
    pub transcript: &'a ComputeTranscript<'a>,
    /// How deep, how long, how far off the clock.
    pub limits: AcceptLimits,
}

/// What a run may do: nothing but these tools, within these scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The tools.
    pub tools: BTreeSet<ToolId>,
    /// The scopes.
    pub scopes: Grants,
}

/// A chain that [`accept`] has accepted; there is no other way to hold one.
#[derive(Debug)]
pub struct AcceptedChain {
    digest: Blake3Digest,
    origin: NodeId,
    last: Link,
    depth: usize,
    rights: Rights,
}

impl AcceptedChain {
    /// The digest by which receipts name this chain.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }

    /// The run.
    #[must_use]
    pub const fn run(&self) -> &RunId {
        &self.last.run
    }

    /// The node that started the run.
    #[must_use]
    pub const fn origin(&self) -> &NodeId {
        &self.origin
    }

    /// The node that delegated to this one.
    #[must_use]
    pub const fn issuer(&self) -> &NodeId {
        &self.last.issuer
    }

    /// What every link and the pack allow. The local policy narrows it further.
    #[must_use]
    pub const fn rights(&self) -> &Rights {
        &self.rights
    }

    /// The moment after which the run must have ended; no skew is added.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.last.terms.expires
    }

    /// How many links were verified.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// The transcript of the agreement with the issuer.
    #[must_use]
    pub const fn transcript(&self) -> &Blake3Digest {
        &self.last.terms.transcript
    }

    /// How often the run may be tried.
    #[must_use]
    pub const fn attempts(&self) -> u16 {
        self.last.terms.attempts
    }
}

/// Verifies `chain` and lays claim to its nonce.
///
/// The order is: size, form, count, linkage; the own clock; signatures; times, audience and peer;
/// attenuation; pack, registry, policy and spec; last of all the nonce. Nothing is recorded before
/// everything else has passed, so a forged chain uses up nothing.
///
/// # Errors
/// [`AcceptError`]: the first rule that is broken, in that order.
pub fn accept(
    chain: &[u8],
    context: &AcceptContext<'_>,
    nonces: &dyn NonceStore,
) -> Result<AcceptedChain, AcceptError> {
    let links = read_chain(chain, context.limits.max_depth()).map_err(AcceptError::Chain)?;
    check_linkage(&links).map_err(AcceptError::Chain)?;
    check_clock(context)?;
    check_signatures(&links, context)?;
    let [first, ..] = links.as_slice() else {
        return Err(AcceptError::Chain(ChainError::ChainMalformed));
    };
    let last = links.last().unwrap_or(first);
    check_times(&links, context)?;
    check_audience(&last.link, context)?;
    check_attenuation(&links).map_err(AcceptError::Chain)?;
    check_subject(&links, context)?;
    check_spec(&last.link, context)?;
    reserve(first, last, context.now, nonces)?;
    Ok(AcceptedChain {
        digest: chain_digest(chain),
        origin: first.link.issuer,
        last: last.link.clone(),
        depth: links.len(),
        rights: effective_rights(&links, context.pack),
    })
}

/// Each link must be signed by its issuer, a trusted node; no node may stand behind two ids.
fn check_signatures(links: &[ReadLink], context: &AcceptContext<'_>) -> Result<(), AcceptError> {
    // Our own key may be missing in the trust document: it signs nothing here.
    let our_name = context.trust.key(&KeyId(context.us.0)).map(|(signer, _)| signer.name.as_str());
    let mut names: BTreeSet<&str> = our_name.into_iter().collect();
    for (index, one) in links.iter().enumerate() {
        let verified = verify_node(&one.envelope, &one.link.issuer, context.trust, context.now);
        let name = verified.map_err(|error| signature_error(index, error))?;
        if !names.insert(name) {
            return Err(AcceptError::IdentityConflict);
        }
    }
    Ok(())
}

fn signature_error(index: usize, error: AuthorityError) -> AcceptError {
    match error {
        AuthorityError::Unknown { .. } => AcceptError::IssuerUnknown { index },
        AuthorityError::BadSignature => AcceptError::Chain(ChainError::LinkSignatureInvalid { index }),
        lost @ (AuthorityError::NotYetValid { .. }
        | AuthorityError::Expired { .. }
        | AuthorityError::Overdue { .. }
        | AuthorityError::Retired
        | AuthorityError::Revoked
        | AuthorityError::NameScope) => AcceptError::IssuerKey(lost),
    }
}

/// The last link must be for us and, where there is a channel, by the node at its other end.
fn check_audience(last: &Link, context: &AcceptContext<'_>) -> Result<(), AcceptError> {
    if last.terms.audience != context.us {
        let own = context.peer == Some(last.terms.audience);
        return Err(if own { AcceptError::ChainTruncated } else { AcceptError::AudienceMismatch });
    }
    let bound = context.peer.is_none_or(|peer| peer == last.issuer);
    if bound { Ok(()) } else { Err(AcceptError::PeerBindingMismatch) }
}

/// Every link must be about our pack, our registry and, where demanded, our policy.
fn check_subject(links: &[ReadLink], context: &AcceptContext<'_>) -> Result<(), AcceptError> {
    let registry = context.registry.ok_or(AcceptError::RegistryUnset)?;
    for (index, one) in links.iter().enumerate() {
        let terms = &one.link.terms;
        if !is_about(&one.link, context.pack) {
            return Err(AcceptError::Chain(ChainError::PackMismatch { index }));
        }
        if terms.registry != registry {
            return Err(AcceptError::Chain(ChainError::RegistryMismatch { index }));
        }
        if context.same_policy.is_some_and(|policy| policy != terms.policy) {
            return Err(AcceptError::PolicyMismatch { index });
        }
    }
    Ok(())
}

/// Scopes may be wider than what the pack declares, tools may not: the registry snapshot, which
/// both sides agree on, covers only tools that the pack declares.
fn is_about(link: &Link, pack: &PackFacts) -> bool {
    link.terms.pack == pack.digest
        && link.terms.deterministic == pack.deterministic
        && link.terms.tools.iter().all(|tool| pack.tools.contains_key(tool))
}

/// Only the last agreement is with us; each one before was checked by the node it was with.
fn check_spec(last: &Link, context: &AcceptContext<'_>) -> Result<(), AcceptError> {
    let ours = (context.transcript)(last).map_err(AcceptError::Spec)?;
    if ours == last.terms.transcript { Ok(()) } else { Err(AcceptError::TranscriptMismatch) }
}

fn reserve(first: &ReadLink, last: &ReadLink, now: Timestamp, nonces: &dyn NonceStore) -> Result<(), AcceptError> {
    let claim = Claim {
        issuer: last.link.issuer,
        nonce: last.link.terms.nonce,
        link: last.digest,
        run: last.link.run,
        root: first.digest,
        // The first link expires last: the root must be remembered for as long.
        until: first.link.terms.expires.saturating_add(NONCE_RETENTION),
    };
    match nonces.reserve(&claim, now).map_err(AcceptError::Nonce)? {
        Reservation::Fresh => Ok(()),
        Reservation::Replayed => Err(AcceptError::NonceReplayed),
        Reservation::Equivocation => Err(AcceptError::NonceEquivocation),
        Reservation::RunAlreadyRooted => Err(AcceptError::RunAlreadyRooted),
    }
}

/// The intersection over the pack and all links: it holds even if attenuation had a hole.
fn effective_rights(links: &[ReadLink], pack: &PackFacts) -> Rights {
    let declared = Rights { tools: names(&pack.tools), scopes: pack.scopes.clone() };
    links.iter().fold(declared, |rights, one| Rights {
        tools: rights.tools.intersection(&one.link.terms.tools).cloned().collect(),
        scopes: rights.scopes.intersect(&one.link.terms.scopes),
    })
}

fn names(tools: &BTreeMap<ToolId, Blake3Digest>) -> BTreeSet<ToolId> {
    tools.keys().cloned().collect()
}

#[cfg(test)]
mod attacks;
