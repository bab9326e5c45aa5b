//! The command line's grammar; each command's help ends in an example.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod audit;
mod delegate;
mod init;
mod key;
mod pack;
mod plugin;
mod policy;
mod policy_review;
mod replay;
mod run;
mod spec;
mod spec_except;
mod status;
mod trust;

pub(crate) use self::{
    audit::Audit,
    delegate::{Delegate, Delegated},
    init::Init,
    key::{Key, SignWith},
    pack::{AllowDowngrade, Pack, PackAsked, PackVerify},
    plugin::{Plugin, PluginVerify},
    policy::{CallPlace, Policy, PolicyApprove, PolicyCheck, PolicyRedeem, PolicySign},
    policy_review::{BundleTrust, PolicyDiff, PolicyExplain, PolicyLint, PolicyTest},
    replay::Replay,
    run::Run,
    spec::{Spec, SpecNegotiate},
    spec_except::SpecExcept,
    status::Status,
    trust::{Trust, TrustEdit, TrustInit, TrustSigning, TrustSource},
};

/// Sign, verify, gate, run, record, replay and audit agent packs.
#[derive(Debug, Parser)]
#[command(name = "reach", version, arg_required_else_help = true)]
#[command(
    after_help = "Example: reach quickstart\n\nExit codes: 0 ok; 1 refused; 2 usage; 3 unsigned; 4 untrusted; 5 expired, revoked or rolled back; 6 unsafe or non-canonical; 7 over a limit; 8 incomplete; 70 a fault of ours; 74 the environment."
)]
pub(crate) struct Arguments {
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The file whose first line is the passphrase of encrypted private keys (mode 0600), or `-` for
    /// standard input; without it a terminal is asked.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) noun: Noun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Noun {
    /// See the whole path once, on real files: sign, verify, gate, run, replay, audit, prove, refuse.
    #[command(after_help = "Example: reach quickstart ./demo --workspace ~/project")]
    Quickstart(Quickstart),
    /// Make a state directory: keys, ledger, pinned trust root, and the anchor outside it.
    #[command(
        after_help = "Example: reach init --state state --origin example.org/audit --trust trust.dsse.json --anchor anchor --key keys/run.pem --key keys/log.pem --key keys/node.pem"
    )]
    Init(Init),
    /// Make and show keys.
    #[command(subcommand, after_help = "Example: reach key generate --role pack --out keys/pack.pem")]
    Key(Key),
    /// Make and show trust documents.
    #[command(subcommand, after_help = "Example: reach trust show trust.dsse.json")]
    Trust(Trust),
    /// Build, sign, verify and inspect packs.
    #[command(subcommand, after_help = "Example: reach pack verify inventory.reachpack --trust trust.dsse.json")]
    Pack(Pack),
    /// Verify plugin manifests and the files they pin.
    #[command(
        subcommand,
        after_help = "Example: reach plugin verify manifest.json manifest.sig.json --keys keyring.json"
    )]
    Plugin(Plugin),
    /// Build, verify, show and ask policy bundles.
    #[command(subcommand, after_help = "Example: reach policy verify policy.reachpolicy --trust trust.dsse.json")]
    Policy(Policy),
    /// Run a pack: verify, gate, execute, record, audit.
    #[command(
        after_help = "Example: reach run inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json --state state --workspace ."
    )]
    Run(Run),
    /// Verify and show run logs.
    #[command(subcommand, after_help = "Example: reach replay verify run.rlog --trust trust.dsse.json")]
    Replay(Replay),
    /// List, verify, prove and export the audit ledger.
    #[command(subcommand, after_help = "Example: reach audit verify --state state --trust trust.dsse.json")]
    Audit(Audit),
    /// Delegate a run to another node, or accept one.
    #[command(
        subcommand,
        after_help = "Example: reach delegate accept chain.json --state b --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json"
    )]
    Delegate(Delegate),
    /// Spec versions and feature negotiation.
    #[command(subcommand, after_help = "Example: reach spec negotiate ours.json theirs.json")]
    Spec(Spec),
    /// What a node is and what it found.
    #[command(after_help = "Example: reach status --state state")]
    Status(Status),
    /// Print a completion script for a shell.
    #[command(after_help = "Example: reach completions bash > ~/.local/share/bash-completion/completions/reach")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print generated reference pages.
    #[command(hide = true)]
    Docs {
        /// Which page.
        what: DocsPage,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DocsPage {
    /// Every code with its class and remedy.
    Codes,
    /// Every command with its help.
    Cli,
}

#[derive(Debug, Args)]
pub(crate) struct Quickstart {
    /// The directory to make; it must not exist.
    #[arg(default_value = "./reach-quickstart")]
    pub(crate) dir: PathBuf,
    /// The directory to take stock of; it is only read.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) workspace: PathBuf,
}
