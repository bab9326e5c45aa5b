//! The grammar of `reach status`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The state directory.
    #[arg(long, value_name = "DIR", required_unless_present = "registry")]
    pub(crate) state: Option<PathBuf>,
    /// List the tools of this node with the digests that packs pin.
    #[arg(long)]
    pub(crate) registry: bool,
}
