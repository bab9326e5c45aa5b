//! The grammar of `reach replay`.

use std::path::PathBuf;

use clap::Subcommand;

use super::TrustSource;

#[derive(Debug, Subcommand)]
pub(crate) enum Replay {
    /// Verify a run log: chain and seal; with --pack, --policy and --state also every guard, every
    /// verdict and the ledger's head.
    #[command(
        after_help = "Example: reach replay verify run.rlog --trust trust.dsse.json --pack inventory.reachpack --policy policy.reachpolicy --state state"
    )]
    Verify {
        /// The run log.
        log: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
        /// The pack it must be a run of.
        #[arg(long, value_name = "X.reachpack", requires_all = ["policy", "state"])]
        pack: Option<PathBuf>,
        /// The policy bundle it must have run under.
        #[arg(long, value_name = "P", requires_all = ["pack", "state"])]
        policy: Option<PathBuf>,
        /// The pack's signature, if it is not beside the pack.
        #[arg(long, value_name = "FILE", requires = "pack")]
        signature: Option<PathBuf>,
    },
    /// Show a run log frame by frame, trusting nothing.
    #[command(after_help = "Example: reach replay show run.rlog --json")]
    Show {
        /// The run log.
        log: PathBuf,
    },
}
