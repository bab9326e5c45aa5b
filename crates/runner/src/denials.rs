//! Denials of authenticated callers: which are recorded one by one, and how a flood is summarised.

use std::{collections::BTreeMap, time::Duration};

use reach_audit_ledger::{Author, EntryKind};
use reach_policy::{
    Authenticated, BudgetLimits, BudgetLimitsError, Decision, DenialBudgetError, DenialBudgets, DenialRow,
    DenialSummary, DenialTally, Field, MAX_BUDGET_TENANTS, Outbound, Outcome, TagKey, Times,
};
use reach_types::{Blake3Digest, Code as _, Timestamp};
use serde_json::{Value, json};

use crate::{World, state::State, state::node_run, state_error::StateError};

/// The shortest interval between two summaries, in which a flood of any size adds two hundred bytes
/// a subject to the ledger.
pub const MIN_SUMMARY_INTERVAL: Duration = Duration::from_secs(1);
/// The most denials of one subject in an interval that have entries of their own: the first of each
/// kind of mistake, for whoever looks into it.
pub const MAX_OWN_ENTRIES: usize = 4;
/// The most denials of one tenant in an interval that have entries of their own.
pub const MAX_TENANT_OWN_ENTRIES: usize = 16;

/// How a denial gets into the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// It was not denied: there is nothing to record here.
    Nothing,
    /// The caller appends the entry of this refusal.
    Append,
    /// It is counted, and will be in the next summary.
    Counted,
}

/// Stands before and behind the gate of an interface: refuses whoever has spent their denial budget,
/// and keeps floods of denials out of the ledger without losing one from its counts.
///
/// For a request of somebody authenticated: [`DenialDesk::check`], then the gate, then
/// [`DenialDesk::decided`]; every so often [`DenialDesk::settle`], and [`DenialDesk::flush`] at the
/// end. Of each subject's denials in an interval the first [`MAX_OWN_ENTRIES`] are left to the
/// caller to append, at most [`MAX_TENANT_OWN_ENTRIES`] of a tenant; all others, and all that a spent
/// budget refused, are counted into one entry per interval. Denials that were counted and not yet
/// written are lost if the process is killed: at most those of one interval.
///
/// All times given are [`State::now`]'s.
#[derive(Debug)]
pub struct DenialDesk {
    budgets: DenialBudgets,
    interval: Duration,
    own: OwnEntries,
    tally: DenialTally,
    /// When the first of what is in the tally was counted.
    since: Option<Timestamp>,
    /// A summary that is not known to be durable. It stays as it is until it is.
    unwritten: Option<Value>,
}

impl DenialDesk {
    /// A desk with whole budgets. An `interval` below [`MIN_SUMMARY_INTERVAL`] is raised to it.
    ///
    /// # Errors
    /// Every variant of [`BudgetLimitsError`].
    pub fn new(limits: BudgetLimits, interval: Duration) -> Result<Self, BudgetLimitsError> {
        Ok(Self {
            budgets: DenialBudgets::new(limits)?,
            interval: interval.max(MIN_SUMMARY_INTERVAL),
            own: OwnEntries::default(),
            tally: DenialTally::default(),
            since: None,
            unwritten: None,
        })
    }

    /// Whether a request of `who` may be judged. If not, that is counted, and costs `who` nothing.
    ///
    /// # Errors
    /// [`DenialBudgetError::Spent`], with the hint when to try again.
    pub fn check(&mut self, who: &Authenticated, now: Timestamp) -> Result<(), DenialBudgetError> {
        self.budgets.check(who, now).inspect_err(|error| self.count(who, error.code(), now))
    }

    /// Takes note of what the gate decided for `who`. Only a denial costs anything; it is counted
    /// under the first of its codes.
    #[must_use]
    pub fn decided(&mut self, who: &Authenticated, decision: &Decision, now: Timestamp) -> Recording {
        let Outcome::Deny = decision.outcome() else { return Recording::Nothing };
        self.budgets.charge(who, now);
        match decision.violations().first() {
            Some(first) if !self.own.admits(who, self.interval, now) => {
                self.count(who, first.code(), now);
                Recording::Counted
            }
            // A denial without a reason is none that could be counted under one.
            _ => Recording::Append,
        }
    }

    fn count(&mut self, who: &Authenticated, code: &'static str, now: Timestamp) {
        self.since.get_or_insert(now);
        self.tally.count(who, code, now);
    }

