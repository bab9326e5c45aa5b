//! The grammar of `reach policy`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{SignWith, TrustSource};

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Build and sign a policy bundle.
    #[command(after_help = "Example: reach policy build policy.toml --out policy.reachpolicy --key keys/policy.pem")]
    Build {
        /// The policy as written by people.
        policy: PathBuf,
        /// The bundle to write.
        #[arg(long, value_name = "P.reachpolicy")]
        out: PathBuf,
        #[command(flatten)]
        with: SignWith,
    },
    /// Verify a bundle against a trust document.
    #[command(after_help = "Example: reach policy verify policy.reachpolicy --trust trust.dsse.json")]
    Verify {
        /// The bundle.
        bundle: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
    },
    /// Show what a bundle says, after verifying it.
    #[command(after_help = "Example: reach policy show policy.reachpolicy --trust trust.dsse.json")]
    Show {
        /// The bundle.
        bundle: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
    },
    /// Ask the gate what it would say to a request: every violated rule, not the first.
    #[command(
        after_help = "Example: reach policy check --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json --request request.json\n\nA request: {\"tools\":[\"fs.list\"],\"scopes\":[\"workspace:read\"],\"models\":{\"planner\":\"acme.large-1\"}}"
    )]
    Check {
        /// The pack that asks.
        #[arg(long, value_name = "X.reachpack")]
        pack: PathBuf,
        /// The bundle.
        #[arg(long, value_name = "P")]
        policy: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
        /// What it asks for.
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
        /// What it asks for later, under the permit that the first answer gave: refused unless the
        /// bytes are the same.
        #[arg(long, value_name = "FILE")]
        redeem: Option<PathBuf>,
    },
}
