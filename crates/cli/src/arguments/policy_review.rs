//! The grammar of what reviews a policy: `reach policy diff`, `test`, `explain` and `lint`.

use std::path::PathBuf;

use clap::Args;

use super::TrustSource;

/// Two policies, and what makes their difference a refusal.
#[derive(Debug, Args)]
pub(crate) struct PolicyDiff {
    /// The old policy: a `.toml` as people write it, or a bundle.
    pub(crate) old: PathBuf,
    /// The new one.
    pub(crate) new: PathBuf,
    /// Refuse a new policy that allows anything the old one does not.
    #[arg(long)]
    pub(crate) deny_widening: bool,
    #[command(flatten)]
    pub(crate) trust: BundleTrust,
}

/// Cases, and the policy that is to answer them.
#[derive(Debug, Args)]
pub(crate) struct PolicyTest {
    /// The cases.
    pub(crate) cases: PathBuf,
    /// The policy: a `.toml` as people write it, or a bundle.
    #[arg(long, value_name = "P")]
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: BundleTrust,
}

/// A policy in which slips are looked for.
#[derive(Debug, Args)]
pub(crate) struct PolicyLint {
    /// The policy: a `.toml` as people write it, or a bundle.
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: BundleTrust,
}

/// A question to the gate, and whose it is.
#[derive(Debug, Args)]
pub(crate) struct PolicyExplain {
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
    /// The arguments of the one call that the request is about: limits are judged by them.
    #[arg(long, value_name = "FILE")]
    pub(crate) arguments: Option<PathBuf>,
    /// The tenant that asks; without it, the state directory's, or `default`.
    #[arg(long, value_name = "T")]
    pub(crate) tenant: Option<String>,
}

/// What bundles are verified with; a policy as people write it needs none, and nobody vouches for
/// it.
#[derive(Debug, Args)]
pub(crate) struct BundleTrust {
    /// The trust document that bundles are verified with.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The trust root that the document must descend from.
    #[arg(long, value_name = "DIGEST", requires = "trust")]
    trust_root: Option<String>,
}

impl BundleTrust {
    /// Where trust comes from, if it was said.
    pub(crate) fn source(&self) -> Option<TrustSource> {
        let (trust, trust_root) = (self.trust.clone()?, self.trust_root.clone());
        Some(TrustSource { trust, trust_root, state: None })
    }
}
