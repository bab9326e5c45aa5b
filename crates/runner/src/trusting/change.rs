//! Making a trust document, its next versions, and their signatures.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use reach_signing::{NamePattern, RevocationReason, Role, Signer, SigningKey, TrustChange, TrustDocument, TrustDraft};
use reach_types::{Blake3Digest, Timestamp};

use super::{
    MakeTrustError,
    load::{load_chain, load_draft},
};
use crate::{World, keys};

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

/// What version 1 of a trust document says.
#[derive(Debug, Clone, Default)]
pub struct FirstTrust {
    /// Private root keys, which sign it and are listed as signer `root`.
    pub roots: Vec<PathBuf>,
    /// The signers.
    pub signers: Vec<SignerSpec>,
    /// How many signers a role needs, where it is not 1.
    pub thresholds: Vec<(Role, u32)>,
    /// Pack names that a signer may sign; a signer without an entry may sign every name.
    pub packs: Vec<(String, String)>,
    /// How many days it and its keys are valid, from now on.
    pub days: u32,
    /// The longest age of a key in days.
    pub max_key_age_days: Option<u32>,
}

/// A key to retire, named by its id or the beginning of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRetirement {
    /// The key.
    pub key: String,
    /// From when on; from now on if `None`.
    pub at: Option<Timestamp>,
}

/// A key to revoke, named by its id or the beginning of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRevocation {
    /// The key.
    pub key: String,
    /// Since when; since now if `None`.
    pub since: Option<Timestamp>,
    /// Why.
    pub reason: RevocationReason,
}

/// What a next version is to change, as a person names it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Signers and keys to add.
    pub signers: Vec<SignerSpec>,
    /// Pack names a signer may sign, in place of those it could.
    pub packs: Vec<(String, String)>,
    /// Thresholds.
    pub thresholds: Vec<(Role, u32)>,
    /// The longest age of a key in days.
    pub max_key_age_days: Option<u32>,
    /// Keys to retire.
    pub retire: Vec<KeyRetirement>,
    /// Keys to revoke.
    pub revoke: Vec<KeyRevocation>,
    /// Packs to revoke, with the reason.
    pub revoke_packs: Vec<(Blake3Digest, String)>,
    /// A signer, the key to replace, and the new public key file.
    pub rotate: Option<(String, String, PathBuf)>,
    /// Keys that are to be valid for as long as the document.
    pub renew: Vec<String>,
    /// How many days the next version is valid; as long as the last one if `None`.
    pub days: Option<u32>,
}

/// Makes and signs version 1 of a trust document, valid from now.
///
/// # Errors
/// [`MakeTrustError::Key`] for a key file, [`MakeTrustError::Pattern`], and
/// [`MakeTrustError::Succession`] for what the document's own checks refuse.
pub fn first_document(world: &World, first: &FirstTrust) -> Result<TrustDraft, MakeTrustError> {
    let now = world.now();
    let created = Timestamp::from_millis(now.as_millis() / 1000 * 1000);
    let mut document = TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created,
        expires: after(created, first.days),
        max_key_age_days: first.max_key_age_days,
        thresholds: BTreeMap::from([(Role::Root, 1)]),
        signers: Vec::new(),
        revoked_packs: Vec::new(),
    };
    let roots = keys::read_roots(world, &first.roots).map_err(MakeTrustError::Key)?;
    let own = roots.iter().map(|root| TrustChange::AddKey {
        signer: "root".to_owned(),
        public: root.public_key(),
        role: Role::Root,
    });
    let asked = Asked {
        signers: first.signers.clone(),
        packs: first.packs.clone(),
        thresholds: first.thresholds.clone(),
        ..Asked::default()
    };
    let changes: Vec<_> = own.chain(changes(&document, &asked)?).collect();
    changes.iter().try_for_each(|change| document.apply(change)).map_err(MakeTrustError::Succession)?;
    TrustDraft::start(&document, &signers(&roots), now).map_err(MakeTrustError::Succession)
}

