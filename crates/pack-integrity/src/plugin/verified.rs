//! The two verdicts on a plugin: somebody vouches for its manifest, and its files are those.

use reach_types::{Blake3Digest, Sha256Digest, Timestamp};

use super::{MAX_PLUGIN_BYTES, PluginError, PluginFiles, PluginManifest, files};

/// Who vouches for a plugin manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginProvenance {
    /// A key of the keyring.
    Signed {
        /// Its id.
        key_id: String,
    },
    /// Nobody: the policy lets this very manifest through unsigned for a while.
    UnsignedAllowed {
        /// Why, as the policy says.
        reason: String,
        /// Until before this moment.
        until: Timestamp,
    },
}

/// A manifest that somebody vouches for. What its files are is not known yet.
///
/// Only [`crate::verify_plugin`] makes one:
///
/// ```compile_fail
/// let manifest = reach_pack_integrity::VouchedManifest { ..todo!() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchedManifest {
    pub(super) manifest: PluginManifest,
    pub(super) sha256: Sha256Digest,
    pub(super) blake3: Blake3Digest,
    pub(super) provenance: PluginProvenance,
    pub(super) checks: Vec<&'static str>,
}

impl VouchedManifest {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &PluginManifest {
        &self.manifest
    }

    /// SHA-256 of its exact bytes.
    #[must_use]
    pub const fn sha256(&self) -> &Sha256Digest {
        &self.sha256
    }

    /// BLAKE3 of its exact bytes: what an exception names.
    #[must_use]
    pub const fn blake3(&self) -> &Blake3Digest {
        &self.blake3
    }

    /// Who vouches for it.
    #[must_use]
    pub const fn provenance(&self) -> &PluginProvenance {
        &self.provenance
    }

    /// The checks that passed, in the order they were made.
    #[must_use]
    pub fn checks(&self) -> &[&'static str] {
        &self.checks
    }

    /// Compares every file that the manifest pins with what stands beside it. Files that it does
    /// not pin are not looked at, and nothing is said of them.
    ///
    /// # Errors
    /// [`PluginError::Incomplete`] if the manifest pins no file, or not the entry point it names;
    /// [`PluginError::MissingFile`], [`PluginError::NotAFile`], [`PluginError::DigestMismatch`],
    /// [`PluginError::TooManyBytes`], [`PluginError::Io`].
    pub fn verify_files(mut self, files: &dyn PluginFiles) -> Result<VerifiedPlugin, PluginError> {
        if let Some(gap) = self.manifest.gap() {
            return Err(PluginError::Incomplete { gap });
        }
        self.checks.push("pins");
        files::check_within(self.manifest.files(), files, MAX_PLUGIN_BYTES)?;
        self.checks.push("files");
        Ok(VerifiedPlugin { vouched: self })
    }
}

/// A plugin whose manifest somebody vouches for, and whose pinned files were the pinned ones when
/// they were read.
///
/// Only [`VouchedManifest::verify_files`] makes one:
///
/// ```compile_fail
/// let plugin = reach_pack_integrity::VerifiedPlugin { ..todo!() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPlugin {
    vouched: VouchedManifest,
}

impl VerifiedPlugin {
    /// The manifest and who vouches for it, with every check that passed.
    #[must_use]
    pub const fn vouched(&self) -> &VouchedManifest {
        &self.vouched
    }
}
