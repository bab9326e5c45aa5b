//! The grammar of `reach init`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The state directory to make; it must not exist, but for --reset-trust.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// Pin the root of another trust document in place of the one that the state directory pins,
    /// because that one is lost; the ledger records it. The new root has to be named by --trust-root.
    #[arg(long, requires = "trust_root", conflicts_with_all = ["origin", "anchor", "tenant", "key"])]
    pub(crate) reset_trust: bool,
    /// The ledger's name in checkpoints: a URL without scheme.
    #[arg(long, value_name = "NAME", required_unless_present = "reset_trust")]
    pub(crate) origin: Option<String>,
    /// The trust document; its root is pinned in the state directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The trust root that the document must descend from, if you got it by another channel.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) trust_root: Option<String>,
    /// Where the ledger's newest checkpoint is kept, outside the state directory.
    #[arg(long, value_name = "FILE", required_unless_present = "reset_trust")]
    pub(crate) anchor: Option<PathBuf>,
    /// The tenant that local commands act for.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) tenant: String,
    /// A private key to import; its role is the one the trust document gives it. Roles without one
    /// get a new key, whose public half has to be added to the trust document.
    #[arg(long, value_name = "FILE.pem")]
    pub(crate) key: Vec<PathBuf>,
}
