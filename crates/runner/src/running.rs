//! A run from request to proof: verify, admit, execute, record, audit.

mod entries;
mod loaded;

pub use entries::end_reason;
pub(crate) use entries::{approval, ended, recorded, with_detail};
pub use loaded::{Loaded, Sources};

use std::path::{Path, PathBuf};

use reach_audit_ledger::{Author, EntryKind};
use reach_pack_integrity::Provenance;
use reach_policy::{Decision, Mode, ModeError, PermitError};
use reach_replay::{Approved, Header, Limits, RecordError, Recorder, Sealed};
use reach_signing::Role;
use reach_spec_version::Agreement;
use reach_types::{Blake3Digest, Class, Code, CodeRow, RunId};
use serde_json::json;

use crate::{
    World,
    admission::{Admission, AdmitError, CallSite, admit},
    approving::{Asked, Asking},
    environment::EnvironmentError,
    execute::{Ending, Execution, Means},
    files::{self, FileError, require_directory},
    packs::PackFileError,
    policies::PolicyFileError,
    run_log::LogFile,
    standing::{TrustWatch, stands_until},
    state::State,
    state_error::StateError,
    tools::{BuiltinTools, ToolHost, Workspace},
};

use entries::{call_refusal, facts, refusal, relaxations};

/// Why a run did not come to an ending of its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The state directory.
    #[error(transparent)]
    State(StateError),
    /// The pack.
    #[error(transparent)]
    Pack(PackFileError),
    /// The policy bundle.
    #[error(transparent)]
    Policy(PolicyFileError),
    /// A relaxation where none is possible.
    #[error(transparent)]
    Environment(EnvironmentError),
    /// The mode.
    #[error(transparent)]
    Mode(ModeError),
    /// Admission.
    #[error(transparent)]
    Admit(AdmitError),
    /// The workspace or the run's directory.
    #[error(transparent)]
    File(FileError),
    /// The log.
    #[error("the run was stopped: its log could not be written: {0}")]
    Record(RecordError),
}

reach_types::codes!(RunError {} wrap { State, Pack, Policy, Environment, Mode, Admit, File, Record });

impl From<StateError> for RunError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<FileError> for RunError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// What a run may touch.
#[derive(Debug, Clone, Copy)]
pub struct Reach<'p> {
    /// The directory it may read.
    pub workspace: &'p Path,
    /// What is left out of listings.
    pub exclude: &'p [PathBuf],
}

/// What became of a run.
#[derive(Debug)]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// How it ended; `None` if it was not admitted.
    pub ending: Option<Ending>,
    /// The gate's answer to the pack as a whole.
    pub admission: Decision,
    /// How many calls were judged.
    pub calls: u64,
    /// The log's head and count of frames, if there is a log.
    pub sealed: Option<(Blake3Digest, u64)>,
    /// The log.
    pub log: PathBuf,
    /// The run's output directory.
    pub output: PathBuf,
    /// Who vouches for the pack.
    pub provenance: Provenance,
    /// The passed checks of the pack, in order.
    pub checks: Vec<&'static str>,
    /// What the pack and this node agreed on.
    pub agreement: Agreement,
    /// How many features the pack names that this node does not know, and need not.
    pub dropped: usize,
}

impl RunReport {
    /// The row of the rejection that ended the run, if one did.
    #[must_use]
    pub fn rejection(&self) -> Option<(CodeRow, String)> {
        let of = |error: &dyn Code| Some((error.row(), error.to_string()));
        match &self.ending {
            None => first_violation(&self.admission),
            Some(Ending::Completed) => None,
            // A decision that was no permission any more is a refusal, whatever it says.
            Some(Ending::Refused(decision)) => first_violation(decision).or_else(|| of(&PermitError::Denied)),
            Some(Ending::Withdrawn(error)) => of(error.as_ref()),
            Some(Ending::NotApproved(error)) => of(error.as_ref()),
            Some(Ending::PermitRefused(error)) => of(error),
            Some(Ending::Unresolved(error)) => of(error),
            Some(Ending::Failed(error)) => of(error),
            Some(Ending::Limit) => of(&LimitReached::Steps),
        }
    }
}

