//! The grammar of `reach run`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The pack.
    pub(crate) pack: PathBuf,
    /// The policy bundle.
    #[arg(long, value_name = "P")]
    pub(crate) policy: PathBuf,
    /// The trust document.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The state directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// The directory the run may read.
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: PathBuf,
    /// The signature, if it is not beside the pack.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    /// A path to leave out of listings; it must exist.
    #[arg(long, value_name = "PATH")]
    pub(crate) exclude: Vec<PathBuf>,
    /// The directory in which a person is asked about the calls that the policy says so of: the run
    /// writes `RUN-CALL.ask.json` there and waits for what `reach policy approve` makes of it.
    /// Without it such calls are refused.
    #[arg(long, value_name = "DIR")]
    pub(crate) approvals: Option<PathBuf>,
    /// How many seconds each question waits for its answer, 3600 at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3600), requires = "approvals")]
    pub(crate) ask_timeout: u64,
}
