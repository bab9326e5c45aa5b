//! The grammar of `reach key`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Draw a key; writes FILE.pem (mode 0600) and FILE.pub.pem, and FILE.vkey for a log or witness.
    #[command(after_help = "Example: reach key generate --role pack --out keys/pack.pem")]
    Generate {
        /// What the key is for.
        #[arg(long, value_name = "ROLE")]
        role: String,
        /// The private key file; its name ends in .pem.
        #[arg(long, value_name = "FILE.pem")]
        out: PathBuf,
        /// The name in FILE.vkey: the origin of the ledger that the key signs for.
        #[arg(long, value_name = "NAME", default_value = "reach.local/audit")]
        origin: String,
    },
    /// Show a key's id and public half.
    #[command(after_help = "Example: reach key show keys/pack.pub.pem")]
    Show {
        /// A public or private key file.
        file: PathBuf,
    },
}