/// A run that was ended by a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitReached {
    /// The graph's own bound, or the log's.
    #[error("the run reached its limit of steps or of recorded bytes")]
    Steps,
}

reach_types::codes!(LimitReached {
    Steps => ("runner.limit_reached", Limit, "raise `max_steps` in pack.toml, or run the pack over less"),
});

/// The first of a decision's reasons, which stands for it: a violation, or else what a person has to
/// approve.
#[must_use]
pub fn first_violation(decision: &Decision) -> Option<(CodeRow, String)> {
    let first = decision.violations().iter().chain(decision.questions()).next()?;
    Some((first.rule().row(), format!("`{}`: {}", first.subject(), first.rule())))
}

/// Runs the pack of `sources` over what `reach` names, on the node of `state`. Calls that wait for a
/// person are put to one as `asking` says, and refused without it.
///
/// The ledger holds the admission before anything runs and the log's head after it ended; each
/// call's verdict is durable in the log before the call is made.
///
/// # Errors
/// [`RunError`] for what ends it before there is a run, and for a store that fails: the next
/// command then finds the run unfinished and says so.
pub fn run(
    world: &World,
    state: &mut State,
    sources: &Sources<'_>,
    reach: &Reach<'_>,
    asking: Option<Asking<'_>>,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<RunReport, RunError> {
    require_directory(reach.workspace)?;
    asking.as_ref().map_or(Ok(()), |asking| require_directory(asking.directory))?;
    let loaded = Loaded::verify(world, state, sources).or_else(|error| refused(world, state, error))?;
    loaded.remember(state)?;
    let host = BuiltinTools::definitions_only();
    let mode = Mode::parse(world.environment.policy_mode.as_deref()).map_err(RunError::Mode);
    let admission = mode.and_then(|mode| {
        let admission = admit(&loaded.pack, &loaded.bundle, None, &host, &state.place(), mode, loaded.now);
        admission.map_err(RunError::Admit)
    });
    let admission = admission.or_else(|error| refused(world, state, error))?;
    let run = new_run(world, state)?;
    if !admission.allowed() {
        return refuse(world, state, &run, &admission);
    }
    let outward = Outward { reach, asking, progress };
    start(world, state, &run, &admission, &Watched { loaded: &loaded, sources }, outward)
}

/// Records in the ledger that something was refused, before it is reported. What only the machine
/// or the command line is at fault for is no refusal.
fn refused<T>(world: &World, state: &mut State, error: RunError) -> Result<T, RunError> {
    if !matches!(error.class(), Class::Environment | Class::Internal | Class::Usage) {
        let run = new_run(world, state)?;
        state.append(world, run.id, &Author::Operator, &[(EntryKind::RunRefused, refusal(&error))])?;
        state.checkpoint()?;
    }
    Err(error)
}

struct NewRun {
    id: RunId,
    nonce: [u8; 32],
}

fn new_run(world: &World, state: &State) -> Result<NewRun, RunError> {
    let nonce = world.draw().map_err(|error| RunError::State(StateError::World(error)))?;
    Ok(NewRun { id: RunId::derive(&state.node(), &nonce), nonce })
}

fn refuse(world: &World, state: &mut State, run: &NewRun, admission: &Admission<'_>) -> Result<RunReport, RunError> {
    state.append(world, run.id, &Author::Operator, &[(EntryKind::RunRefused, facts(admission))])?;
    state.checkpoint()?;
    Ok(report(state, run, admission, None, 0, None))
}

fn report(
    state: &State,
    run: &NewRun,
    admission: &Admission<'_>,
    ending: Option<Ending>,
    calls: u64,
    sealed: Option<Sealed>,
) -> RunReport {
    let dir = state.run_dir(&run.id);
    RunReport {
        run: run.id,
        ending,
        admission: admission.decision().clone(),
        calls,
        sealed: sealed.map(|sealed| (sealed.head, sealed.count)),
        log: dir.join("run.rlog"),
        output: dir.join("out"),
        provenance: admission.pack().provenance().clone(),
        checks: admission.pack().checks().iter().map(|check| check.name()).collect(),
        agreement: admission.agreement().clone(),
        dropped: admission.dropped(),
    }
}

