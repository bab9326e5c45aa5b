//! A flood of denials, summarised: who, which code, how often, and when.

use std::collections::BTreeMap;

use reach_types::{TenantId, Timestamp};

use super::Authenticated;

/// The most rows of a summary: at 380 bytes each in a ledger entry's JSON they stay below 48 KiB, of
/// the 64 KiB that an entry may have.
pub const MAX_SUMMARY_ROWS: usize = 128;
/// The most rows of one tenant, so that one tenant's flood leaves the others seven rows of eight. The
/// floods of eight tenants fill a summary; whom there is no row for is counted.
pub const MAX_TENANT_ROWS: usize = 16;

/// How often, and from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// How often, as far as the number reaches.
    pub count: u64,
    /// The earliest.
    pub first: Timestamp,
    /// The latest.
    pub last: Timestamp,
}

impl Times {
    const fn once(now: Timestamp) -> Self {
        Self { count: 1, first: now, last: now }
    }

    fn and(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

/// What one subject was denied for, under one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenialRow {
    /// Who.
    pub who: Authenticated,
    /// The code.
    pub code: &'static str,
    /// How often, and when.
    pub times: Times,
}

/// The denials of a time, summarised. Every denial is in exactly one row, or among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenialSummary {
    /// Sorted by tenant, subject and code; at most [`MAX_SUMMARY_ROWS`], and [`MAX_TENANT_ROWS`] of
    /// one tenant.
    pub rows: Vec<DenialRow>,
    /// The denials for which there was no row.
    pub others: Option<Times>,
}

impl DenialSummary {
    /// All of them together; `None` if there was none.
    #[must_use]
    pub fn total(&self) -> Option<Times> {
        self.rows.iter().map(|row| row.times).chain(self.others).reduce(Times::and)
    }
}

/// Counts denials until they are drained into a summary. Memory is bounded by the rows.
#[derive(Debug, Default)]
pub struct DenialTally {
    rows: BTreeMap<(Authenticated, &'static str), Times>,
    others: Option<Times>,
}

impl DenialTally {
    /// Counts one denial of `who` under `code`.
    pub fn count(&mut self, who: &Authenticated, code: &'static str, now: Timestamp) {
        let once = Times::once(now);
        let key = (who.clone(), code);
        let room = self.has_room(who.tenant());
        match self.rows.get_mut(&key) {
            Some(times) => *times = times.and(once),
            None if room => drop(self.rows.insert(key, once)),
            None => self.others = Some(self.others.map_or(once, |times| times.and(once))),
        }
    }

    fn has_room(&self, tenant: &TenantId) -> bool {
        let of_tenant = || self.rows.keys().filter(|(who, _)| who.tenant() == tenant).count();
        self.rows.len() < MAX_SUMMARY_ROWS && of_tenant() < MAX_TENANT_ROWS
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.others.is_none()
    }

    /// Takes out what was counted; `None` if nothing was.
    pub fn drain(&mut self) -> Option<DenialSummary> {
        if self.is_empty() {
            return None;
        }
        let Self { rows, others } = std::mem::take(self);
        let rows = rows.into_iter().map(|((who, code), times)| DenialRow { who, code, times });
        Some(DenialSummary { rows: rows.collect(), others })
    }
}
