//! The grammar of `reach pack`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::TrustSource;

#[derive(Debug, Subcommand)]
pub(crate) enum Pack {
    /// Build a pack from a directory that holds pack.toml.
    #[command(after_help = "Example: reach pack build ./inventory --out inventory.reachpack")]
    Build {
        /// The directory.
        dir: PathBuf,
        /// The pack to write.
        #[arg(long, value_name = "X.reachpack")]
        out: PathBuf,
    },
    /// Sign a pack; writes X.reachpack.dsse.json beside it.
    #[command(after_help = "Example: reach pack sign inventory.reachpack --key keys/pack.pem")]
    Sign {
        /// The pack.
        pack: PathBuf,
        /// A private key of role pack; give it again for more signers.
        #[arg(long, value_name = "KEY.pem", required = true)]
        key: Vec<PathBuf>,
        /// How many days the signature is valid.
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
        /// The file to write instead.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Verify a pack against a trust document.
    #[command(after_help = "Example: reach pack verify inventory.reachpack --trust trust.dsse.json")]
    Verify(PackVerify),
    /// Show what is in a pack, trusting nothing.
    #[command(after_help = "Example: reach pack inspect inventory.reachpack")]
    Inspect {
        /// The pack.
        pack: PathBuf,
    },
}

/// What a pack is verified against.
#[derive(Debug, Args)]
pub(crate) struct PackVerify {
    /// The pack.
    pub(crate) pack: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustSource,
    /// The signature, if it is not beside the pack.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    /// The name it must have.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The version it must have.
    #[arg(long = "version", value_name = "V")]
    pub(crate) pack_version: Option<String>,
}
