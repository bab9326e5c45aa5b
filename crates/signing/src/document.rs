//! The trust document: who may sign what, and until when.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use reach_types::{Blake3Digest, JsonLimits, PackName, Timestamp, read_json};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{KeyStanding, MAX_TRUST_BYTES, PublicKey, Role, TrustError, diagnose::diagnose};

/// The most keys in one document: a hundred signers with ten keys each, and a table that loads in
/// a millisecond.
pub const MAX_KEYS: usize = 1000;
/// The most packs revoked by digest: at about 150 bytes each they fill half of the document.
pub const MAX_REVOKED_PACKS: usize = 2000;
/// The longest age that a document may allow its keys: ten years, as long as a document may last.
pub const MAX_KEY_AGE_DAYS: u32 = 3650;

/// Which pack names a signer may sign: one name, names with a prefix, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePattern {
    /// `*`: every name.
    Any,
    /// `prefix*`: every name that begins so.
    Prefix(String),
    /// One name.
    Exact(PackName),
}

impl NamePattern {
    /// Parses `*`, `prefix*` or a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('*') {
            Some("") => Some(Self::Any),
            // A prefix may end in a separator, which a whole name may not.
            Some(prefix) => PackName::parse(&format!("{prefix}x")).ok().map(|_| Self::Prefix(prefix.to_owned())),
            None => PackName::parse(text).ok().map(Self::Exact),
        }
    }

    /// Whether `name` is meant.
    #[must_use]
    pub fn covers(&self, name: &PackName) -> bool {
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => name.as_str().starts_with(prefix),
            Self::Exact(exact) => exact == name,
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Exact(name) => f.write_str(name.as_str()),
        }
    }
}

impl Serialize for NamePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NamePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a pack name pattern is a name, `prefix*` or `*`"))
    }
}

/// Why a key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevocationReason {
    /// Replaced: nothing is known to be wrong with what it signed.
    Superseded,
    /// In somebody else's hands: nothing it signed can be believed.
    Compromised,
}

/// A revocation of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// From when on.
    pub since: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// One key of a signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// The public key, as 64 lower-case hex characters.
    pub public: PublicKey,
    /// The one role this key holds.
    pub role: Role,
    /// Valid from this moment on (inclusive).
    pub not_before: Timestamp,
    /// Valid until before this moment (exclusive).
    pub not_after: Timestamp,
    /// Not used for signing from this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<Timestamp>,
    /// Revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

/// One signer: a person or a machine, with its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerEntry {
    /// The signer's name, unique in the document; thresholds count these.
    pub name: String,
    /// Its keys.
    pub keys: Vec<KeyEntry>,
    /// Which pack names its `pack` keys may sign; an empty list means none.
    pub packs: Vec<NamePattern>,
}

/// A pack that must not run any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedPack {
    /// BLAKE3 of the archive.
    pub digest: Blake3Digest,
    /// Since when.
    pub since: Timestamp,
    /// Why, for people.
    pub reason: String,
}

/// The payload of a trust document. Holding one proves nothing: see [`crate::VerifiedTrust`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustDocument {
    /// Always `reach-trust/1`.
    pub schema: String,
    /// Counts up from 1, by exactly one.
    pub version: u64,
    /// When it was made.
    pub created: Timestamp,
    /// Valid until before this moment; an expired document may still be succeeded.
    pub expires: Timestamp,
    /// The longest age of a key in days, counted from its `not_before`; after it the key has no
    /// authority. Without it nothing limits the age of keys but their own end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_key_age_days: Option<u32>,
    /// How many signers each role needs; a role not named needs 1.
    pub thresholds: BTreeMap<Role, u32>,
    /// The signers.
    pub signers: Vec<SignerEntry>,
    /// Packs revoked by digest.
    #[serde(default)]
    pub revoked_packs: Vec<RevokedPack>,
}

impl TrustDocument {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "reach-trust/1";

    /// Reads and checks a document.
    ///
    /// # Errors
    /// [`TrustError::Json`], [`TrustError::Key`], [`TrustError::Schema`], and one variant per rule of the load checks:
    /// versions, dates, counts, unique signers and keys, thresholds that can be met.
    pub fn read(payload: &[u8]) -> Result<Self, TrustError> {
        let document: Self = read_json(payload, JsonLimits::bytes(MAX_TRUST_BYTES))
            .map_err(|error| diagnose(payload).unwrap_or(TrustError::Json(error)))?;
        document.check()?;
        Ok(document)
    }

