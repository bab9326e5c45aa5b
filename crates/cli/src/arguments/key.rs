//! The grammar of `reach key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Draw a key; writes FILE.pem (mode 0600) and FILE.pub.pem, and FILE.vkey for a log or witness.
    #[command(
        after_help = "Example: reach key generate --role pack --out keys/pack.pem\nEncrypted: reach key generate --role root --out keys/root.pem --encrypt\n\nOpenSSL opens an encrypted key: openssl pkey -in keys/root.pem -passin file:FILE"
    )]
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
        /// Encrypt the private key under a passphrase: from --passphrase-file, or asked twice on a
        /// terminal.
        #[arg(long)]
        encrypt: bool,
    },
    /// Show what is in a key file: its kind, the key's id and its public half. Of an encrypted key only
    /// the kind is shown, unless --passphrase-file is given.
    #[command(after_help = "Example: reach key show keys/pack.pub.pem")]
    Show {
        /// A public or private key file.
        file: PathBuf,
    },
}

/// Who signs: at least one key file or command.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct SignWith {
    /// A private key file of the role that is needed; give it again for more signers.
    #[arg(long, value_name = "KEY.pem")]
    pub(crate) key: Vec<PathBuf>,
    /// A public key and the command that signs with its private half, such as a token's or an
    /// agent's; give it again for more signers. The command reads what is to be signed on standard
    /// input and answers with 64 raw bytes or one line of base64. No shell is run: quotes and `\`
    /// keep words together, and that is all.
    #[arg(long, value_name = "KEY.pub.pem=COMMAND")]
    pub(crate) signer: Vec<String>,
}
