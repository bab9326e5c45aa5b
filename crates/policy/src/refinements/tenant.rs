//! The load checks of one tenant's rules.

use reach_types::{ModelId, ModelKey, TenantId};
use std::collections::{BTreeMap, BTreeSet};

use super::{GrantIndex, limit_list::LimitsFor};
use crate::{Limit, Place, PolicyError, TenantRules, Unmet, policy::Body};

/// What the organization says, which a tenant's rules narrow.
pub(super) struct Organization<'p> {
    pub(super) body: &'p Body,
    pub(super) grants: &'p GrantIndex,
    pub(super) limits: &'p [Limit],
}

impl Organization<'_> {
    pub(super) fn check(&self, tenant: &TenantId, rules: &TenantRules) -> Result<(), PolicyError> {
        let place = || Place::tenant(tenant);
        if let Some(place) = self.widened(rules, &place) {
            return Err(PolicyError::TenantWidens { place });
        }
        check_sense(rules, &place)?;
        let tools = rules.tools.as_ref().unwrap_or(&self.body.tools);
        let grants = rules.scopes.as_ref().map(GrantIndex::of);
        rules.asks.check(tools, grants.as_ref().unwrap_or(self.grants), &|| place().then("asks"))?;
        let limits = LimitsFor { organization: self.limits, own: &rules.limits, place: &|| place().then("limits") };
        limits.check(tools)
    }

    /// The first entry that the organization does not allow.
    fn widened(&self, rules: &TenantRules, place: &dyn Fn() -> Place) -> Option<Place> {
        let mut tools = rules.tools.iter().flatten();
        if let Some(tool) = tools.find(|tool| !self.body.tools.contains(*tool)) {
            return Some(place().then("tools").entry(tool));
        }
        let mut scopes = rules.scopes.iter().flatten();
        if let Some(grant) = scopes.find(|grant| !self.grants.contains(grant)) {
            return Some(place().then("scopes").entry(grant));
        }
        let place = |key| place().then("models").key(key);
        rules.models.iter().flatten().find_map(|(key, models)| match self.body.models.get(key) {
            None => Some(place(key)),
            Some(allowed) => models.iter().find(|model| !allowed.contains(*model)).map(|model| place(key).entry(model)),
        })
    }
}

/// Checks that no rule is about nothing.
fn check_sense(rules: &TenantRules, place: &dyn Fn() -> Place) -> Result<(), PolicyError> {
    let empty = |(_, models): &(&ModelKey, &BTreeSet<ModelId>)| models.is_empty();
    if let Some((key, _)) = rules.models.iter().flat_map(BTreeMap::iter).find(empty) {
        let place = place().then("models").key(key);
        return Err(PolicyError::Unsatisfiable { place, why: Unmet::NoModel });
    }
    // A tenant without a tool is shut out; whatever else its rules say could never matter.
    let shut_out = TenantRules { tools: Some(BTreeSet::new()), ..TenantRules::default() };
    if rules.tools == shut_out.tools && *rules != shut_out {
        return Err(PolicyError::Unsatisfiable { place: place(), why: Unmet::NoTool });
    }
    Ok(())
}
