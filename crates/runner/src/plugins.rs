//! Plugins as files: the keyring, a manifest with its signature file, and what it pins beside it.

mod beside;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use reach_pack_integrity::{
    Keyring, KeyringError, MAX_KEYRING_BYTES, MAX_PLUGIN_MANIFEST_BYTES, MAX_PLUGIN_SIGNATURE_BYTES, PluginError,
    PluginProvenance, PluginVerification, VerifiedPlugin, VouchedManifest, verify_plugin,
};
use reach_policy::Policy;
use reach_types::{Blake3Digest, LegacyException, Sha256Digest, Timestamp};
use serde_json::json;

use crate::{
    World,
    environment::{Environment, EnvironmentError},
    files::{self, FileError},
    plugins::beside::Beside,
    state::note_relaxation,
    state_error::StateError,
};

/// Why a plugin was not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginFileError {
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// The keyring.
    #[error(transparent)]
    Keyring(KeyringError),
    /// The policy pins another keyring, or none.
    #[error("the keyring's SHA-256 is {digest}, which the policy does not pin")]
    KeyringNotPinned {
        /// The keyring's digest.
        digest: Sha256Digest,
    },
    /// The plugin.
    #[error(transparent)]
    Plugin(PluginError),
    /// Unsigned; the switch is on, and no entry names this manifest.
    #[error("the plugin manifest is not signed, and the policy has no exception for its digest {digest}")]
    NotListed {
        /// The manifest's digest.
        digest: Blake3Digest,
    },
    /// Unsigned; an entry names this manifest, and the switch is off.
    #[error("the plugin manifest is not signed, and this node does not use the policy's exception for it")]
    SwitchOff,
    /// Unsigned and excepted, with nowhere to record that.
    #[error("the plugin manifest is not signed, and using the policy's exception must be recorded")]
    Unrecorded,
    /// A switch where nothing can be relaxed.
    #[error(transparent)]
    Environment(EnvironmentError),
    /// Recording the use of an exception.
    #[error(transparent)]
    State(StateError),
}

reach_types::codes!(PluginFileError {
    KeyringNotPinned => ("plugin.keyring_not_pinned", Untrusted, "use the keyring that the policy pins as `plugin_keyring`, or have its signers pin this one"),
    NotListed => ("plugin.unsigned_not_listed", Unsigned, "get the signature file, or have the policy's signers add the digest to `unsigned_plugins`; unset DEV_ALLOW_UNSIGNED where it is not needed"),
    SwitchOff => ("plugin.unsigned_switch_off", Unsigned, "get the signature file, or set DEV_ALLOW_UNSIGNED=1 on a development machine"),
    Unrecorded => ("plugin.unsigned_unrecorded", Usage, "name the state directory whose ledger records it with --state"),
} wrap { File, Keyring, Plugin, Environment, State });

impl From<FileError> for PluginFileError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// A keyring, where it came from, and whether a signed policy pins it.
#[derive(Debug)]
pub struct PluginKeys {
    keyring: Keyring,
    path: PathBuf,
    pinned: bool,
}

impl PluginKeys {
    /// The keyring that the caller names. If `policy` pins one, it must be this one.
    ///
    /// # Errors
    /// [`PluginFileError::File`] if others can write the file or it is a link,
    /// [`PluginFileError::Keyring`], [`PluginFileError::KeyringNotPinned`].
    pub fn given(path: &Path, policy: Option<&Policy>) -> Result<Self, PluginFileError> {
        let bytes = files::read_trust(path, limit(MAX_KEYRING_BYTES))?;
        let keyring = Keyring::read(&bytes).map_err(PluginFileError::Keyring)?;
        let pin = policy.and_then(Policy::plugin_keyring);
        if pin.is_some_and(|pin| pin != keyring.digest()) {
            return Err(PluginFileError::KeyringNotPinned { digest: *keyring.digest() });
        }
        Ok(Self { keyring, path: path.to_path_buf(), pinned: pin.is_some() })
    }

    /// The keyring that `PLUGIN_TRUSTED_KEYS` names. An environment is anybody's, so `policy`, which
    /// must be a verified bundle's, must pin it.
    ///
    /// # Errors
    /// As [`PluginKeys::given`].
    pub fn configured(path: &Path, policy: &Policy) -> Result<Self, PluginFileError> {
        let keys = Self::given(path, Some(policy))?;
        let digest = *keys.keyring.digest();
        if keys.pinned { Ok(keys) } else { Err(PluginFileError::KeyringNotPinned { digest }) }
    }

    /// The keyring.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Whether a signed policy pins it; if not, only the caller vouches for it.
    #[must_use]
    pub const fn pinned(&self) -> bool {
        self.pinned
    }
}

/// What this node and the organization say about unsigned manifests: both must allow one.
#[derive(Debug, Clone, Copy)]
pub struct PluginExemptions<'a> {
    policy: &'a Policy,
    switch: bool,
}

