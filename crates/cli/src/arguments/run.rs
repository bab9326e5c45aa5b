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
}
