//! How large budgets are.

use std::time::Duration;

use super::BudgetOwner;

/// The longest that a spent budget takes to be whole again: whoever is locked out longer than a day
/// needs a person, not a hint.
pub const MAX_RECOVERY: Duration = Duration::from_secs(86_400);

/// So many denials at once, and one more after each step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many a whole budget holds.
    pub burst: u32,
    /// How long until one grows back, in whole milliseconds; what is below them is cut off.
    pub every: Duration,
}

impl Allowance {
    /// The milliseconds in which all but one of a spent budget grow back.
    pub(super) fn all_but_one(&self) -> u64 {
        self.millis().saturating_mul(u64::from(self.burst.saturating_sub(1)))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX)
    }

    fn check(&self, owner: BudgetOwner) -> Result<(), BudgetLimitsError> {
        if self.burst == 0 || self.millis() == 0 {
            return Err(BudgetLimitsError::Nothing { owner });
        }
        let recovery = self.millis().saturating_mul(u64::from(self.burst));
        if u128::from(recovery) > MAX_RECOVERY.as_millis() {
            return Err(BudgetLimitsError::TooSlow { owner, seconds: recovery.div_ceil(1000) });
        }
        Ok(())
    }
}

/// How large the budgets of a tenant and of each of its subjects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLimits {
    /// That of all subjects of a tenant together.
    pub tenant: Allowance,
    /// That of one subject: at most half as many at once, and at most half as many again in any
    /// time.
    pub subject: Allowance,
}

impl Default for BudgetLimits {
    /// A subject may be denied 32 times at once and then every two seconds, a tenant 256 times and
    /// then four times a second: an agent that tries its way through a list of tools gets far, and
    /// one in a loop is stopped within a minute.
    fn default() -> Self {
        Self {
            tenant: Allowance { burst: 256, every: Duration::from_millis(250) },
            subject: Allowance { burst: 32, every: Duration::from_secs(2) },
        }
    }
}

/// Why limits were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetLimitsError {
    /// A budget that is never anything but spent, or that is never spent.
    #[error("the budget of a {owner} must hold one denial or more, and grow by one in a millisecond or more")]
    Nothing {
        /// Whose budget.
        owner: BudgetOwner,
    },
    /// A budget that takes too long to be whole again.
    #[error("the budget of a {owner} takes {seconds} s to be whole again, at most {} are allowed", MAX_RECOVERY.as_secs())]
    TooSlow {
        /// Whose budget.
        owner: BudgetOwner,
        /// How long it takes, in seconds, rounded up.
        seconds: u64,
    },
    /// One subject could spend more than half of its tenant's budget.
    #[error("a subject may have at most half of its tenant's budget, at once and in any time")]
    SubjectTooLarge,
}

reach_types::codes!(BudgetLimitsError {
    Nothing => ("policy.budget_empty", Usage, "give a burst of 1 or more and a step of 1 ms or more"),
    TooSlow => ("policy.budget_too_slow", Usage, "make the burst smaller or the step shorter"),
    SubjectTooLarge => ("policy.budget_share", Usage, "give the tenant at least twice the burst of a subject, and a step of at most half of its"),
});

impl BudgetLimits {
    pub(super) fn check(&self) -> Result<(), BudgetLimitsError> {
        self.tenant.check(BudgetOwner::Tenant)?;
        self.subject.check(BudgetOwner::Subject)?;
        let burst = u64::from(self.subject.burst).saturating_mul(2) <= u64::from(self.tenant.burst);
        let pace = self.tenant.millis().saturating_mul(2) <= self.subject.millis();
        if burst && pace { Ok(()) } else { Err(BudgetLimitsError::SubjectTooLarge) }
    }
}
