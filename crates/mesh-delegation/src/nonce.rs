//! Nonces: a link is accepted once, and a run has one root.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use reach_types::{Blake3Digest, NodeId, RunId, Timestamp};

/// The most nonces [`MemoryNonces`] keeps of one issuer: more than one a second for as long as the
/// default time to live lasts.
pub const MAX_NONCES_PER_ISSUER: usize = 4096;
/// The most nonces [`MemoryNonces`] keeps at all: 16 issuers at their quota, in about 20 MiB.
pub const MAX_NONCES: usize = 65_536;

/// Why a nonce was not reserved. The chain must then be refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NonceError {
    /// Full: nothing is forgotten before its time to make room.
    #[error("no room for another nonce of this issuer until earlier ones expire")]
    Capacity,
    /// The store cannot answer for certain.
    #[error("the nonce store does not answer")]
    Unavailable,
}

reach_types::codes!(NonceError {
    Capacity => ("mesh.nonce_capacity", Limit, "wait until earlier delegations expire, or delegate less often"),
    Unavailable => ("mesh.nonce_unavailable", Environment, "check the state directory, its lock and its disk"),
});

/// What an accepted chain lays claim to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Who issued the last link.
    pub issuer: NodeId,
    /// The nonce of the last link.
    pub nonce: [u8; 32],
    /// The digest of the last link, which stands for the whole chain before it.
    pub link: Blake3Digest,
    /// The run.
    pub run: RunId,
    /// The digest of the first link.
    pub root: Blake3Digest,
    /// Both entries are kept up to this moment, inclusive.
    pub until: Timestamp,
}

/// What became of a claim. Exhaustive: everything but `Fresh` refuses the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// Never seen, and now recorded.
    Fresh,
    /// This very link was accepted before.
    Replayed,
    /// The issuer used this nonce for another link.
    Equivocation,
    /// The run was begun by another first link.
    RunAlreadyRooted,
}

/// Remembers the nonces of accepted links, and the first link of each run.
pub trait NonceStore {
    /// Records `claim` if nothing stands against it.
    ///
    /// One call is atomic: of several at once with one nonce, exactly one is told
    /// [`Reservation::Fresh`], and it is told so only once both entries (the nonce by its issuer,
    /// the root by its run) will outlast the process. Any other answer records nothing. A nonce
    /// that is known is answered for before the run is looked at. An entry is dropped only when
    /// `now` is later than its `until`, never to make room.
    ///
    /// # Errors
    /// [`NonceError::Capacity`] if there is no room, [`NonceError::Unavailable`] if the store
    /// cannot answer for certain.
    fn reserve(&self, claim: &Claim, now: Timestamp) -> Result<Reservation, NonceError>;
}

/// Nonces that last as long as the process: for tests, and for nodes that refuse everything issued
/// before they started.
#[derive(Debug)]
pub struct MemoryNonces {
    state: Mutex<State>,
    per_issuer: usize,
    total: usize,
}

type Key = (NodeId, [u8; 32]);

#[derive(Debug, Default)]
struct State {
    nonces: BTreeMap<Key, Blake3Digest>,
    // Each root is recorded along with a nonce and kept as long, so there are no more roots than
    // nonces.
    roots: BTreeMap<RunId, Root>,
    ends: BTreeSet<(Timestamp, Key, RunId)>,
    counts: BTreeMap<NodeId, usize>,
}

#[derive(Debug)]
struct Root {
    link: Blake3Digest,
    until: Timestamp,
}

impl MemoryNonces {
    /// Room for [`MAX_NONCES_PER_ISSUER`] of each issuer and [`MAX_NONCES`] in all.
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(MAX_NONCES_PER_ISSUER, MAX_NONCES)
    }

    /// Room for `per_issuer` nonces of each issuer and `total` in all.
    #[must_use]
    pub fn bounded(per_issuer: usize, total: usize) -> Self {
        Self { state: Mutex::default(), per_issuer, total }
    }
}

impl Default for MemoryNonces {
    fn default() -> Self {
        Self::new()
    }
}

impl NonceStore for MemoryNonces {
    fn reserve(&self, claim: &Claim, now: Timestamp) -> Result<Reservation, NonceError> {
        // A thread that panicked may have left half an entry: nothing is certain from then on.
        let mut state = self.state.lock().map_err(|_| NonceError::Unavailable)?;
        state.forget(now);
        if let Some(refused) = state.conflict(claim) {
            return Ok(refused);
        }
        let of_issuer = state.counts.get(&claim.issuer).copied().unwrap_or_default();
        if of_issuer >= self.per_issuer || state.nonces.len() >= self.total {
            return Err(NonceError::Capacity);
        }
        state.record(claim);
        Ok(Reservation::Fresh)
    }
}

impl State {
    fn conflict(&self, claim: &Claim) -> Option<Reservation> {
        match self.nonces.get(&(claim.issuer, claim.nonce)) {
            Some(link) if *link == claim.link => return Some(Reservation::Replayed),
            Some(_) => return Some(Reservation::Equivocation),
            None => {}
        }
        let other = self.roots.get(&claim.run).is_some_and(|root| root.link != claim.root);
        other.then_some(Reservation::RunAlreadyRooted)
    }

    fn record(&mut self, claim: &Claim) {
        let key = (claim.issuer, claim.nonce);
        self.nonces.insert(key, claim.link);
        self.ends.insert((claim.until, key, claim.run));
        *self.counts.entry(claim.issuer).or_default() += 1;
        let root = self.roots.entry(claim.run).or_insert(Root { link: claim.root, until: claim.until });
        root.until = root.until.max(claim.until);
    }

    /// Drops what `now` is later than the end of.
    fn forget(&mut self, now: Timestamp) {
        while let Some((until, key, run)) = self.ends.first().copied().filter(|(until, ..)| *until < now) {
            self.ends.remove(&(until, key, run));
            self.nonces.remove(&key);
            if self.roots.get(&run).is_some_and(|root| root.until < now) {
                self.roots.remove(&run);
            }
            self.release(key.0);
        }
    }

    fn release(&mut self, issuer: NodeId) {
        let left = self.counts.get(&issuer).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            self.counts.remove(&issuer);
        } else {
            self.counts.insert(issuer, left);
        }
    }
}

#[cfg(test)]
mod tests;
