//! The denial budget: how often somebody may be denied before they are not even judged.

mod allowance;
mod bucket;
mod identity;
mod summary;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt, time::Duration};

use reach_types::{TenantId, Timestamp};

pub use allowance::{Allowance, BudgetLimits, BudgetLimitsError, MAX_RECOVERY};
use bucket::Bucket;
pub use identity::{Authenticated, Identity};
pub use summary::{DenialRow, DenialSummary, DenialTally, MAX_SUMMARY_ROWS, MAX_TENANT_ROWS, Times};

/// The most tenants whose budget is not whole at one moment: tenants are made by the operator, and a
/// thousand denied within minutes are an incident of its own. With [`MAX_BUDGET_SUBJECTS`] of each, at
/// about 130 bytes, that is 17 MiB.
pub const MAX_BUDGET_TENANTS: usize = 1024;
/// The most subjects of one tenant whose budget is not whole at one moment: with the default limits
/// a subject is whole again two seconds after a single denial.
pub const MAX_BUDGET_SUBJECTS: usize = 128;

/// Whose budget it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetOwner {
    /// One subject's.
    Subject,
    /// That of all subjects of a tenant together.
    Tenant,
}

impl fmt::Display for BudgetOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subject => "subject",
            Self::Tenant => "tenant",
        })
    }
}

/// Why a request is not judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DenialBudgetError {
    /// Too many requests were denied lately.
    #[error("the denial budget of this {owner} is spent; try again in {} s", seconds(*.retry_after))]
    Spent {
        /// Whose budget.
        owner: BudgetOwner,
        /// When there is something left of it again. Longer than nothing, at most one step of the
        /// allowance, unless the clock went back.
        retry_after: Duration,
    },
}

reach_types::codes!(DenialBudgetError {
    Spent => ("policy.denial_budget_spent", Limit, "wait as long as the hint says, and stop asking for what was denied"),
});

impl DenialBudgetError {
    /// The hint in whole seconds, rounded up, as `Retry-After` of HTTP wants it: at least 1.
    #[must_use]
    pub fn retry_after_seconds(&self) -> u64 {
        let Self::Spent { retry_after, .. } = self;
        seconds(*retry_after)
    }
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

/// How many denials each tenant, and each subject of it, has left.
///
/// It stands outside the gate: a decision does not depend on it, and can be derived again. The order
/// is [`DenialBudgets::check`], then the gate, then [`DenialBudgets::charge`] if the gate denied.
/// What is allowed, asked of a person or warned about costs nothing, and so does what a spent budget
/// refuses.
///
/// - A denial costs its subject one and its tenant one, and both grow again with time.
/// - A tenant's denials cost no other tenant anything, unless both are among those for which there is
///   no room.
/// - However a subject floods, at least half of its tenant's budget is left to the others:
///   [`DenialBudgets::new`] takes no limits under which it would not be. Several subjects of one
///   tenant together can spend it; whom a tenant lets in is its own affair.
/// - Memory is bounded. Only budgets that are whole again are forgotten, so that a flood of new names
///   cannot evict a spent one. Names for which there is no room share one budget of a subject's size.
///
/// A denial by policy is the asker's, and says nothing about the health of whoever carried the
/// request: it is counted here and is no fault of a peer.
#[derive(Debug)]
pub struct DenialBudgets {
    limits: BudgetLimits,
    tenants: BTreeMap<TenantId, TenantBudget>,
    /// What the tenants share for which there is no room.
    others: Bucket,
}

impl DenialBudgets {
    /// Whole budgets for everybody.
    ///
    /// # Errors
    /// Every variant of [`BudgetLimitsError`].
    pub fn new(limits: BudgetLimits) -> Result<Self, BudgetLimitsError> {
        limits.check()?;
        Ok(Self { limits, tenants: BTreeMap::new(), others: Bucket::default() })
    }

