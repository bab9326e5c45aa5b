//! What can go wrong in a task.

use std::{io, path::PathBuf, process::ExitStatus};

/// Why a task ended without success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no task `{name}`; `cargo xtask help` lists them")]
    UnknownTask { name: String },
    #[error("`{task}` does not take `{argument}`; usage: cargo xtask {usage}")]
    Argument { task: &'static str, argument: String, usage: &'static str },
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write `{}`", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{path}` is not what it should be")]
    Toml { path: String, source: Box<toml::de::Error> },
    #[error("cannot make JSON")]
    Json(#[from] serde_json::Error),
    #[error("cannot start `{program}`; is it installed and on the PATH?")]
    Start { program: String, source: io::Error },
    #[error("cannot read the output of `{command}`")]
    Output { command: String, source: io::Error },
    #[error("`{command}` failed ({status})")]
    Failed { command: String, status: ExitStatus },
    #[error("`{command}` did not end within {seconds} s")]
    Slow { command: String, seconds: u64 },
    #[error("`{command}` printed nothing; does the `reach` binary have this subcommand?")]
    Silent { command: String },
    #[error("`{tool}` is not installed; install it with `{install}`")]
    Missing { tool: &'static str, install: &'static str },
    #[error("no fuzz target `{name}`; `cargo xtask fuzz` lists them")]
    UnknownTarget { name: String },
    #[error("{count} findings")]
    Findings { count: usize },
    #[error("{names} out of date; run `{remedy}` and commit the result")]
    Drift { names: String, remedy: &'static str },
    #[error("{count} of the listed tests did not pass")]
    TestsFailed { count: usize },
    #[error("failed: {names}")]
    Steps { names: String },
}