/// Makes the version after the one in the file at `path`, under `pin` if there is one, signed by the private root keys `roots`.
///
/// # Errors
/// [`MakeTrustError::Load`], [`MakeTrustError::Key`], [`MakeTrustError::Pattern`],
/// [`MakeTrustError::Succession`].
pub fn next_document(
    world: &World,
    path: &Path,
    pin: Option<&Blake3Digest>,
    roots: &[PathBuf],
    asked: &Asked,
) -> Result<TrustDraft, MakeTrustError> {
    let now = world.now();
    let chain = load_chain(path, pin, now).map_err(MakeTrustError::Load)?;
    let changes = changes(chain.newest().document(), asked)?;
    let roots = keys::read_roots(world, roots).map_err(MakeTrustError::Key)?;
    let created = Timestamp::from_millis(now.as_millis() / 1000 * 1000);
    let expires = asked.days.map(|days| after(created, days));
    chain.succeed(&changes, expires, &signers(&roots), now).map_err(MakeTrustError::Succession)
}

/// Adds signatures of the private root keys `roots` to the newest version in the file at `path`,
/// under `pin` if there is one.
///
/// # Errors
/// [`MakeTrustError::Load`], [`MakeTrustError::Key`], [`MakeTrustError::Succession`].
pub fn sign_document(
    world: &World,
    path: &Path,
    pin: Option<&Blake3Digest>,
    roots: &[PathBuf],
) -> Result<TrustDraft, MakeTrustError> {
    let now = world.now();
    let draft = load_draft(path, pin, now).map_err(MakeTrustError::Load)?;
    let roots = keys::read_roots(world, roots).map_err(MakeTrustError::Key)?;
    draft.countersign(&signers(&roots), now).map_err(MakeTrustError::Succession)
}

fn signers(roots: &[SigningKey]) -> Vec<&dyn Signer> {
    roots.iter().map(|key| key as &dyn Signer).collect()
}

fn after(from: Timestamp, days: u32) -> Timestamp {
    from.saturating_add(Duration::from_secs(u64::from(days) * 86_400))
}

/// What `asked` means for `document`.
fn changes(document: &TrustDocument, asked: &Asked) -> Result<Vec<TrustChange>, MakeTrustError> {
    let named = |key: &str| document.key_named(key).map_err(MakeTrustError::Succession);
    let public = |path: &Path| keys::read_public(path).map_err(MakeTrustError::Key);
    let mut changes = Vec::new();
    for SignerSpec { name, key, role } in &asked.signers {
        changes.push(TrustChange::AddKey { signer: name.clone(), public: public(key)?, role: *role });
    }
    for (signer, packs) in patterns(&asked.packs)? {
        changes.push(TrustChange::SetPacks { signer, packs });
    }
    if let Some((signer, key, new)) = &asked.rotate {
        changes.push(TrustChange::RotateKey { signer: signer.clone(), key: named(key)?, new: public(new)? });
    }
    for KeyRetirement { key, at } in &asked.retire {
        changes.push(TrustChange::RetireKey { key: named(key)?, at: *at });
    }
    for KeyRevocation { key, since, reason } in &asked.revoke {
        changes.push(TrustChange::RevokeKey { key: named(key)?, since: *since, reason: *reason });
    }
    for key in &asked.renew {
        changes.push(TrustChange::RenewKey { key: named(key)? });
    }
    changes.extend(asked.max_key_age_days.map(|days| TrustChange::SetMaxKeyAge { days }));
    changes.extend(asked.thresholds.iter().map(|(role, n)| TrustChange::SetThreshold { role: *role, required: *n }));
    let packs = asked.revoke_packs.iter();
    changes.extend(packs.map(|(digest, reason)| TrustChange::RevokePack { digest: *digest, reason: reason.clone() }));
    Ok(changes)
}

/// The patterns of each signer.
fn patterns(given: &[(String, String)]) -> Result<BTreeMap<String, Vec<NamePattern>>, MakeTrustError> {
    let mut patterns: BTreeMap<String, Vec<NamePattern>> = BTreeMap::new();
    for (name, text) in given {
        let pattern = NamePattern::parse(text).ok_or(MakeTrustError::Pattern)?;
        patterns.entry(name.clone()).or_default().push(pattern);
    }
    Ok(patterns)
}
