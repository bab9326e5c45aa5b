//! The grammar of `reach delegate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::TrustSource;

/// What a delegation is about, and this node's own word on it.
#[derive(Debug, Args)]
pub(crate) struct Delegated {
    /// The pack.
    #[arg(long, value_name = "X")]
    pub(crate) pack: PathBuf,
    /// This node's policy bundle.
    #[arg(long, value_name = "P")]
    pub(crate) policy: PathBuf,
    /// The trust document.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The pack's signature, if it is not beside the pack.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Delegate {
    /// Sign a delegation of a pack to another node.
    #[command(
        after_help = "Example: reach delegate issue --state a --to node-b --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json --out chain.json"
    )]
    Issue {
        /// The issuing node's state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The other node: its signer name in the trust document, or its key id.
        #[arg(long, value_name = "NODE")]
        to: String,
        #[command(flatten)]
        subject: Delegated,
        /// The scopes to hand on; without it, all that the pack declares and the policy grants.
        #[arg(long, value_name = "GRANT")]
        scope: Vec<String>,
        /// How many seconds the delegation is valid.
        #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=3600))]
        ttl: u32,
        /// The chain to write.
        #[arg(long, value_name = "chain.json")]
        out: PathBuf,
    },
    /// Accept a delegation, once.
    #[command(
        after_help = "Example: reach delegate accept chain.json --state b --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json"
    )]
    Accept {
        /// The chain.
        chain: PathBuf,
        /// The accepting node's state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        #[command(flatten)]
        subject: Delegated,
        /// Where to write the signed receipt.
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
        /// What operators signed by `reach spec except` for a node that offers less than it once did.
        #[arg(long, value_name = "FILE")]
        spec_exception: Option<PathBuf>,
    },
    /// Verify the receipt for a chain: what the node it was for answered, and on which agreement.
    #[command(
        after_help = "Example: reach delegate receipt receipt.dsse.json --chain chain.json --trust trust.dsse.json"
    )]
    Receipt {
        /// The receipt.
        receipt: PathBuf,
        /// The chain that was sent.
        #[arg(long, value_name = "chain.json")]
        chain: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
    },
}
