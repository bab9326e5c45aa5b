//! Replay of a recorded run: chain, seal, guards, every verdict again, and the ledger's head.

mod rejudge;
mod releases;

use std::{collections::BTreeMap, path::Path};

use reach_audit_ledger::{EntryKind, ReadError};
use reach_policy::{Mode, ModeError};
use reach_replay::{ExpectedGuards, Frame, Limits, Outcome, ReplayError, Report, verify_with};
use reach_signing::VerifiedTrust;
use reach_spec_version::released_offers;
use reach_types::{Blake3Digest, JsonLimits, Timestamp, read_json_value};

use crate::{
    World,
    admission::{AdmitError, admit},
    agreeing::AgreeError,
    files::{self, FileError},
    running::{Loaded, RunError, Sources},
    state::State,
    state_error::StateError,
    tools::{BuiltinTools, ToolHost as _},
};

use rejudge::Rejudge;
use releases::{expected_guards, first_bound};

/// Why a run log was rejected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayRunError {
    /// The file.
    #[error(transparent)]
    File(FileError),
    /// The log.
    #[error(transparent)]
    Log(ReplayError),
    /// What it is held against.
    #[error(transparent)]
    Load(RunError),
    /// The state directory.
    #[error(transparent)]
    State(StateError),
    /// Admission.
    #[error(transparent)]
    Admit(AdmitError),
    /// The mode.
    #[error(transparent)]
    Mode(ModeError),
    /// A recorded verdict that the policy does not give.
    #[error("frame {sequence}: the recorded verdict on call {call} is not the one this policy gives")]
    VerdictChanged {
        /// The frame.
        sequence: u64,
        /// The call.
        call: u64,
    },
    /// A recorded warning or approval that does not fit the verdict, judged again.
    #[error("frame {sequence}: what is recorded to let call {call} through is not for this call under this policy")]
    PermissionChanged {
        /// The frame.
        sequence: u64,
        /// The call.
        call: u64,
    },
    /// The ledger holds no end of this run.
    #[error("the ledger holds no end of this run")]
    NotInLedger,
    /// The ledger holds another head.
    #[error("the ledger's entry for this run holds another head or count")]
    LedgerMismatch,
}

reach_types::codes!(ReplayRunError {
    VerdictChanged => ("replay.verdict_changed", Refused, "compare the policy bundle and the executor with those of the run"),
    PermissionChanged => ("replay.permission_changed", Refused, "compare the log with the ledger's `run.approved` entries, and the policy bundle with that of the run"),
    NotInLedger => ("replay.not_in_ledger", Refused, "name the state directory that the run was made with"),
    LedgerMismatch => ("replay.ledger_mismatch", Refused, "the log and the ledger cannot both be right; compare both with the published checkpoint"),
} wrap { File, Log, Load, State, Admit, Mode });

/// Verifies chain and seal only: the outcome is never more than sealed.
///
/// # Errors
/// [`ReplayRunError::File`], [`ReplayRunError::Log`].
pub fn verify_seal(log: &Path, trust: &VerifiedTrust, now: Timestamp) -> Result<Report, ReplayRunError> {
    let file = files::open(log).map_err(ReplayRunError::File)?;
    let reader = std::io::BufReader::new(file);
    reach_replay::verify(reader, trust, None, &Limits::default(), now).map_err(ReplayRunError::Log)
}

/// Verifies chain, seal and every guard against the verified pack and bundle of `sources`, judges
/// every recorded call again, and compares the head with the ledger's.
///
/// # Errors
/// Every variant of [`ReplayRunError`].
pub fn verify_all(world: &World, state: &State, log: &Path, sources: &Sources<'_>) -> Result<Report, ReplayRunError> {
    let loaded = Loaded::verify_past(world, state, sources).map_err(ReplayRunError::Load)?;
    let mode = Mode::parse(world.environment.policy_mode.as_deref()).map_err(ReplayRunError::Mode)?;
    let host = BuiltinTools::definitions_only();
    let admission = admit(&loaded.pack, &loaded.bundle, None, &host, &state.place(), mode, loaded.now);
    let admission = admission.map_err(ReplayRunError::Admit)?;
    let offers =
        released_offers().map_err(|error| ReplayRunError::Admit(AdmitError::Spec(AgreeError::Offer(error))))?;
    let expected = expected_guards(&admission, &loaded.pack, &state.node(), &offers)?;
    let report = first_bound(&expected, |expected| {
        let mut rejudge = Rejudge::new(&admission, host.identity());
        let report = verify_log(log, &loaded, expected, &mut rejudge)?;
        rejudge.finish().map(|()| report)
    })?;
    if report.outcome == Outcome::Verified {
        check_ledger(state, &report)?;
    }
    Ok(report)
}

/// Verifies chain, seal and guards, while `rejudge` follows.
fn verify_log(
    log: &Path,
    loaded: &Loaded,
    expected: &ExpectedGuards,
    rejudge: &mut Rejudge<'_>,
) -> Result<Report, ReplayRunError> {
    let reader = std::io::BufReader::new(files::open(log).map_err(ReplayRunError::File)?);
    let mut follow = |sequence: u64, frame: &Frame| rejudge.follow(sequence, frame);
    verify_with(reader, &loaded.trust, Some(expected), &Limits::default(), loaded.now, &mut follow)
        .map_err(ReplayRunError::Log)
}

/// The run's last ledger entry must hold the log's head and count.
fn check_ledger(state: &State, report: &Report) -> Result<(), ReplayRunError> {
    let (head, frames) = ledger_end(state, report)?.ok_or(ReplayRunError::NotInLedger)?;
    if (Some(head), frames) == (report.head, report.frames) { Ok(()) } else { Err(ReplayRunError::LedgerMismatch) }
}

/// The head and count that the ledger holds for the run's end.
fn ledger_end(state: &State, report: &Report) -> Result<Option<(Blake3Digest, u64)>, ReplayRunError> {
    let Some(header) = &report.header else { return Ok(None) };
    let view = state.ledger().tenant(header.tenant.clone());
    let mut from = 0;
    loop {
        let page = match view.list(&header.run, from, 256) {
            Err(ReadError::NotFound) => return Ok(None),
            page => page.map_err(|error| ReplayRunError::State(StateError::Read(error)))?,
        };
        let ended = page.entries.iter().find(|entry| entry.header.kind == EntryKind::RunEnded);
        if let Some(entry) = ended {
            return Ok(parse_end(&entry.payload));
        }
        match page.next {
            Some(next) => from = next,
            None => return Ok(None),
        }
    }
}

pub(crate) fn parse_end(payload: &[u8]) -> Option<(Blake3Digest, u64)> {
    let value = read_json_value(payload, JsonLimits::bytes(64 * 1024)).ok()?;
    let fields: BTreeMap<String, serde_json::Value> = value.as_object()?.clone().into_iter().collect();
    let head = Blake3Digest::parse(fields.get("head")?.as_str()?).ok()?;
    Some((head, fields.get("frames")?.as_u64()?))
}
