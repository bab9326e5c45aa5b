//! What a policy says to one tenant, its own rules and the organization's taken together.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use reach_types::{Grants, ModelId, ModelKey, TenantId, Timestamp, ToolId};

use super::regions::common;
use crate::{Asks, Limit, Policy, TenantRules};

/// How a tenant stands with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing<'p> {
    /// It is not named by a policy for named tenants only.
    Nothing,
    /// It has what the organization has.
    Organization,
    /// It has rules of its own.
    Own(&'p TenantRules),
}

impl<'p> Standing<'p> {
    /// How `tenant` stands with `policy`, or with `None` a tenant that no policy names.
    pub(super) fn of(policy: &'p Policy, tenant: Option<&TenantId>) -> Self {
        match tenant.and_then(|tenant| policy.tenants().get(tenant)) {
            Some(rules) => Self::Own(rules),
            None if policy.listed_tenants_only() => Self::Nothing,
            None => Self::Organization,
        }
    }
}

/// The rules that hold for a tenant.
#[derive(Debug)]
pub(super) struct Effective<'p> {
    pub(super) tools: Cow<'p, BTreeSet<ToolId>>,
    pub(super) scopes: Cow<'p, Grants>,
    pub(super) models: Cow<'p, BTreeMap<ModelKey, BTreeSet<ModelId>>>,
    pub(super) asks: Asks,
    pub(super) limits: Vec<&'p Limit>,
    pub(super) require_deterministic: bool,
    pub(super) warn_until: Option<Timestamp>,
}

impl<'p> Effective<'p> {
    /// What `policy` says to a tenant that stands so with it.
    pub(super) fn of(policy: &'p Policy, standing: Standing<'p>) -> Self {
        match standing {
            Standing::Nothing => Self::nothing(policy),
            Standing::Organization => Self::organization(policy),
            Standing::Own(rules) => Self::organization(policy).narrowed(rules),
        }
    }

    fn nothing(policy: &Policy) -> Self {
        Self {
            tools: Cow::Owned(BTreeSet::new()),
            scopes: Cow::Owned(Grants::default()),
            models: Cow::Owned(BTreeMap::new()),
            asks: Asks::default(),
            limits: Vec::new(),
            // Of no matter to whoever is refused everything, so no change is made of it.
            require_deterministic: policy.require_deterministic(),
            warn_until: None,
        }
    }

    fn organization(policy: &'p Policy) -> Self {
        Self {
            tools: Cow::Borrowed(policy.tools()),
            scopes: Cow::Borrowed(policy.scopes()),
            models: Cow::Borrowed(policy.models()),
            asks: policy.asks().clone(),
            limits: policy.limits().iter().collect(),
            require_deterministic: policy.require_deterministic(),
            warn_until: policy.warn_until(),
        }
    }

    // What is there was found to lie within the organization's when the policy was loaded.
    fn narrowed(mut self, rules: &'p TenantRules) -> Self {
        self.tools = rules.tools.as_ref().map_or(self.tools, Cow::Borrowed);
        self.scopes = rules.scopes.as_ref().map_or(self.scopes, Cow::Borrowed);
        self.models = rules.models.as_ref().map_or(self.models, Cow::Borrowed);
        self.asks.tools.extend(rules.asks.tools.iter().cloned());
        self.asks.scopes = self.asks.scopes.iter().chain(&rules.asks.scopes).cloned().collect();
        self.limits.extend(&rules.limits);
        self.require_deterministic |= rules.require_deterministic;
        self.warn_until = self.warn_until.filter(|_| !rules.enforce);
        // The organization may ask about something that this tenant does not have at all.
        self.asks.tools.retain(|tool| self.tools.contains(tool));
        self.asks.scopes = common(&self.asks.scopes, &self.scopes);
        self
    }
}
