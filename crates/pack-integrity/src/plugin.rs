//! Plugin manifests: other people's JSON, signed apart from it with an RSA key of a keyring.

mod document;
mod error;
mod files;
mod keyring;
mod manifest;
mod signature;
mod verified;
mod verify;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use document::{PluginDocument, PluginFormatError};
pub use error::PluginError;
pub use files::{MAX_PLUGIN_BYTES, PluginFile, PluginFiles};
pub use keyring::{BadKey, Keyring, KeyringError, MAX_KEY_ID_BYTES, MAX_KEYRING_BYTES, MAX_KEYRING_KEYS};
pub use manifest::{EntryPoint, MAX_PLUGIN_FILES, MAX_PLUGIN_MANIFEST_BYTES, PluginManifest};
pub use signature::{MAX_PLUGIN_SIGNATURE_BYTES, PLUGIN_ALGORITHM};
pub use verified::{PluginProvenance, VerifiedPlugin, VouchedManifest};
pub use verify::{PluginVerification, verify_plugin};
