//! The grammar of `reach audit`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// List the entries of one run.
    #[command(after_help = "Example: reach audit list --state state --tenant default --run 1f…")]
    List {
        /// The state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The tenant whose run it is.
        #[arg(long, value_name = "T")]
        tenant: String,
        /// The run.
        #[arg(long, value_name = "R")]
        run: String,
    },
    /// Verify the whole ledger: every record, index, tile, checkpoint, run log and the anchor.
    #[command(after_help = "Example: reach audit verify --state state --trust trust.dsse.json")]
    Verify {
        /// The state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The trust document.
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
    },
    /// Print the newest signed checkpoint.
    #[command(after_help = "Example: reach audit checkpoint --state state")]
    Checkpoint {
        /// The state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
    },
    /// Write an inclusion proof; writes F.tlog-proof, F.leaf and F.opening.json.
    #[command(after_help = "Example: reach audit prove --state state --seq 2 --out proof.tlog-proof")]
    Prove {
        /// The state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The entry's sequence number.
        #[arg(long, value_name = "N")]
        seq: u64,
        /// The proof to write; its name ends in .tlog-proof.
        #[arg(long, value_name = "F.tlog-proof")]
        out: PathBuf,
    },
    /// Verify an inclusion proof with nothing but the log's public key.
    #[command(
        after_help = "Example: reach audit verify-proof proof.tlog-proof --leaf proof.leaf --opening proof.opening.json --vkey log.vkey"
    )]
    VerifyProof {
        /// The proof.
        proof: PathBuf,
        /// The leaf it is about.
        #[arg(long, value_name = "F.leaf")]
        leaf: PathBuf,
        /// What the leaf commits to: the entry and its salts.
        #[arg(long, value_name = "F.opening.json")]
        opening: PathBuf,
        /// The log's verifier key: a file, or the key itself.
        #[arg(long, value_name = "V")]
        vkey: String,
    },
    /// Write the public tree as tlog-tiles: TREE/checkpoint and TREE/tile/…
    #[command(after_help = "Example: reach audit export --state state --out tree")]
    Export {
        /// The state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The directory to make; it must not exist.
        #[arg(long, value_name = "TREE")]
        out: PathBuf,
    },
}
