//! The grammar of `reach pack`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{SignWith, TrustSource};

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
        #[command(flatten)]
        with: SignWith,
        /// How many days the signature is valid.
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
        /// The file to write instead.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Record the signing in this state directory's ledger, and staple the proof to the pack:
        /// X.reachpack.tlog-proof, .leaf and .opening.json beside it.
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
    },
    /// Verify a pack against a trust document.
    #[command(after_help = "Example: reach pack verify inventory.reachpack --trust trust.dsse.json")]
    Verify {
        #[command(flatten)]
        pack: PackVerify,
        /// A directory that must hold exactly what the pack does, as `reach pack extract` leaves it.
        #[arg(long, value_name = "DIR", conflicts_with = "policy")]
        extracted: Option<PathBuf>,
    },
    /// Verify a pack and extract it to a new directory: nothing is left of one that is refused.
    #[command(after_help = "Example: reach pack extract inventory.reachpack --trust trust.dsse.json --out ./inventory")]
    Extract {
        #[command(flatten)]
        pack: PackAsked,
        /// The directory to make.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Verify a pack, and say what each check proves and what the verdict does not prove.
    #[command(after_help = "Example: reach pack explain inventory.reachpack --trust trust.dsse.json")]
    Explain(PackVerify),
    /// Compare what two packs may do, trusting neither; exit 0 whatever the difference is, unless
    /// --deny-widening is given.
    #[command(after_help = "Example: reach pack diff approved.reachpack new.reachpack --deny-widening")]
    Diff {
        /// The pack that was approved.
        old: PathBuf,
        /// The pack that is to be.
        new: PathBuf,
        /// Refuse if the new pack may do more, or a tool's definition changed.
        #[arg(long)]
        deny_widening: bool,
    },
    /// Write a pack's signature in another format, trusting nothing; writes
    /// X.reachpack.sigstore.json beside it.
    #[command(after_help = "Example: reach pack export inventory.reachpack --sigstore")]
    Export {
        /// The pack.
        pack: PathBuf,
        /// As a sigstore bundle v0.3.
        #[arg(long, required = true)]
        sigstore: bool,
        /// The key id of the one signature to export, where there are several.
        #[arg(long, value_name = "KEYID")]
        signer: Option<String>,
        /// The signature, if it is not beside the pack.
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// The file to write instead.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Let an older version of a pack run again on one node: operators sign for it, and it is
    /// recorded.
    #[command(
        after_help = "Example: reach pack allow-downgrade old.reachpack --state state --trust trust.dsse.json --key keys/operator.pem --reason \"2.0.0 loses findings\""
    )]
    AllowDowngrade(AllowDowngrade),
    /// Show what is in a pack, trusting nothing.
    #[command(after_help = "Example: reach pack inspect inventory.reachpack")]
    Inspect {
        /// The pack.
        pack: PathBuf,
    },
}

/// A way back, and who signs for it: now, or before.
#[derive(Debug, Args)]
#[command(mut_group("SignWith", |group| group.required(false)))]
pub(crate) struct AllowDowngrade {
    /// The older pack.
    pub(crate) pack: PathBuf,
    /// The node's state directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// The trust document.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The signature, if it is not beside the pack.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) with: SignWith,
    /// Why: 1 to 256 characters of plain ASCII, for whoever reads the ledger.
    #[arg(long, value_name = "TEXT", required_unless_present = "statement")]
    pub(crate) reason: Option<String>,
    /// How many hours the operators' statement can be used.
    #[arg(long, value_name = "HOURS", default_value_t = 24, conflicts_with = "statement", value_parser = clap::value_parser!(u32).range(1..=168))]
    pub(crate) hours: u32,
    /// Only write the operators' statement to this file, and change nothing on the node.
    #[arg(long, value_name = "FILE", conflicts_with = "statement")]
    pub(crate) out: Option<PathBuf>,
    /// Use a statement that operators signed before.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "signer", "reason"])]
    pub(crate) statement: Option<PathBuf>,
}

/// A pack, and what it is held against.
#[derive(Debug, Args)]
pub(crate) struct PackAsked {
    /// The pack.
    pub(crate) pack: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustSource,
    /// The signature, if it is not beside the pack.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    /// The proof that its signing stands in a ledger, if it is not beside the pack; its .leaf and
    /// .opening.json are beside it.
    #[arg(long, value_name = "F.tlog-proof")]
    pub(crate) proof: Option<PathBuf>,
    /// Refuse a pack without such a proof.
    #[arg(long)]
    pub(crate) require_proof: bool,
    /// The name it must have.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The version it must have.
    #[arg(long = "version", value_name = "V")]
    pub(crate) pack_version: Option<String>,
}

/// What a pack is verified against.
#[derive(Debug, Args)]
pub(crate) struct PackVerify {
    #[command(flatten)]
    pub(crate) asked: PackAsked,
    /// A policy bundle whose exceptions count for an unsigned pack; with
    /// REACH_ALLOW_LEGACY_UNSIGNED_PACKS=1 on a development machine only, and only where `verify
    /// --state` records it before its verdict: `explain` uses none.
    #[arg(long, value_name = "P")]
    pub(crate) policy: Option<PathBuf>,
}
