//! The command line's grammar; each command's help ends in an example.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The state directory to make; it must not exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// The ledger's name in checkpoints: a URL without scheme.
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: String,
    /// The trust document; its root is pinned in the state directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The trust root that the document must descend from, if you got it by another channel.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) trust_root: Option<String>,
    /// Where the ledger's newest checkpoint is kept, outside the state directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) anchor: PathBuf,
    /// The tenant that local commands act for.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) tenant: String,
    /// A private key to import; its role is the one the trust document gives it. Roles without one
    /// get a new key, whose public half has to be added to the trust document.
    #[arg(long, value_name = "FILE.pem")]
    pub(crate) key: Vec<PathBuf>,
}

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
        /// A private key of role pack; give it again for more signers.
        #[arg(long, value_name = "KEY.pem", required = true)]
        key: Vec<PathBuf>,
        /// How many days the signature is valid.
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
        /// The file to write instead.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Verify a pack against a trust document.
    #[command(after_help = "Example: reach pack verify inventory.reachpack --trust trust.dsse.json")]
    Verify {
        /// The pack.
        pack: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
        /// The signature, if it is not beside the pack.
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// The name it must have.
        #[arg(long)]
        name: Option<String>,
        /// The version it must have.
        #[arg(long = "version", value_name = "V")]
        pack_version: Option<String>,
    },
    /// Show what is in a pack, trusting nothing.
    #[command(after_help = "Example: reach pack inspect inventory.reachpack")]
    Inspect {
        /// The pack.
        pack: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Build and sign a policy bundle.
    #[command(after_help = "Example: reach policy build policy.toml --out policy.reachpolicy --key keys/policy.pem")]
    Build {
        /// The policy as written by people.
        policy: PathBuf,
        /// The bundle to write.
        #[arg(long, value_name = "P.reachpolicy")]
        out: PathBuf,
        /// A private key of role policy; give it again for more signers.
        #[arg(long, value_name = "KEY.pem", required = true)]
        key: Vec<PathBuf>,
    },
    /// Verify a bundle against a trust document.
    #[command(after_help = "Example: reach policy verify policy.reachpolicy --trust trust.dsse.json")]
    Verify {
        /// The bundle.
        bundle: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
    },
    /// Show what a bundle says, after verifying it.
    #[command(after_help = "Example: reach policy show policy.reachpolicy --trust trust.dsse.json")]
    Show {
        /// The bundle.
        bundle: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
    },
    /// Ask the gate what it would say to a request: every violated rule, not the first.
    #[command(
        after_help = "Example: reach policy check --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json --request request.json\n\nA request: {\"tools\":[\"fs.list\"],\"scopes\":[\"workspace:read\"],\"models\":{\"planner\":\"acme.large-1\"}}"
    )]
    Check {
        /// The pack that asks.
        #[arg(long, value_name = "X.reachpack")]
        pack: PathBuf,
        /// The bundle.
        #[arg(long, value_name = "P")]
        policy: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
        /// What it asks for.
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
        /// What it asks for later, under the permit that the first answer gave: refused unless the
        /// bytes are the same.
        #[arg(long, value_name = "FILE")]
        redeem: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The pack.
    pub(crate) pack: PathBuf,
    /// The policy bundle.
    #[arg(long, value_name = "P")]
    pub(crate) policy: PathBuf,
    /// The trust document.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The state directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// The directory the run may read.
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: PathBuf,
    /// The signature, if it is not beside the pack.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    /// A path to leave out of listings; it must exist.
    #[arg(long, value_name = "PATH")]
    pub(crate) exclude: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Replay {
    /// Verify a run log: chain and seal; with --pack, --policy and --state also every guard, every
    /// verdict and the ledger's head.
    #[command(
        after_help = "Example: reach replay verify run.rlog --trust trust.dsse.json --pack inventory.reachpack --policy policy.reachpolicy --state state"
    )]
    Verify {
        /// The run log.
        log: PathBuf,
        #[command(flatten)]
        trust: TrustSource,
        /// The pack it must be a run of.
        #[arg(long, value_name = "X.reachpack", requires_all = ["policy", "state"])]
        pack: Option<PathBuf>,
        /// The policy bundle it must have run under.
        #[arg(long, value_name = "P", requires_all = ["pack", "state"])]
        policy: Option<PathBuf>,
        /// The pack's signature, if it is not beside the pack.
        #[arg(long, value_name = "FILE", requires = "pack")]
        signature: Option<PathBuf>,
    },
    /// Show a run log frame by frame, trusting nothing.
    #[command(after_help = "Example: reach replay show run.rlog --json")]
    Show {
        /// The run log.
        log: PathBuf,
    },
}

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

/// What a delegation is about, and this node's own word on it.
#[derive(Debug, Args)]
pub(crate) struct Delegated {
    /// The pack.
    #[arg(long, value_name = "X")]
    pub(crate) pack: PathBuf,
    /// This node's policy bundle.
    #[arg(long, value_name = "P")]
    pub(crate) policy: PathBuf,
    /// The trust document.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The pack's signature, if it is not beside the pack.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Delegate {
    /// Sign a delegation of a pack to another node.
    #[command(
        after_help = "Example: reach delegate issue --state a --to node-b --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json --out chain.json"
    )]
    Issue {
        /// The issuing node's state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The other node: its signer name in the trust document, or its key id.
        #[arg(long, value_name = "NODE")]
        to: String,
        #[command(flatten)]
        subject: Delegated,
        /// The scopes to hand on; without it, all that the pack declares and the policy grants.
        #[arg(long, value_name = "GRANT")]
        scope: Vec<String>,
        /// How many seconds the delegation is valid.
        #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=3600))]
        ttl: u32,
        /// The chain to write.
        #[arg(long, value_name = "chain.json")]
        out: PathBuf,
    },
    /// Accept a delegation, once.
    #[command(
        after_help = "Example: reach delegate accept chain.json --state b --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json"
    )]
    Accept {
        /// The chain.
        chain: PathBuf,
        /// The accepting node's state directory.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        #[command(flatten)]
        subject: Delegated,
        /// Where to write the signed receipt.
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
    },
}

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

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The state directory.
    #[arg(long, value_name = "DIR", required_unless_present = "registry")]
    pub(crate) state: Option<PathBuf>,
    /// List the tools of this node with the digests that packs pin.
    #[arg(long)]
    pub(crate) registry: bool,
}
