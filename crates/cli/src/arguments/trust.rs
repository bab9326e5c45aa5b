//! The grammar of `reach trust`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Make version 1 of a trust document.
    #[command(
        after_help = "Example: reach trust init --root keys/root.pem --signer alice=keys/pack.pub.pem:pack --out trust.dsse.json"
    )]
    Init {
        /// A private root key that signs the document; it becomes the root of signer `root`.
        #[arg(long, value_name = "KEY.pem", required = true)]
        root: Vec<PathBuf>,
        /// A signer's key and role; the same NAME may be given several keys.
        #[arg(long, value_name = "NAME=KEY.pub.pem:ROLE", required = true)]
        signer: Vec<String>,
        /// How many signers a role needs, where it is not 1.
        #[arg(long, value_name = "ROLE=N")]
        threshold: Vec<String>,
        /// Pack names a signer may sign (exact, `prefix*` or `*`); without it, every name.
        #[arg(long, value_name = "NAME=PATTERN")]
        packs: Vec<String>,
        /// How many days the document and its keys are valid.
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show a trust document and its trust root.
    #[command(after_help = "Example: reach trust show trust.dsse.json")]
    Show {
        /// The document.
        file: PathBuf,
        /// The trust root that the document must descend from.
        #[arg(long, value_name = "DIGEST")]
        trust_root: Option<String>,
    },
}

/// Where trust comes from: a document, and what pins it.
#[derive(Debug, Args)]
pub(crate) struct TrustSource {
    /// The trust document.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The trust root that the document must descend from; without it and without --state the
    /// document only vouches for itself, and the verdict says so.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) trust_root: Option<String>,
    /// The state directory whose pin and floors apply.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}