/// What a run goes on standing on while it runs.
struct Watched<'a> {
    loaded: &'a Loaded,
    sources: &'a Sources<'a>,
}

impl Watched<'_> {
    fn standing<'s>(&'s self, state: &'s State) -> TrustWatch<'s> {
        let Loaded { trust, pack, bundle, now, mark } = self.loaded;
        let until = stands_until(trust, pack, bundle, *now);
        TrustWatch { state, sources: self.sources, mark: *mark, until, pack, bundle }
    }
}

/// What a run has to do with the world outside of its node.
struct Outward<'a, 'p> {
    reach: &'a Reach<'a>,
    asking: Option<Asking<'p>>,
    progress: &'a mut dyn FnMut(&str, u64, Option<u64>),
}

fn start(
    world: &World,
    state: &mut State,
    run: &NewRun,
    admission: &Admission<'_>,
    watched: &Watched<'_>,
    outward: Outward<'_, '_>,
) -> Result<RunReport, RunError> {
    let Outward { reach, asking, progress } = outward;
    // Directories first: a wrong path is the caller's mistake, and no run begins.
    let dir = state.run_dir(&run.id);
    files::create_directory(&dir)?;
    files::create_directory(&dir.join("out"))?;
    let workspace = Workspace::open(reach.workspace, reach.exclude, &dir.join("out"))?;
    let mut host = BuiltinTools::new(workspace);
    let started = state.now(world)?;
    let mut entries = vec![(EntryKind::RunAdmitted, facts(admission))];
    entries.extend(relaxations(admission));
    entries.push((EntryKind::RunStarted, json!({ "nonce": hex(&run.nonce) })));
    state.append(world, run.id, &Author::Operator, &entries)?;
    let tenant = state.config().tenant.clone();
    let header = Header::new(state.node(), run.nonce, tenant, started, admission.guards());
    let log = LogFile::create(&dir.join("run.rlog"))?;
    let mut recorder = Recorder::start(log, header, Limits::default()).map_err(RunError::Record)?;
    let site = CallSite {
        run: run.id,
        index: 0,
        node: state.node(),
        tenant: state.config().tenant.clone(),
        host: host.identity(),
    };
    let mut standing = watched.standing(state);
    let mut approvals = Asked { world, state, trust: watched.sources.trust, asking };
    let with = Means { host: &mut host, recorder: &mut recorder, standing: &mut standing, approvals: &mut approvals };
    let mut execution = Execution::new(world, admission, with, site, started);
    let ending = execution.run(progress).map_err(RunError::Record)?;
    let (calls, approved) = (execution.calls(), execution.approved().to_vec());
    let sealed = finish(world, state, run, &ending, &approved, recorder)?;
    Ok(report(state, run, admission, Some(ending), calls, Some(sealed)))
}

/// Seals the log, then writes its head into the ledger, then the checkpoint, then the anchor.
fn finish(
    world: &World,
    state: &mut State,
    run: &NewRun,
    ending: &Ending,
    approved: &[Approved],
    recorder: Recorder<LogFile>,
) -> Result<Sealed, RunError> {
    let at = state.now(world)?;
    let key = state.signing_key(Role::Run)?;
    let sealed = recorder.finish(ending.reason(), at, &key).map_err(RunError::Record)?;
    let mut entries: Vec<_> = approved.iter().map(|one| (EntryKind::RunApproved, approval(one))).collect();
    entries.extend(call_refusal(ending).map(|payload| (EntryKind::CallRefused, payload)));
    entries.push((EntryKind::RunEnded, ended(sealed.reason, &sealed.head, sealed.count)));
    // The entry names the memory's last write, so what is written to it comes first.
    state.memory.raise_high_water(at).map_err(|error| RunError::State(StateError::Memory(error)))?;
    state.append(world, run.id, &Author::Operator, &entries)?;
    state.checkpoint()?;
    Ok(sealed)
}

fn hex(bytes: &[u8; 32]) -> String {
    Blake3Digest::from_bytes(*bytes).to_string()
}
