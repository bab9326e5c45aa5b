//! The grammar of `reach spec except`.

use std::path::PathBuf;

use clap::Args;

use super::{SignWith, TrustSource};

/// A peer that may offer less than it once did, and who signs for that.
#[derive(Debug, Args)]
pub(crate) struct SpecExcept {
    /// The peer: its signer name in the trust document, or its key id.
    #[arg(long, value_name = "NODE")]
    pub(crate) peer: String,
    /// The lowest spec version that is let through, of this release's major.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) floor: String,
    /// The moment at which it ends, at most 90 days from now.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
    #[command(flatten)]
    pub(crate) trust: TrustSource,
    #[command(flatten)]
    pub(crate) with: SignWith,
    /// The exception to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
