#![doc = include_str!("../README.md")]

pub mod files;
pub mod keys;
pub mod packs;
pub mod policies;
pub mod trusting;

mod admission;
mod auditing;
mod delegating;
mod environment;
mod execute;
mod init;
mod memory;
mod process;
mod recovery;
mod replaying;
mod run_log;
mod running;
mod state;
mod state_error;
mod tools;
mod world;

pub use admission::{Admission, AdmitError, AllowedCall, CallSite, ENGINE, admit};
pub use auditing::{AuditError, AuditReport, ProofPaths, RunLogFault, audit, check_proof, export, prove};
pub use delegating::{Accepted, DelegateError, Handing, Issued, accept_from, issue_to};
pub use environment::{Environment, EnvironmentError, Stage};
pub use execute::{Ending, Execution};
pub use init::{InitOptions, Initialised, init};
pub use memory::{MemoryError, NodeMemory};
pub use process::{harden_process, take_panic};
pub use recovery::{Unfinished, recover, unfinished};
pub use replaying::{ReplayRunError, verify_all, verify_seal};
pub use run_log::LogFile;
pub use running::{LimitReached, Loaded, Reach, RunError, RunReport, Sources, end_reason, first_violation, run};
pub use state::{Access, State, StateConfig, node_run};
pub use state_error::StateError;
pub use tools::{BuiltinTools, Progress, ToolError, ToolHost, Workspace};
pub use trusting::load_trust;
pub use world::{Clock, FixedClock, SystemClock, World, WorldError};

use reach_types::CodeRow;

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    AdmitError::ROWS,
    AuditError::ROWS,
    DelegateError::ROWS,
    EnvironmentError::ROWS,
    files::FileError::ROWS,
    keys::KeyFileError::ROWS,
    LimitReached::ROWS,
    MemoryError::ROWS,
    packs::PackFileError::ROWS,
    policies::PolicyFileError::ROWS,
    ReplayRunError::ROWS,
    RunError::ROWS,
    RunLogFault::ROWS,
    StateError::ROWS,
    ToolError::ROWS,
    trusting::MakeTrustError::ROWS,
    WorldError::ROWS,
];
