//! Runs: whom they belong to, how long they are, and whether they go on.

use reach_types::{RunId, Sha256Digest, TenantId};
use serde::{Deserialize, Serialize};

use crate::{EntryKind, StoreError, header::NO_LEAF, rows::Tree, sealed::unseal, tables::run_name, view::View};

/// Where a run stands. The order is part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RunState {
    /// Nothing says that it started.
    Open,
    /// It started, and nothing says that it ended.
    Started,
    /// It ended and takes no more entries.
    Closed,
}

impl RunState {
    pub(crate) const fn after(self, kind: EntryKind) -> Self {
        match kind {
            _ if kind.closes_run() => Self::Closed,
            EntryKind::RunStarted => Self::Started,
            _ => self,
        }
    }
}

/// One row of the table of runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) version: u16,
    pub(crate) tenant: TenantId,
    pub(crate) run: RunId,
    pub(crate) count: u64,
    pub(crate) last_seq: u64,
    pub(crate) last_leaf: Sha256Digest,
    pub(crate) state: RunState,
}

/// The version of those rows.
const RUN_VERSION: u16 = 1;
/// The longest of those rows: a tenant of 64 bytes, two digests, and numbers.
pub(crate) const MAX_RUN_BYTES: usize = 256;

impl Run {
    pub(crate) fn new(tenant: TenantId, run: RunId) -> Self {
        let (count, last_seq, last_leaf, state) = (0, 0, NO_LEAF, RunState::Open);
        Self { version: RUN_VERSION, tenant, run, count, last_seq, last_leaf, state }
    }

    pub(crate) fn name(&self) -> Vec<u8> {
        run_name(&self.tenant, &self.run)
    }
}

impl View<'_> {
    /// The run with this number, which some record or index names.
    pub(crate) fn run_at(&self, number: u64) -> Result<Run, StoreError> {
        let bytes = self.run(number)?.ok_or(StoreError::corrupt("a run is missing"))?;
        let run: Option<Run> = unseal(&bytes, MAX_RUN_BYTES);
        let good = run.filter(|run| run.version == RUN_VERSION && run.count > 0);
        good.ok_or(StoreError::corrupt("a run can not be read"))
    }

    /// The run of this name, if there is one.
    pub(crate) fn run_named(&self, tenant: &TenantId, run: &RunId) -> Result<Option<(u64, Run)>, StoreError> {
        let Some(number) = self.run_number(&run_name(tenant, run))? else { return Ok(None) };
        let found = self.run_at(number)?;
        // A name that leads to somebody else's run must never show it.
        if found.tenant != *tenant || found.run != *run {
            return Err(StoreError::corrupt("a run's name leads to another run"));
        }
        self.check_end(number, &found)?;
        Ok(Some((number, found)))
    }

    /// The run must end where the index and the tree say: a cut one would be listed as whole.
    fn check_end(&self, number: u64, run: &Run) -> Result<(), StoreError> {
        let last = self.seq_of(number, run.count.saturating_sub(1))?;
        let beyond = self.seq_of(number, run.count)?;
        let leaf = Tree::new(self).leaf(run.last_seq)?;
        let ends = last == Some(run.last_seq) && beyond.is_none() && leaf == run.last_leaf;
        if ends { Ok(()) } else { Err(StoreError::corrupt("a run does not end where its index says")) }
    }
}
