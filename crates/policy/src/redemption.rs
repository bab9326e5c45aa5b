//! Which sealed permits were used: each once, for as long as it could be used again.

use std::{collections::BTreeSet, sync::Mutex};

use reach_types::{Blake3Digest, Timestamp};

/// The most used permits that a store keeps: with permits that live for a minute a thousand of them
/// a second, with the longest-lived ones (an hour) 18 a second. In memory they take about 10 MiB.
pub const MAX_REDEMPTIONS: usize = 65_536;

/// Why a permit was not spent. It must then not be redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedemptionError {
    /// Full: nothing is forgotten before its time to make room.
    #[error("no room for another used permit until earlier ones expire")]
    Capacity,
    /// The store cannot answer for certain.
    #[error("the table of used permits does not answer")]
    Unavailable,
}

reach_types::codes!(RedemptionError {
    Capacity => ("policy.redemption_capacity", Limit, "wait until earlier permits expire, or give permits that live shorter"),
    Unavailable => ("policy.redemption_unavailable", Environment, "check the state directory, its lock and its disk"),
});

/// What became of a permit. Exhaustive: everything but `Fresh` refuses the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// Never seen, and now recorded.
    Fresh,
    /// It was used before, or it is so old that whether it was is forgotten.
    Spent,
}

/// Remembers which permits were used.
pub trait RedemptionStore {
    /// Records that `permit` is used, unless it was before. It could be used up to `until`.
    ///
    /// One call is atomic: of several at once for one permit, exactly one is told
    /// [`Spending::Fresh`], and by a durable store only once that outlasts the process. Any other
    /// answer records nothing. An entry is dropped only when `now` has passed its `until`, never to
    /// make room. A permit whose `until` lies before `now`, or before any time at which entries were
    /// dropped, is [`Spending::Spent`], whether or not the store has seen it: a clock that runs back
    /// makes nothing fresh. `now` comes from the caller's own clock, never from who presents the
    /// permit.
    ///
    /// # Errors
    /// [`RedemptionError::Capacity`] if there is no room, [`RedemptionError::Unavailable`] if the
    /// store cannot answer for certain.
    fn spend(&self, permit: &Blake3Digest, until: Timestamp, now: Timestamp) -> Result<Spending, RedemptionError>;
}

/// A table that lasts as long as the process: for tests, and for keys that do not outlive it either.
#[derive(Debug)]
pub struct MemoryRedemptions {
    used: Mutex<Used>,
    most: usize,
}

#[derive(Debug, Default)]
struct Used {
    permits: BTreeSet<Blake3Digest>,
    // INVARIANT: one end for each permit.
    ends: BTreeSet<(Timestamp, Blake3Digest)>,
    latest: Timestamp,
}

impl MemoryRedemptions {
    /// Room for [`MAX_REDEMPTIONS`].
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(MAX_REDEMPTIONS)
    }

    /// Room for `most`.
    #[must_use]
    pub fn bounded(most: usize) -> Self {
        Self { used: Mutex::default(), most }
    }
}

impl Default for MemoryRedemptions {
    fn default() -> Self {
        Self::new()
    }
}

impl RedemptionStore for MemoryRedemptions {
    fn spend(&self, permit: &Blake3Digest, until: Timestamp, now: Timestamp) -> Result<Spending, RedemptionError> {
        // A thread that panicked may have left half an entry: nothing is certain from then on.
        let mut used = self.used.lock().map_err(|_| RedemptionError::Unavailable)?;
        used.forget(now);
        if until < used.latest || used.permits.contains(permit) {
            return Ok(Spending::Spent);
        }
        if used.permits.len() >= self.most {
            return Err(RedemptionError::Capacity);
        }
        used.permits.insert(*permit);
        used.ends.insert((until, *permit));
        Ok(Spending::Fresh)
    }
}

impl Used {
    /// Drops what the time has passed the end of.
    fn forget(&mut self, now: Timestamp) {
        self.latest = self.latest.max(now);
        while let Some(first) = self.ends.first().copied().filter(|(until, _)| *until < self.latest) {
            self.ends.remove(&first);
            self.permits.remove(&first.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn p18_a_table_that_a_thread_left_half_changed_answers_nothing() {
        let store = MemoryRedemptions::new();
        let broken = thread::scope(|scope| {
            let in_the_middle = || {
                let _held = store.used.lock().unwrap();
                panic!("in the middle");
            };
            scope.spawn(in_the_middle).join()
        });
        assert!(broken.is_err());
        let (permit, at) = (Blake3Digest::of(b"permit"), Timestamp::from_millis(1));
        assert_eq!(store.spend(&permit, at, at), Err(RedemptionError::Unavailable));
    }
}
