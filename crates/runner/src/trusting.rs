//! Loading the trust document: from a careful file, under the pin that the state or the caller holds.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use reach_signing::{
    KeyEntry, MAX_TRUST_BYTES, NamePattern, Role, Signer, SignerEntry, TrustDocument, TrustError, VerifiedTrust,
};
use reach_types::{Blake3Digest, Timestamp};

use crate::{
    World,
    files::{self, FileError},
    keys::{self, KeyFileError},
};

/// Why a trust document was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadTrustError {
    /// The file.
    #[error(transparent)]
    File(FileError),
    /// What is in it.
    #[error("`{path}`: {error}")]
    Trust {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        error: TrustError,
    },
}

impl reach_types::Code for LoadTrustError {
    fn row(&self) -> reach_types::CodeRow {
        match self {
            Self::File(error) => error.row(),
            Self::Trust { error, .. } => error.row(),
        }
    }
}

/// Reads and verifies the trust document at `path`, as of `now`, under `pin` if there is one.
///
/// # Errors
/// [`LoadTrustError::File`] if the file is missing, others can write it or it is a link;
/// [`LoadTrustError::Trust`] if it does not verify or does not descend from the pin.
pub fn load_trust(path: &Path, pin: Option<&Blake3Digest>, now: Timestamp) -> Result<VerifiedTrust, LoadTrustError> {
    let limit = u64::try_from(MAX_TRUST_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read_trust(path, limit).map_err(LoadTrustError::File)?;
    VerifiedTrust::verify(&bytes, pin, now).map_err(|error| LoadTrustError::Trust { path: path.to_path_buf(), error })
}

/// A signer's key as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerSpec {
    /// The signer.
    pub name: String,
    /// Its public key file.
    pub key: PathBuf,
    /// The key's role.
    pub role: Role,
}

/// Makes and signs version 1 of a trust document, valid from now for `days`.
///
/// The keys of `roots` sign it and are listed as signer `root`. A signer without an entry in
/// `packs` may sign packs of every name.
///
/// # Errors
/// [`MakeTrustError::Key`] for a key file, [`MakeTrustError::Pattern`] or
/// [`MakeTrustError::UnknownSigner`] for `packs`, [`MakeTrustError::Trust`] for what the document's
/// own checks refuse.
pub fn first_document(
    world: &World,
    roots: &[PathBuf],
    signers: &[SignerSpec],
    thresholds: &[(Role, u32)],
    packs: &[(String, String)],
    days: u32,
) -> Result<String, MakeTrustError> {
    let created = Timestamp::from_millis(world.now().as_millis() / 1000 * 1000);
    let expires = created.saturating_add(Duration::from_secs(u64::from(days) * 86_400));
    let entry =
        |public, role| KeyEntry { public, role, not_before: created, not_after: expires, retired: None, revoked: None };
    let root_keys = roots.iter().map(|path| keys::read_signing(path, Role::Root)).collect::<Result<Vec<_>, _>>();
    let root_keys = root_keys.map_err(MakeTrustError::Key)?;
    let mut listed: BTreeMap<String, SignerEntry> = BTreeMap::new();
    let mut add = |name: &str, key: KeyEntry| {
        let new = || SignerEntry { name: name.to_owned(), keys: vec![], packs: vec![NamePattern::Any] };
        listed.entry(name.to_owned()).or_insert_with(new).keys.push(key);
    };
    for key in &root_keys {
        add("root", entry(key.public_key(), Role::Root));
    }
    for spec in signers {
        let public = keys::read_public(&spec.key).map_err(MakeTrustError::Key)?;
        add(&spec.name, entry(public, spec.role));
    }
    scope_names(&mut listed, packs)?;
    let document = TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created,
        expires,
        thresholds: [(Role::Root, 1)].into_iter().chain(thresholds.iter().copied()).collect(),
        signers: listed.into_values().collect(),
        revoked_packs: vec![],
    };
    let roots: Vec<_> = root_keys.iter().map(|key| key as &dyn Signer).collect();
    document.sign_first(&roots).map_err(MakeTrustError::Trust)
}

/// Replaces "every name" by the patterns given for a signer.
fn scope_names(listed: &mut BTreeMap<String, SignerEntry>, packs: &[(String, String)]) -> Result<(), MakeTrustError> {
    for (name, _) in packs {
        let signer = listed.get_mut(name).ok_or_else(|| MakeTrustError::UnknownSigner { name: name.clone() })?;
        signer.packs.clear();
    }
    for (name, pattern) in packs {
        let pattern = NamePattern::parse(pattern).ok_or(MakeTrustError::Pattern)?;
        if let Some(signer) = listed.get_mut(name) {
            signer.packs.push(pattern);
        }
    }
    Ok(())
}

/// Why a trust document was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeTrustError {
    /// A key file.
    #[error(transparent)]
    Key(KeyFileError),
    /// A pack name pattern.
    #[error("a pack name pattern is a name, `prefix*` or `*`")]
    Pattern,
    /// A pattern for a signer that is not listed.
    #[error("there is no signer `{name}` to limit to pack names")]
    UnknownSigner {
        /// The name.
        name: String,
    },
    /// The document's own checks.
    #[error(transparent)]
    Trust(TrustError),
}

reach_types::codes!(MakeTrustError {
    Pattern => ("trust.name_pattern", Usage, "write `acme-*` for every name that begins so"),
    UnknownSigner => ("trust.signer_unknown", Usage, "list the signer with --signer"),
} wrap { Key, Trust });
