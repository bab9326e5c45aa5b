#![doc = include_str!("../README.md")]

pub mod files;
pub mod keys;
pub mod packs;
pub mod plugins;
pub mod policies;
pub mod trusting;

mod admission;
mod agreeing;
mod approving;
mod auditing;
mod command_signer;
mod delegating;
mod denials;
mod downgrade;
mod environment;
mod execute;
mod init;
mod memory;
mod nodes;
mod operator_statement;
mod permits;
mod process;
mod receipts;
mod recovery;
mod replaying;
mod resetting;
mod run_log;
mod running;
mod spec_exception;
mod standing;
mod stapling;
mod state;
mod state_error;
mod tools;
mod world;

pub use admission::{Admission, AdmitError, AllowedCall, CallSite, ENGINE, Place, admit, require_signed};
pub use agreeing::{AgreeError, Misuse};
pub use approving::{AnswerError, Approvals, Asking, MAX_ASK_TIMEOUT, NotApproved, answer};
pub use auditing::{AuditError, AuditReport, ProofPaths, RunLogFault, audit, check_proof, export, prove};
pub use command_signer::{
    CommandError, CommandSigner, CommandSpec, MAX_SIGNER_ANSWER, MAX_SIGNER_SAID, MAX_SIGNER_TIME,
};
pub use delegating::{Accepted, DelegateError, Handing, Issued, Received, accept_from, issue_to};
pub use denials::{DenialDesk, MAX_OWN_ENTRIES, MAX_TENANT_OWN_ENTRIES, MIN_SUMMARY_INTERVAL, Recording};
pub use downgrade::{
    DOWNGRADE_PAYLOAD_TYPE, Downgrade, DowngradeError, Downgraded, MAX_DOWNGRADE_BYTES, MAX_DOWNGRADE_PAYLOAD_BYTES,
    MAX_DOWNGRADE_VALIDITY, OlderPack, allow_downgrade, sign_downgrade,
};
pub use environment::{Environment, EnvironmentError, Stage};
pub use execute::{Ending, Execution, Means};
pub use init::{InitOptions, Initialised, init};
pub use memory::{Lowered, MAX_LEFT_VERSIONS, MemoryError, NodeMemory, Seen};
pub use nodes::NodeError;
pub use permits::{MAX_PERMIT_LIFE, PermitFileError, PresentedPermit, WithdrawnUnder, redeem_permit, seal_permit};
pub use process::{harden_process, take_panic};
pub use receipts::check_receipt;
pub use recovery::{Unfinished, recover, unfinished};
pub use replaying::{ReplayRunError, verify_all, verify_seal};
pub use resetting::{TrustReset, reset_trust};
pub use run_log::LogFile;
pub use running::{LimitReached, Loaded, Reach, RunError, RunReport, Sources, end_reason, first_violation, run};
pub use spec_exception::{
    MAX_SPEC_EXCEPTION_BYTES, MAX_SPEC_EXCEPTION_PAYLOAD_BYTES, MAX_SPEC_EXCEPTION_VALIDITY,
    SPEC_EXCEPTION_PAYLOAD_TYPE, SpecException, SpecExceptionError, sign_spec_exception,
};
pub use standing::{FileMark, Standing, StandingError, TrustWatch};
pub use stapling::{ProofRequest, StapleError, Stapled, proof_path};
pub use state::{Access, State, StateConfig, node_run};
pub use state_error::StateError;
pub use tools::{BuiltinTools, Progress, ToolError, ToolHost, Workspace};
pub use trusting::load_trust;
pub use world::{Clock, FixedClock, SystemClock, World, WorldError};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    AdmitError::ROWS,
    AgreeError::ROWS,
    AnswerError::ROWS,
    AuditError::ROWS,
    CommandError::ROWS,
    DelegateError::ROWS,
    DowngradeError::ROWS,
    EnvironmentError::ROWS,
    files::FileError::ROWS,
    keys::AskError::ROWS,
    keys::KeyFileError::ROWS,
    LimitReached::ROWS,
    MemoryError::ROWS,
    NodeError::ROWS,
    packs::ExemptError::ROWS,
    packs::PackFileError::ROWS,
    PermitFileError::ROWS,
    plugins::PluginFileError::ROWS,
    policies::NotInForce::ROWS,
    policies::PolicyFileError::ROWS,
    policies::ReloadError::ROWS,
    NotApproved::ROWS,
    ReplayRunError::ROWS,
    RunError::ROWS,
    RunLogFault::ROWS,
    SpecExceptionError::ROWS,
    StandingError::ROWS,
    StapleError::ROWS,
    StateError::ROWS,
    ToolError::ROWS,
    trusting::MakeTrustError::ROWS,
    WorldError::ROWS,
];
