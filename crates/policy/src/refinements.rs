//! What narrows a policy beyond its lists: limits on arguments, questions, tenants.

mod contradiction;
mod grant_index;
mod limit_list;
mod tenant;

use std::collections::{BTreeMap, BTreeSet};

use reach_types::TenantId;
use serde::{Deserialize, Serialize};

pub(crate) use self::grant_index::GrantIndex;
use self::{limit_list::LimitsFor, tenant::Organization};
use crate::{
    Asks, Check, Limit, Place, PolicyError, TenantRules, Unmet,
    policy::{Body, check_count},
};

/// The most limits, the tenants' own included: one for each of the 64 largest tools of a catalogue
/// and sixteen tenants.
pub const MAX_LIMITS: usize = 1024;
/// The most values and path prefixes that all limits list together: four a limit.
pub const MAX_CHOICES: usize = 4096;
/// The most tenants: as many as have limits of their own.
pub const MAX_TENANTS: usize = 1024;
/// The most entries that questions and tenants list together (tools, grants, model keys and
/// models): as many as there are grants for the organization.
pub const MAX_NARROWED: usize = 16_384;

/// The part of a policy's content that encoding 3 adds, in the order in which it is encoded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Refinements {
    // INVARIANT, once checked: strictly ascending by id.
    pub(crate) limits: Vec<Limit>,
    pub(crate) asks: Asks,
    pub(crate) tenants: BTreeMap<TenantId, TenantRules>,
    pub(crate) listed_tenants_only: bool,
}

impl Refinements {
    #[cfg(feature = "bundle")]
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Every list of limits, the organization's first, and where it stands.
    fn limit_lists(&self) -> impl Iterator<Item = (Place, &[Limit])> {
        let tenants = self.tenants.iter().map(|(name, rules)| (Place::tenant(name).then("limits"), &*rules.limits));
        std::iter::once((Place::field("limits"), &*self.limits)).chain(tenants)
    }

    /// Whether the limits are as sets are encoded: the order is part of the one encoding.
    #[cfg(feature = "bundle")]
    pub(crate) fn sorted(&self) -> bool {
        self.limit_lists().all(|(_, list)| list.is_sorted_by(|one, next| one.id < next.id))
    }

    /// Checks that these are about what `body` allows, and only narrow it.
    pub(crate) fn check(&self, body: &Body) -> Result<(), PolicyError> {
        self.check_counts()?;
        self.check_ids()?;
        let limits = LimitsFor { organization: &[], own: &self.limits, place: &|| Place::field("limits") };
        limits.check(&body.tools)?;
        let grants = GrantIndex::of(&body.scopes);
        self.asks.check(&body.tools, &grants, &|| Place::field("asks"))?;
        let organization = Organization { body, grants: &grants, limits: &self.limits };
        self.tenants.iter().try_for_each(|(name, rules)| organization.check(name, rules))
    }

    fn check_counts(&self) -> Result<(), PolicyError> {
        let lists = || self.limit_lists().flat_map(|(_, list)| list);
        check_count("tenants", MAX_TENANTS, self.tenants.len())?;
        check_count("limits", MAX_LIMITS, lists().count())?;
        check_count("limits: one_of and below", MAX_CHOICES, lists().map(|limit| choices(&limit.check)).sum())?;
        let narrowed = self.tenants.values().map(TenantRules::entries).sum::<usize>();
        check_count("asks and tenants", MAX_NARROWED, narrowed.saturating_add(self.asks.entries()))
    }

    fn check_ids(&self) -> Result<(), PolicyError> {
        let mut seen = BTreeSet::new();
        for (place, list) in self.limit_lists() {
            if let Some(limit) = list.iter().find(|limit| !seen.insert(&limit.id)) {
                return Err(PolicyError::DuplicateId { place: place.entry(&limit.id) });
            }
        }
        Ok(())
    }
}

fn choices(check: &Check) -> usize {
    match check {
        Check::OneOf(literals) => literals.len(),
        Check::Below(prefixes) => prefixes.len(),
        Check::Range { .. } | Check::MaxBytes(_) => 0,
    }
}

impl Asks {
    fn entries(&self) -> usize {
        self.tools.len().saturating_add(self.scopes.len())
    }

    /// Checks that a person is asked only about what is allowed.
    fn check(
        &self,
        tools: &BTreeSet<reach_types::ToolId>,
        grants: &GrantIndex,
        place: &dyn Fn() -> Place,
    ) -> Result<(), PolicyError> {
        let refuse = |place| Err(PolicyError::Unsatisfiable { place, why: Unmet::AskNotAllowed });
        if let Some(tool) = self.tools.iter().find(|tool| !tools.contains(*tool)) {
            return refuse(place().then("tools").entry(tool));
        }
        match self.scopes.iter().find(|grant| !grants.contains(grant)) {
            Some(grant) => refuse(place().then("scopes").entry(grant)),
            None => Ok(()),
        }
    }
}

impl TenantRules {
    fn entries(&self) -> usize {
        let tools = self.tools.as_ref().map_or(0, BTreeSet::len);
        let scopes = self.scopes.as_ref().map_or(0, reach_types::Grants::len);
        let models = self.models.iter().flatten().map(|(_, models)| models.len().saturating_add(1));
        [tools, scopes, self.asks.entries()].into_iter().chain(models).sum()
    }
}
