//! Verifying a plugin manifest: the key decides how, and nothing in the files can.

use reach_types::{Blake3Digest, LegacyException, Sha256Digest, Timestamp};
use ring::digest::{SHA256, digest};

use super::{
    Keyring, MAX_PLUGIN_MANIFEST_BYTES, PLUGIN_ALGORITHM, PluginDocument, PluginError, PluginFormatError,
    PluginManifest, PluginProvenance, VouchedManifest, manifest::names_algorithm, signature::PluginSignature,
};

/// What a plugin manifest is verified against.
#[derive(Debug, Clone, Copy)]
pub struct PluginVerification<'a> {
    /// Whose signatures count.
    pub keyring: &'a Keyring,
    /// The moment that an exception is judged at.
    pub now: Timestamp,
    /// The signed policy's word on this manifest if it is unsigned; give it only where the
    /// environment's own switch is on. It is looked at only if there is no signature file at all.
    pub exception: Option<&'a LegacyException>,
}

/// Verifies the exact bytes of a manifest against the signature metadata beside it.
///
/// In this order: the sizes, the metadata's form, its key, the algorithm it and the manifest name,
/// the signature, and only then what the manifest says.
///
/// # Errors
/// Without metadata [`PluginError::Unsigned`], [`PluginError::ExceptionMismatch`] or
/// [`PluginError::ExceptionExpired`]; else [`PluginError::Format`], [`PluginError::KeyUnknown`],
/// [`PluginError::AlgMismatch`], [`PluginError::NoSignature`], [`PluginError::BadSignature`]; then
/// [`PluginError::Format`], [`PluginError::TooManyFiles`] and [`PluginError::Path`] of the manifest.
pub fn verify_plugin(
    manifest: &[u8],
    signature: Option<&[u8]>,
    asked: &PluginVerification<'_>,
) -> Result<VouchedManifest, PluginError> {
    let mut checks = Vec::new();
    check_size(manifest)?;
    let provenance = match signature {
        Some(signature) => check_signature(manifest, signature, asked.keyring, &mut checks)?,
        None => check_exception(manifest, asked, &mut checks)?,
    };
    let object = PluginManifest::read(manifest).map_err(PluginError::Format)?;
    if !names_algorithm(&object) {
        return Err(PluginError::AlgMismatch { document: PluginDocument::Manifest });
    }
    let read = PluginManifest::from_object(&object)?;
    checks.push("manifest");
    let (sha256, blake3) = (sha256(manifest), Blake3Digest::of(manifest));
    Ok(VouchedManifest { manifest: read, sha256, blake3, provenance, checks })
}

fn check_size(manifest: &[u8]) -> Result<(), PluginError> {
    let (limit, actual) = (MAX_PLUGIN_MANIFEST_BYTES, manifest.len());
    if actual <= limit {
        return Ok(());
    }
    Err(PluginError::Format(PluginFormatError::TooLarge { document: PluginDocument::Manifest, limit, actual }))
}

fn check_signature(
    manifest: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    checks: &mut Vec<&'static str>,
) -> Result<PluginProvenance, PluginError> {
    let PluginSignature { key_id, algorithm, signature } =
        PluginSignature::read(signature).map_err(PluginError::Format)?;
    checks.push("metadata");
    let Some(key) = keyring.key(&key_id) else { return Err(PluginError::KeyUnknown { key_id }) };
    checks.push("key");
    check_algorithm(&algorithm, manifest)?;
    checks.push("algorithm");
    if signature.is_empty() {
        return Err(PluginError::NoSignature);
    }
    if !key.verifies_sha256(manifest, &signature) {
        return Err(PluginError::BadSignature { key_id });
    }
    checks.push("signature");
    Ok(PluginProvenance::Signed { key_id })
}

/// A file that names another algorithm was not made for this key. What an unverified manifest says
/// can only refuse it here; if it does not even parse, that is for after its signature.
fn check_algorithm(stated: &str, manifest: &[u8]) -> Result<(), PluginError> {
    let document = if stated != PLUGIN_ALGORITHM {
        PluginDocument::Signature
    } else if PluginManifest::read(manifest).is_ok_and(|object| !names_algorithm(&object)) {
        PluginDocument::Manifest
    } else {
        return Ok(());
    };
    Err(PluginError::AlgMismatch { document })
}

fn check_exception(
    manifest: &[u8],
    asked: &PluginVerification<'_>,
    checks: &mut Vec<&'static str>,
) -> Result<PluginProvenance, PluginError> {
    let LegacyException { digest, reason, until } = asked.exception.ok_or(PluginError::Unsigned)?;
    if *digest != Blake3Digest::of(manifest) {
        return Err(PluginError::ExceptionMismatch);
    }
    if asked.now >= *until {
        return Err(PluginError::ExceptionExpired { until: *until });
    }
    checks.push("exception");
    Ok(PluginProvenance::UnsignedAllowed { reason: reason.clone(), until: *until })
}

pub(super) fn sha256(bytes: &[u8]) -> Sha256Digest {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Sha256Digest::from_bytes(out)
}
