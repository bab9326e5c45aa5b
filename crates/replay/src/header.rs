//! The first frame of a log: whose run it is, and what it depended on.

use reach_types::{NodeId, RunId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Guard, Guards};

/// Why a header was refused, by a recorder as by a reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The run's id is not what its origin and nonce give.
    #[error("the run id does not follow from the origin and its nonce")]
    RunId,
    /// A guard of zeros.
    #[error("the log states no digest of the {guard} it ran with")]
    GuardAbsent {
        /// Which one.
        guard: Guard,
    },
}

reach_types::codes!(HeaderError {
    RunId => ("replay.run_id_mismatch", Refused, "get the log from its origin again; its header was put together"),
    GuardAbsent => ("replay.guard_absent", Refused, "record the run with all guards; a log without one proves nothing"),
});

/// Whose run a log is, and what it depended on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The run: always [`RunId::derive`] of the next two fields.
    pub run: RunId,
    /// The node that started it.
    pub origin: NodeId,
    /// The nonce that node drew for it.
    pub origin_nonce: [u8; 32],
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// When it started, by the clock of whoever records it: a claim, and no input to any decision.
    pub started: Timestamp,
    /// What it depended on.
    pub guards: Guards,
}

impl Header {
    /// The header of the run that `origin` started with `origin_nonce`.
    #[must_use]
    pub fn new(
        origin: NodeId,
        origin_nonce: [u8; 32],
        tenant: TenantId,
        started: Timestamp,
        guards: impl Into<Guards>,
    ) -> Self {
        let run = RunId::derive(&origin, &origin_nonce);
        Self { run, origin, origin_nonce, tenant, started, guards: guards.into() }
    }

    pub(crate) fn check(&self) -> Result<(), HeaderError> {
        if RunId::derive(&self.origin, &self.origin_nonce) != self.run {
            return Err(HeaderError::RunId);
        }
        self.guards.absent().map_or(Ok(()), |guard| Err(HeaderError::GuardAbsent { guard }))
    }
}
