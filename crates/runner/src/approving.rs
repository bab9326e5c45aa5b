//! Asking a person while a run waits: the request in a directory, and the answer beside it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use reach_policy::{Approval, ApprovalError, ApprovalRequest, MAX_APPROVAL_BYTES, PermitError, Rule, VerifiedApproval};
use reach_signing::Role;
use reach_types::Timestamp;

use crate::{
    World,
    files::{self, Existing, FileError},
    keys::{KeyFileError, Signers, read_signers},
    state::State,
    state_error::StateError,
};

/// The longest that a run waits for an answer: as long as an answer may hold. It keeps the state
/// directory to itself while it waits.
pub const MAX_ASK_TIMEOUT: Duration = reach_policy::MAX_APPROVAL_VALIDITY;
/// How often it looks for an answer: a person notices no shorter wait.
const LOOK_MILLIS: u64 = 200;

/// Why a call that waits for a person is not made.
#[derive(Debug, thiserror::Error)]
pub enum NotApproved {
    /// Nobody is asked, or nobody answered in time.
    #[error("{0}; nobody did")]
    Unanswered(Rule),
    /// The question cannot be put.
    #[error(transparent)]
    Question(PermitError),
    /// The answer.
    #[error(transparent)]
    Answer(ApprovalError),
    /// The trust document as it was when the answer came.
    #[error(transparent)]
    Trust(StateError),
    /// The files of request and answer.
    #[error(transparent)]
    File(FileError),
}

reach_types::codes!(NotApproved {} wrap { Unanswered, Question, Answer, Trust, File });

/// Why an answer was not signed.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// An operator's key.
    #[error(transparent)]
    Key(KeyFileError),
    /// The answer.
    #[error(transparent)]
    Approval(ApprovalError),
}

reach_types::codes!(AnswerError {} wrap { Key, Approval });

/// Signs the answer of `operators` to `request`: a yes for `validity`, and no longer than anybody
/// waits for it, or a no. Returns the file, which goes beside the request.
///
/// # Errors
/// [`ApprovalError::Expired`] for a question that nobody waits with any more, and what
/// [`Approval::sign`] and [`read_signers`] refuse.
pub fn answer(
    world: &World,
    request: &ApprovalRequest,
    operators: &Signers<'_>,
    approved: bool,
    validity: Duration,
) -> Result<String, AnswerError> {
    let (issued, until) = (world.now(), request.until());
    if issued >= until {
        return Err(AnswerError::Approval(ApprovalError::Expired { expired: until }));
    }
    let signers = read_signers(world, Role::Operator, operators).map_err(AnswerError::Key)?;
    let expires = issued.saturating_add(validity).min(until);
    let answer = Approval { request: request.digest(), approved, issued, expires };
    answer.sign(&signers.iter().map(|signer| &**signer).collect::<Vec<_>>()).map_err(AnswerError::Approval)
}

/// Whom a run asks about its calls.
pub trait Approvals {
    /// Until when a question of `now` waits for its answer; `None` where nobody is asked at all.
    fn until(&self, now: Timestamp) -> Option<Timestamp>;

    /// Puts `request` to a person and waits for the answer, which is verified when it is there.
    ///
    /// # Errors
    /// [`NotApproved`], for which the call is refused.
    fn ask(&mut self, request: &ApprovalRequest) -> Result<VerifiedApproval, NotApproved>;
}

/// How a run asks a person.
pub struct Asking<'p> {
    /// The directory of requests and answers. Whoever can write it can end the run, and no more.
    pub directory: &'p Path,
    /// How long each question waits, [`MAX_ASK_TIMEOUT`] at most.
    pub timeout: Duration,
    /// Hears where each request is.
    pub notice: &'p mut dyn FnMut(&Path),
}

/// A run's questions as files: `RUN-INDEX.ask.json`, and `RUN-INDEX.approval.dsse.json` beside it.
pub(crate) struct Asked<'a, 'p> {
    pub(crate) world: &'a World,
    pub(crate) state: &'a State,
    pub(crate) trust: &'a Path,
    pub(crate) asking: Option<Asking<'p>>,
}

impl Approvals for Asked<'_, '_> {
    fn until(&self, now: Timestamp) -> Option<Timestamp> {
        self.asking.as_ref().map(|asking| now.saturating_add(asking.timeout.min(MAX_ASK_TIMEOUT)))
    }

    fn ask(&mut self, request: &ApprovalRequest) -> Result<VerifiedApproval, NotApproved> {
        let Some(asking) = &mut self.asking else { return Err(unanswered()) };
        let places = Places::of(asking.directory, request);
        let text = request.to_json().map_err(NotApproved::Answer)?;
        // Arguments can hold what not everybody on this machine may read.
        files::write(&places.request, text.as_bytes(), 0o600, Existing::Refuse).map_err(NotApproved::File)?;
        (asking.notice)(&places.request);
        let answer = wait(self.world, &places.answer, request);
        // A question that nobody waits with any more should not be answered.
        let _ = fs::remove_file(&places.request);
        let (answer, now) = (answer?, self.world.now().max(request.asked()));
        let trust = self.state.load_trust(self.trust, now).map_err(NotApproved::Trust)?;
        VerifiedApproval::verify(&answer, request, &trust, now).map_err(NotApproved::Answer)
    }
}

struct Places {
    request: PathBuf,
    answer: PathBuf,
}

impl Places {
    fn of(directory: &Path, request: &ApprovalRequest) -> Self {
        let binding = request.binding();
        let name = format!("{}-{}", binding.run, binding.index);
        Self {
            request: directory.join(format!("{name}.ask.json")),
            answer: directory.join(format!("{name}.approval.dsse.json")),
        }
    }
}

/// Waits for the file at `answer`. The first that is there is the answer: to wait for a better one
/// would let whoever put a wrong one there keep a run waiting and unnoticed.
///
/// The waits are counted too, since a clock may stand still.
fn wait(world: &World, answer: &Path, request: &ApprovalRequest) -> Result<Vec<u8>, NotApproved> {
    let longest = request.until().as_millis().saturating_sub(request.asked().as_millis());
    let looks = longest.div_ceil(LOOK_MILLIS);
    let limit = u64::try_from(MAX_APPROVAL_BYTES).unwrap_or(u64::MAX);
    for _ in 0..=looks {
        match files::read(answer, limit) {
            Err(FileError::Missing { .. }) => {}
            answer => return answer.map_err(NotApproved::File),
        }
        if world.now() >= request.until() {
            break;
        }
        world.clock.wait(Duration::from_millis(LOOK_MILLIS));
    }
    Err(unanswered())
}

pub(crate) const fn unanswered() -> NotApproved {
    NotApproved::Unanswered(Rule::ApprovalRequired)
}
