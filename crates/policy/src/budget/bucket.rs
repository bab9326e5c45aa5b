//! One budget, kept as a single moment.

use std::time::Duration;

use reach_types::Timestamp;

use super::Allowance;

/// A token bucket, as the moment at which it is full again. One that is full says nothing that a new
/// one does not say, so it need not be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket(Timestamp);

impl Bucket {
    pub(super) fn is_whole(self, now: Timestamp) -> bool {
        self.0 <= now
    }

    /// How long until there is one left; `None` if there is one now.
    pub(super) fn wait(self, allowance: &Allowance, now: Timestamp) -> Option<Duration> {
        let missing = self.0.as_millis().saturating_sub(now.as_millis());
        let wait = missing.checked_sub(allowance.all_but_one())?;
        (wait > 0).then(|| Duration::from_millis(wait))
    }

    /// Takes one, if there is one left.
    pub(super) fn take(&mut self, allowance: &Allowance, now: Timestamp) -> bool {
        let left = self.wait(allowance, now).is_none();
        if left {
            self.0 = self.0.max(now).saturating_add(allowance.every);
        }
        left
    }
}
