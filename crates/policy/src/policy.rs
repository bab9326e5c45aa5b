//! The organization's policy: what it allows, from when until when.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{
    Blake3Digest, Grants, LegacyException, ModelId, ModelKey, PackName, Sha256Digest, TenantId, Timestamp, ToolId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Asks, Limit, Place, PolicyError, TenantRules, Unmet, ValidityError,
    exceptions::{Exceptions, find},
    layer::{Layer, PolicyIndex},
    refinements::Refinements,
};

/// The most tools a policy allows: ten times the largest tool catalogue we know of.
pub const MAX_TOOLS: usize = 4096;
/// The most grants: the 10,000 that a large organization may list, rounded up to a power of two.
pub const MAX_GRANTS: usize = 16_384;
/// The most model keys: packs ask for two or three, an organization for a few dozen.
pub const MAX_MODEL_KEYS: usize = 64;
/// The most models allowed for one key.
pub const MAX_MODELS_PER_KEY: usize = 64;
/// The highest version, 2^53: the largest integer that every JSON reader holds exactly.
pub const MAX_POLICY_VERSION: u64 = 1 << 53;

/// What an organization allows.
///
/// Construction guarantees the load checks: a version from 1 to [`MAX_POLICY_VERSION`], dates in
/// order, lists within their limits and without duplicates, no model key that allows nothing, every
/// limit and question about what is allowed, and no tenant that is allowed more than the others.
/// It proves nothing about who wrote it: that is what a verified bundle is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    // INVARIANT: `Body::check` passed.
    #[serde(flatten)]
    body: Body,
    // INVARIANT: `Exceptions::check` passed.
    #[serde(flatten)]
    exceptions: Exceptions,
    // INVARIANT: `Refinements::check` passed.
    #[serde(flatten)]
    refinements: Refinements,
    // INVARIANT: `PolicyIndex::of` the others.
    #[serde(skip)]
    index: PolicyIndex,
}

/// A policy's content, in the order in which it is encoded; not checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) name: PackName,
    pub(crate) version: u64,
    pub(crate) not_before: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) warn_until: Option<Timestamp>,
    pub(crate) require_deterministic: bool,
    pub(crate) tools: BTreeSet<ToolId>,
    pub(crate) scopes: Grants,
    pub(crate) models: BTreeMap<ModelKey, BTreeSet<ModelId>>,
}

impl Body {
    fn check(&self) -> Result<(), PolicyError> {
        if !(1..=MAX_POLICY_VERSION).contains(&self.version) {
            return Err(PolicyError::Version);
        }
        let warns_within = |until| self.not_before < until && until <= self.expires;
        if self.not_before >= self.expires || !self.warn_until.is_none_or(warns_within) {
            return Err(PolicyError::Dates);
        }
        check_count("tools", MAX_TOOLS, self.tools.len())?;
        check_count("scopes", MAX_GRANTS, self.scopes.len())?;
        check_count("models", MAX_MODEL_KEYS, self.models.len())?;
        for (key, models) in &self.models {
            check_count("models", MAX_MODELS_PER_KEY, models.len())?;
            if models.is_empty() {
                return Err(PolicyError::Unsatisfiable { place: Place::field("models").key(key), why: Unmet::NoModel });
            }
        }
        Ok(())
    }
}

pub(crate) fn check_count(list: &'static str, limit: usize, actual: usize) -> Result<(), PolicyError> {
    if actual > limit { Err(PolicyError::TooMany { list, limit, actual }) } else { Ok(()) }
}

impl Policy {
    pub(crate) fn checked(body: Body, exceptions: Exceptions, refinements: Refinements) -> Result<Self, PolicyError> {
        body.check()?;
        exceptions.check()?;
        refinements.check(&body)?;
        let index = PolicyIndex::of(&body, &refinements);
        Ok(Self { body, exceptions, refinements, index })
    }

    /// The organization's rules, and the tenant's own if the policy lists it.
    pub(crate) fn layers(&self, tenant: &TenantId) -> (Layer<'_>, Option<Layer<'_>>) {
        let (body, refinements, index) = (&self.body, &self.refinements, &self.index);
        (Layer::organization(body, refinements, index), Layer::tenant(refinements, index, tenant))
    }