    /// Whether a request of `who` may be judged at all. Takes no more than a few map lookups unless
    /// the memory is full.
    ///
    /// A `now` before an earlier one grants nothing: what was spent then grows back later.
    ///
    /// # Errors
    /// [`DenialBudgetError::Spent`], with the longer of the two waits if both budgets are spent.
    pub fn check(&self, who: &Authenticated, now: Timestamp) -> Result<(), DenialBudgetError> {
        let (subject, tenant) = match self.tenants.get(who.tenant()) {
            Some(budget) => (budget.subject_wait(who.identity(), &self.limits, now), budget.wait(&self.limits, now)),
            None if self.has_room(now) => (None, None),
            None => (None, self.others.wait(&self.limits.subject, now)),
        };
        let waits = [(tenant, BudgetOwner::Tenant), (subject, BudgetOwner::Subject)];
        let longest = waits.into_iter().filter_map(|(wait, owner)| Some((wait?, owner))).max();
        longest.map_or(Ok(()), |(retry_after, owner)| Err(DenialBudgetError::Spent { owner, retry_after }))
    }

    /// Counts one denial of `who`. Requests that were judged at the same time, on the last that was
    /// left of a budget, cost no more than that.
    pub fn charge(&mut self, who: &Authenticated, now: Timestamp) {
        let room = self.make_room(who, now);
        match self.tenants.get_mut(who.tenant()) {
            Some(budget) => budget.charge(who.identity(), &self.limits, now),
            None if room => {
                let budget = self.tenants.entry(who.tenant().clone()).or_default();
                budget.charge(who.identity(), &self.limits, now);
            }
            None => {
                self.others.take(&self.limits.subject, now);
            }
        }
    }

    fn has_room(&self, now: Timestamp) -> bool {
        self.tenants.len() < MAX_BUDGET_TENANTS || self.tenants.values().any(|budget| budget.is_whole(now))
    }

    /// Whether there is room for the tenant of `who`, after forgetting what is whole if need be.
    fn make_room(&mut self, who: &Authenticated, now: Timestamp) -> bool {
        if self.tenants.len() >= MAX_BUDGET_TENANTS && !self.tenants.contains_key(who.tenant()) {
            self.tenants.retain(|_, budget| !budget.is_whole(now));
        }
        self.tenants.len() < MAX_BUDGET_TENANTS
    }
}

/// What one tenant has left.
#[derive(Debug, Default)]
struct TenantBudget {
    whole: Bucket,
    subjects: BTreeMap<Identity, Bucket>,
    /// What the subjects share for which there is no room.
    others: Bucket,
    // INVARIANT: the latest moment at which any bucket of this tenant is whole again.
    latest: Bucket,
}

impl TenantBudget {
    fn wait(&self, limits: &BudgetLimits, now: Timestamp) -> Option<Duration> {
        self.whole.wait(&limits.tenant, now)
    }

    fn subject_wait(&self, who: &Identity, limits: &BudgetLimits, now: Timestamp) -> Option<Duration> {
        let bucket = match self.subjects.get(who) {
            Some(bucket) => *bucket,
            None if self.has_room(now) => Bucket::default(),
            None => self.others,
        };
        bucket.wait(&limits.subject, now)
    }

    /// Whether nothing of this tenant is worth remembering.
    fn is_whole(&self, now: Timestamp) -> bool {
        self.latest.is_whole(now)
    }

    fn has_room(&self, now: Timestamp) -> bool {
        self.subjects.len() < MAX_BUDGET_SUBJECTS || self.subjects.values().any(|bucket| bucket.is_whole(now))
    }

    fn charge(&mut self, who: &Identity, limits: &BudgetLimits, now: Timestamp) {
        let bucket = self.bucket_of(who, now);
        // What its own budget no longer covers costs a subject's tenant nothing: that is what keeps
        // the tenant's loss to one subject within that subject's allowance.
        if bucket.take(&limits.subject, now) {
            let spent = *bucket;
            self.whole.take(&limits.tenant, now);
            self.latest = self.latest.max(spent).max(self.whole);
        }
    }

    fn bucket_of(&mut self, who: &Identity, now: Timestamp) -> &mut Bucket {
        if self.subjects.len() >= MAX_BUDGET_SUBJECTS && !self.subjects.contains_key(who) {
            self.subjects.retain(|_, bucket| !bucket.is_whole(now));
            if self.subjects.len() >= MAX_BUDGET_SUBJECTS {
                return &mut self.others;
            }
        }
        self.subjects.entry(who.clone()).or_default()
    }
}
