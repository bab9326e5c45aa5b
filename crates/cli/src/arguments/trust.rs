//! The grammar of `reach trust`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Make version 1 of a trust document.
    #[command(
        after_help = "Example: reach trust init --root keys/root.pem --signer alice=keys/pack.pub.pem:pack --out trust.dsse.json"
    )]
    Init(TrustInit),
    /// Add signers, keys, pack names or thresholds.
    #[command(
        after_help = "Example: reach trust add trust.dsse.json --signer bob=bob.pub.pem:pack --packs bob=acme-* --root keys/root.pem --out trust2.dsse.json"
    )]
    Add {
        #[command(flatten)]
        change: TrustEdit,
        /// A signer's key and role; the signer may be new.
        #[arg(long, value_name = "NAME=KEY.pub.pem:ROLE", required_unless_present_any = ["packs", "threshold"])]
        signer: Vec<String>,
        /// Pack names a signer may sign, in place of those it could (exact, `prefix*` or `*`).
        #[arg(long, value_name = "NAME=PATTERN")]
        packs: Vec<String>,
    },
    /// End a key's use in good order; what is dated before stays good.
    #[command(
        after_help = "Example: reach trust retire trust.dsse.json --key 1f2e3d4c --root keys/root.pem --out trust2.dsse.json"
    )]
    Retire {
        #[command(flatten)]
        change: TrustEdit,
        /// The key's id, or at least its first 8 characters; give it again for more keys.
        #[arg(long, value_name = "ID", required = true)]
        key: Vec<String>,
        /// From when on, as `2026-01-31T12:00:00Z`; from now on without it. A root stops at once.
        #[arg(long, value_name = "DATE")]
        at: Option<String>,
    },
    /// Revoke a key or a pack.
    #[command(
        after_help = "Example: reach trust revoke trust.dsse.json --key 1f2e3d4c --reason compromised --root keys/root.pem --out trust2.dsse.json"
    )]
    Revoke {
        #[command(flatten)]
        change: TrustEdit,
        /// The key's id, or at least its first 8 characters.
        #[arg(long, value_name = "ID", required_unless_present = "pack", conflicts_with = "pack")]
        key: Option<String>,
        /// The pack's BLAKE3 digest.
        #[arg(long, value_name = "DIGEST")]
        pack: Option<String>,
        /// For a key `superseded` or `compromised` (nothing it signed counts); for a pack a text.
        #[arg(long, value_name = "REASON")]
        reason: String,
        /// Since when the key is revoked, as `2026-01-31T12:00:00Z`; since now without it.
        #[arg(long, value_name = "DATE", conflicts_with = "pack")]
        since: Option<String>,
    },
    /// Replace a key by a new one of the same signer and role, in one step.
    #[command(
        after_help = "Example: reach trust rotate trust.dsse.json --signer alice --key 1f2e3d4c --new alice2.pub.pem --root keys/root.pem --out trust2.dsse.json"
    )]
    Rotate {
        #[command(flatten)]
        change: TrustEdit,
        /// The signer.
        #[arg(long, value_name = "NAME")]
        signer: String,
        /// The old key's id, or at least its first 8 characters.
        #[arg(long, value_name = "ID")]
        key: String,
        /// The new public key. A new root signs too: give its private key as another --root.
        #[arg(long, value_name = "NEW.pub.pem")]
        new: PathBuf,
    },
    /// Give the document, its roots and the keys you name more time; an expired one too.
    #[command(
        after_help = "Example: reach trust renew trust.dsse.json --days 730 --root keys/root.pem --out trust2.dsse.json"
    )]
    Renew {
        #[command(flatten)]
        change: TrustEdit,
        /// A key that is to be valid as long as the document: its id, or at least 8 characters.
        #[arg(long, value_name = "ID")]
        key: Vec<String>,
        /// The longest age of a key from now on.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        max_key_age: Option<u32>,
    },
    /// Add a root's signature to the newest version.
    #[command(
        after_help = "Example: reach trust sign trust2.dsse.json --root keys/other-root.pem --out trust2-signed.dsse.json"
    )]
    Sign {
        #[command(flatten)]
        signing: TrustSigning,
    },
    /// Show a trust document, its trust root and what is due.
    #[command(after_help = "Example: reach trust show trust.dsse.json")]
    Show {
        /// The document.
        file: PathBuf,
        /// The trust root that the document must descend from.
        #[arg(long, value_name = "DIGEST")]
        trust_root: Option<String>,
    },
    /// Verify a trust document with its whole history.
    #[command(after_help = "Example: reach trust verify trust.dsse.json --state state")]
    Verify {
        /// The document.
        file: PathBuf,
        /// The trust root that the document must descend from.
        #[arg(long, value_name = "DIGEST")]
        trust_root: Option<String>,
        /// The state directory whose pin and floor apply.
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
    },
    /// List every version: what changed, who signed, its digest.
    #[command(after_help = "Example: reach trust history trust.dsse.json")]
    History {
        /// The document.
        file: PathBuf,
        /// The trust root that the document must descend from.
        #[arg(long, value_name = "DIGEST")]
        trust_root: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TrustInit {
    /// A private root key that signs the document; it becomes the root of signer `root`.
    #[arg(long, value_name = "KEY.pem", required = true)]
    pub(crate) root: Vec<PathBuf>,
    /// A signer's key and role; the same NAME may be given several keys.
    #[arg(long, value_name = "NAME=KEY.pub.pem:ROLE", required = true)]
    pub(crate) signer: Vec<String>,
    /// How many signers a role needs, where it is not 1.
    #[arg(long, value_name = "ROLE=N")]
    pub(crate) threshold: Vec<String>,
    /// Pack names a signer may sign (exact, `prefix*` or `*`); without it, every name.
    #[arg(long, value_name = "NAME=PATTERN")]
    pub(crate) packs: Vec<String>,
    /// How many days the document and its keys are valid.
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: u32,
    /// The longest age of a key; after it the key signs nothing, however long it is valid.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) max_key_age: Option<u32>,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Who signs a version, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct TrustSigning {
    /// The document.
    pub(crate) file: PathBuf,
    /// A private root key that signs; give it again for more. Others can sign later: `trust sign`.
    #[arg(long, value_name = "KEY.pem", required = true)]
    pub(crate) root: Vec<PathBuf>,
    /// The file to write; nothing is overwritten.
    #[arg(long, value_name = "NEW")]
    pub(crate) out: PathBuf,
    /// The trust root that the document must descend from.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) trust_root: Option<String>,
}

/// What every command takes that makes a next version.
#[derive(Debug, Args)]
pub(crate) struct TrustEdit {
    #[command(flatten)]
    pub(crate) signing: TrustSigning,
    /// How many days the new version and its roots are valid; without it the expiry stays (renew:
    /// 365).
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: Option<u32>,
    /// How many signers a role needs from now on.
    #[arg(long, value_name = "ROLE=N")]
    pub(crate) threshold: Vec<String>,
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
