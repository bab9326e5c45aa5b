//! The grammar of `reach status`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The state directory.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["registry", "trust"])]
    pub(crate) state: Option<PathBuf>,
    /// A trust document whose keys and expiry are looked at too: what is due is said, and a key that
    /// is over age fails.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// List the tools of this node with the digests that packs pin.
    #[arg(long)]
    pub(crate) registry: bool,
    /// Print them as the tables `[tools]` and `[definitions]` of a pack.toml.
    #[arg(long, requires = "registry")]
    pub(crate) toml: bool,
}