    /// Writes the summary if an interval is over since the first denial in it, or if an earlier one
    /// could not be written. Says whether anything was.
    ///
    /// # Errors
    /// What the clock, the tag key and [`State::append`] report; nothing is lost then, and the same
    /// summary is written at the next call, once.
    pub fn settle(&mut self, world: &World, state: &mut State) -> Result<bool, StateError> {
        let now = state.now(world)?;
        let due = self.since.is_some_and(|since| since.saturating_add(self.interval) <= now);
        if due || self.unwritten.is_some() { self.flush(world, state) } else { Ok(false) }
    }

    /// Writes whatever was counted and is not in the ledger. Says whether anything was.
    ///
    /// # Errors
    /// As [`DenialDesk::settle`].
    pub fn flush(&mut self, world: &World, state: &mut State) -> Result<bool, StateError> {
        let mut wrote = false;
        while let Some(payload) = self.next(state)? {
            write(world, state, payload)?;
            self.unwritten = None;
            wrote = true;
        }
        Ok(wrote)
    }

    /// What is to be written next: what could not be written before, then what was counted since.
    fn next(&mut self, state: &State) -> Result<Option<&Value>, StateError> {
        if self.unwritten.is_none() && !self.tally.is_empty() {
            let key = state.tag_key()?;
            self.unwritten = self.tally.drain().and_then(|summary| payload(&key, &summary));
            self.since = None;
        }
        Ok(self.unwritten.as_ref())
    }
}

/// Appends the summary. Its own content is the key under which the ledger knows it, so that an append
/// whose outcome was in doubt is not made twice.
fn write(world: &World, state: &mut State, payload: &Value) -> Result<(), StateError> {
    let run = node_run(&state.node());
    let key = Blake3Digest::derive("reach 2026 denial summary v1", &[payload.to_string().as_bytes()]);
    let author = Author::Node(state.node());
    state.append_once(world, run, &author, (EntryKind::DenialsSummarised, payload.clone()), *key.as_bytes())
}

fn payload(key: &TagKey, summary: &DenialSummary) -> Option<Value> {
    let total = summary.total()?;
    let rows: Vec<Outbound> = summary.rows.iter().map(|row| outbound(key, row)).collect();
    Some(json!({ "denials": times(total), "rows": rows, "others": summary.others.map(times) }))
}

fn times(times: Times) -> Value {
    json!({ "count": times.count, "first": times.first, "last": times.last })
}

/// Whoever reads this entry may be of another tenant than those in it: they stand here as tags.
fn outbound(key: &TagKey, row: &DenialRow) -> Outbound {
    Outbound::new("denied")
        .word("by", row.who.identity().kind())
        .word("code", row.code)
        .count("count", row.times.count)
        .time("first", row.times.first)
        .time("last", row.times.last)
        .tag(key.subject(&row.who))
        .tag(key.tag(Field::Tenant, row.who.tenant()))
}

/// How many denials had entries of their own in this interval.
#[derive(Debug, Default)]
struct OwnEntries {
    since: Option<Timestamp>,
    // INVARIANT: at most `MAX_BUDGET_TENANTS` times `MAX_TENANT_OWN_ENTRIES`.
    given: BTreeMap<Authenticated, usize>,
}

impl OwnEntries {
    fn admits(&mut self, who: &Authenticated, interval: Duration, now: Timestamp) -> bool {
        if self.since.is_none_or(|since| since.saturating_add(interval) <= now) {
            *self = Self { since: Some(now), given: BTreeMap::new() };
        }
        let room = self.given.len() < MAX_BUDGET_TENANTS.saturating_mul(MAX_TENANT_OWN_ENTRIES);
        let own = self.given.get(who).copied().unwrap_or_default();
        let admitted = room && own < MAX_OWN_ENTRIES && self.of_tenant(who) < MAX_TENANT_OWN_ENTRIES;
        if admitted {
            self.given.insert(who.clone(), own.saturating_add(1));
        }
        admitted
    }

    fn of_tenant(&self, who: &Authenticated) -> usize {
        // The operator is the first of a tenant.
        let from = Authenticated::operator(who.tenant().clone());
        let of_tenant = self.given.range(from..).take_while(|(other, _)| other.tenant() == who.tenant());
        of_tenant.map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests;
