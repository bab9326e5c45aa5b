//! Runs that a killed process left behind: found, recorded, and said aloud.

use std::{fs::TryLockError, path::Path, time::Duration};

use reach_audit_ledger::{Author, EntryKind, ReadError};
use reach_replay::{Approved, EndReason, Event, Frame, Limits, Outcome, read_frames};
use reach_types::{Blake3Digest, RunId};
use serde_json::json;

use crate::{
    World, files,
    replaying::verify_seal,
    running::{approval, ended},
    state::{State, node_run},
    state_error::StateError,
};

/// A run that began and did not end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The run.
    pub run: RunId,
    /// How many whole frames its log holds.
    pub frames: u64,
    /// The head after the last of them, if there is one.
    pub head: Option<Blake3Digest>,
    /// Whether a process is still writing its log.
    pub running: bool,
    /// Why the log ended, if it was sealed and only its last ledger entry is missing.
    pub sealed: Option<EndReason>,
    /// What people approved in it, by its own word, which the ledger does not hold yet.
    pub approved: Vec<Approved>,
}

/// The unfinished runs of `state`, with what their logs hold.
///
/// # Errors
/// [`StateError::Ledger`] and what the ledger reports.
pub fn unfinished(state: &State) -> Result<Vec<Unfinished>, StateError> {
    let runs = state.ledger().unfinished_runs().map_err(|error| StateError::Read(ReadError::Store(error)))?;
    Ok(runs.into_iter().map(|(_, run)| look(state, run)).collect())
}

/// Reads as far as whole frames go. The log is not trusted here: what is recorded is what was seen.
fn look(state: &State, run: RunId) -> Unfinished {
    let mut found = Unfinished { run, frames: 0, head: None, running: false, sealed: None, approved: Vec::new() };
    let Ok(file) = files::open(&state.run_dir(&run).join("run.rlog")) else { return found };
    // The recorder holds the log's lock for as long as it lives.
    found.running = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    let mut note = |_, frame: &Frame| {
        if let Frame::Event(Event::Approval(approved)) = frame {
            found.approved.push(approved.as_ref().clone());
        }
    };
    let read = read_frames(std::io::BufReader::new(file), &Limits::default(), &mut note);
    if let Ok(report) = read {
        found.frames = report.frames;
        found.head = report.head;
        found.sealed = report.end;
    }
    found
}

/// A clock that stands this far behind what the ledger has seen is worth an entry: two machines that
/// are kept in step differ by less.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(30);

/// Records every unfinished run as interrupted, or as ended if its log was already sealed by a key
/// that the trust document at `trust` names; and the clock, if it was set back.
///
/// # Errors
/// What the ledger reports.
pub fn recover(world: &World, state: &mut State, trust: &Path) -> Result<Vec<Unfinished>, StateError> {
    let behind = state.clock_behind(world).filter(|behind| *behind > CLOCK_TOLERANCE);
    if let Some(behind) = behind {
        let seconds = json!({ "behind_seconds": behind.as_secs() });
        state.append(world, node_run(&state.node()), &Author::Operator, &[(EntryKind::ClockAnomaly, seconds)])?;
    }
    let found = unfinished(state)?;
    for one in &found {
        let none = Blake3Digest::from_bytes([0; 32]);
        let head = one.head.unwrap_or(none);
        let entries = match one.sealed.filter(|_| is_ours(world, state, one, trust)) {
            Some(reason) => {
                let approvals = one.approved.iter().map(|one| (EntryKind::RunApproved, approval(one)));
                approvals.chain([(EntryKind::RunEnded, ended(reason, &head, one.frames))]).collect()
            }
            // Nothing vouches for what such a log says of people: it is only counted.
            None => {
                let seen = json!({ "head": head, "frames": one.frames, "approvals": one.approved.len() });
                vec![(EntryKind::RunInterrupted, seen)]
            }
        };
        state.append(world, one.run, &Author::Operator, &entries)?;
    }
    if !found.is_empty() || behind.is_some() {
        state.checkpoint()?;
    }
    Ok(found)
}

/// Whether the log of `one` verifies to its seal, and is this run's.
fn is_ours(world: &World, state: &State, one: &Unfinished, trust: &Path) -> bool {
    let verify = || {
        let now = state.now(world).ok()?;
        let trust = state.load_trust(trust, now).ok()?;
        verify_seal(&state.run_dir(&one.run).join("run.rlog"), &trust, now).ok()
    };
    verify().is_some_and(|report| {
        report.outcome == Outcome::Sealed
            && report.header.is_some_and(|header| header.run == one.run)
            && (report.head, report.frames) == (one.head, one.frames)
    })
}
