//! The grammar of `reach spec`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::SpecExcept;

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
    Offer {
        /// The offer of an older release instead, by its spec version.
        #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
        at: Option<String>,
    },
    /// List the features of this release: their revisions, and what happens without them.
    #[command(after_help = "Example: reach spec list --json")]
    List,
    /// Agree on two offers.
    #[command(after_help = "Example: reach spec negotiate ours.json theirs.json\n\
        With the transcript: reach spec negotiate a.json b.json --initiator HEX --responder HEX")]
    Negotiate(SpecNegotiate),
    /// Let one peer offer less than it once did, until a date: operators sign for it.
    #[command(
        after_help = "Example: reach spec except --peer node-b --floor 1.0.0 --until 2027-01-31T00:00:00Z --trust trust.dsse.json --key keys/operator.pem --out exception.dsse.json"
    )]
    Except(SpecExcept),
}

/// Two offers, and whose they are.
#[derive(Debug, Args)]
pub(crate) struct SpecNegotiate {
    /// The initiator's offer.
    pub(crate) a: PathBuf,
    /// The responder's offer.
    pub(crate) b: PathBuf,
    /// The initiator's id, 64 hex characters: a node's, or a pack's digest. Shows the transcript.
    #[arg(long, value_name = "HEX", requires = "responder")]
    pub(crate) initiator: Option<String>,
    /// The responder's id, 64 hex characters.
    #[arg(long, value_name = "HEX", requires = "initiator")]
    pub(crate) responder: Option<String>,
}
