//! The grammar of `reach spec`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Spec {
    /// Read a spec version token.
    #[command(after_help = "Example: reach spec parse 1.0.0")]
    Parse {
        /// The token.
        #[arg(allow_hyphen_values = true)]
        token: String,
    },
    /// Show this program's own offer, as JSON that `negotiate` reads.
    #[command(after_help = "Example: reach spec offer > ours.json")]
    Offer,
    /// List the features of this release.
    #[command(after_help = "Example: reach spec list --json")]
    List,
    /// Agree on two offers.
    #[command(after_help = "Example: reach spec negotiate ours.json theirs.json")]
    Negotiate {
        /// The initiator's offer.
        a: PathBuf,
        /// The responder's offer.
        b: PathBuf,
    },
}
