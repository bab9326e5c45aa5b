//! The grammar of `reach policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{PolicyDiff, PolicyExplain, PolicyLint, PolicyTest, SignWith, TrustSource};

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
        #[command(flatten)]
        with: SignWith,
    },
    /// Add a signature to a bundle that others have signed or will sign; what is signed does not
    /// change.
    #[command(
        after_help = "Example: reach policy sign policy.reachpolicy --key keys/policy.pem\n\nThe bundle is checked and shown; who signed it before is for `reach policy verify` to say."
    )]
    Sign(PolicySign),
    /// Name what a policy says in vain or by mistake: grants within others, rules about nobody, dates
    /// that are over.
    #[command(
        after_help = "Example: reach policy lint policy.toml\n\nA bundle needs --trust. Exit 0 if nothing was found, or information only; else 1, with the code of the first finding."
    )]
    Lint(PolicyLint),
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
    Check(PolicyCheck),
    /// Use a sealed permit up for the call it is for, if everything it was given under still stands.
    #[command(
        after_help = "Example: reach policy redeem call.permit --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json --state state --request request.json\n\nThe permit is made by `reach policy check --permit-out`. A refusal leaves it as it was; the second use is refused."
    )]
    Redeem(PolicyRedeem),
    /// Show what a waiting run asks of a person, and sign the answer.
    #[command(
        after_help = "Example: reach policy approve approvals/RUN-2.ask.json --key operator.pem\n\nA run asks with `reach run ... --approvals approvals`. The answer is for that one call of that run, and is used once."
    )]
    Approve(PolicyApprove),
    /// Say what a new policy allows that the old one does not, and the other way round, with an
    /// example of each.
    #[command(
        after_help = "Example: reach policy diff old.toml policy.toml --deny-widening\n\nA bundle needs --trust. Exit 0 whatever the difference is; with --deny-widening 1 if anything is widened."
    )]
    Diff(PolicyDiff),
    /// Hold a policy against cases with the exact reasons each is to be given.
    #[command(
        after_help = "Example: reach policy test cases.toml --policy policy.toml\n\nExit 0 if every case is answered as it says, else 1. What no case exercises is listed either way."
    )]
    Test(PolicyTest),
    /// Say which entry decides about each thing asked for, for a person at this node: digests and
    /// raw values are shown.
    #[command(
        after_help = "Example: reach policy explain --pack inventory.reachpack --policy policy.reachpolicy --trust trust.dsse.json --request request.json"
    )]
    Explain(PolicyExplain),
}

/// A bundle, and who adds a signature.
#[derive(Debug, Args)]
pub(crate) struct PolicySign {
    /// The bundle.
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) with: SignWith,
    /// The file to write instead of the bundle's own.
    #[arg(long, value_name = "P.reachpolicy")]
    pub(crate) out: Option<PathBuf>,
}

/// An answer to one question of a run.
#[derive(Debug, Args)]
pub(crate) struct PolicyApprove {
    /// The question, as the run wrote it.
    pub(crate) request: PathBuf,
    #[command(flatten)]
    pub(crate) with: SignWith,
    /// Say no: the run ends.
    #[arg(long)]
    pub(crate) refuse: bool,
    /// How many seconds the answer holds, 3600 at most, and never longer than the run waits.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) ttl: u64,
    /// Where to write the answer, if not beside the question, where the run looks for it.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// A question to the gate, and what to do with its answer.
#[derive(Debug, Args)]
pub(crate) struct PolicyCheck {
    /// The pack that asks.
    #[arg(long, value_name = "X.reachpack")]
    pub(crate) pack: PathBuf,
    /// The bundle.
    #[arg(long, value_name = "P")]
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustSource,
    /// What it asks for.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// What it asks for later, under the permit that the first answer gave: refused unless the
    /// bytes are the same.
    #[arg(long, value_name = "FILE", conflicts_with = "permit_out")]
    pub(crate) redeem: Option<PathBuf>,
    /// Judge one call with exactly these arguments; without it, the arguments of a call are the
    /// bytes of the request.
    #[arg(long, value_name = "FILE", conflicts_with = "redeem")]
    pub(crate) arguments: Option<PathBuf>,
    /// Write the permit for this one call, sealed by the node: `reach policy redeem` uses it up.
    #[arg(long, value_name = "FILE", requires = "state")]
    pub(crate) permit_out: Option<PathBuf>,
    /// How long the permit can be used: a number and `s`, `m` or `h`, at most an hour.
    #[arg(long, value_name = "TIME", default_value = "60s", requires = "permit_out")]
    pub(crate) permit_ttl: String,
    #[command(flatten)]
    pub(crate) place: CallPlace,
}

/// A sealed permit, and the call it is presented for.
#[derive(Debug, Args)]
pub(crate) struct PolicyRedeem {
    /// The sealed permit.
    pub(crate) permit: PathBuf,
    /// The pack that makes the call.
    #[arg(long, value_name = "X.reachpack")]
    pub(crate) pack: PathBuf,
    /// The bundle.
    #[arg(long, value_name = "P")]
    pub(crate) policy: PathBuf,
    /// The trust document.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The node's state directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// The call: one tool and its scopes.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// The arguments that are handed over; without it, the bytes of the request.
    #[arg(long, value_name = "FILE")]
    pub(crate) arguments: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: CallPlace,
}

/// Which call of which run a permit is for.
#[derive(Debug, Args)]
pub(crate) struct CallPlace {
    /// The run that the call belongs to; without it, one that no run can be.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Which call of the run it is, from 0.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) call: u64,
}
