//! The grammar of `reach plugin`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::TrustSource;

#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Verify a plugin manifest, its signature, and every file that it pins.
    #[command(
        after_help = "Example: reach plugin verify manifest.json manifest.sig.json --keys keyring.json\n\nA signature: {\"key_id\":\"acme\",\"algorithm\":\"rsa-sha256\",\"signature\":\"<base64>\"}\nA keyring: {\"acme\":\"-----BEGIN PUBLIC KEY-----\\n...\"}\nWithout --keys the keyring is the one that PLUGIN_TRUSTED_KEYS names and the policy pins."
    )]
    Verify(PluginVerify),
}

/// What a plugin is verified against.
#[derive(Debug, Args)]
pub(crate) struct PluginVerify {
    /// The manifest; the files it pins stand beside it.
    pub(crate) manifest: PathBuf,
    /// Its signature metadata.
    #[arg(value_name = "SIGNATURE.json")]
    pub(crate) signature: PathBuf,
    /// The keyring; without a policy that pins it, only whoever names it vouches for it, and the
    /// verdict says so.
    #[arg(long, value_name = "KEYRING.json")]
    pub(crate) keys: Option<PathBuf>,
    /// The policy that pins the keyring, and that may let a manifest through unsigned.
    #[arg(long, value_name = "P", requires = "trust")]
    pub(crate) policy: Option<PathBuf>,
    /// The trust document that the policy is verified with.
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub(crate) trust: Option<PathBuf>,
    /// The trust root that the document must descend from; without it and without --state the
    /// document only vouches for itself, and the verdict says so.
    #[arg(long, value_name = "DIGEST", requires = "policy")]
    pub(crate) trust_root: Option<String>,
    /// The state directory whose pin and floors apply, and whose ledger records that an unsigned
    /// plugin was let through.
    #[arg(long, value_name = "DIR", requires = "policy")]
    pub(crate) state: Option<PathBuf>,
}

impl PluginVerify {
    /// The policy and where trust in it comes from, if there is one.
    pub(crate) fn authority(&self) -> Option<(&Path, TrustSource)> {
        let (trust_root, state) = (self.trust_root.clone(), self.state.clone());
        let source = TrustSource { trust: self.trust.clone()?, trust_root, state };
        Some((self.policy.as_deref()?, source))
    }
}
