//! A policy as it is given: as people write it, or as a bundle.

use std::path::Path;

use reach_policy::{Policy, VerifiedBundle};
use reach_runner::policies;
use serde_json::{Value, json};

use super::verified;
use crate::{World, arguments::BundleTrust, commands::flags::usage, report::Failure};

/// A policy, and who vouches for it.
pub(super) enum Either {
    /// Nobody.
    Authored(Policy),
    /// The signers of a bundle.
    Bundle(VerifiedBundle),
}

impl Either {
    /// Reads `path`: what ends in `.toml` is as people write it, all else a bundle.
    pub(super) fn read(path: &Path, trust: &BundleTrust, world: &World) -> Result<Self, Failure> {
        if path.extension().is_some_and(|extension| extension == "toml") {
            return Ok(Self::Authored(policies::read(path)?));
        }
        let source = trust.source().ok_or_else(|| {
            usage(format!("`{}` is no `.toml`, so it is read as a bundle, which needs --trust", path.display()))
        })?;
        let (_, bundle) = verified(path, &source, world)?;
        Ok(Self::Bundle(bundle))
    }

    pub(super) const fn policy(&self) -> &Policy {
        match self {
            Self::Authored(policy) => policy,
            Self::Bundle(bundle) => bundle.policy(),
        }
    }

    pub(super) fn json(&self) -> Value {
        let policy = self.policy();
        let (name, version) = (policy.name(), policy.version());
        match self {
            Self::Authored(_) => json!({ "name": name, "version": version, "kind": "authored" }),
            Self::Bundle(bundle) => {
                let (digest, signers) = (bundle.digest(), bundle.signers());
                json!({ "name": name, "version": version, "kind": "bundle", "digest": digest, "signers": signers })
            }
        }
    }

    pub(super) fn text(&self) -> String {
        let policy = self.policy();
        let who = match self {
            Self::Authored(_) => "nobody vouches for it".to_owned(),
            Self::Bundle(bundle) => format!("signed by {}", bundle.signers().join(", ")),
        };
        format!("{} version {}, {who}", policy.name(), policy.version())
    }
}