    #[cfg(feature = "bundle")]
    pub(crate) const fn body(&self) -> &Body {
        &self.body
    }

    #[cfg(feature = "bundle")]
    pub(crate) const fn exceptions(&self) -> &Exceptions {
        &self.exceptions
    }

    #[cfg(feature = "bundle")]
    pub(crate) const fn refinements(&self) -> &Refinements {
        &self.refinements
    }

    pub(crate) const fn typed_name(&self) -> &PackName {
        &self.body.name
    }

    /// The policy's name: the same grammar as a pack's.
    #[must_use]
    pub fn name(&self) -> &str {
        self.body.name.as_str()
    }

    /// The version, which counts up from 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.body.version
    }

    /// Valid from this moment on (inclusive).
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.body.not_before
    }

    /// Valid until before this moment (exclusive).
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.body.expires
    }

    /// Until before when mode warn may let something through; `None` if it never may.
    #[must_use]
    pub const fn warn_until(&self) -> Option<Timestamp> {
        self.body.warn_until
    }

    /// Whether a pack must be declared deterministic.
    #[must_use]
    pub const fn require_deterministic(&self) -> bool {
        self.body.require_deterministic
    }

    /// The allowed tools.
    #[must_use]
    pub const fn tools(&self) -> &BTreeSet<ToolId> {
        &self.body.tools
    }

    /// The granted scopes.
    #[must_use]
    pub const fn scopes(&self) -> &Grants {
        &self.body.scopes
    }

    /// The allowed models, by what they are needed for. A key that is absent allows none.
    #[must_use]
    pub const fn models(&self) -> &BTreeMap<ModelKey, BTreeSet<ModelId>> {
        &self.body.models
    }

    /// Limits on the arguments of tools, sorted by id; a tenant's own come beside them.
    #[must_use]
    pub fn limits(&self) -> &[Limit] {
        &self.refinements.limits
    }

    /// What a person has to approve, call by call.
    #[must_use]
    pub const fn asks(&self) -> &Asks {
        &self.refinements.asks
    }

    /// What is narrower for single tenants.
    #[must_use]
    pub const fn tenants(&self) -> &BTreeMap<TenantId, TenantRules> {
        &self.refinements.tenants
    }

    /// Whether tenants that the policy does not list are refused everything.
    #[must_use]
    pub const fn listed_tenants_only(&self) -> bool {
        self.refinements.listed_tenants_only
    }

    /// Unsigned packs that are let through, sorted by digest. An entry alone lets nothing through:
    /// the runner asks for its own switch too, and for a date before the entry's.
    #[must_use]
    pub fn legacy_packs(&self) -> &[LegacyException] {
        &self.exceptions.legacy_packs
    }

    /// Unsigned plugin manifests that are let through, sorted by digest; as for packs.
    #[must_use]
    pub fn unsigned_plugins(&self) -> &[LegacyException] {
        &self.exceptions.unsigned_plugins
    }

    /// The entry for the unsigned pack whose archive has this digest.
    #[must_use]
    pub fn legacy_exception(&self, archive: &Blake3Digest) -> Option<&LegacyException> {
        find(self.legacy_packs(), archive)
    }

    /// The entry for the unsigned plugin manifest with this digest.
    #[must_use]
    pub fn unsigned_plugin(&self, manifest: &Blake3Digest) -> Option<&LegacyException> {
        find(self.unsigned_plugins(), manifest)
    }

    /// SHA-256 of the keyring file that plugins are verified with; `None` if no keyring is pinned.
    #[must_use]
    pub const fn plugin_keyring(&self) -> Option<&Sha256Digest> {
        self.exceptions.plugin_keyring.as_ref()
    }

    /// Whether the policy is in force at `now`.
    ///
    /// # Errors
    /// [`ValidityError::NotYetValid`] or [`ValidityError::Expired`].
    pub fn check_validity(&self, now: Timestamp) -> Result<(), ValidityError> {
        if now < self.body.not_before {
            return Err(ValidityError::NotYetValid { from: self.body.not_before });
        }
        if now >= self.body.expires {
            return Err(ValidityError::Expired { expired: self.body.expires });
        }
        Ok(())
    }
}