    /// The load checks, which a writer runs too.
    ///
    /// # Errors
    /// As [`TrustDocument::read`], but for the JSON.
    pub fn check(&self) -> Result<(), TrustError> {
        if self.schema != Self::SCHEMA {
            return Err(TrustError::Schema);
        }
        if self.version == 0 {
            return Err(TrustError::Version);
        }
        self.check_dates()?;
        if let Some(days) = self.max_key_age_days.filter(|days| !(1..=MAX_KEY_AGE_DAYS).contains(days)) {
            return Err(TrustError::KeyAge { days });
        }
        if self.keys().count() > MAX_KEYS || self.revoked_packs.len() > MAX_REVOKED_PACKS {
            return Err(TrustError::TooMany);
        }
        self.check_signers()?;
        Role::ALL.into_iter().try_for_each(|role| self.check_threshold(role))
    }

    /// Intervals hold some moment, and every date is one that can be written and read again.
    fn check_dates(&self) -> Result<(), TrustError> {
        let of_key = |key: &KeyEntry| {
            [Some(key.not_before), Some(key.not_after), key.retired, key.revoked.as_ref().map(|r| r.since)]
        };
        let packs = self.revoked_packs.iter().map(|pack| pack.since);
        let mut dates =
            self.keys().flat_map(|(_, key)| of_key(key)).flatten().chain(packs).chain([self.created, self.expires]);
        let writable = dates.all(|date| Timestamp::parse(&date.to_string()) == Ok(date));
        let ordered = self.created < self.expires && self.keys().all(|(_, key)| key.not_before < key.not_after);
        if writable && ordered { Ok(()) } else { Err(TrustError::Dates) }
    }

    fn check_signers(&self) -> Result<(), TrustError> {
        let mut names = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for signer in &self.signers {
            PackName::parse(&signer.name).map_err(|_| TrustError::SignerName)?;
            if !names.insert(&signer.name) {
                return Err(TrustError::DuplicateSigner { name: signer.name.clone() });
            }
            if let Some(again) = signer.keys.iter().find(|key| !keys.insert(key.public)) {
                return Err(TrustError::DuplicatePublicKey { key_id: again.public.key_id() });
            }
        }
        Ok(())
    }

    fn check_threshold(&self, role: Role) -> Result<(), TrustError> {
        let usable = |signer: &&SignerEntry| signer.keys.iter().any(|key| key.role == role && self.may_still_sign(key));
        let available = self.signers.iter().filter(usable).count();
        let stated = self.thresholds.contains_key(&role) || role == Role::Root;
        let required = self.threshold(role);
        if stated && (required == 0 || required > available) {
            let required = i64::try_from(required).unwrap_or(i64::MAX);
            return Err(TrustError::BadThreshold { role, required, available });
        }
        Ok(())
    }

    /// Whether there is a moment from `created` on at which `key` may sign.
    fn may_still_sign(&self, key: &KeyEntry) -> bool {
        let from = self.created.max(key.not_before);
        // A retired root counts for nothing at once: see the steps of the history.
        let gone = key.role == Role::Root && key.retired.is_some();
        !gone && self.standing(key, from) == KeyStanding::Active
    }

    /// How many signers `role` needs.
    #[must_use]
    pub fn threshold(&self, role: Role) -> usize {
        self.thresholds.get(&role).map_or(1, |n| usize::try_from(*n).unwrap_or(usize::MAX))
    }

    /// Every key with its signer.
    pub fn keys(&self) -> impl Iterator<Item = (&SignerEntry, &KeyEntry)> {
        self.signers.iter().flat_map(|signer| signer.keys.iter().map(move |key| (signer, key)))
    }

    /// The revocation of the pack with this digest, if there is one.
    #[must_use]
    pub fn pack_revocation(&self, digest: &Blake3Digest) -> Option<&RevokedPack> {
        self.revoked_packs.iter().find(|revoked| revoked.digest == *digest)
    }
}