impl<'a> PluginExemptions<'a> {
    /// The exemptions of `policy`, which must be a verified bundle's, under this node's switch.
    ///
    /// # Errors
    /// [`EnvironmentError::Relaxation`] where nothing can be relaxed.
    pub fn of(environment: &Environment, policy: &'a Policy) -> Result<Self, EnvironmentError> {
        environment.check()?;
        Ok(Self { policy, switch: environment.allow_unsigned_plugins })
    }

    fn entry(&self, manifest: &[u8]) -> Result<Option<&'a LegacyException>, PluginFileError> {
        let digest = Blake3Digest::of(manifest);
        match (self.policy.unsigned_plugin(&digest), self.switch) {
            (Some(entry), true) => Ok(Some(entry)),
            (Some(_), false) => Err(PluginFileError::SwitchOff),
            (None, true) => Err(PluginFileError::NotListed { digest }),
            (None, false) => Ok(None),
        }
    }
}

/// A plugin's two files, and the state directory that remembers.
#[derive(Debug, Clone, Copy)]
pub struct PluginPaths<'a> {
    /// The manifest; what it pins stands beside it.
    pub manifest: &'a Path,
    /// Its signature metadata.
    pub signature: &'a Path,
    /// The state directory whose ledger records the use of an exception.
    pub state: Option<&'a Path>,
}

/// A verdict on a plugin, and the manifest if somebody vouches for that at least.
#[derive(Debug)]
pub struct JudgedPlugin {
    /// The manifest, once it is vouched for, whatever became of its files.
    pub vouched: Option<VouchedManifest>,
    /// The verdict.
    pub verdict: Result<VerifiedPlugin, PluginFileError>,
}

/// Verifies a plugin: its manifest by its signature file, each read once, then every file that it
/// pins, without following a link from the manifest's directory.
///
/// Without a signature file the manifest is unsigned, and only then are `exemptions` asked; using
/// one is recorded before the verdict is given, and without a state directory it is not used.
///
/// The verdict is one of [`PluginFileError::File`], also if the keyring is one of the plugin's own
/// files; [`PluginFileError::Plugin`]; and for an unsigned manifest [`PluginFileError::NotListed`],
/// [`PluginFileError::SwitchOff`], [`PluginFileError::Unrecorded`], [`PluginFileError::State`].
#[must_use]
pub fn judge(
    world: &World,
    paths: &PluginPaths<'_>,
    keys: &PluginKeys,
    exemptions: Option<&PluginExemptions<'_>>,
    now: Timestamp,
) -> JudgedPlugin {
    match vouch(paths, keys, exemptions, now) {
        Ok(vouched) => {
            let verdict = finish(world, paths, keys, vouched.clone());
            JudgedPlugin { vouched: Some(vouched), verdict }
        }
        Err(error) => JudgedPlugin { vouched: None, verdict: Err(error) },
    }
}

fn vouch(
    paths: &PluginPaths<'_>,
    keys: &PluginKeys,
    exemptions: Option<&PluginExemptions<'_>>,
    now: Timestamp,
) -> Result<VouchedManifest, PluginFileError> {
    let manifest = files::read(paths.manifest, limit(MAX_PLUGIN_MANIFEST_BYTES))?;
    let signature = read_signature(paths.signature)?;
    let exception = match (&signature, exemptions) {
        (None, Some(exemptions)) => exemptions.entry(&manifest)?,
        _ => None,
    };
    let asked = PluginVerification { keyring: &keys.keyring, now, exception };
    verify_plugin(&manifest, signature.as_deref(), &asked).map_err(PluginFileError::Plugin)
}

/// Whatever stands in the signature's place, a link to nowhere too, is no missing signature.
fn read_signature(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match files::read(path, limit(MAX_PLUGIN_SIGNATURE_BYTES)) {
        Err(FileError::Missing { .. }) if path.symlink_metadata().is_err() => Ok(None),
        read => read.map(Some),
    }
}

fn finish(
    world: &World,
    paths: &PluginPaths<'_>,
    keys: &PluginKeys,
    vouched: VouchedManifest,
) -> Result<VerifiedPlugin, PluginFileError> {
    let beside = Beside::of(paths.manifest)?;
    if vouched.manifest().files().keys().any(|path| beside.is_at(path, &keys.path)) {
        let what = "one of the files of the plugin that it vouches for";
        return Err(PluginFileError::File(FileError::Untrusted { path: keys.path.clone(), what }));
    }
    let verified = vouched.verify_files(&beside).map_err(PluginFileError::Plugin)?;
    record_exception(world, paths.state, verified.vouched())?;
    Ok(verified)
}

/// Records that a manifest nobody signed is let through; a signed one needs no record.
fn record_exception(world: &World, state: Option<&Path>, vouched: &VouchedManifest) -> Result<(), PluginFileError> {
    let PluginProvenance::UnsignedAllowed { reason, until } = vouched.provenance() else { return Ok(()) };
    let dir = state.ok_or(PluginFileError::Unrecorded)?;
    let payload = json!({ "unsigned_plugin": { "digest": vouched.blake3(), "reason": reason, "until": until } });
    note_relaxation(world, dir, payload).map_err(PluginFileError::State)
}

fn limit(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
